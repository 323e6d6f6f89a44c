"""What commands about one formula are given: its text, its declarations, values of its variables."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click
import numpy as np

from gradproof.errors import FormulaError, ReadError
from gradproof.formula.literals import read_value

_LARGEST_TEXT = 1_000_000


class FormulaCommand(click.Command):
    """A command whose formula may begin with a minus sign: ``-y'*h`` is a formula, not the options -y and -h."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put what only looks like short options behind ``--``, where arguments stand."""
        spelled = {name: option for option in self.get_params(ctx) for name in (*option.opts, *option.secondary_opts)}
        before: list[str] = []
        formulas: list[str] = []
        is_value = False
        for place, word in enumerate(args):
            if word == "--":
                return super().parse_args(ctx, [*before, "--", *formulas, *args[place + 1 :]])
            is_formula = len(word) > 1 and word[0] == "-" and word[1] != "-" and word not in spelled and not is_value
            (formulas if is_formula else before).append(word)
            option = None if is_value else spelled.get(word)
            is_value = isinstance(option, click.Option) and not option.is_flag and not option.count
        return super().parse_args(ctx, [*before, "--", *formulas] if formulas else before)


def formula_text(argument: str) -> str:
    """Return the text of a formula: the argument itself, the file behind '@', or standard input for '-'.

    Raises: ReadError: the file cannot be read, or is too large for a formula.
    """
    if argument == "-":
        return _checked("-", sys.stdin.buffer.read(_LARGEST_TEXT + 1))
    if not argument.startswith("@"):
        return _checked("formula", argument.encode("utf-8", "surrogateescape"))
    path = argument[1:]
    try:
        with open(path, "rb") as file:
            return _checked(path, file.read(_LARGEST_TEXT + 1))
    except (OSError, ValueError) as trouble:
        reason = getattr(trouble, "strerror", None) or str(trouble)
        raise ReadError(f"the file cannot be read: {reason}", where=path, remedy="Check the path.") from None


def _checked(where: str, data: bytes) -> str:
    if len(data) > _LARGEST_TEXT:
        raise ReadError(f"a formula of at most {_LARGEST_TEXT} bytes was expected", where=where)
    try:
        return data.decode("utf-8").strip("\ufeff\r\n")
    except UnicodeDecodeError:
        raise ReadError("text in UTF-8 was expected", got="other bytes", where=where) from None


def read_values(at: Sequence[str], data: Sequence[str]) -> dict[str, Any]:
    """Return the values that ``--at x=1`` and ``--data X=FILE.npy`` give, by name.

    Raises: FormulaError: one is malformed, or a name has two. ReadError: a file cannot be read.
    """
    found: dict[str, Any] = {}
    for text in at:
        for part in text.split(";") if "[" not in text else [text]:
            name, value = _named(part, "--at", "x=1")
            _enter(found, name, read_value(value, f"--at {name}"), "--at")
    for text in data:
        name, path = _named(text, "--data", "X=FILE.npy")
        _enter(found, name, _array(path), "--data")
    return found


def _named(text: str, where: str, example: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    name = name.strip()
    if not sign or not name.isidentifier() or not value.strip():
        raise FormulaError("a name and its value were expected", got=f"'{text}'", remedy=f"Write {where} {example}.", where=where)
    return name, value


def _enter(found: dict[str, Any], name: str, value: Any, where: str) -> None:
    if name in found:
        raise FormulaError(f"one value of {name} was expected", got="two", remedy="Leave one out.", where=where)
    found[name] = value


def _array(path: str) -> Any:
    try:
        loaded = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as trouble:
        reason = getattr(trouble, "strerror", None) or "it is no array of numbers in NumPy's .npy format"
        raise ReadError(f"the file cannot be read: {reason}", where=f"--data {path}", remedy="Save it with numpy.save.") from None
    if not isinstance(loaded, np.ndarray) or loaded.dtype.kind not in "fiub":
        raise ReadError("an array of real numbers was expected", where=f"--data {path}", remedy="Save it with numpy.save.")
    if not np.isfinite(loaded).all():
        raise ReadError("finite numbers were expected", got="nan or infinity", where=f"--data {path}")
    return loaded.astype(np.int64) if loaded.dtype.kind in "ub" else loaded
