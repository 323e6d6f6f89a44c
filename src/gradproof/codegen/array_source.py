"""An expression as lines of an array library: every shared part once, sums of products by einsum, shifted subscripts by gathering.

Each part is an array over its free indices, in a stated order; parts are brought over common axes where they meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from gradproof.codegen.array import Array, letters_of, number_text, union
from gradproof.codegen.array_lines import ArrayLines
from gradproof.codegen.contraction import Factor, Tools, contracted
from gradproof.codegen.parts import is_of_sizes, is_whole, of_square, visited, whole_parts, within_limits
from gradproof.codegen.signs import is_nonnegative
from gradproof.codegen.sizes import bare, size_text
from gradproof.codegen.spans import Spans, spans_of
from gradproof.codegen.window_layout import Tools as WindowTools
from gradproof.codegen.windows import Windows, biased_windows, scaled_windows, windows_of
from gradproof.elaborate.sizes import extent
from gradproof.expr.build import ZERO
from gradproof.expr.catalogue import FUNCTIONS, TENSOR_FUNCTIONS
from gradproof.expr.node import (
    Add,
    Apply,
    Compare,
    Constant,
    Element,
    Expr,
    Index,
    Iverson,
    Logic,
    Multiply,
    Number,
    Piecewise,
    Power,
    Reduce,
    Symbol,
    TensorEntry,
)
from gradproof.expr.walk import postorder, symbols

_CONSTANTS = {"pi": "pi", "e": "e", "infinity": "inf"}
_SIGNS = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


@dataclass
class ArrayCode(ArrayLines):
    """Writes the lines that compute expressions in a dialect; ``wanted`` are the axes of the result at hand."""

    done: dict[Expr, Array] = field(default_factory=dict)
    wanted: tuple[Index, ...] = ()
    windows: dict[Expr, Windows | Spans | None] = field(default_factory=dict)

    def inline(self, root: Expr) -> str:
        """Return the code of an expression over its own axes, behind the lines that it needs."""
        for node in postorder(root, self._parts):
            if node is not root:
                self._of(node)
        return self._array(root).code

    def _prepared(self, root: Expr) -> Array:
        """Write a line for every part of an expression, inner ones first."""
        for node in postorder(root, self._parts):
            self._of(node)
        return self.done[root]

    def _parts(self, node: Expr) -> tuple[Expr, ...]:
        found = self._windows_of(node)
        return visited(node) if found is None else found.parts

    def _windows_of(self, node: Expr) -> Windows | Spans | None:
        """Return what a node is as a sum over windows, where the library has kernels for these."""
        if self.dialect.windows is None:
            return None
        if node not in self.windows:
            spans = spans_of(node) if self.dialect.spans is not None else None
            self.windows[node] = windows_of(node) or self._windows_in(node) or spans
        return self.windows[node]

    def _windows_in(self, node: Expr) -> Windows | None:
        """Return what a sum is as a sum over windows with a number or a bias, where the library's kernels take these too."""
        if not (self.dialect.has_biased_windows and isinstance(node, Add)):
            return None
        found = scaled_windows(node) or biased_windows(node)
        return None if found is None or any(term in self.done for term in node.terms if windows_of(term)) else found

    def _of_windows(self, node: Expr) -> Array | None:
        found = self._windows_of(node)
        if found is None or self.dialect.windows is None:
            return None
        over = lambda part, axes: self._over(self._of(part), axes)  # noqa: E731
        keep = lambda code: self._line(Array(code)).code  # noqa: E731
        tools = WindowTools(over, lambda size: bare(self._code(size)), self._shape, keep)
        if isinstance(found, Spans):
            return self.dialect.spans(found, tools) if self.dialect.spans is not None else None
        return self.dialect.windows(found, tools)

    def _shape(self, axes: Sequence[Index]) -> str:
        return f"({', '.join(self._length(index) for index in axes)},)"

    def _spread(self, array: Array, axes: Sequence[Index]) -> str:
        """Return the code of an array over axes; a bare number is made an array of the library."""
        code = self._over(array, axes)
        return code if array.axes or self.dialect.scalar_argument == "" else self.dialect.scalar_argument.format(code)

    # Nodes --------------------------------------------------------------------------------------------------------------

    def _array(self, node: Expr) -> Array:
        return self._of_windows(node) or self._plain(node)

    def _plain(self, node: Expr) -> Array:
        match node:
            case Number(value):
                return Array(number_text(value), is_atom=value >= 0 and value.denominator == 1)
            case Constant(name):
                return Array(self.now.call(_CONSTANTS[name]))
            case Symbol(name):
                return Array(self.names[name])
            case Index():
                ends = f"{self._end(node.lower, 'min')}, {self._end(node.upper, 'max')} + 1"
                return Array(self.dialect.for_sizes.counting.format(ends), (node,))
            case Element():
                return self._element(node)
            case Add(terms, weights):
                return self._sum(terms, weights)
            case Multiply(factors):
                return self._product([*factors], (), None)
            case Reduce("sum", indices, body, where):
                where = within_limits(indices, where)
                return self._product([*body.factors] if isinstance(body, Multiply) else [body], indices, where)
            case Reduce(operation, indices, body, where):
                where = within_limits(indices, where)
                return self._extreme(operation, indices, body, where)
            case Power(base, exponent):
                return self._power(base, exponent)
            case Apply(function, arguments):
                return self._apply(function, arguments)
            case TensorEntry():
                return self._tensor(node)
            case Compare(relation, left, right):
                return self._elementwise(f"{{0}} {_SIGNS[relation]} {{1}}", (left, right))
            case Logic(operation, operands):
                joined = {"and": " & ", "or": " | "}.get(operation)
                pattern = joined.join(f"({{{n}}})" for n in range(len(operands))) if joined else self.now.negation
                return self._elementwise(pattern, operands)
            case Iverson(condition):
                return self._elementwise(self.now.indicator, (condition,))
            case Piecewise(conditions, values, otherwise):
                return self._piecewise(conditions, values, otherwise)
            case _:
                raise self._unsupported(type(node).__name__)

    def _of(self, node: Expr) -> Array:
        found = self.done.get(node)
        if found is None:
            before, self.now = self.now, self.dialect.for_sizes if is_of_sizes(node) else self.dialect
            found = self.done[node] = self._kept(node, self._array(node))
            self.now = before
        return found

    def _end(self, limit: Expr, extreme: str) -> str:
        """Return the code of a limit; one that varies with other indices gives way to its extreme."""
        if not limit.free_indices:
            return self._code(limit)
        return f"int({self.dialect.for_sizes.call(extreme)}({self._of(limit).code}))"

    def _length(self, index: Index) -> str:
        if index.lower.free_indices or index.upper.free_indices:
            return f"({self._end(index.upper, 'max')} - {self._end(index.lower, 'min')} + 1)"
        code = self._code(extent(index))
        return bare(code) if size_text(extent(index), self.names) is not None else f"int({code})"

    def _element(self, node: Element) -> Array:
        symbol, name = node.symbol, self.names[node.symbol.name]
        plain = [place for place, axis in zip(node.indices, symbol.axes, strict=True) if is_whole(place, axis.size, axis.origin)]
        if len(plain) == len(node.indices):
            axes = tuple(place for place in node.indices if isinstance(place, Index))
            if len(set(axes)) == len(axes):
                return Array(name, axes)
            letters = letters_of(axes)
            kept = tuple(dict.fromkeys(axes))
            spelled = "".join(letters[i] for i in axes), "".join(letters[i] for i in kept)
            return Array(self.now.einsum.format(f"{spelled[0]}->{spelled[1]}", name), kept)
        places = [self._of(place) for place in node.indices]
        axes = union(places)
        subscripts: list[str] = []
        for number, (place, axis) in enumerate(zip(places, symbol.axes, strict=True)):
            moved = self._over(place, axes)
            offset = f"{moved} - {axis.origin}"
            take = self.dialect.for_sizes.take if is_of_sizes(node.indices[number]) else self.dialect.take_of_data
            is_number = not place.axes and is_of_sizes(node.indices[number])
            subscripts.append(offset if is_number else take.format(offset, f"{name}.shape[{number}]"))
        return Array(f"{name}[{', '.join(subscripts)}]", axes)

    def _agreed(self, arrays: Sequence[Array]) -> tuple[Index, ...]:
        """Return the axes of arrays that meet: those of the result in its order, where they do not agree among themselves.

        An array that has all of them lies as it does: turning it would cost a pass over memory.
        """
        axes = union(sorted(arrays, key=lambda array: -len(array.axes)))
        orders = {array.axes for array in arrays if set(array.axes) == set(axes)}
        if len(orders) > 1 and set(axes) <= set(self.wanted):
            return tuple(index for index in self.wanted if index in axes)
        return axes

    def _sum(self, terms: Sequence[Expr], weights: Sequence[Fraction]) -> Array:
        arrays = [self._of(term) for term in terms]
        axes = self._agreed(arrays)
        text = ""
        for array, weight in zip(arrays, weights, strict=True):
            code = self._over(array, axes)
            size = abs(weight)
            if code == "1":
                part = number_text(size)
            else:
                part = code if size == 1 else f"{number_text(size)} * {code}"
            sign = "-" if weight < 0 else "+"
            text = f"{text} {sign} {part}" if text else f"-{part}" if weight < 0 else part
        return Array(text, axes, is_atom=False)

    def _product(self, factors: list[Expr], bound: Sequence[Index], where: Expr | None) -> Array:
        tests = [factor.condition for factor in factors if isinstance(factor, Iverson)]
        tests += [] if where is None else [where]
        if bound and not tests and len(factors) == 1:
            factors = of_square(factors[0])
        arrays = [self._of(factor) for factor in factors if not isinstance(factor, Iverson)]
        if tests:
            return self._guarded(arrays, tests, bound)
        # An index that nothing depends on counts its values.
        free = [index for index in bound if not any(index in array.axes for array in arrays)]
        arrays += [Array(self.now.ones.format(self._length(index)), (index,)) for index in free]
        axes = tuple(index for index in union(arrays) if index not in bound)
        if not bound:
            return Array(" * ".join(self._over(array, axes, atom=True) for array in arrays), axes, is_atom=len(arrays) == 1)
        if len(arrays) == 1:
            (array,) = arrays
            summed = tuple(place for place, index in enumerate(array.axes) if index in bound)
            rest = tuple(index for index in array.axes if index not in bound)
            return Array(self.now.reduced["sum"][0].format(array.code, summed[0] if len(summed) == 1 else summed), rest)
        for place, factor in enumerate(factors):
            if _counts(factor) and arrays[place].axes:  # libraries multiply matrices of one type alone
                arrays[place] = Array(self.now.of_counts.format(arrays[place].code), arrays[place].axes)
        kept = [self._named(array) for array in arrays]
        signs = {array.code: is_nonnegative(factor) for array, factor in zip(kept, factors, strict=False)}
        pieces = [Factor(array.code, array.axes, signs.get(array.code, False)) for array in kept]
        return contracted(pieces, bound, self._tools())

    def _tools(self) -> Tools:
        return Tools(
            keep=lambda array: Factor(self._line(array).code, array.axes),
            over=self._factor_over,
            times=lambda factors, axes: Array(" * ".join(self._factor_over(f, axes) for f in factors), axes, is_atom=False),
            total=self._total,
            einsum=self._einsum,
            tensordot=self.now.tensordot,
            length=self._length,
            square_root=self.now.call("sqrt"),
            has_half_products=self.now.has_half_products,
            wanted=self.wanted,
        )

    def _is_gate(self, tests: list[Expr]) -> bool:
        """Tell whether the condition is that one array is above zero, and the library has a kernel for what passes then."""
        if not self.now.gated or len(tests) != 1:
            return False
        test = tests[0]
        return isinstance(test, Compare) and test.relation == ">" and test.right is ZERO and bool(self._of(test.left).axes)

    def _gated(self, value: str, tests: list[Expr], axes: Sequence[Index]) -> str:
        (test,) = tests
        assert isinstance(test, Compare), "the condition was looked at before"
        array = self._of(test.left)
        # What a rectifier gives is above zero where its argument is; so that argument need not be kept.
        rectified = self.named.get(self.now.elementwise["relu"].format(array.atom))
        return self.now.gated.format(self._over(Array(rectified, array.axes) if rectified else array, axes, atom=True), value)

    def _guarded(self, arrays: list[Array], tests: list[Expr], bound: Sequence[Index]) -> Array:
        """A product is zero where a condition fails, whatever its other factors are there."""
        conditions = [self._of(test) for test in tests]
        lone = [self._of(index) for index in bound if not any(index in array.axes for array in (*arrays, *conditions))]
        whole = (*arrays, *conditions, *lone)
        axes = union(whole)
        test = self._truth(tests, " & ".join(f"({self._over(condition, axes)})" for condition in conditions))
        value = " * ".join(self._over(array, axes, atom=True) for array in arrays) or "1.0"
        spread = "".join(f" + 0 * {self._over(index, axes)}" for index in lone)
        code = (
            self._gated(value, tests, axes)
            if arrays and not lone and self._is_gate(tests)
            else f"{self.now.call('where')}({test}, {value}{spread}, 0.0)"
            if value + spread != "1.0"
            else self.now.indicator.format(test)
        )
        summed = tuple(place for place, index in enumerate(axes) if index in bound)
        if not summed:
            return Array(code, axes)
        shape = f"({', '.join(self._length(index) for index in axes)},)"
        spread_out = f"{self.now.call('broadcast_to')}({code}, {shape})"
        return Array(self.now.reduced["sum"][0].format(spread_out, summed), tuple(index for index in axes if index not in bound))

    def _truth(self, tests: Sequence[Expr], code: str) -> str:
        """Return the code of conditions that choose between arrays."""
        return self.now.truth.format(code) if all(is_of_sizes(test) and not self._of(test).axes for test in tests) else code

    def _extreme(self, operation: str, indices: Sequence[Index], body: Expr, where: Expr | None) -> Array:
        function, empty = self.now.reduced[operation]
        parts = [self._of(body), *([] if where is None else [self._of(where)])]
        parts += [self._of(index) for index in indices if not any(index in part.axes for part in parts)]
        axes = union(parts)
        code = self._over(parts[0], axes)
        if where is not None:
            code = f"{self.now.call('where')}({self._truth([where], self._over(parts[1], axes))}, {code}, {empty})"
        shape = f"({', '.join(self._length(index) for index in axes)},)"
        summed = tuple(place for place, index in enumerate(axes) if index in indices)
        rest = tuple(index for index in axes if index not in indices)
        return Array(function.format(f"{self.now.call('broadcast_to')}({code}, {shape})", summed), rest)

    def _power(self, base: Expr, exponent: Expr) -> Array:
        if isinstance(exponent, Number):
            array = self._of(base)
            if exponent.value == Fraction(1, 2) and not isinstance(base, Number | Constant):
                return Array(f"{self.now.call('sqrt')}({self._value(base, array.code)})", array.axes)
            if exponent.value < 0:
                array = Array(self.now.of_counts.format(array.atom), array.axes) if array.axes and is_of_sizes(base) else array
                below = array.atom if exponent.value == -1 else f"{array.atom} ** {number_text(-exponent.value, power=True)}"
                # A count of Python raises an error where NumPy has inf.
                infinite = (
                    f' if {bare(array.code)} else float("inf")' if not array.axes and is_of_sizes(base) and symbols(base) else ""
                )
                return Array(f"1 / {below}{infinite}", array.axes, is_atom=False)
            return Array(f"{array.atom} ** {number_text(exponent.value, power=True)}", array.axes, is_atom=False)
        return self._elementwise("{0} ** {1}", (base, exponent))

    def _apply(self, function: str, arguments: Sequence[Expr]) -> Array:
        if function in ("maximum", "minimum"):
            arrays = [self._of(argument) for argument in arguments]
            axes = union(arrays)
            code = self._over(arrays[0], axes)
            for array in arrays[1:]:
                code = self._larger(function, code, self._over(array, axes), arguments)
            return Array(code, axes)
        if function not in self.now.elementwise:
            raise self._unsupported(f"the function {FUNCTIONS[function].text[0]}")
        parts = whole_parts(arguments[0]) if function in ("floor", "ceil") and is_of_sizes(arguments[0]) else None
        if parts is not None:
            # A quotient of whole numbers is rounded in whole numbers: 49 (1/49) is below one in floating point.
            return self._elementwise("{0} // {1}" if function == "floor" else "-(-{0} // {1})", parts)
        if self._are_bare(arguments):
            code = self.now.elementwise[function].format(*(self._value(part, self._of(part).atom) for part in arguments))
            return Array(code, is_atom=False)
        return self._elementwise(self.now.elementwise[function], arguments)

    def _are_bare(self, arguments: Sequence[Expr]) -> bool:
        """Tell whether a library that takes arrays alone is given plain numbers: numbers of the formula, sizes."""
        return bool(self.now.bounded) and all(is_of_sizes(part) and not self._of(part).axes for part in arguments)

    def _value(self, node: Expr, code: str) -> str:
        """Return the code of an argument of a function of the library."""
        return self.now.scalar_argument.format(code) if self._are_bare([node]) else code

    def _larger(self, function: str, one: str, other: str, arguments: Sequence[Expr]) -> str:
        """Return the larger (or smaller) of two: a library that wants arrays on both sides is given a bound."""
        plain = [is_of_sizes(argument) and not self._of(argument).axes for argument in arguments]
        if self.now.bounded and all(plain):
            return f"{function[:3]}({one}, {other})"
        if self.now.bounded and any(plain):
            number, array = (one, other) if plain[0] else (other, one)
            return self.now.bounded.format(array, "min" if function == "maximum" else "max", number)
        return f"{self.now.call(function)}({one}, {other})"

    def _tensor(self, node: TensorEntry) -> Array:
        if node.function not in self.now.of_axes:
            raise self._unsupported(f"the function {TENSOR_FUNCTIONS[node.function].text[0]}")
        body = self._of(node.body)
        outer = tuple(index for index in body.axes if index not in node.bound)
        shape = f"({', '.join(self._length(index) for index in (*outer, *node.bound))},)"
        argument = self._over(body, (*outer, *node.bound))
        if set(body.axes) != {*outer, *node.bound}:
            argument = f"{self.now.call('broadcast_to')}({argument}, {shape})"
        code = self.now.of_axes[node.function].format(argument)
        entry = TENSOR_FUNCTIONS[node.function]
        if entry.output in ("scalar", "place"):
            return Array(code, outer, is_atom=False)
        bound = node.bound if entry.output == "same" else node.bound[::-1]
        return self._entry(code, outer, bound, node.at)

    def _entry(self, code: str, outer: tuple[Index, ...], bound: tuple[Index, ...], at: tuple[Expr, ...]) -> Array:
        if all(isinstance(place, Index) for place in at) and len(set(at)) == len(at) and not set(at) & set(outer):
            return Array(code, (*outer, *(place for place in at if isinstance(place, Index))), is_atom=False)
        name = self._line(Array(code)).code
        places = [*(self._of(index) for index in outer), *(self._of(place) for place in at)]
        axes = union(places)
        lower = [self._code(index.lower) for index in (*outer, *bound)]
        subscripts = [f"{self._over(place, axes)} - {low}" for place, low in zip(places, lower, strict=True)]
        along = (*outer, *bound)
        subscripts = [
            self._subscript(code, place, axis) for code, place, axis in zip(subscripts, (*outer, *at), along, strict=True)
        ]
        return Array(f"{name}[{', '.join(subscripts)}]", axes)

    def _subscript(self, code: str, place: Expr, axis: Index) -> str:
        """Return a place as a subscript: one of sizes alone is a whole number already, one that data say may be beside the axis."""
        if is_of_sizes(place):
            return self.dialect.whole.format(code) if self._of(place).axes else code
        return self.dialect.take_of_data.format(code, self._length(axis))

    def _piecewise(self, conditions: Sequence[Expr], values: Sequence[Expr], otherwise: Expr) -> Array:
        parts = [self._of(part) for part in (*conditions, *values, otherwise)]
        axes = union(parts)
        codes = [self._over(part, axes) for part in parts]
        count = len(conditions)
        codes[:count] = [self._truth([test], code) for test, code in zip(conditions, codes, strict=False)]
        code = codes[-1]
        for test, value in reversed(list(zip(codes[:count], codes[count:-1], strict=True))):
            code = f"{self.now.call('where')}({test}, {value}, {code})"
        return Array(code, axes)

    def _elementwise(self, pattern: str, arguments: Iterable[Expr]) -> Array:
        arrays = [self._of(argument) for argument in arguments]
        axes = union(arrays)
        return Array(pattern.format(*(self._over(array, axes, atom=True) for array in arrays)), axes, is_atom=False)


def _counts(factor: Expr) -> bool:
    """Tell whether a factor is made of indices and numbers alone: whole numbers, which have a type of their own."""
    return all(
        isinstance(node, Index | Number | Add | Multiply | Power) or (isinstance(node, Symbol) and "size" in node.properties)
        for node in postorder(factor)
    )
