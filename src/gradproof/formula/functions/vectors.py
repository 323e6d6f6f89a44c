"""Functions of a vector, or of a tensor along an axis: softmax, logsumexp, norms, the place of the largest entry."""

from __future__ import annotations

from gradproof.elaborate.value import Value
from gradproof.expr.build import apply, reduce
from gradproof.expr.catalogue import TENSOR_FUNCTIONS, TensorFunction
from gradproof.expr.node import TensorEntry, fresh_index
from gradproof.formula.context import Context
from gradproof.formula.entry import Arguments, Entry, tensor
from gradproof.formula.functions.axes import AXIS, axis_of, has_axis
from gradproof.formula.functions.reductions import ALONG
from gradproof.formula.kinds import COLUMN, KINDS, MATRIX, NOT_SCALAR, ROW, SCALAR, Relation, Table, mapping, of_rank, rank_of

_OF_VECTOR = Table(((COLUMN, SCALAR), (ROW, SCALAR)))
_KEEPING = Table(tuple((kind, kind) for kind in KINDS if kind & NOT_SCALAR))
#: Functions that work along the last axis of a matrix where no axis is named; a norm of a matrix would mean something else.
_BATCHED = frozenset({"logsumexp"})
#: Norms of a matrix that machine learning takes of its entries; of two readings that fit, the one with a vector is meant.
_OF_ENTRIES = {"norm1": "sum", "norminf": "max"}
_OF_VECTOR_OR_ENTRIES = Table((*_OF_VECTOR.rows, (MATRIX, SCALAR)), _OF_VECTOR.rows)


def _of_catalogue(function: TensorFunction) -> Entry:
    def relation(arguments: Arguments) -> Relation:
        if function.output == "same":
            return _KEEPING
        if has_axis(arguments):
            return ALONG
        if function.name in _OF_ENTRIES:
            return _OF_VECTOR_OR_ENTRIES
        return _LAST if function.name in _BATCHED else _OF_VECTOR

    def lower(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
        return applied(context, function, arguments, values[0])

    return Entry(function.text, (tensor("x"), *AXIS), relation, lower)


def applied(context: Context, function: TensorFunction, arguments: Arguments, value: Value) -> Value:
    """Return a function of a vector at a value, along the axis that the call names or the last one."""
    place = axis_of(context, arguments, value)
    if place is None and value.rank > 1 and function.name in _OF_ENTRIES:
        context.note(f"{function.text[0]} of a matrix is taken of its entries")
        return Value(reduce(_OF_ENTRIES[function.name], value.axes, apply("abs", value.body)))
    if place is None and value.rank > 1:
        context.note(f"{function.text[0]} works along the last axis")
    bound = value.axes[-1 if place is None else place]
    if function.output != "same":
        kept = tuple(axis for axis in value.axes if axis is not bound)
        return Value(TensorEntry(function.name, (bound,), value.body, ()), kept)
    at = fresh_index(bound.name, bound.lower, bound.upper)
    axes = tuple(at if axis is bound else axis for axis in value.axes)
    return Value(TensorEntry(function.name, (bound,), value.body, (at,)), axes, value.is_row)


def _last_axis() -> Table:
    return mapping(lambda kind: of_rank(rank_of(kind) - 1) if kind != SCALAR else None)


_LAST = _last_axis()
ENTRIES = tuple(_of_catalogue(function) for function in TENSOR_FUNCTIONS.values() if function.rank == 1)
