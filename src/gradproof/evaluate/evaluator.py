"""One evaluator for all arithmetics: every node becomes an array whose axes are the indices that are free in it.

A sum takes an axis out, an element gathers, a bracket is a mask. The zero of a bracket is strong: what it multiplies is
not looked at where it fails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradproof.evaluate.bindings import Bindings, NotRational, Undecidable
from gradproof.evaluate.fields import Exact, Field
from gradproof.expr.catalogue import TENSOR_FUNCTIONS
from gradproof.expr.node import (
    Add,
    Apply,
    Call,
    Compare,
    Constant,
    Element,
    Expr,
    Hole,
    Index,
    Iverson,
    Logic,
    Multiply,
    Number,
    Operator,
    Piecewise,
    Power,
    Reduce,
    Symbol,
    TensorEntry,
)
from gradproof.expr.walk import postorder

#: More array entries than this are too much work for one instance.
LARGEST_TABLE = 200_000


@dataclass(frozen=True)
class Table:
    """The values of a node over its free indices, in the order of ``axes``."""

    axes: tuple[Index, ...]
    entries: Any  # an array of the field's scalars; numpy's stubs know no such dtype


def evaluate(root: Expr, bindings: Bindings, field: Field) -> Table:
    """Return the values of an expression at an instance.

    Raises: Undecidable: there is no value to compute. NotRational: exact arithmetic does not reach it.
            Undetermined: a comparison needs more precision.
    """
    return _Evaluator(bindings, field).of(root)


class _Evaluator:
    def __init__(self, bindings: Bindings, field: Field) -> None:
        self.bindings = bindings
        self.field = field
        self.tables: dict[Expr, Table] = {}
        self.masks: dict[Expr, Table] = {}
        self.ranges: dict[Index, tuple[int, int]] = {}
        self.sibling: _Evaluator | None = None

    def of(self, root: Expr) -> Table:
        for node in postorder(root):
            if node not in self.tables:
                self.tables[node] = self._table(node)
        return self.tables[root]

    def exact(self) -> _Evaluator:
        """The evaluator for subscripts, limits and conditions: rationals wherever that is possible."""
        if isinstance(self.field, Exact):
            return self
        if self.sibling is None:
            self.sibling = _Evaluator(self.bindings, Exact())
        return self.sibling

    # Arrays over named axes ----------------------------------------------------------------------------------------

    def _span(self, index: Index) -> tuple[int, int]:
        if index not in self.ranges:
            lower = self.exact().of(index.lower).entries
            upper = self.exact().of(index.upper).entries
            if lower.size == 0 or upper.size == 0:
                self.ranges[index] = (1, 0)
            else:
                low = min(_whole(value) for value in lower.ravel())
                high = max(_whole(value) for value in upper.ravel())
                self.ranges[index] = (low, max(high, low - 1))
        return self.ranges[index]

    def _length(self, index: Index) -> int:
        low, high = self._span(index)
        return high - low + 1

    def _spread(self, table: Table, axes: tuple[Index, ...]) -> Any:
        """Return the entries as an array over more axes (of length 1 where the table does not depend on them)."""
        order = [table.axes.index(axis) for axis in axes if axis in table.axes]
        moved = table.entries.transpose(order) if order else table.entries
        lengths = [self._length(axis) if axis in table.axes else 1 for axis in axes]
        return moved.reshape(lengths)

    def _together(self, tables: list[Table]) -> tuple[tuple[Index, ...], list[np.ndarray]]:
        axes: list[Index] = []
        for table in tables:
            axes.extend(axis for axis in table.axes if axis not in axes)
        size = 1
        for axis in axes:
            size *= self._length(axis)
            if size > LARGEST_TABLE:
                raise Undecidable("too many terms to evaluate")
        return tuple(axes), [self._spread(table, tuple(axes)) for table in tables]

    def _elementwise(self, function: Callable[..., Any], tables: list[Table], dtype: Any = None) -> Table:
        axes, arrays = self._together(tables)
        shape = np.broadcast_shapes(*(array.shape for array in arrays)) if arrays else ()
        kind = self.field.dtype if dtype is None else dtype
        entries = np.empty(shape, dtype=kind)
        spread = [np.broadcast_to(array, shape) for array in arrays]
        for place in np.ndindex(*shape):
            entries[place] = function(*(array[place] for array in spread))
        return Table(axes, entries)

    def _scalar(self, value: Any) -> Table:
        entries = np.empty((), dtype=self.field.dtype)
        entries[()] = value
        return Table((), entries)

    # Nodes -----------------------------------------------------------------------------------------------------------

    def _table(self, node: Expr) -> Table:
        match node:
            case Number():
                return self._scalar(self.field.number(node))
            case Constant(name):
                return self._scalar(self.field.constant(name))
            case Symbol():
                return self._scalar(self.field.convert(self.bindings.value(node)))
            case Index():
                low, high = self._span(node)
                if high - low > LARGEST_TABLE:
                    raise Undecidable("too many terms to evaluate")
                entries = np.empty(high - low + 1, dtype=self.field.dtype)
                entries[:] = [self.field.convert(value) for value in range(low, high + 1)]
                return Table((node,), entries)
            case Element(symbol, indices):
                return self._element(symbol, indices)
            case Add(terms, weights):
                factors = [self.field.number(Number(weight)) for weight in weights]
                return self._elementwise(
                    lambda *values: sum(
                        (weight * value for weight, value in zip(factors[1:], values[1:], strict=True)),
                        factors[0] * values[0],
                    ),
                    [self.tables[term] for term in terms],
                )
            case Multiply(factors_):
                return self._product(factors_)
            case Power(base, exponent):
                return self._elementwise(self.field.power, [self.tables[base], self.tables[exponent]])
            case Apply(function, arguments):
                return self._elementwise(self.field.apply(function), [self.tables[part] for part in arguments])
            case _:
                return self._structure(node)

    def _structure(self, node: Expr) -> Table:
        match node:
            case Compare(relation, left, right):
                self.masks[node] = self._compare(relation, left, right)
                return self.masks[node]
            case Logic(operation, operands):
                self.masks[node] = self._logic(operation, [self.tables[part] for part in operands])
                return self.masks[node]
            case Iverson(condition):
                mask = self.tables[condition]
                self.masks[node] = mask
                one, zero = self.field.convert(1), self.field.convert(0)
                return self._elementwise(lambda holds: one if holds else zero, [mask])
            case Reduce():
                return self._reduction(node)
            case TensorEntry():
                return self._tensor(node)
            case Piecewise(conditions, values, otherwise):
                tables = [self.tables[part] for part in (*conditions, *values, otherwise)]
                return self._elementwise(_first_branch(len(conditions)), tables)
            case Hole(_, reason):
                raise Undecidable(f"a hole: {reason}")
            case Call(function):
                raise Undecidable(f"the function {function} is not defined")
            case Operator(kind):
                raise Undecidable(f"{kind} has no value here")
            case _:
                raise AssertionError(f"unknown node kind {type(node).__name__}")

    def _element(self, symbol: Symbol, indices: tuple[Expr, ...]) -> Table:
        values = np.asarray(self.bindings.value(symbol), dtype=object)
        if values.ndim != len(indices):
            raise Undecidable(f"{symbol.name} has {values.ndim} axes in this instance")
        exact = self.exact()
        undefined, convert = self.field.undefined, self.field.convert
        origins = [axis.origin for axis in symbol.axes]

        def read(*places: Any) -> Any:
            at = tuple(_whole(place) - origin for place, origin in zip(places, origins, strict=True))
            if any(not 0 <= place < length for place, length in zip(at, values.shape, strict=True)):
                if undefined is None:
                    raise NotRational("an entry outside its range")
                return undefined
            return convert(values[at])

        return self._elementwise(read, [exact.of(index) for index in indices])

    def _product(self, factors: tuple[Expr, ...]) -> Table:
        tables = [self.tables[factor] for factor in factors if not isinstance(factor, Iverson)]
        masks = [self.masks[factor] for factor in factors if isinstance(factor, Iverson)]
        zero, one = self.field.convert(0), self.field.convert(1)
        count = len(masks)

        def multiply(*values: Any) -> Any:
            if not all(values[:count]):
                return zero
            result = one
            for value in values[count:]:
                result = result * value
            return result

        return self._elementwise(multiply, masks + tables)

    def _compare(self, relation: str, left: Expr, right: Expr) -> Table:
        try:
            sides = [self.exact().of(left), self.exact().of(right)]
            field: Field = self.exact().field
        except NotRational:
            sides = [self.tables[left], self.tables[right]]
            field = self.field
        return self._elementwise(lambda a, b: field.compare(relation, a, b), sides, dtype=bool)

    def _logic(self, operation: str, tables: list[Table]) -> Table:
        if operation == "not":
            return self._elementwise(lambda value: not value, tables, dtype=bool)
        combine = all if operation == "and" else any
        return self._elementwise(lambda *values: combine(values), tables, dtype=bool)

    def _limits(self, index: Index) -> Table | None:
        """Return the mask of an index whose limits depend on other indices, None where they do not."""
        if not (index.lower.free_indices or index.upper.free_indices):
            return None
        exact = self.exact()
        tables = [exact.of(index), exact.of(index.lower), exact.of(index.upper)]
        return self._elementwise(lambda value, low, high: low <= value <= high, tables, dtype=bool)

    def _reduction(self, node: Reduce) -> Table:
        masks = [] if node.where is None else [self.tables[node.where]]
        for index in node.indices:
            limits = self._limits(index)
            masks += [] if limits is None else [limits]
        whole = [self.tables[node.body], *masks, *(Table((i,), np.zeros(self._length(i))) for i in node.indices)]
        axes, arrays = self._together(whole)
        outer = tuple(axis for axis in axes if axis not in node.indices)
        shape = tuple(self._length(axis) for axis in axes)
        body = np.broadcast_to(arrays[0], shape)
        mask = np.ones(shape, dtype=bool)
        for array in arrays[1 : 1 + len(masks)]:
            mask = mask & array
        order = [axes.index(axis) for axis in (*outer, *node.indices)]
        body, mask = body.transpose(order), mask.transpose(order)
        entries = np.empty(tuple(self._length(axis) for axis in outer), dtype=self.field.dtype)
        for place in np.ndindex(*entries.shape):
            kept = body[place][mask[place]]
            entries[place] = self._reduced(node.operation, list(kept))
        return Table(outer, entries)

    def _reduced(self, operation: str, values: list[Any]) -> Any:
        if operation == "sum":
            return sum(values, self.field.convert(0))
        if operation == "prod":
            result = self.field.convert(1)
            for value in values:
                result = result * value
            return result
        if not values:
            if self.field.undefined is None:
                raise NotRational("an extremum over nothing")
            return self.field.undefined
        return self.field.apply("maximum" if operation == "max" else "minimum")(*values)

    def _tensor(self, node: TensorEntry) -> Table:
        table = self.tables[node.body]
        whole = [table, *(Table((i,), np.zeros(self._length(i))) for i in node.bound)]
        axes, arrays = self._together(whole)
        outer = tuple(axis for axis in axes if axis not in node.bound)
        shape = tuple(self._length(axis) for axis in axes)
        body = np.broadcast_to(arrays[0], shape).transpose([axes.index(axis) for axis in (*outer, *node.bound)])
        inner = tuple(self._length(axis) for axis in node.bound)
        results = np.empty(tuple(self._length(axis) for axis in outer), dtype=object)
        for place in np.ndindex(*results.shape):
            results[place] = self.field.tensor(node.function, list(np.asarray(body[place]).ravel()), inner)
        starts = [self._span(index)[0] for index in node.bound]
        if TENSOR_FUNCTIONS[node.function].output == "transposed":
            inner, starts = inner[::-1], starts[::-1]

        def pick(result: list[Any], *places: Any) -> Any:
            at = [_whole(place) - start for place, start in zip(places, starts, strict=False)]
            if any(not 0 <= place < length for place, length in zip(at, inner, strict=False)):
                if self.field.undefined is None:
                    raise NotRational("an entry outside its range")
                return self.field.undefined
            flat = int(np.ravel_multi_index(tuple(at), inner)) if at else 0
            return result[flat]

        return self._elementwise(pick, [Table(outer, results), *(self.exact().of(part) for part in node.at)])


def _first_branch(count: int) -> Callable[..., Any]:
    def choose(*values: Any) -> Any:
        for test, value in zip(values[:count], values[count : 2 * count], strict=True):
            if test:
                return value
        return values[2 * count]

    return choose


def _whole(value: Any) -> int:
    """Return an exact value as an integer: a subscript or a limit has to be one."""
    if value.q != 1:
        raise Undecidable("a subscript or a limit that is no integer")
    return int(value.p)
