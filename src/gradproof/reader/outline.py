"""Presentation trees as text, for tests and for looking at."""

from __future__ import annotations

from dataclasses import fields

from gradproof.reader.presentation import Name, Numeral, Place, Tree


def dump(tree: Tree) -> str:
    """Return a tree as nested lists: ``(Infix '+' x 1)``."""
    if isinstance(tree, Numeral):
        return tree.text
    if isinstance(tree, Name):
        marks = "".join(f"/{mark}" for mark in ((tree.font,) if tree.font != "italic" else ()) + tree.accents)
        return tree.text + marks + "'" * tree.primes
    return f"({type(tree).__name__}{''.join(_field(getattr(tree, entry.name)) for entry in fields(tree))})"


def _field(value: object) -> str:
    if value is None or value == 0 or value == "" or value == () or isinstance(value, Place):
        return ""
    if isinstance(value, str):
        return f" '{value}'"
    if isinstance(value, bool | int):
        return f" {value}"
    if isinstance(value, tuple):
        return " [" + "".join(_field(item) or " _" for item in value).strip() + "]"
    return " " + dump(value)  # type: ignore[arg-type]
