"""The one function catalogue: readers, printers, derivatives, evaluators and proofs all look functions up here."""

from __future__ import annotations

from collections.abc import Iterable

from gradproof.expr.catalogue import (
    activations,
    elementary,
    hyperbolic,
    matrices,
    special,
    trigonometric,
    vectors,
)
from gradproof.expr.catalogue.function import Function, TensorFunction

_ELEMENTWISE = (elementary, trigonometric, hyperbolic, special, activations)

FUNCTIONS: dict[str, Function] = {entry.name: entry for family in _ELEMENTWISE for entry in family.FUNCTIONS}
TENSOR_FUNCTIONS: dict[str, TensorFunction] = {entry.name: entry for family in (vectors, matrices) for entry in family.FUNCTIONS}


def _by_spelling(spellings: Iterable[tuple[str, Function | TensorFunction]]) -> dict[str, Function | TensorFunction]:
    found: dict[str, Function | TensorFunction] = {}
    for spelling, entry in spellings:
        assert spelling not in found, f"'{spelling}' spells {found[spelling].name} and {entry.name}"
        found[spelling] = entry
    return found


_ENTRIES: tuple[Function | TensorFunction, ...] = (*FUNCTIONS.values(), *TENSOR_FUNCTIONS.values())
BY_TEXT = _by_spelling((spelling, entry) for entry in _ENTRIES for spelling in entry.text)
BY_LATEX = _by_spelling((spelling, entry) for entry in _ENTRIES for spelling in entry.latex)

__all__ = ["BY_LATEX", "BY_TEXT", "FUNCTIONS", "TENSOR_FUNCTIONS", "Function", "TensorFunction"]
