"""Similarities and distances of vectors, and the losses made of them: along one axis, the last one of a batch."""

from __future__ import annotations

from collections.abc import Callable

from gradproof.elaborate.sizes import extent
from gradproof.elaborate.value import Value, entry
from gradproof.expr.build import ONE, TWO, ZERO, add, apply, compare, decimal, divide, multiply, number, power, subtract, sum_over
from gradproof.expr.node import Expr, Index, Number, Piecewise, TensorEntry, fresh_index
from gradproof.formula.context import Context
from gradproof.formula.entry import Arguments, Entry, option, tensor
from gradproof.formula.functions.axes import AXIS, axis_of
from gradproof.formula.kinds import COLUMN, MATRIX, SCALAR, TENSOR3, Relation, Table
from gradproof.formula.layers.losses import REDUCTION, reduction_of, together
from gradproof.reader.plain.tree import Numeral

_EPS = "eps, which keeps a divisor from 0, is left out"
#: Vectors, and what a function has of them: one number for each example.
_FORMS = ((COLUMN, SCALAR), (MATRIX, COLUMN), (TENSOR3, MATRIX))


def _along(context: Context, arguments: Arguments, value: Value) -> int:
    """Return the place of the axis of the vectors: the one that the call names, else the last."""
    place = axis_of(context, arguments, value)
    return value.rank - 1 if place is None else place


def _inner(left: Expr, right: Expr, axis: Index) -> Expr:
    return sum_over([axis], multiply(left, right))


def _length(body: Expr, axis: Index, order: Expr = TWO) -> Expr:
    """Return the norm of order p along an axis."""
    if order is TWO or order is ONE:
        return TensorEntry("norm2" if order is TWO else "norm1", (axis,), body, ())
    return power(sum_over([axis], power(apply("abs", body), order)), power(order, number(-1)))


def _order(context: Context, arguments: Arguments) -> Expr:
    tree = arguments.options.get("p")
    if tree is None:
        return TWO
    if not isinstance(tree, Numeral) or decimal(tree.text).value <= 0:
        raise context.source.error(
            tree.place, "a positive number was expected as the order p", got=context.source.quote(tree.place)
        )
    return Number(decimal(tree.text).value)


def _cosine(left: Expr, right: Expr, axis: Index) -> Expr:
    return divide(_inner(left, right, axis), multiply(_length(left, axis), _length(right, axis)))


def _similarity(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
    bodies, frame = context.aligned(values, arguments.tensors, arguments.call.head)
    context.note(_EPS)
    axis = frame.axes[_along(context, arguments, frame)]
    return Value(_cosine(bodies[0], bodies[1], axis), tuple(other for other in frame.axes if other is not axis))


def _distance(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
    bodies, frame = context.aligned(values, arguments.tensors, arguments.call.head)
    context.note(_EPS)
    return Value(_length(subtract(*bodies), frame.axes[-1], _order(context, arguments)), frame.axes[:-1])


def _normalized(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
    value = values[0]
    axis = value.axes[_along(context, arguments, value)]
    context.note(_EPS)
    other = fresh_index(axis.name, axis.lower, axis.upper)
    places = tuple(other if index is axis else index for index in value.axes)
    length = _length(entry(value, places).body, other, _order(context, arguments))
    return Value(divide(value.body, length), value.axes, value.is_row)


def _triplet(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
    """``max(0, |a - p| - |a - n| + margin)``, the mean over the examples."""
    given = dict(zip(arguments.present, values, strict=True))
    names = ("anchor", "positive", "negative")
    trees = [arguments.tensors[arguments.present.index(name)] for name in names]
    bodies, frame = context.aligned([given[name] for name in names], trees, arguments.call.head)
    context.note(_EPS)
    order, axis = _order(context, arguments), frame.axes[-1]
    near, far = (_length(subtract(bodies[0], other), axis, order) for other in bodies[1:])
    margin = given["margin"].body if "margin" in given else ONE
    term = apply("maximum", add(subtract(near, far), margin), ZERO)
    return together(reduction_of(context, arguments), Value(term, frame.axes[:-1]))


def _cosine_embedding(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
    """``1 - cos`` where the target is 1, ``max(0, cos - margin)`` where it is -1."""
    given = dict(zip(arguments.present, values, strict=True))
    bodies, frame = context.aligned(values[:2], arguments.tensors[:2], arguments.call.head)
    context.note(_EPS)
    examples, target = frame.axes[:-1], given["target"]
    if target.rank:
        got = f"{context.shape(target)} for {context.size_text(extent(examples[0]))} examples"
        trouble = context.source.misfit(arguments.place("target"), "a target for each example was expected", got=got)
        context.fit(extent(target.axes[0]), extent(examples[0]), trouble)
        target = entry(target, examples)
    margin = given["margin"].body if "margin" in given else ZERO
    cosine = _cosine(bodies[0], bodies[1], frame.axes[-1])
    apart = apply("maximum", subtract(cosine, margin), ZERO)
    term = Piecewise((compare(">", target.body, ZERO),), (subtract(ONE, cosine),), apart)
    return together(reduction_of(context, arguments), Value(term, examples))


def _rows(count: int, result: Callable[[int, int], int]) -> Callable[[Arguments], Relation]:
    """Return the relation of some vectors of one shape with scalars behind them."""

    def relation(arguments: Arguments) -> Relation:
        extra = (SCALAR,) * (len(arguments.present) - count)
        return Table(tuple((*(kind,) * count, *extra, result(kind, each)) for kind, each in _FORMS))

    return relation


def _is_open(arguments: Arguments) -> bool:
    return getattr(arguments.options.get("reduction"), "text", "") == "none"


def _triplet_relation(arguments: Arguments) -> Relation:
    extra = (SCALAR,) * (len(arguments.present) - 3)
    return Table(tuple((kind, kind, kind, *extra, each if _is_open(arguments) else SCALAR) for kind, each in _FORMS))


def _embedding_relation(arguments: Arguments) -> Relation:
    extra = (SCALAR,) * (len(arguments.present) - 3)
    rows = [(kind, target, each) for kind, each in _FORMS[:2] for target in dict.fromkeys((each, SCALAR))]
    return Table(tuple((kind, kind, target, *extra, each if _is_open(arguments) else SCALAR) for kind, target, each in rows))


_P, _NO_EPS = option("p", by_name=True), option("eps", by_name=True)
_PAIR = (tensor("x1"), tensor("x2"))
_MARGIN = tensor("margin", required=False, by_name=True)
ENTRIES = (
    Entry(("cosine_similarity",), (*_PAIR, *AXIS, _NO_EPS), _rows(2, lambda _, each: each), _similarity),
    Entry(("pairwise_distance",), (*_PAIR, _P, _NO_EPS), _rows(2, lambda _, each: each), _distance),
    Entry(("normalize",), (tensor("input"), _P, *AXIS, _NO_EPS), _rows(1, lambda kind, _: kind), _normalized),
    Entry(
        ("triplet_margin_loss",),
        (tensor("anchor"), tensor("positive"), tensor("negative"), _MARGIN, _P, _NO_EPS, *REDUCTION),
        _triplet_relation,
        _triplet,
    ),
    Entry(("cosine_embedding_loss",), (*_PAIR, tensor("target"), _MARGIN, *REDUCTION), _embedding_relation, _cosine_embedding),
)
