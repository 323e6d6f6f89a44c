"""Conditions on an instance: whether they hold, and values that make simple equations hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flint import fmpq

from gradproof.evaluate.bindings import Bindings, NotRational, Undecidable, Undetermined
from gradproof.evaluate.enclose import exact_value
from gradproof.evaluate.evaluator import evaluate
from gradproof.evaluate.fields import Balls, Exact, Field
from gradproof.expr.build import subtract
from gradproof.expr.node import Compare, Expr, Iverson, Logic, Symbol
from gradproof.expr.walk import symbols


def holds(condition: Expr, bindings: Bindings) -> bool | None:
    """Tell whether a condition holds for all values of its free indices, None where that cannot be told."""
    bracket = Iverson(condition)
    fields: tuple[Field, ...] = (Exact(), Balls())
    for field in fields:
        try:
            entries = evaluate(bracket, bindings, field).entries
        except (NotRational, Undecidable, Undetermined):
            continue
        if field.is_missing(entries).any():
            return None
        return all(bool(value == 1) for value in entries.ravel())
    return None


def solved(conditions: Sequence[Expr], bindings: Bindings, wanted: Sequence[Symbol]) -> Bindings:
    """Return the instance with scalars changed so that equations linear in one of them hold, each in turn.

    A symbol that one equation has set is left alone by the next, and a value is taken only where it respects the
    symbol's sign.
    """
    fixed: set[str] = set()
    for condition in _conjuncts(conditions):
        if isinstance(condition, Compare) and condition.relation == "=" and not condition.free_indices:
            gap = subtract(condition.left, condition.right)
            for symbol in sorted(symbols(gap) & set(wanted), key=lambda symbol: (symbol.name, symbol.digest)):
                if symbol.axes or symbol.properties & {"size", "integer", "natural"} or symbol.name in fixed:
                    continue
                value = _root(gap, symbol, bindings)
                if value is not None and _has_sign(value, symbol.properties):
                    bindings = bindings.with_values({symbol: value})
                    fixed |= {other.name for other in symbols(gap)}
                    break
    return bindings


def _conjuncts(conditions: Sequence[Expr]) -> list[Expr]:
    found: list[Expr] = []
    stack = list(reversed(conditions))
    while stack:
        condition = stack.pop()
        if isinstance(condition, Logic) and condition.operation == "and":
            stack.extend(reversed(condition.operands))
        else:
            found.append(condition)
    return found


def _root(gap: Expr, symbol: Symbol, bindings: Bindings) -> fmpq | None:
    """Return where an expression vanishes that is affine in a symbol: three points tell."""
    points: list[Any] = [exact_value(gap, bindings.with_values({symbol: fmpq(at)})) for at in (1, 2, 3)]
    if any(point is None for point in points):
        return None
    slope = points[1] - points[0]
    if slope == 0 or points[2] - points[1] != slope:
        return None
    value = 1 - points[0] / slope
    check = exact_value(gap, bindings.with_values({symbol: value}))
    return value if check is not None and check == 0 else None


def _has_sign(value: fmpq, properties: frozenset[str]) -> bool:
    if "probability" in properties:
        return bool(0 < value < 1)
    if "binary" in properties:
        return bool(value in (0, 1))
    if "plusminus" in properties:
        return bool(value in (-1, 1))
    if "negative" in properties:
        return bool(value < 0)
    if "positive" in properties:
        return bool(value > 0)
    return bool(value >= 0) if "nonnegative" in properties else True
