"""One evaluator for all arithmetics: every node becomes an array whose axes are the indices that are free in it.

A sum takes an axis out, an element gathers, a bracket is a mask. The zero of a bracket is strong: what it multiplies is
not looked at where it fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradproof.derivative.differentiate import differentiate
from gradproof.errors import GradproofError
from gradproof.evaluate.bindings import Bindings, NotRational, Undecidable, Undetermined
from gradproof.evaluate.fields import (
    FALSE,
    IRRATIONAL,
    IRRATIONAL_TEST,
    OPEN_TEST,
    TRUE,
    Array,
    Balls,
    Exact,
    Field,
    Floats,
    boxed,
    elementwise,
)
from gradproof.evaluate.identity import are_identical, compares_extremum
from gradproof.evaluate.masked import Masked
from gradproof.evaluate.quadrature import integral
from gradproof.evaluate.tables import (
    LARGEST_TABLE,
    LARGEST_TOTAL,
    Table,
    check_size,
    combined,
    every,
    is_open,
    negation,
    rational_first,
    rounded,
    settled,
    some,
    together,
    whole,
)
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
from gradproof.expr.walk import children, contains, postorder, substitute

__all__ = ["LARGEST_TABLE", "Table", "evaluate"]


def evaluate(root: Expr, bindings: Bindings, field: Field, indices: Mapping[Index, int] | None = None) -> Table:
    """Return the values of an expression at an instance, over the free indices that ``indices`` does not fix.

    Entries without a value are ``UNDEFINED`` in exact arithmetic, not finite in balls, nan in floats.

    Raises: Undecidable: there is no value to compute. NotRational: exact arithmetic does not reach it.
            Undetermined: a comparison needs more precision.
    """
    evaluator = _Evaluator(bindings, field, indices or {})
    table = evaluator.of(root)
    fixed = tuple(0 if axis in evaluator.fixed else slice(None) for axis in table.axes)
    axes = tuple(axis for axis in table.axes if axis not in evaluator.fixed)
    entries = boxed(table.entries[fixed]) if fixed else table.entries
    evaluator.check(entries)
    return Table(axes, entries, tuple(evaluator.span(axis)[0] for axis in axes))


#: Functions whose value jumps: next to a jump a ball tells nothing, a rational does.
_JUMPING = frozenset({"floor", "ceil", "modulo"})
#: No more open comparisons of one table than this are looked into.
_MOST_IDENTIFIED = 512


class _Evaluator:
    def __init__(self, bindings: Bindings, field: Field, fixed: Mapping[Index, int]) -> None:
        self.bindings = bindings
        self.field = field
        self.masked = Masked(field)
        self.fixed = fixed
        self.tables: dict[Expr, Table] = {}
        self.masks: dict[Expr, Table] = {}
        self.ranges: dict[Index, tuple[int, int]] = {index: (value, value) for index, value in fixed.items()}
        self.tensors: dict[str, Array] = {}
        self.sibling: _Evaluator | None = None
        self.total = 0

    def of(self, root: Expr) -> Table:
        for node in postorder(root, self._parts):
            if node not in self.tables and node not in self.masks:
                self._enter(node)
        return self.tables[root]

    def test(self, root: Expr) -> Table:
        for node in postorder(root, self._parts):
            if node not in self.tables and node not in self.masks:
                self._enter(node)
        return self.masks[root]

    def _parts(self, node: Expr) -> tuple[Expr, ...]:
        """What has to be known first: a node of given value needs nothing, an operator sees to its operands itself."""
        if node in self.bindings.overrides or isinstance(node, Operator | Index):
            return ()
        if isinstance(node, Element):
            return ()
        if isinstance(node, Reduce):
            return (node.body,) if node.where is None else (node.body, node.where)
        if isinstance(node, TensorEntry):
            return (node.body,)
        return children(node)

    def _enter(self, node: Expr) -> None:
        if node in self.bindings.overrides:
            self.tables[node] = self._scalar(self.field.convert(self.bindings.overrides[node]))
        elif isinstance(node, Compare | Logic):
            self.masks[node] = self._mask(node)
        else:
            table = self._table(node)
            self.total += table.entries.size
            if self.total > LARGEST_TOTAL:
                raise Undecidable("too many terms to evaluate")
            self.tables[node] = table

    def check(self, entries: Array) -> None:
        """Raise where an entry has no value for a reason that another arithmetic or precision may mend."""
        missing = self.field.is_missing(entries)
        if not missing.any():
            return
        if isinstance(self.field, Exact) and any(value is IRRATIONAL for value in entries.ravel()):
            raise NotRational("a value is not rational")
        if self.masked.open:
            raise Undetermined("a comparison of balls that overlap")
        if self.field.reason:
            raise Undecidable(self.field.reason)

    def exact(self) -> _Evaluator:
        """The evaluator for subscripts, limits and conditions: rationals wherever that is possible."""
        if isinstance(self.field, Exact):
            return self
        if self.sibling is None:
            self.sibling = _Evaluator(self.bindings, Exact(), self.fixed)
        return self.sibling

    # Indices ---------------------------------------------------------------------------------------------------------

    def span(self, index: Index) -> tuple[int, int]:
        """Return the first and last value of an index, over all values of the indices that its limits depend on."""
        if index not in self.ranges:
            lower = [whole(value) for value in self.exact().of(index.lower).entries.ravel()]
            upper = [whole(value) for value in self.exact().of(index.upper).entries.ravel()]
            low, high = (min(lower), max(upper)) if lower and upper else (1, 0)
            self.ranges[index] = (low, max(high, low - 1))
        low, high = self.ranges[index]
        if high - low >= LARGEST_TABLE:
            raise Undecidable("too many terms to evaluate")
        return low, high

    def _values(self, index: Index) -> Table:
        low, high = self.span(index)
        entries = np.empty(high - low + 1, dtype=self.field.dtype)
        entries[:] = [self.field.convert(value) for value in range(low, high + 1)]
        return Table((index,), entries)

    def _places(self, subscript: Expr) -> Table:
        """Return integer values of a subscript."""
        if isinstance(subscript, Index):
            low, high = self.span(subscript)
            return Table((subscript,), np.arange(low, high + 1))
        if isinstance(subscript, Number) and subscript.value.denominator == 1:
            return Table((), np.asarray(int(subscript.value)))
        table = self.exact().of(subscript)
        if any(value is IRRATIONAL for value in table.entries.ravel()) and not isinstance(self.field, Exact):
            table = self.of(subscript)
            return Table(table.axes, elementwise(rounded, (table.entries,)).astype(np.int64))
        if table.entries.size == 0:
            return Table(table.axes, np.zeros(table.entries.shape, dtype=np.int64))
        return Table(table.axes, elementwise(whole, (table.entries,)).astype(np.int64))

    def _limits(self, index: Index) -> list[Table]:
        """Return the mask of an index whose limits depend on other indices, nothing where they do not."""
        if index in self.fixed or not (index.lower.free_indices or index.upper.free_indices):
            return []
        places = [self._places(index), self._places(index.lower), self._places(index.upper)]
        return [combined(lambda a: ((a[1] <= a[0]) & (a[0] <= a[2])).astype(np.int8), places)]

    # Nodes -----------------------------------------------------------------------------------------------------------

    def _scalar(self, value: Any) -> Table:
        return Table((), self.masked.scalar(value))

    def _table(self, node: Expr) -> Table:
        match node:
            case Number():
                return self._scalar(self.field.number(node))
            case Constant(name):
                return self._scalar(self.field.constant(name))
            case Symbol():
                if node.axes:
                    raise Undecidable(f"{node.name} stands without its indices")
                return self._scalar(self.field.convert(self.bindings.value(node)))
            case Index():
                return self._values(node)
            case Element(symbol, indices):
                return self._element(symbol, indices)
            case Add(terms, weights):
                factors = [self.masked.scalar(self.field.number(Number(weight))) for weight in weights]
                return self._sum(factors, [self.tables[term] for term in terms])
            case Multiply(factors_):
                return self._product(factors_)
            case Power(base, exponent):
                tables = [self.tables[base], self.tables[exponent]]
                return combined(lambda arrays: self.field.power(arrays[0], arrays[1]), tables)
            case Apply():
                return self._applied(node)
            case Iverson(condition):
                return combined(lambda codes: self.masked.choice(codes[0], 1, 0), [self.masks[condition]])
            case _:
                return self._structure(node)

    def _structure(self, node: Expr) -> Table:
        match node:
            case Reduce():
                return self._reduction(node)
            case TensorEntry():
                return self._tensor(node)
            case Piecewise():
                return self._piecewise(node)
            case Hole(_, reason):
                raise Undecidable(f"a hole: {reason}")
            case Call():
                return self.of(self._called(node))
            case Operator("integral"):
                return self._integral(node)
            case Operator(kind):
                raise Undecidable(f"{kind} has no value here")
            case _:
                raise AssertionError(f"unknown node kind {type(node).__name__}")

    def _element(self, symbol: Symbol, subscripts: tuple[Expr, ...]) -> Table:
        if symbol.name not in self.tensors:
            values = np.asarray(self.bindings.value(symbol), dtype=object)
            converted = np.empty(values.shape, dtype=self.field.dtype)
            converted.ravel()[:] = [self.field.convert(value) for value in values.ravel()]
            self.tensors[symbol.name] = converted
        values = self.tensors[symbol.name]
        if values.ndim != len(subscripts):
            raise Undecidable(f"{symbol.name} has {values.ndim} axes in this instance")
        if not subscripts:
            return Table((), values)
        origins = [axis.origin for axis in symbol.axes]
        return self._gathered(values, [self._places(subscript) for subscript in subscripts], origins)

    def _gathered(self, values: Array, places: Sequence[Table], origins: Sequence[int]) -> Table:
        """Return the entries at some places; a place out of range is undefined."""
        axes, arrays = together(places)
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
        at = [array - origin for array, origin in zip(arrays, origins, strict=True)]
        outside = np.zeros(shape, dtype=bool)
        for place, length in zip(at, values.shape, strict=True):
            outside = outside | (place < 0) | (place >= length)
        if not outside.any():
            return Table(axes, np.broadcast_to(boxed(values[tuple(at)]), shape))
        entries = np.empty(shape, dtype=values.dtype)
        entries[...] = self.masked.scalar(self.field.undefined)
        inside = ~outside
        entries[inside] = values[tuple(np.broadcast_to(place, shape)[inside] for place in at)]
        return Table(axes, entries)

    def _sum(self, weights: Sequence[Array], tables: Sequence[Table]) -> Table:
        def added(arrays: Sequence[Array]) -> Array:
            total = boxed(weights[0] * arrays[0])
            for weight, array in zip(weights[1:], arrays[1:], strict=True):
                total = boxed(total + boxed(weight * array))
            return total

        with np.errstate(all="ignore"):
            return combined(added, tables)

    def _product(self, factors: tuple[Expr, ...]) -> Table:
        brackets = [self.masks[factor.condition] for factor in factors if isinstance(factor, Iverson)]
        others = [self.tables[factor] for factor in factors if not isinstance(factor, Iverson)]

        def multiplied(arrays: Sequence[Array]) -> Array:
            result = self.masked.scalar(self.field.convert(1))
            for array in arrays[len(brackets) :]:
                result = boxed(result * array)
            return self.masked.choice(every(arrays[: len(brackets)]), result, 0) if brackets else result

        with np.errstate(all="ignore"):
            return combined(multiplied, brackets + others)

    def _applied(self, node: Apply) -> Table:
        """Apply a function; one that jumps at whole numbers is taken in rationals where they reach: ``floor(7 i/3)`` at i = 3."""
        mine = combined(lambda arrays: self.field.apply(node.function, arrays), [self.tables[x] for x in node.arguments])
        if node.function not in _JUMPING or isinstance(self.field, Exact):
            return mine
        if isinstance(self.field, Floats) and any(contains(part, _is_data) for part in node.arguments):
            return mine
        return rational_first(self.exact().of(node), mine, self.field.convert)

    def _piecewise(self, node: Piecewise) -> Table:
        tests = [self.masks[condition] for condition in node.conditions]
        values = [self.tables[value] for value in (*node.values, node.otherwise)]

        def chosen(arrays: Sequence[Array]) -> Array:
            result = arrays[-1]
            for test, value in reversed(list(zip(arrays[: len(tests)], arrays[len(tests) : -1], strict=True))):
                result = self.masked.choice(test, value, result)
            return result

        return combined(chosen, tests + values)

    # Conditions ------------------------------------------------------------------------------------------------------

    def _mask(self, node: Compare | Logic) -> Table:
        if isinstance(node, Compare):
            return self._compare(node)
        parts = [self.masks[operand] for operand in node.operands]
        if node.operation == "not":
            return combined(lambda codes: negation(codes[0]), parts)
        return combined(every if node.operation == "and" else some, parts)

    def _compare(self, node: Compare) -> Table:
        """Decide in rationals, and in this arithmetic where they do not reach."""
        relation = node.relation
        sides = [self.tables[node.left], self.tables[node.right]]
        mine = combined(lambda arrays: self.field.compare(relation, arrays[0], arrays[1]), sides)
        if isinstance(self.field, Exact) or (isinstance(self.field, Floats) and contains(node, _is_data)):
            return mine
        exact = self.exact().test(node)
        decided = combined(lambda codes: np.where(codes[0] == IRRATIONAL_TEST, settled(codes[1]), codes[0]), [exact, mine])
        return self._identified(node, decided) if is_open(decided.entries) and compares_extremum(node) else decided

    def _identified(self, node: Compare, outcomes: Table) -> Table:
        """Decide what balls left open where both sides are one number by the way it is computed."""
        entries = outcomes.entries.copy()
        held = TRUE if node.relation in ("=", "<=", ">=") else FALSE
        for place in np.argwhere(entries == OPEN_TEST)[:_MOST_IDENTIFIED]:
            at = {axis: int(step) + self.span(axis)[0] for axis, step in zip(outcomes.axes, place, strict=True)}
            if are_identical(
                node, self.bindings, {**self.fixed, **at}, lambda entry: evaluate(entry, self.bindings, self.field).entries[()]
            ):
                entries[tuple(place)] = held
        return Table(outcomes.axes, entries)

    # Reductions ------------------------------------------------------------------------------------------------------

    def _reduction(self, node: Reduce) -> Table:
        masks = [] if node.where is None else [self.masks[node.where]]
        for index in node.indices:
            masks += self._limits(index)
        ranges = [Table((index,), np.empty(self._length(index), dtype=np.int8)) for index in node.indices]
        axes, arrays = together([self.tables[node.body], *masks, *ranges])
        outer = tuple(axis for axis in axes if axis not in node.indices)
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
        order = [axes.index(axis) for axis in (*outer, *node.indices)]
        flat = (*(shape[place] for place in order[: len(outer)]), -1)

        def rows(array: Array) -> Array:
            whole = np.broadcast_to(array, shape).transpose(order)
            return whole.reshape(flat) if whole.size else np.empty((*flat[:-1], 0), dtype=array.dtype)

        codes = every([rows(array) for array in arrays[1 : 1 + len(masks)]]) if masks else None
        entries = self.masked.reduced(node.operation, rows(arrays[0]), codes)
        return Table(outer, entries)

    def _length(self, index: Index) -> int:
        low, high = self.span(index)
        return high - low + 1

    def _tensor(self, node: TensorEntry) -> Table:
        entry = TENSOR_FUNCTIONS[node.function]
        if any(self._limits(index) for index in node.bound):
            if entry.expansion is None:
                raise Undecidable(f"{node.function} over a range that varies")
            return self.of(entry.expansion(node))
        ranges = [Table((index,), np.empty(self._length(index), dtype=np.int8)) for index in node.bound]
        axes, arrays = together([self.tables[node.body], *ranges])
        outer = tuple(axis for axis in axes if axis not in node.bound)
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
        body = np.broadcast_to(arrays[0], shape).transpose([axes.index(axis) for axis in (*outer, *node.bound)])
        values = self.field.tensor(node.function, body, len(node.bound))
        if not node.at:
            return self._counted(node, Table(outer, boxed(values)))
        starts = [self.span(index)[0] for index in node.bound]
        if entry.output == "transposed":
            starts.reverse()
        own = [Table((axis,), np.arange(values.shape[place])) for place, axis in enumerate(outer)]
        places = own + [self._places(subscript) for subscript in node.at]
        return self._gathered(values, places, [0] * len(outer) + starts)

    def _counted(self, node: TensorEntry, table: Table) -> Table:
        """A place counts from the lower limit of its index."""
        if TENSOR_FUNCTIONS[node.function].output != "place":
            return table
        first = self._scalar(self.field.convert(self.span(node.bound[0])[0] - 1))
        return combined(lambda arrays: boxed(arrays[0] + arrays[1]), [table, first])

    # Functions and operators -----------------------------------------------------------------------------------------

    def _called(self, node: Call) -> Expr:
        """Return an unknown function, differentiated as often as it asks, as the function that stands in for it."""
        known = self.bindings.functions.get(node.function)
        if known is None or len(known.parameters) != len(node.arguments):
            raise Undecidable(f"the function {node.function} is not defined")
        body = known.body
        try:
            for parameter, order in zip(known.parameters, node.orders or (0,) * len(node.arguments), strict=True):
                for _ in range(order):
                    body = differentiate(body, parameter)
        except GradproofError as trouble:
            raise Undecidable(str(trouble)) from None
        return substitute(body, dict(zip(known.parameters, node.arguments, strict=True)))

    def _integral(self, node: Operator) -> Table:
        """Return a definite integral of one variable between finite limits, entry by entry."""
        if len(node.bound) != 1 or len(node.operands) != 1 or len(node.parameters) != 2:
            raise Undecidable("integral has no value here")
        if isinstance(self.field, Exact):
            return self._scalar(IRRATIONAL)
        limits = [self.of(parameter) for parameter in node.parameters]
        loose = sorted(node.operands[0].free_indices, key=lambda index: index.digest)
        ranges = [self._places(index) for index in loose]
        axes, arrays = together([*limits, *ranges])
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
        check_size(shape)
        entries = np.empty(shape, dtype=self.field.dtype)
        spreads = [np.broadcast_to(array, shape) for array in arrays]
        for place in np.ndindex(*shape):
            fixed = {**self.fixed, **{i: int(x[place]) for i, x in zip(loose, spreads[2:], strict=True)}}
            low, high = spreads[0][place], spreads[1][place]
            value = integral(node.bound[0], node.operands[0], low, high, self._integrand(fixed))
            entries[place] = value if isinstance(self.field, Balls) else float(value)
        return Table(axes, entries)

    def _integrand(self, fixed: Mapping[Index, int]) -> Any:
        def value(body: Expr, variable: Symbol, at: Any, field: Field) -> Any:
            bindings = self.bindings.with_values({variable: at})
            return _Evaluator(bindings, field, fixed).of(body).entries.ravel()[0]

        return value


def _is_data(node: Expr) -> bool:
    return isinstance(node, Element | Call | Operator | Apply | TensorEntry)
