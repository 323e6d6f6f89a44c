"""Scaled dot-product attention: ``softmax(Q K'/sqrt(d)) V``, over the last two axes; a mask is added before the softmax."""

from __future__ import annotations

from collections.abc import Sequence

from gradproof.elaborate.sizes import extent
from gradproof.elaborate.value import Value, entry, freshened
from gradproof.expr.build import HALF, add, apply, compare, divide, multiply, power, sum_over
from gradproof.expr.node import Expr, Index, Iverson, TensorEntry, fresh_index
from gradproof.formula.context import Context
from gradproof.formula.entry import Arguments, Entry, option, tensor
from gradproof.formula.kinds import MATRIX, SCALAR, TENSOR3, TENSOR4, Relation, Table

_KINDS = (MATRIX, TENSOR3, TENSOR4)


def _relation(arguments: Arguments) -> Relation:
    rows = []
    for kind in _KINDS:
        masks = (MATRIX, kind) if "attn_mask" in arguments.present else (0,)
        for mask in dict.fromkeys(masks):
            extra = tuple(SCALAR if name == "scale" else mask for name in arguments.present[3:])
            rows.append((kind, kind, kind, *extra, kind))
    return Table(tuple(rows))


def _lower(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
    return _Attention(context, arguments, values).value()


class _Attention:
    """One call; the axes before the last two are a batch that all have in common."""

    def __init__(self, context: Context, arguments: Arguments, values: tuple[Value, ...]) -> None:
        self.context = context
        self.arguments = arguments
        self.given = {name: freshened(value) for name, value in zip(arguments.present, values, strict=True)}
        query, key, content = (self.given[name] for name in ("query", "key", "value"))
        self.batch, self.row, self.inner = query.axes[:-2], query.axes[-2], query.axes[-1]
        self.column, self.output = key.axes[-2], content.axes[-1]
        self._fit(query, key, content)

    def _fit(self, query: Value, key: Value, content: Value) -> None:
        got = ", ".join(
            self.context.told(tree, value) for tree, value in zip(self.arguments.tensors, (query, key, content), strict=False)
        )
        trouble = self.context.source.misfit(
            self.arguments.place("key"), "queries, keys and values that fit were expected", got=got
        )
        pairs = [(query.axes[-1], key.axes[-1]), (key.axes[-2], content.axes[-2])]
        pairs += [(axis, other) for value in (key, content) for axis, other in zip(self.batch, value.axes[:-2], strict=True)]
        for left, right in pairs:
            self.context.fit(extent(left), extent(right), trouble)

    def value(self) -> Value:
        """Return the weighted values."""
        share = self._weights()
        content = entry(self.given["value"], (*self.batch, self.column, self.output)).body
        return Value(sum_over([self.column], multiply(share, content)), (*self.batch, self.row, self.output))

    def _weights(self) -> Expr:
        """Return the softmax of the scores; with a causal mask the ratio over the keys that are not later."""
        if not self.context.flag(self.arguments.options.get("is_causal"), False):
            bound = fresh_index("j", self.column.lower, self.column.upper)
            return TensorEntry("softmax", (bound,), self._score(bound), (self.column,))
        self.context.note("a query attends to the keys up to its own place")
        other = fresh_index("l", self.column.lower, self.column.upper)
        return divide(self._seen(self.column), sum_over([other], self._seen(other)))

    def _seen(self, column: Index) -> Expr:
        return multiply(apply("exp", self._score(column)), Iverson(compare("<=", column, self.row)))

    def _score(self, column: Index) -> Expr:
        pair = (
            entry(self.given["query"], (*self.batch, self.row, self.inner)),
            entry(self.given["key"], (*self.batch, column, self.inner)),
        )
        product = sum_over([self.inner], multiply(*(value.body for value in pair)))
        if "scale" in self.given:
            scores = multiply(self.given["scale"].body, product)
        else:
            scores = divide(product, power(extent(self.inner), HALF))
        if "attn_mask" not in self.given:
            return scores
        mask = self.given["attn_mask"]
        places: Sequence[Expr] = (*self.batch[len(self.batch) + 2 - mask.rank :], self.row, column)
        got = f"{self.context.shape(mask)} for {self.context.size_text(extent(self.row))} queries"
        trouble = self.context.source.misfit(
            self.arguments.place("attn_mask"), "a number for each query and key was expected", got=got
        )
        for axis, place in zip(mask.axes, places, strict=True):
            if isinstance(place, Index):
                self.context.fit(extent(axis), extent(place), trouble)
        return add(scores, entry(mask, tuple(places)).body)


_OPTIONS = (option("dropout_p", by_name=True), option("is_causal", by_name=True))
ENTRIES = (
    Entry(
        ("scaled_dot_product_attention",),
        (tensor("query"), tensor("key"), tensor("value"), tensor("attn_mask", required=False), *_OPTIONS,
         tensor("scale", required=False, by_name=True)),
        _relation,
        _lower,
    ),
)  # fmt: skip
