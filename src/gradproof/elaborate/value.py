"""Tensor values during elaboration: a pointful body with ordered axes, and linear algebra on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from gradproof.elaborate.sizes import Sizes, extent
from gradproof.elaborate.trouble import Misfit
from gradproof.expr import build
from gradproof.expr.node import Element, Expr, Index, Symbol, TensorEntry, fresh_index
from gradproof.expr.walk import substitute, transform


@dataclass(frozen=True, slots=True)
class Value:
    """A scalar (no axes), a vector (one axis; ``is_row`` when it is written as a row), a matrix or a higher tensor.

    ``axes`` are free indices of ``body``, in order. ``is_column`` marks a vector that was written as a column on purpose.
    """

    body: Expr
    axes: tuple[Index, ...] = ()
    is_row: bool = False

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.axes)


def scalar(body: Expr) -> Value:
    """Return a scalar value."""
    return Value(body)


def entry(value: Value, subscripts: tuple[Expr, ...]) -> Value:
    """Return the value with its first axes replaced by subscripts."""
    mapping: dict[Expr, Expr] = dict(zip(value.axes, subscripts, strict=False))
    return Value(substitute(value.body, mapping), value.axes[len(subscripts) :])


def renamed(value: Value, axes: tuple[Index, ...]) -> Value:
    """Return the same value over other axes, shifted where they start elsewhere."""
    body = value.body
    same_start = all(old.lower is new.lower for old, new in zip(value.axes, axes, strict=True))
    if isinstance(body, Element) and body.indices == value.axes and same_start:
        return Value(Element(body.symbol, axes), axes, value.is_row)
    mapping: dict[Expr, Expr] = {}
    for old, new in zip(value.axes, axes, strict=True):
        shift = build.subtract(old.lower, new.lower)
        mapping[old] = build.add(new, shift)
    return Value(substitute(value.body, mapping), axes, value.is_row)


def freshened(value: Value) -> Value:
    """Return the same value over new axes: needed before a value meets another that was made from the same parts."""
    return renamed(value, tuple(fresh_index(index.name, index.lower, index.upper) for index in value.axes))


def aligned(left: Value, right: Value, sizes: Sizes, what: str) -> tuple[Value, Value]:
    """Return both over the same axes; a scalar is left as it is and broadcasts."""
    if left.rank == 0 or right.rank == 0:
        return left, right
    if left.rank != right.rank:
        raise Misfit("M102", f"{what}: {shape_text(left)} against {shape_text(right)}", is_certain=False)
    for mine, other in zip(left.axes, right.axes, strict=True):
        sizes.unify(extent(mine), extent(other), what)
    return left, renamed(right, left.axes)


def elementwise(operation: Callable[[Expr, Expr], Expr], left: Value, right: Value, sizes: Sizes, what: str) -> Value:
    """Combine two values entry by entry; a scalar broadcasts."""
    left, right = aligned(left, right, sizes, what)
    frame = left if left.rank else right
    return Value(operation(left.body, right.body), frame.axes, frame.is_row)


def mapped(operation: Callable[[Expr], Expr], value: Value) -> Value:
    """Apply a function to every entry."""
    return replace(value, body=operation(value.body))


def transposed(value: Value) -> Value:
    """Return the transpose: a column becomes a row, a matrix has its last two axes swapped."""
    if value.rank == 0:
        return value
    if value.rank == 1:
        return replace(value, is_row=not value.is_row)
    return replace(value, axes=(*value.axes[:-2], value.axes[-1], value.axes[-2]))


def product(left: Value, right: Value, sizes: Sizes) -> Value:
    """Return the product as linear algebra means it: scaling, dot, outer, matrix times vector, matrix times matrix."""
    if left.rank == 0 or right.rank == 0:
        frame = left if left.rank else right
        return Value(build.multiply(left.body, right.body), frame.axes, frame.is_row)
    right = freshened(right)
    if left.rank == 1 and right.rank == 1:
        return _vectors(left, right, sizes)
    if left.rank == 1 and not left.is_row:
        raise Misfit("M102", "a column times a matrix; a transpose may be missing", is_certain=False)
    if right.rank == 1 and right.is_row:
        raise Misfit("M102", "a matrix times a row; a transpose may be missing", is_certain=False)
    return _contracted(left, right, sizes)


def _vectors(left: Value, right: Value, sizes: Sizes) -> Value:
    if left.is_row and not right.is_row:
        return _contracted(left, right, sizes)
    if not left.is_row and right.is_row:
        return Value(build.multiply(left.body, right.body), (left.axes[0], right.axes[0]))
    raise Misfit("M102", "two vectors side by side; a transpose or a dot may be missing", is_certain=False)


def _contracted(left: Value, right: Value, sizes: Sizes) -> Value:
    inner = left.axes[-1]
    sizes.unify(extent(inner), extent(right.axes[0]), "the inner sizes of a product")
    moved = renamed(right, (inner, *right.axes[1:]))
    body = build.sum_over([inner], build.multiply(left.body, moved.body))
    axes = left.axes[:-1] + right.axes[1:]
    return Value(body, axes, is_row=left.rank == 1 and len(axes) == 1)


def dot(left: Value, right: Value, sizes: Sizes) -> Value:
    """Return the inner product of two values of one shape: the sum of the products of their entries."""
    left, right = aligned(freshened(left), freshened(right), sizes, "an inner product")
    return total(Value(build.multiply(left.body, right.body), left.axes))


def total(value: Value) -> Value:
    """Return the sum of all entries."""
    return Value(build.sum_over(list(value.axes), value.body))


def matrix_power(value: Value, exponent: int, sizes: Sizes) -> Value:
    """Return an integer power of a square matrix."""
    sizes.unify(extent(value.axes[0]), extent(value.axes[1]), "the power of a matrix")
    base = value if exponent > 0 else inverse(value)
    result = base
    for _ in range(abs(exponent) - 1):
        result = product(result, freshened(base), sizes)
    return result


def inverse(value: Value) -> Value:
    """Return the inverse of a matrix."""
    row, column = value.axes
    at = (fresh_index(row.name, row.lower, row.upper), fresh_index(column.name, column.lower, column.upper))
    return Value(TensorEntry("inverse", (row, column), value.body, at), at)


def tensor_scalar(function: str, value: Value) -> Value:
    """Return a scalar function of a whole tensor: a norm, a determinant, logsumexp."""
    return Value(TensorEntry(function, value.axes, value.body))


def tensor_same(function: str, value: Value) -> Value:
    """Return a function that keeps the last axis, such as softmax; leading axes are a batch."""
    last = value.axes[-1]
    at = fresh_index(last.name, last.lower, last.upper)
    body = TensorEntry(function, (last,), value.body, (at,))
    return Value(body, (*value.axes[:-1], at), value.is_row)


def diagonal(value: Value) -> Value:
    """Return the matrix that has a vector on its diagonal."""
    row = value.axes[0]
    column = fresh_index(row.name, row.lower, row.upper)
    return Value(build.multiply(build.delta(row, column), value.body), (row, column))


def identity(sizes: Sizes) -> Value:
    """Return the identity matrix of unknown size."""
    size = sizes.unknown()
    row, column = sizes.index("i", size), sizes.index("j", size)
    return Value(build.delta(row, column), (row, column))


def literal(rows: list[list[Expr]], sizes: Sizes) -> Value:
    """Return a matrix of given entries; one column is a vector, one row a row."""
    height, width = build.number(len(rows)), build.number(len(rows[0]))
    row, column = sizes.index("i", height), sizes.index("j", width)
    if len(rows) == 1 and len(rows[0]) == 1:
        return scalar(rows[0][0])
    terms = []
    for i, cells in enumerate(rows, start=1):
        for j, cell in enumerate(cells, start=1):
            brackets = [build.delta(row, build.number(i))] if len(rows) > 1 else []
            brackets += [build.delta(column, build.number(j))] if len(rows[0]) > 1 else []
            terms.append((Fraction(1), build.multiply(*brackets, cell)))
    axes = (row,) * (len(rows) > 1) + (column,) * (len(rows[0]) > 1)
    return Value(build.weighted_sum(terms), axes, is_row=len(rows) == 1)


def shape_text(value: Value) -> str:
    """Return the kind of a value in words: 'a scalar', 'a vector', 'a matrix', 'a tensor with 3 axes'."""
    names = {0: "a scalar", 1: "a vector", 2: "a matrix"}
    return names.get(value.rank, f"a tensor with {value.rank} axes")


def with_tensor(value: Value, parameter: Symbol, argument: Value, sizes: Sizes) -> Value:
    """Put an argument in for the parameter of a function."""
    if argument.rank != len(parameter.axes):
        raise Misfit("M102", f"the argument is {shape_text(argument)}", is_certain=False)
    if not parameter.axes:
        return replace(value, body=substitute(value.body, {parameter: argument.body}))
    for axis, index in zip(parameter.axes, argument.axes, strict=True):
        sizes.unify(axis.size, extent(index), "the argument of a function")

    def change(node: Expr) -> Expr:
        if isinstance(node, Element) and node.symbol is parameter:
            return entry(freshened(argument), node.indices).body
        return node

    return replace(value, body=transform(value.body, change))
