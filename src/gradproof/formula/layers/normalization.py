"""Normalisation over the entries of an example (layer, root mean square) or over the examples of a channel (batch)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from gradproof.elaborate.sizes import extent
from gradproof.elaborate.value import Value, entry
from gradproof.expr.build import HALF, TWO, ZERO, add, divide, multiply, number, power, subtract, sum_over
from gradproof.expr.node import Expr, Index, fresh_index
from gradproof.formula.context import Context
from gradproof.formula.entry import Arguments, Entry, option, tensor
from gradproof.formula.kinds import COLUMN, KINDS, ROW, SCALAR, Relation, Table, of_rank, rank_of
from gradproof.reader.plain.tree import Bracket, Listing

_EPS = number(Fraction(1, 100_000))


def _over(value: Value, axes: Sequence[Index], body: Expr | None = None) -> Expr:
    """Return the mean over some axes of a value, or of an expression in its place; the axes get new names."""
    fresh: dict[Expr, Index] = {axis: fresh_index(axis.name, axis.lower, axis.upper) for axis in axes}
    places = tuple(fresh.get(axis, axis) for axis in value.axes)
    whole = entry(Value(value.body if body is None else body, value.axes), places).body
    return divide(sum_over(list(fresh.values()), whole), multiply(*(extent(axis) for axis in axes)))


class _Normalization:
    def __init__(self, context: Context, arguments: Arguments, values: tuple[Value, ...]) -> None:
        self.context = context
        self.arguments = arguments
        self.given = dict(zip(arguments.present, values, strict=True))
        self.value = self.given["input"]

    def by_layer(self) -> Value:
        """Return the layer norm."""
        axes = self._last_axes()
        centred = self._centred(axes)
        return self._finished(centred, _over(self.value, axes, power(centred, TWO)), axes, _EPS)

    def by_root_mean_square(self) -> Value:
        """Return the norm without a mean."""
        axes = self._last_axes()
        return self._finished(self.value.body, _over(self.value, axes, power(self.value.body, TWO)), axes, ZERO)

    def by_batch(self) -> Value:
        """Return the batch norm: with the statistics that are given, or those of the batch itself."""
        channel = self.value.axes[1]
        is_training = self.context.flag(self.arguments.options.get("training"), "running_var" not in self.given)
        if is_training:
            self.context.note("batch_norm takes the mean and the variance of the batch")
            others = [axis for axis in self.value.axes if axis is not channel]
            centred = self._centred(others)
            return self._finished(centred, _over(self.value, others, power(centred, TWO)), [channel], _EPS)
        missing = next((name for name in ("running_mean", "running_var") if name not in self.given), None)
        if missing is not None:
            raise self.context.source.error(self.arguments.call.head, f"{missing} was expected without training=True")
        centred = subtract(self.value.body, self._spread("running_mean", [channel]))
        return self._finished(centred, self._spread("running_var", [channel]), [channel], _EPS)

    def _centred(self, axes: Sequence[Index]) -> Expr:
        """Return the input without its mean over some axes, which is called mu."""
        mean = _over(self.value, axes)
        centred = subtract(self.value.body, mean)
        self.context.named.append(("u", Value(centred, self.value.axes)))
        return centred

    def _last_axes(self) -> list[Index]:
        """Return the axes of an example: as many as ``normalized_shape`` has sizes, each of which has to fit."""
        tree = self.arguments.options.get("normalized_shape")
        items = tree.items if isinstance(tree, Listing) else tree.rows[0] if isinstance(tree, Bracket) else (tree,)
        axes = list(self.value.axes[-len(items) :])
        for item, axis in zip(items, axes, strict=False):
            if item is not None:
                size = self.context.whole(item, "a size of normalized_shape", 1)
                got = f"{self.context.size_text(extent(axis))} and {self.context.size_text(size)}"
                trouble = self.context.source.misfit(item.place, "the size of the last axes was expected", got=got)
                self.context.fit(extent(axis), size, trouble)
        return axes

    def _spread(self, name: str, axes: Sequence[Index]) -> Expr:
        """Return a parameter over the axes of the input that it belongs to."""
        value = self.given[name]
        if not value.rank:
            return value.body
        got = f"{self.context.shape(value)} and {' x '.join(self.context.size_text(extent(axis)) for axis in axes)}"
        trouble = self.context.source.misfit(
            self.arguments.place(name), f"a {name} of the shape that is normalised was expected", got=got
        )
        if value.rank != len(axes):
            raise trouble
        for mine, axis in zip(value.axes, axes, strict=True):
            self.context.fit(extent(mine), extent(axis), trouble)
        return entry(value, tuple(axes)).body

    def _finished(self, centred: Expr, variance: Expr, axes: Sequence[Index], eps: Expr) -> Value:
        floor = self.given["eps"].body if "eps" in self.given else eps
        root = power(add(variance, floor), HALF)
        rows = tuple(axis for axis in self.value.axes if axis in root.free_indices)
        self.context.named.append(("s", Value(root, rows)))
        body = divide(centred, root)
        if "weight" in self.given:
            body = multiply(body, self._spread("weight", axes))
        if "bias" in self.given:
            body = add(body, self._spread("bias", axes))
        return Value(body, self.value.axes, self.value.is_row)


def _count(arguments: Arguments) -> int:
    """Return how many axes an example has."""
    tree = arguments.options.get("normalized_shape")
    return len(tree.items) if isinstance(tree, Listing) else len(tree.rows[0]) if isinstance(tree, Bracket) else 1


def _of_example(arguments: Arguments) -> Relation:
    """Weight and bias have the shape of the last axes."""
    return _table(arguments, of_rank(_count(arguments)), _count(arguments))


def _of_channel(arguments: Arguments) -> Relation:
    """Weight, bias and statistics have an entry for each channel, the second axis."""
    return _table(arguments, COLUMN, 2)


def _table(arguments: Arguments, parameter: int, least: int) -> Table:
    between = tuple(SCALAR if name == "eps" else parameter for name in arguments.present[1:])
    return Table(tuple((kind, *between, kind) for kind in KINDS if kind != ROW and rank_of(kind) >= least))


def _layer(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
    return _Normalization(context, arguments, values).by_layer()


def _root_mean_square(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
    return _Normalization(context, arguments, values).by_root_mean_square()


def _batch(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
    return _Normalization(context, arguments, values).by_batch()


_WEIGHT, _BIAS, _FLOOR = (tensor(name, required=False) for name in ("weight", "bias", "eps"))
_STATISTICS = (tensor("running_mean", required=False), tensor("running_var", required=False))
_FLAGS = (option("training", by_name=True), option("momentum", by_name=True))
ENTRIES = (
    Entry(("layer_norm",), (tensor("input"), option("normalized_shape"), _WEIGHT, _BIAS, _FLOOR), _of_example, _layer),
    Entry(("rms_norm",), (tensor("input"), option("normalized_shape"), _WEIGHT, _FLOOR), _of_example, _root_mean_square),
    Entry(("batch_norm",), (tensor("input"), *_STATISTICS, _WEIGHT, _BIAS, *_FLAGS, _FLOOR), _of_channel, _batch),
)
