"""What there is to say about one link or equation, as labelled lines: the same in the terminal and in HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from gradproof.checker.verdict import Equation, FileReport, Link


@dataclass(frozen=True, slots=True)
class Fact:
    """One labelled statement. ``content`` tells what ``text`` is: words, one formula, or ids of other equations."""

    label: str
    text: str
    content: Literal["words", "formula", "links"] = "words"

    def in_words(self, called: Mapping[str, str]) -> str:
        """Return the text with the ids of equations replaced by how they are ``called``."""
        if self.content != "links":
            return self.text
        return ", ".join(called.get(id, id) for id in self.text.split())


def facts(item: Link | Equation) -> list[Fact]:
    """Return what is known beyond the verdict, in the order in which a reader asks for it."""
    found: list[Fact] = []
    if isinstance(item, Link):
        if item.stated is not None:
            found.append(Fact("stated", item.stated, "formula"))
        if item.expected is not None:
            found.append(Fact("right", item.expected, "formula"))
        if item.from_stated_inputs is not None:
            found.append(Fact("from stated inputs", item.from_stated_inputs, "formula"))
    if item.reason:
        found.append(Fact("because", item.reason))
    if item.hint:
        found.append(Fact("hint", item.hint))
    if isinstance(item, Link):
        if item.depends_on:
            found.append(Fact("depends on", " ".join(item.depends_on), "links"))
        if item.witness:
            found.append(Fact("witness", witness_in_words(item.witness), "formula"))
    return found


def witness_in_words(witness: Mapping[str, str]) -> str:
    """Return ``x = 1, y = 2``."""
    return ", ".join(f"{name} = {value}" for name, value in witness.items())


def faulty_links(equation: Equation) -> tuple[Link, ...]:
    """Return the links that are wrong, the worst first."""
    return tuple(sorted((link for link in equation.links if link.verdict.is_fault), key=lambda link: link.verdict.severity))


def spelled(link: Link) -> str:
    """Return the source of a link: ``a = b``."""
    return f"{link.lhs} {link.relation} {link.rhs}"


def names(file: FileReport) -> dict[str, str]:
    """Return how each equation of a file is spoken of: by its printed number, else by its line."""
    return {equation.id: name_of(equation) for equation in file.equations}


def name_of(equation: Equation) -> str:
    """Return ``(7)`` for a numbered equation, else ``line 12``."""
    return f"({equation.tag})" if equation.tag else f"line {equation.span.line}"
