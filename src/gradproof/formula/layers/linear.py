"""The affine layer: ``out[..., o] = sum_k x[..., k] W[o, k] + b[o]``."""

from __future__ import annotations

from gradproof.elaborate.sizes import extent
from gradproof.elaborate.value import Value, entry, freshened
from gradproof.expr.build import add, multiply, sum_over
from gradproof.formula.context import Context
from gradproof.formula.entry import Arguments, Entry, tensor
from gradproof.formula.kinds import COLUMN, MATRIX, SCALAR, Relation, Row, Table, of_rank

_LARGEST_INPUT = 4


def _rows(has_bias: bool) -> Table:
    rows: list[Row] = []
    for rank in range(1, _LARGEST_INPUT + 1):
        rows.append((of_rank(rank), MATRIX, *((COLUMN,) if has_bias else ()), of_rank(rank)))
        rows.append((of_rank(rank), COLUMN, *((SCALAR,) if has_bias else ()), of_rank(rank - 1)))
    return Table(tuple(rows), tuple(row for row in rows if row[1] == MATRIX))


_PLAIN, _BIASED = _rows(False), _rows(True)


def _relation(arguments: Arguments) -> Relation:
    return _BIASED if "bias" in arguments.present else _PLAIN


def _lower(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
    """Return ``x W' + b``; a weight with one axis is that of one output, without an axis for it."""
    value, weight = values[0], freshened(values[1])
    inner, last = weight.axes[-1], value.axes[-1]
    got = f"{context.told(arguments.tensors[0], value)} and {context.told(arguments.tensors[1], weight)}"
    trouble = context.source.misfit(
        arguments.place("weight"), "a weight with as many columns as the input has entries was expected", got=got
    )
    context.fit(extent(last), extent(inner), trouble)
    read = entry(Value(value.body, (last,)), (inner,)).body
    total = sum_over([inner], multiply(read, weight.body))
    outputs = weight.axes[:-1]
    if len(values) == 3 and outputs:
        got = f"{context.shape(values[2])} and {context.size_text(extent(outputs[0]))} outputs"
        trouble = context.source.misfit(arguments.place("bias"), "one bias for each output was expected", got=got)
        context.fit(extent(values[2].axes[0]), extent(outputs[0]), trouble)
    if len(values) == 3:
        total = add(total, entry(values[2], outputs).body)
    return Value(total, (*value.axes[:-1], *outputs))


_TENSORS = (tensor("input"), tensor("weight"), tensor("bias", required=False))
ENTRIES = (Entry(("linear",), _TENSORS, _relation, _lower, is_layer=True),)
