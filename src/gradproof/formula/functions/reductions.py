"""Sums, products, means, variances and extrema of all entries or along an axis; ``max(x, y)`` works entry by entry."""

from __future__ import annotations

from typing import Any

from gradproof.elaborate.sizes import extent
from gradproof.elaborate.value import Value
from gradproof.expr.build import HALF, divide, multiply, number, power, reduce, subtract
from gradproof.expr.node import Apply, Expr, Index, fresh_index
from gradproof.expr.walk import substitute
from gradproof.formula.context import Context
from gradproof.formula.entry import Arguments, Entry, tensor
from gradproof.formula.functions.axes import AXIS, axis_of, has_axis
from gradproof.formula.functions.elementwise import broadcast, entrywise
from gradproof.formula.kinds import KINDS, SCALAR, Relation, Table, mapping, of_rank, rank_of

_TOTAL = Table(tuple((kind, SCALAR) for kind in KINDS), tuple((kind, SCALAR) for kind in KINDS if kind != SCALAR))
ALONG = mapping(lambda kind: of_rank(rank_of(kind) - 1) if kind != SCALAR else None)


def _relation(arguments: Arguments) -> Relation:
    return ALONG if has_axis(arguments) else _TOTAL


def reduced(context: Context, operation: str, arguments: Arguments, value: Value) -> Value:
    """Return a reduction of all entries, or along the axis that the call names."""
    place = axis_of(context, arguments, value)
    taken = value.axes if place is None else (value.axes[place],)
    kept = tuple(axis for axis in value.axes if axis not in taken)
    if operation == "mean":
        return Value(_mean(value.body, taken), kept)
    if operation in ("var", "std"):
        context.note("var and std divide by the number of entries")
        own: dict[Any, Expr] = {axis: fresh_index(axis.name, axis.lower, axis.upper) for axis in taken}
        inner = tuple(index for index in own.values() if isinstance(index, Index))
        centred = subtract(value.body, _mean(substitute(value.body, own), inner))
        variance = _mean(power(centred, number(2)), taken)
        return Value(power(variance, HALF) if operation == "std" else variance, kept)
    return Value(reduce(operation, taken, value.body), kept)


def _mean(body: Expr, axes: tuple[Index, ...]) -> Expr:
    total = reduce("sum", axes, body)
    return divide(total, multiply(*(extent(axis) for axis in axes))) if axes else total


def _reduction(name: str, *more: str) -> Entry:
    def lower(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
        return reduced(context, name, arguments, values[0])

    return Entry((name, *more), (tensor("x"), *AXIS), _relation, lower)


def _extremum(name: str, function: str) -> Entry:
    """``max(x)`` is the largest entry, ``max(x, y)`` the larger of two entry by entry."""

    def relation(arguments: Arguments) -> Relation:
        return broadcast(arguments) if len(arguments.tensors) > 1 else _relation(arguments)

    def lower(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
        if len(values) == 1:
            return reduced(context, name, arguments, values[0])
        if has_axis(arguments):
            raise context.source.error(arguments.call.head, f"one argument was expected where {name} works along an axis")
        return entrywise(lambda *bodies: Apply(function, bodies))(context, arguments, values)

    return Entry((name, function), (tensor("x"), *AXIS), relation, lower, variadic=True)


ENTRIES = (
    _reduction("sum"),
    _reduction("prod"),
    _reduction("mean"),
    _reduction("var"),
    _reduction("std"),
    _extremum("max", "maximum"),
    _extremum("min", "minimum"),
)
