"""The one function catalogue: readers, printers, derivatives, evaluators and proofs all look functions up here."""

from __future__ import annotations

from gradproof.expr.catalogue import activations, elementary, tensors, trigonometric
from gradproof.expr.catalogue.function import Function, TensorFunction

_FAMILIES = (elementary.FUNCTIONS, trigonometric.FUNCTIONS, activations.FUNCTIONS)

FUNCTIONS: dict[str, Function] = {entry.name: entry for family in _FAMILIES for entry in family}
TENSOR_FUNCTIONS: dict[str, TensorFunction] = {entry.name: entry for entry in tensors.FUNCTIONS}

BY_TEXT: dict[str, Function | TensorFunction] = {
    **{spelling: entry for entry in FUNCTIONS.values() for spelling in entry.text},
    **{spelling: entry for entry in TENSOR_FUNCTIONS.values() for spelling in entry.text},
}

__all__ = ["BY_TEXT", "FUNCTIONS", "TENSOR_FUNCTIONS", "Function", "TensorFunction"]
