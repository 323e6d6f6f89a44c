"""What the functions of a formula ask of their parameters, checked with the data before any work is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import sparse

from gradproof.errors import DomainError
from gradproof.expr.build import ZERO, compare
from gradproof.expr.catalogue import FUNCTIONS
from gradproof.expr.node import Apply, Compare, Expr, Index, Number
from gradproof.expr.walk import postorder, symbols
from gradproof.formula.formula import Formula
from gradproof.objective.program import compiled
from gradproof.printer.text import to_text

_RELATIONS = {"positive": ">", "nonnegative": ">="}
_HOLDS = {">": np.greater, ">=": np.greater_equal}


def check_parameters(formula: Formula, values: Mapping[str, Any], over: Sequence[str]) -> None:
    """Check the parameters that the data alone tells: MCP needs a weight of at least 0, Huber's function a positive bend.

    Raises: DomainError: one is outside the domain of its function.
    """
    for condition in dict.fromkeys((*formula.conditions, *_of_catalogue(formula.value))):
        if not isinstance(condition, Compare) or condition.relation not in _HOLDS or not _is_told(condition, values, over):
            continue
        axes = tuple(index for index in condition.free_indices if isinstance(index, Index))
        left, right = (compiled(side, axes if side.free_indices else ())(values) for side in (condition.left, condition.right))
        wrong = ~_HOLDS[condition.relation](left, right)
        if np.any(wrong):
            got = float(np.broadcast_to(left, np.shape(wrong))[wrong].ravel()[0])
            name = "a parameter" if isinstance(condition.left, Number) else to_text(condition.left)
            told = f"{name} {condition.relation} {to_text(condition.right)}"
            raise DomainError(f"{told} was expected", got=f"{got:.6g}", where="minimize", remedy="Change the parameter.")


def _of_catalogue(body: Expr) -> Iterator[Compare]:
    """Yield what the functions of the catalogue ask of all arguments but the first, which is the point."""
    for node in postorder(body):
        if isinstance(node, Apply) and len(node.arguments) > 1:
            for argument, wanted in list(zip(node.arguments, FUNCTIONS[node.function].domain, strict=False))[1:]:
                if wanted in _RELATIONS:
                    condition = compare(_RELATIONS[wanted], argument, ZERO)
                    assert isinstance(condition, Compare)
                    yield condition


def _is_told(condition: Compare, values: Mapping[str, Any], over: Sequence[str]) -> bool:
    """Tell whether the data alone says if a condition holds."""
    heads = [symbol for symbol in symbols(condition) if "size" not in symbol.properties]
    if any(symbol.name in over or symbol.name not in values or sparse.issparse(values[symbol.name]) for symbol in heads):
        return False
    return all(isinstance(limit, Number) for index in condition.free_indices for limit in (index.lower, index.upper))
