"""An expression as nested loops over single numbers, for Numba: fused, parallel over the first axis, products of matrices by BLAS.

A sum whose free indices are those of the loops around it is summed on the spot; one with fewer is an array of its own, computed before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm

from gradproof.codegen.loop_functions import TEMPLATES
from gradproof.codegen.names import safe_name
from gradproof.errors import FormulaError
from gradproof.expr.build import ONE, add, apply, multiply, number, power, subtract
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
from gradproof.expr.walk import children, substitute, transform
from gradproof.printer.naming import index_names
from gradproof.printer.text import to_text

_SIGNS = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_CONSTANTS = {"pi": "math.pi", "e": "math.e", "infinity": "math.inf"}
_START = {"sum": "0.0", "prod": "1.0", "max": "-math.inf", "min": "math.inf"}
_STEP = {"sum": "{0} += {1}", "prod": "{0} *= {1}", "max": "{0} = max({0}, {1})", "min": "{0} = min({0}, {1})"}
_WHOLE_MATRIX = {"inverse": "np.linalg.inv({0})", "det": "np.linalg.det({0})", "logdet": "np.linalg.slogdet({0})[1]"}
#: Functions that are worth an array of their own rather than a call in every turn of an inner loop.
_CHEAP = frozenset({"abs", "sign", "maximum", "minimum", "relu", "step"})


@dataclass(frozen=True, slots=True)
class Stored:
    """An array with the entries of a node over some axes."""

    name: str
    axes: tuple[Index, ...]


@dataclass
class LoopWriter:
    """Writes the lines of one compiled function; ``names`` are the validated names of its arguments."""

    names: dict[str, str]
    lines: list[str] = field(default_factory=list)
    stored: dict[Expr, Stored] = field(default_factory=dict)
    letters: dict[Expr, str] = field(default_factory=dict)
    count: int = 0

    def written(self, root: Expr, axes: Sequence[Index], name: str = "result") -> str:
        """Write an expression and return the name of its value over these axes."""
        lowered = stable(root)
        taken = {*self.names.values(), *self.letters.values(), "math", "np"}
        for index, letter in [*index_names(lowered).items(), *((index, index.name) for index in axes)]:
            if index not in self.letters:
                self.letters[index] = safe_name(letter, taken)
                taken.add(self.letters[index])
        return self._nest(lowered, tuple(axes), name)

    # Arrays -------------------------------------------------------------------------------------------------------------

    def _nest(self, node: Expr, axes: tuple[Index, ...], name: str) -> str:
        """Write the loops that compute a node over some axes."""
        blas = self._product_of_matrices(node, axes, name)
        if blas:
            return name
        self._prepare(node, axes)
        if not axes:
            value = self._value(node, (), 1)
            self._line(1, f"{name} = {value}")
            return name
        shape = ", ".join(self._length(index) for index in axes)
        self._line(1, f"{name} = np.empty(({shape},))")
        depth = self._loops(axes, 1, is_outer=True)
        value = self._value(node, axes, depth)
        self._line(depth, f"{name}[{self._places(axes)}] = {value}")
        return name

    def _store(self, node: Expr) -> Stored:
        if node not in self.stored:
            axes = tuple(sorted(node.free_indices, key=lambda index: index.uid))
            name = self._new()
            if isinstance(node, TensorEntry):
                self._matrix_function(node, name)
            else:
                self._nest(node, axes, name)
            self.stored[node] = Stored(name, axes)
        return self.stored[node]

    def _matrix_function(self, node: TensorEntry, name: str) -> None:
        """A function of a whole matrix, which a library computes."""
        if node.function not in _WHOLE_MATRIX or node.body.free_indices - set(node.bound):
            raise _unsupported(f"the function {TENSOR_FUNCTIONS[node.function].text[0]}")
        argument = self._nest(node.body, node.bound, self._new())
        self._line(1, f"{name} = {_WHOLE_MATRIX[node.function].format(argument)}")

    def _prepare(self, node: Expr, loops: tuple[Index, ...]) -> None:
        """Compute what the loops read: sums with fewer indices, costly functions of fewer indices, functions of matrices."""
        pending = [node]
        while pending:
            part = pending.pop()
            if part in self.stored:
                continue
            if isinstance(part, TensorEntry):
                key = TensorEntry(part.function, part.bound, part.body, _own(part))
                stored = self.stored.get(key) or Stored(self._new(), tuple(i for i in key.at if isinstance(i, Index)))
                if key not in self.stored:
                    self._matrix_function(key, stored.name)
                    self.stored[key] = stored
                continue
            is_outer = part.free_indices < set(loops)
            if isinstance(part, Reduce) and part.free_indices >= set(loops):
                self._prepare(part.body, (*loops, *part.indices))
                if part.where is not None:
                    pending.append(part.where)
                continue
            if isinstance(part, Reduce) or (is_outer and _is_costly(part) and _has_data(part)):
                self._store(part)
                continue
            pending += [inner for inner in children(part) if not isinstance(inner, Index)]

    def _product_of_matrices(self, node: Expr, axes: tuple[Index, ...], name: str) -> bool:
        """Write ``sum_k L[a, k] R[k, b]`` as a product of matrices, where a node is one."""
        weight, inner = (node.weights[0], node.terms[0]) if isinstance(node, Add) and len(node.terms) == 1 else (Fraction(1), node)
        if not (isinstance(inner, Reduce) and inner.operation == "sum" and len(inner.indices) == 1 and inner.where is None):
            return False
        (index,) = inner.indices
        if index.lower.free_indices or index.upper.free_indices or not 1 <= len(axes) <= 2 or inner.free_indices != set(axes):
            return False
        factors = inner.body.factors if isinstance(inner.body, Multiply) else (inner.body,)
        if any(isinstance(factor, Iverson) for factor in factors) or not all(_is_flat(factor) for factor in factors):
            return False
        groups = [[f for f in factors if axis in f.free_indices] for axis in axes]
        rest = [f for f in factors if not any(f in group for group in groups)]
        if len(axes) == 2 and (any(f in groups[1] for f in groups[0]) or not all(groups)):
            return False
        if len(axes) == 1 and not rest:
            return False
        left = self._operand(groups[0], (axes[0], index))
        if len(axes) == 2:
            right = self._operand([*groups[1], *rest], (index, axes[1]))
        else:
            right = self._operand(rest, (index,))
        scale = "" if weight == 1 else f"{_number(weight)} * "
        self._line(1, f"{name} = {scale}np.dot({left}, {right})")
        return True

    def _operand(self, factors: Sequence[Expr], axes: tuple[Index, ...]) -> str:
        """Return the name of a matrix or a vector with the product of some factors, a variable itself where it is one."""
        node = multiply(*factors)
        if isinstance(node, Element) and all(isinstance(place, Index) for place in node.indices) and _is_whole(node):
            if node.indices == axes:
                return self.names[node.symbol.name]
            if node.indices == axes[::-1]:
                return f"{self.names[node.symbol.name]}.T"
        return self._nest(node, axes, self._new())

    # Loops --------------------------------------------------------------------------------------------------------------

    def _loops(self, indices: Sequence[Index], depth: int, *, is_outer: bool = False) -> int:
        for index in _by_dependence(indices):
            kind = "prange" if is_outer and depth == 1 else "range"
            self._line(depth, f"for {self.letters[index]} in {kind}({self._int(index.lower)}, {self._int(index.upper)} + 1):")
            depth += 1
        return depth

    def _value(self, node: Expr, loops: tuple[Index, ...], depth: int) -> str:
        """Return the code of a number inside some loops; sums over all of them are written before it."""
        stored = self.stored.get(node)
        if stored is not None:
            return f"{stored.name}[{self._places(stored.axes)}]" if stored.axes else stored.name
        match node:
            case Number(amount):
                return _number(amount)
            case Constant(name):
                return _CONSTANTS[name]
            case Symbol(name):
                return self.names[name]
            case Index():
                return self.letters[node]
            case Element(symbol, places):
                origins = [subtract(place, number(axis.origin)) for place, axis in zip(places, symbol.axes, strict=True)]
                return f"{self.names[symbol.name]}[{', '.join(self._place(place, loops, depth) for place in origins)}]"
            case Add(terms, weights):
                return self._sum(terms, weights, loops, depth)
            case Multiply(factors):
                return self._product(factors, loops, depth)
            case Reduce():
                return self._accumulated(node, loops, depth)
            case Power(base, exponent):
                return self._power(base, exponent, loops, depth)
            case Apply(function, arguments):
                if function not in TEMPLATES:
                    raise _unsupported(f"the function {FUNCTIONS[function].text[0]}")
                return self._applied(function, [self._value(argument, loops, depth) for argument in arguments])
            case Iverson(condition):
                return f"(1.0 if {self._test(condition, loops, depth)} else 0.0)"
            case Piecewise(conditions, values, otherwise):
                code = self._value(otherwise, loops, depth)
                for test, value in reversed(list(zip(conditions, values, strict=True))):
                    code = f"({self._value(value, loops, depth)} if {self._test(test, loops, depth)} else {code})"
                return code
            case TensorEntry():
                key = TensorEntry(node.function, node.bound, node.body, _own(node))
                at = ", ".join(f"{self._int(place)} - 1" for place in node.at)
                return f"{self.stored[key].name}[{at}]" if node.at else self.stored[key].name
            case _:
                raise _unsupported(type(node).__name__)

    def _applied(self, function: str, arguments: list[str]) -> str:
        code = TEMPLATES[function].format(*arguments[:2])
        for argument in arguments[2:]:
            code = TEMPLATES[function].format(code, argument)
        return code

    def _accumulated(self, node: Reduce, loops: tuple[Index, ...], depth: int) -> str:
        name = self._new()
        self._line(depth, f"{name} = {_START[node.operation]}")
        inner = self._loops(node.indices, depth, is_outer=not loops)
        around = (*loops, *node.indices)
        factors = list(node.body.factors) if isinstance(node.body, Multiply) else [node.body]
        tests = [factor.condition for factor in factors if isinstance(factor, Iverson)] if node.operation == "sum" else []
        tests += [] if node.where is None else [node.where]
        for test in tests:
            self._line(inner, f"if {self._test(test, around, inner)}:")
            inner += 1
        body = multiply(*(f for f in factors if not isinstance(f, Iverson))) if node.operation == "sum" else node.body
        self._line(inner, _STEP[node.operation].format(name, self._value(body, around, inner)))
        return name

    def _sum(self, terms: Sequence[Expr], weights: Sequence[Fraction], loops: tuple[Index, ...], depth: int) -> str:
        text = ""
        for term, weight in zip(terms, weights, strict=True):
            size = abs(weight)
            if term is ONE:
                part = _number(size)
            else:
                code = self._value(term, loops, depth)
                part = code if size == 1 else f"{_number(size)} * {code}"
            text = f"{text} {'-' if weight < 0 else '+'} {part}" if text else f"-{part}" if weight < 0 else part
        return f"({text})"

    def _product(self, factors: Sequence[Expr], loops: tuple[Index, ...], depth: int) -> str:
        tests = [factor.condition for factor in factors if isinstance(factor, Iverson)]
        if tests:
            test = " and ".join(self._test(condition, loops, depth) for condition in tests)
            rest = multiply(*(factor for factor in factors if not isinstance(factor, Iverson)))
            return f"({self._value(rest, loops, depth)} if {test} else 0.0)"
        return " * ".join(self._value(factor, loops, depth) for factor in factors)

    def _power(self, base: Expr, exponent: Expr, loops: tuple[Index, ...], depth: int) -> str:
        inner = self._value(base, loops, depth)
        if isinstance(exponent, Number):
            value = exponent.value
            if abs(value) == Fraction(1, 2):
                return f"math.sqrt({inner})" if value > 0 else f"(1.0 / math.sqrt({inner}))"
            if value.denominator == 1:
                size = "" if abs(value) == 1 else f" ** {abs(value)}"
                return f"({inner}){size}" if value > 0 else f"(1.0 / ({inner}){size})"
        return f"({inner}) ** ({self._value(exponent, loops, depth)})"

    def _test(self, condition: Expr, loops: tuple[Index, ...], depth: int) -> str:
        match condition:
            case Compare(relation, left, right):
                return f"{self._value(left, loops, depth)} {_SIGNS[relation]} {self._value(right, loops, depth)}"
            case Logic("not", (operand,)):
                return f"not ({self._test(operand, loops, depth)})"
            case Logic(operation, operands):
                return "(" + f" {operation} ".join(self._test(part, loops, depth) for part in operands) + ")"
            case _:
                raise _unsupported(to_text(condition))

    # Integers -----------------------------------------------------------------------------------------------------------

    def _place(self, node: Expr, loops: tuple[Index, ...], depth: int) -> str:
        return f"int({self._value(node, loops, depth)})" if _has_data(node) else self._int(node)

    def _int(self, node: Expr) -> str:
        """Return the code of a whole number: a subscript, a limit, a size."""
        match node:
            case Number(value):
                return str(value)
            case Symbol(name):
                return self.names[name]
            case Index():
                return self.letters[node]
            case Add(terms, weights):
                text = ""
                for term, weight in zip(terms, weights, strict=True):
                    size = abs(weight)
                    part = str(size) if term is ONE else self._int(term) if size == 1 else f"{size} * {self._int(term)}"
                    text = f"{text} {'-' if weight < 0 else '+'} {part}" if text else f"-{part}" if weight < 0 else part
                return text if len(terms) == 1 and weights[0] == 1 else f"({text})"
            case Multiply(factors):
                return " * ".join(self._int(factor) for factor in factors)
            case Power(base, Number(value)) if value > 0 and value.denominator == 1:
                return f"{self._int(base)} ** {value}"
            case Apply("floor" | "ceil" as name, (inner,)):
                return self._rounded(inner, name)
            case Apply("maximum" | "minimum" as name, arguments):
                return f"{name[:3]}({', '.join(self._int(part) for part in arguments)})"
            case _:
                raise _unsupported(f"the size {to_text(node)}")

    def _rounded(self, node: Expr, name: str) -> str:
        weights = node.weights if isinstance(node, Add) else (Fraction(1),)
        below = lcm(*(weight.denominator for weight in weights))
        above = self._int(multiply(number(below), node) if not isinstance(node, Add) else _scaled(node, below))
        return f"({above}) // {below}" if name == "floor" else f"-(-({above}) // {below})"

    def _length(self, index: Index) -> str:
        if index.lower.free_indices or index.upper.free_indices:
            raise _unsupported("an axis whose length varies")
        return self._int(add(subtract(index.upper, index.lower), ONE))

    def _places(self, axes: Sequence[Index]) -> str:
        return ", ".join(self._int(subtract(index, index.lower)) for index in axes)

    # Lines --------------------------------------------------------------------------------------------------------------

    def _new(self) -> str:
        self.count += 1
        while f"t{self.count}" in self.names.values():
            self.count += 1
        return f"t{self.count}"

    def _line(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)


def stable(root: Expr) -> Expr:
    """Return an expression with the functions of vectors as sums and maxima that do not overflow."""
    return transform(root, _stable)


def _stable(node: Expr) -> Expr:
    if not isinstance(node, TensorEntry) or node.function in _WHOLE_MATRIX:
        return node
    if node.function in ("softmax", "log_softmax", "logsumexp"):
        top = Reduce("max", node.bound, node.body)
        total = Reduce("sum", node.bound, apply("exp", subtract(node.body, top)))
        if node.function == "logsumexp":
            return add(top, apply("log", total))
        entry = subtract(substitute(node.body, dict(zip(node.bound, node.at, strict=True))), top)
        if node.function == "log_softmax":
            return subtract(entry, apply("log", total))
        return multiply(apply("exp", entry), power(total, number(-1)))
    expansion = TENSOR_FUNCTIONS[node.function].expansion
    if expansion is None:
        raise _unsupported(f"the function {TENSOR_FUNCTIONS[node.function].text[0]}")
    return expansion(node)


def _own(node: TensorEntry) -> tuple[Index, ...]:
    """The places of a matrix function as its own indices: all entries are computed at once."""
    return node.bound if node.at else ()


def _is_costly(node: Expr) -> bool:
    return isinstance(node, Apply) and node.function not in _CHEAP


def _has_data(node: Expr) -> bool:
    pending = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, Element | Reduce | TensorEntry) or (isinstance(part, Symbol) and "size" not in part.properties):
            return True
        pending += [inner for inner in children(part) if not isinstance(part, Index)]
    return False


def _is_flat(node: Expr) -> bool:
    """Tell whether a factor of a product of matrices is worth an array: entries of variables, and what is made of them."""
    return len(node.free_indices) <= 2 and not (isinstance(node, Element) and not all(isinstance(i, Index) for i in node.indices))


def _is_whole(node: Element) -> bool:
    return all(
        isinstance(place, Index)
        and place.lower is number(axis.origin)
        and subtract(place.upper, axis.size) is number(axis.origin - 1)
        for place, axis in zip(node.indices, node.symbol.axes, strict=True)
    )


def _by_dependence(indices: Sequence[Index]) -> list[Index]:
    """Return the indices so that each stands behind those that its limits hang on."""
    found: list[Index] = []
    rest = list(indices)
    while rest:
        ready = [i for i in rest if not (i.lower.free_indices | i.upper.free_indices) & set(rest)]
        found += ready or rest
        rest = [i for i in rest if i not in found]
    return found


def _scaled(node: Add, factor: int) -> Expr:
    return add(*(multiply(number(weight * factor), term) for weight, term in zip(node.weights, node.terms, strict=True)))


def _number(value: Fraction) -> str:
    if value.denominator == 1:
        return f"{value.numerator}.0" if value >= 0 else f"({value.numerator}.0)"
    return f"({value.numerator} / {value.denominator})"


def _unsupported(what: str) -> FormulaError:
    return FormulaError(f"no Numba code for {what}", remedy="Print it with --to numpy, or evaluate it with gradproof eval.")
