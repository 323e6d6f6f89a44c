"""Differences of neighbours, and the total variation that they make."""

from __future__ import annotations

from math import comb

from gradproof.elaborate.value import Value, entry, freshened
from gradproof.expr.build import HALF, ONE, TWO, add, apply, number, power, scale, subtract, sum_over
from gradproof.expr.node import Expr, Index, fresh_index
from gradproof.formula.context import Context
from gradproof.formula.entry import Arguments, Entry, option, tensor
from gradproof.formula.functions.axes import AXIS, axis_of, whole_number
from gradproof.formula.kinds import COLUMN, KINDS, MATRIX, NOT_SCALAR, ROW, SCALAR, Table

_KEEPING = Table(tuple((kind, kind) for kind in KINDS if kind & NOT_SCALAR))
_TO_SCALAR = Table(((COLUMN, SCALAR), (ROW, SCALAR), (MATRIX, SCALAR)))
_HIGHEST_ORDER = 9


def _between(context: Context, arguments: Arguments, name: str, default: int, most: int) -> int:
    tree = arguments.options.get(name)
    found = default if tree is None else whole_number(tree)
    if found is None or not 1 <= found <= most:
        place = arguments.place(name)
        raise context.source.error(place, f"{name} has to be a whole number from 1 to {most}", got=context.source.quote(place))
    return found


def differences(value: Value, place: int, order: int = 1) -> Value:
    """Return the differences of neighbours along an axis, taken ``order`` times: the axis is so much shorter.

    Formula:  (D^k x)_i = sum_j (-1)^(k - j) C(k, j) x_(i + j), j from 0 to k
    """
    whole = freshened(value)
    axis = whole.axes[place]
    moving = fresh_index(axis.name, axis.lower, subtract(axis.upper, number(order)))
    terms = [scale((-1) ** (order - j) * comb(order, j), _moved(whole, place, add(moving, number(j)))) for j in range(order + 1)]
    axes = tuple(moving if index is axis else index for index in whole.axes)
    return Value(add(*terms), axes, whole.is_row)


def _moved(whole: Value, place: int, at: Expr) -> Expr:
    return entry(whole, tuple(at if number == place else axis for number, axis in enumerate(whole.axes))).body


def _diff(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
    order = _between(context, arguments, "n", 1, _HIGHEST_ORDER)
    place = axis_of(context, arguments, values[0])
    if place is None and values[0].rank > 1:
        context.note("diff works along the last axis")
    return differences(values[0], values[0].rank - 1 if place is None else place, order)


def _variation(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
    """tv(x) = sum_i |x_(i+1) - x_i|; of a matrix the lengths of the pairs of differences, or with p=1 the sum of both sizes."""
    norm = _between(context, arguments, "p", 2, 2)
    steps = [differences(values[0], place) for place in range(values[0].rank)]
    if len(steps) == 1 or norm == 1:
        return Value(add(*(sum_over(list(step.axes), apply("abs", step.body)) for step in steps)))
    context.note("tv of a matrix is isotropic; tv(X, p=1) adds the sizes of both differences")
    return Value(_isotropic(freshened(values[0])))


def _isotropic(whole: Value) -> Expr:
    """Return the sum of the lengths of the differences to the next row and the next column; beyond the edge they are zero."""
    row, column = whole.axes
    i, j = (fresh_index(axis.name, axis.lower, subtract(axis.upper, ONE)) for axis in (row, column))

    def step(first: tuple[Expr, Expr], second: tuple[Expr, Expr]) -> Expr:
        return subtract(entry(whole, second).body, entry(whole, first).body)

    down, right = step((i, j), (add(i, ONE), j)), step((i, j), (i, add(j, ONE)))
    inside = power(add(power(down, TWO), power(right, TWO)), HALF)
    last_row, last_column = step((row.upper, j), (row.upper, add(j, ONE))), step((i, column.upper), (add(i, ONE), column.upper))
    return add(_total((i, j), inside), _total((j,), apply("abs", last_row)), _total((i,), apply("abs", last_column)))


def _total(axes: tuple[Index, ...], body: Expr) -> Expr:
    """Return a sum over indices of its own, so that several sums share none."""
    own = Value(body, axes)
    moved = freshened(own)
    return sum_over(list(moved.axes), moved.body)


ENTRIES = (
    Entry(("diff",), (tensor("x"), option("n"), *AXIS), lambda _: _KEEPING, _diff),
    Entry(("tv", "TV"), (tensor("x"), option("p")), lambda _: _TO_SCALAR, _variation),
)
