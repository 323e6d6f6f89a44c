"""Equality that no precision can tell: two numbers that are computed alike, as ``exp(x_2)`` and the ``max_i exp(x_i)`` that it attains."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import product

from flint import arb, fmpq

from gradproof.evaluate.bindings import Bindings
from gradproof.expr.build import ZERO, number, subtract
from gradproof.expr.node import Compare, Element, Expr, Index, Number, Reduce, Symbol
from gradproof.expr.walk import contains, postorder, substitute, transform

#: A maximum over more entries than this is not looked into.
_MOST_ENTRIES = 256
#: Returns the ball of an expression without free indices.
Ball = Callable[[Expr], arb]


def compares_extremum(node: Compare) -> bool:
    """Tell whether a maximum or minimum is compared."""
    return contains(node, lambda part: isinstance(part, Reduce) and part.operation in ("max", "min"))


def are_identical(node: Compare, bindings: Bindings, places: Mapping[Index, int], ball: Ball) -> bool:
    """Tell whether both sides of a comparison, at some values of its free indices, are one number by the way it is computed."""
    numbers: dict[Index, Expr] = {index: number(value) for index, value in places.items()}
    return _vanishes(_with_numbers(substitute(subtract(node.left, node.right), numbers), bindings), bindings, ball)


def _vanishes(root: Expr, bindings: Bindings, ball: Ball) -> bool:
    """Put each entry that may be the extremum in its place: the difference is zero for all of them, or it is not told."""
    if root is ZERO:
        return True
    extremum = next((part for part in postorder(root) if _is_closed_extremum(part)), None)
    if not isinstance(extremum, Reduce):
        return False
    entries = [_with_numbers(entry, bindings) for entry in _entries(extremum)]
    sign = 1 if extremum.operation == "max" else -1
    balls = {entry: sign * ball(entry) for entry in entries}
    attaining = [entry for entry, mine in balls.items() if not any(mine < other for other in balls.values())]
    return bool(attaining) and all(_vanishes(substitute(root, {extremum: entry}), bindings, ball) for entry in attaining)


def _is_closed_extremum(node: Expr) -> bool:
    if not isinstance(node, Reduce) or node.operation not in ("max", "min") or node.where is not None:
        return False
    return not node.free_indices and all(isinstance(end, Number) for index in node.indices for end in (index.lower, index.upper))


def _entries(extremum: Reduce) -> list[Expr]:
    """Return the entries of an extremum; none where they are too many."""
    ranges = [range(_whole(index.lower), _whole(index.upper) + 1) for index in extremum.indices]
    if math.prod(len(values) for values in ranges) > _MOST_ENTRIES:
        return []
    return [substitute(extremum.body, dict(zip(extremum.indices, map(number, at), strict=True))) for at in product(*ranges)]


def _whole(end: Expr) -> int:
    assert isinstance(end, Number)
    return int(end.value)


def _with_numbers(root: Expr, bindings: Bindings) -> Expr:
    """Put in rational values of scalars, sizes and entries."""

    def valued(node: Expr) -> Expr:
        match node:
            case Symbol(name, ()):
                value = bindings.values.get(name)
            case Element(symbol, subscripts) if all(isinstance(place, Number) for place in subscripts):
                value = bindings.values.get(symbol.name)
                for place, axis in zip(subscripts, symbol.axes, strict=True):
                    at = _whole(place) - axis.origin
                    value = value[at] if value is not None and 0 <= at < len(value) else None
            case _:
                return node
        if isinstance(value, int | Fraction):
            return number(value)
        return number(Fraction(int(value.p), int(value.q))) if isinstance(value, fmpq) else node

    return transform(root, valued)
