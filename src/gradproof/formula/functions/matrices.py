"""Linear algebra: inverse, determinant, trace, diagonal, Kronecker product, stacking, inner and outer products."""

from __future__ import annotations

from collections.abc import Callable

from gradproof.elaborate.sizes import extent
from gradproof.elaborate.value import Value, diagonal, entry, freshened, inverse, tensor_scalar, transposed
from gradproof.expr.build import ONE, add, multiply, subtract, sum_over
from gradproof.expr.catalogue import TENSOR_FUNCTIONS, TensorFunction
from gradproof.expr.node import Expr, Index
from gradproof.formula.context import Context
from gradproof.formula.dimensions import floor_quotient, modulo
from gradproof.formula.entry import Arguments, Entry, tensor
from gradproof.formula.kinds import COLUMN, KINDS, MATRIX, ROW, SCALAR, TRANSPOSE, Relation, Table
from gradproof.reader.plain.tree import Tree
from gradproof.reader.presentation import Place

_TO_SCALAR = Table(((MATRIX, SCALAR),))
_TO_MATRIX = Table(((MATRIX, MATRIX),))
_SQUARE = frozenset({"inverse", "det", "logdet"})


def square(context: Context, value: Value, tree: Tree, place: Place, what: str) -> None:
    """Make the two sizes of a matrix equal.

    Raises: ShapeError: they are different.
    """
    got = context.told(tree, value)
    trouble = context.source.misfit(place, f"{what} takes a square matrix", got=got, remedy="Fix its shape.")
    context.fit(extent(value.axes[0]), extent(value.axes[1]), trouble)


def _of_catalogue(function: TensorFunction) -> Entry:
    def lower(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
        if function.name in _SQUARE:
            square(context, values[0], arguments.tensors[0], arguments.tensors[0].place, function.text[-1])
        return inverse(values[0]) if function.name == "inverse" else tensor_scalar(function.name, values[0])

    table = _TO_MATRIX if function.output == "transposed" else _TO_SCALAR
    return Entry(function.text, (tensor("X"),), lambda _: table, lower)


def _trace(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
    square(context, values[0], arguments.tensors[0], arguments.tensors[0].place, "the trace")
    row = values[0].axes[0]
    return Value(sum_over([row], entry(values[0], (row, row)).body))


def _diag(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
    if values[0].rank == 1:
        return diagonal(values[0])
    square(context, values[0], arguments.tensors[0], arguments.tensors[0].place, "diag")
    row = values[0].axes[0]
    return Value(entry(values[0], (row, row)).body, (row,))


def _flip(_: Context, __: Arguments, values: tuple[Value, ...]) -> Value:
    """The entries in reverse order, along every axis."""
    whole = freshened(values[0])
    mirrored = tuple(subtract(add(axis.lower, axis.upper), axis) for axis in whole.axes)
    return Value(entry(whole, mirrored).body, whole.axes, whole.is_row)


def _transpose(_: Context, __: Arguments, values: tuple[Value, ...]) -> Value:
    return transposed(values[0])


def _quotient(index: Index, size: Expr) -> Expr:
    """Return the block that an index of blocks of a size lies in, from 1."""
    return add(floor_quotient(subtract(index, ONE), size), ONE)


def _remainder(index: Index, size: Expr) -> Expr:
    """Return the place of an index in its block, from 1."""
    return add(modulo(subtract(index, ONE), size), ONE)


def _vec(context: Context, _: Arguments, values: tuple[Value, ...]) -> Value:
    """Stack the columns."""
    value = values[0]
    rows, columns = (extent(axis) for axis in value.axes)
    place = context.index("k", multiply(rows, columns))
    context.note("vec stacks the columns")
    return Value(entry(value, (_remainder(place, rows), _quotient(place, rows))).body, (place,))


def _kron(context: Context, _: Arguments, values: tuple[Value, ...]) -> Value:
    left, right = values
    axes, blocks, inner = [], [], []
    for mine, other in zip(left.axes, right.axes, strict=True):
        size = extent(other)
        axis = context.index(mine.name, multiply(extent(mine), size))
        axes.append(axis)
        blocks.append(_quotient(axis, size))
        inner.append(_remainder(axis, size))
    body = multiply(entry(left, tuple(blocks)).body, entry(right, tuple(inner)).body)
    return Value(body, tuple(axes))


def _dot(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
    bodies, frame = context.aligned([values[0], freshened(values[1])], arguments.tensors, arguments.call.head)
    return Value(sum_over(list(frame.axes), multiply(*bodies)))


def _outer(_: Context, __: Arguments, values: tuple[Value, ...]) -> Value:
    left, right = values[0], freshened(values[1])
    return Value(multiply(left.body, right.body), (left.axes[0], right.axes[0]))


def _fixed(table: Table) -> Callable[[Arguments], Relation]:
    return lambda _: table


_VECTORS = [(left, right) for left in (COLUMN, ROW) for right in (COLUMN, ROW)]
_DOT = Table((*((left, right, SCALAR) for left, right in _VECTORS if left == right), (MATRIX, MATRIX, SCALAR)))
ENTRIES = (
    *(_of_catalogue(function) for function in TENSOR_FUNCTIONS.values() if function.rank == 2),
    Entry(("tr", "trace"), (tensor("X"),), _fixed(_TO_SCALAR), _trace),
    Entry(("diag",), (tensor("X"),), _fixed(Table(((COLUMN, MATRIX), (ROW, MATRIX), (MATRIX, COLUMN)))), _diag),
    Entry(("transpose",), (tensor("X"),), _fixed(TRANSPOSE), _transpose),
    Entry(("flip",), (tensor("X"),), lambda _: Table(tuple((kind, kind) for kind in KINDS if kind != SCALAR)), _flip),
    Entry(("vec",), (tensor("X"),), _fixed(Table(((MATRIX, COLUMN),))), _vec),
    Entry(("kron",), (tensor("X"), tensor("Y")), _fixed(Table(((MATRIX, MATRIX, MATRIX), (COLUMN, COLUMN, COLUMN)))), _kron),
    Entry(("dot", "inner"), (tensor("x"), tensor("y")), _fixed(_DOT), _dot),
    Entry(("outer",), (tensor("x"), tensor("y")), _fixed(Table(tuple((*pair, MATRIX) for pair in _VECTORS))), _outer),
)
