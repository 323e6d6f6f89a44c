"""Vectors and matrices that are written down: ``vector(1)``, ``matrix(0)``, ``eye``, ``one_hot``; their sizes come from what surrounds them."""

from __future__ import annotations

from gradproof.elaborate.value import Value
from gradproof.expr.build import ONE, add, delta
from gradproof.expr.node import Element, Expr, Symbol
from gradproof.formula.context import Context
from gradproof.formula.entry import Arguments, Entry, option, tensor
from gradproof.formula.kinds import COLUMN, MATRIX, SCALAR, Table


def identity(context: Context, size: Expr | None = None) -> Value:
    """Return the identity matrix, of a size that is to be found where none is given."""
    known = context.sizes.unknown() if size is None else size
    row, column = context.index("i", known), context.index("j", known)
    return Value(delta(row, column), (row, column))


def _size(context: Context, arguments: Arguments, name: str) -> Expr:
    tree = arguments.options.get(name)
    return context.sizes.unknown() if tree is None else context.whole(tree, "a size")


def _vector(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
    return Value(values[0].body, (context.index("i", _size(context, arguments, "n")),))


def _matrix(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
    sizes = [_size(context, arguments, name) for name in ("m", "n")]
    return Value(values[0].body, (context.index("i", sizes[0]), context.index("j", sizes[1])))


def _eye(context: Context, arguments: Arguments, _: tuple[Value, ...]) -> Value:
    return identity(context, _size(context, arguments, "n"))


def _one_hot(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
    """Classes count from 0: ``one_hot(y, k)[i, c] = [y[i] + 1 = c]`` for c from 1 to k."""
    size = context.whole(arguments.options["num_classes"], "a number of classes", 1)
    place = context.index("c", size)
    label = values[0]
    symbol = label.body.symbol if isinstance(label.body, Element) else label.body
    if isinstance(symbol, Symbol):
        context.labels[symbol.name] = (size, 0)
    return Value(delta(add(label.body, ONE), place), (*label.axes, place))


ENTRIES = (
    Entry(("vector",), (tensor("value"), option("n")), lambda _: Table(((SCALAR, COLUMN),)), _vector),
    Entry(("matrix",), (tensor("value"), option("m"), option("n")), lambda _: Table(((SCALAR, MATRIX),)), _matrix),
    Entry(("eye",), (option("n"),), lambda _: Table(((MATRIX,),)), _eye),
    Entry(
        ("one_hot",),
        (tensor("target"), option("num_classes", required=True)),
        lambda _: Table(((SCALAR, COLUMN), (COLUMN, MATRIX))),
        _one_hot,
    ),
)
