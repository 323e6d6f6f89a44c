"""Pieces of array code, the axes that they run over, and the numbers in them."""

from __future__ import annotations

import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from gradproof.codegen.products import Operation
from gradproof.expr.node import Index


@dataclass(frozen=True, slots=True)
class Array:
    """A piece of code whose value is an array over ``axes``; ``is_atom`` where it needs no parentheses.

    ``operation`` is what the code does, where that is one that compiled code knows.
    """

    code: str
    axes: tuple[Index, ...] = ()
    is_atom: bool = True
    operation: Operation | None = None

    @property
    def atom(self) -> str:
        """The code as a factor."""
        return self.code if self.is_atom else f"({self.code})"


def union(arrays: Iterable[Array]) -> tuple[Index, ...]:
    """Return the axes of some arrays, each once."""
    found: dict[Index, None] = {}
    for array in arrays:
        found.update(dict.fromkeys(array.axes))
    return tuple(found)


def letters_of(axes: Sequence[Index]) -> dict[Index, str]:
    """Return a letter for each axis, as einsum names it: its own where that is one."""
    found: dict[Index, str] = {}
    for index in axes:
        if index not in found:
            taken = set(found.values())
            own = index.name if len(index.name) == 1 and index.name in string.ascii_lowercase and index.name not in taken else ""
            found[index] = own or next(letter for letter in string.ascii_letters if letter not in taken)
    return found


def number_text(value: Fraction, *, power: bool = False) -> str:
    """Return the code of an exact number."""
    if value.denominator == 1:
        return str(value.numerator)
    text = f"{value.numerator} / {value.denominator}"
    return f"({text})" if power or value >= 0 else f"-({-value.numerator} / {value.denominator})"
