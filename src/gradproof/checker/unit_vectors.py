"""Conditions that say what kind of vector a symbol is: with ``\\|w\\| = 1`` it is a unit vector, which laws and instances know."""

from __future__ import annotations

from collections.abc import Sequence

from gradproof.expr.build import ONE
from gradproof.expr.node import Compare, Element, Expr, Index, Number, Power, Reduce, Symbol
from gradproof.expr.walk import substitute


def with_unit_vectors(left: Expr, right: Expr, conditions: Sequence[Compare]) -> tuple[Expr, Expr, tuple[Compare, ...]]:
    """Return two sides in which the vectors whose norm is 1 by a condition are unit vectors, and the conditions that are left."""
    units: dict[Expr, Expr] = {}
    rest: list[Compare] = []
    for condition in conditions:
        symbol = _normalised(condition)
        if symbol is None:
            rest.append(condition)
        else:
            units[symbol] = Symbol(symbol.name, symbol.axes, symbol.properties | {"unit"})
    if not units:
        return left, right, tuple(rest)
    kept = (Compare(c.relation, substitute(c.left, units), substitute(c.right, units)) for c in rest)
    return substitute(left, units), substitute(right, units), tuple(kept)


def _normalised(condition: Compare) -> Symbol | None:
    """Return the vector w of ``sum_i w_i^2 = 1`` or ``sqrt(sum_i w_i^2) = 1``."""
    sides = (condition.left, condition.right)
    if condition.relation != "=" or ONE not in sides:
        return None
    squares = sides[0] if sides[1] is ONE else sides[1]
    if isinstance(squares, Power) and isinstance(squares.exponent, Number) and squares.exponent.value * 2 == 1:
        squares = squares.base
    match squares:
        case Reduce("sum", (index,), Power(Element(symbol, (place,)), Number(value)), None) if value == 2 and place is index:
            return symbol if isinstance(index, Index) else None
        case _:
            return None
