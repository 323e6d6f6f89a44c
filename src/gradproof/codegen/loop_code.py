"""The code of one number inside loops: entries of arrays, arithmetic, conditions, subscripts counted from zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor, lcm

from gradproof.codegen.loop_ends import has_data, separate
from gradproof.codegen.loop_functions import TEMPLATES
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
from gradproof.expr.walk import substitute, transform
from gradproof.printer.text import to_text

_SIGNS = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_CONSTANTS = {"pi": "math.pi", "e": "math.e", "infinity": "math.inf"}
#: Functions of a whole matrix: a library computes them.
OF_MATRICES = frozenset({"inverse", "det", "logdet"})


@dataclass(frozen=True, slots=True)
class Stored:
    """An array with the entries of a node over some axes."""

    name: str
    axes: tuple[Index, ...]


@dataclass
class LoopCode:
    """Spells numbers; ``stored`` are the nodes that are arrays, ``local`` those that have a name in the loops around."""

    names: dict[str, str]
    stored: dict[Expr, Stored] = field(default_factory=dict)
    local: dict[Expr, str] = field(default_factory=dict)
    letters: dict[Expr, str] = field(default_factory=dict)
    #: Arrays of few columns that are at hand column by column, by the name of the transpose.
    columns: dict[Symbol, str] = field(default_factory=dict)
    #: The names that were spelled, in their order, and for each array the first subscripts: an index that stands alone, else None.
    used: dict[str, None] = field(default_factory=dict)
    touched: dict[str, set[Index | None]] = field(default_factory=dict)

    def numbered(self, order: Sequence[str]) -> LoopCode:
        """Return what spells the same with the places of names in an order instead of these: equal kernels become equal texts."""
        places = {name: f"<{place}>" for place, name in enumerate(order)}
        return LoopCode(
            {name: places.get(own, own) for name, own in self.names.items()},
            {node: Stored(places.get(array.name, array.name), array.axes) for node, array in self.stored.items()},
            columns={symbol: places.get(own, own) for symbol, own in self.columns.items()},
        )

    def name(self, name: str) -> str:
        """Return a name that the code reads."""
        self.used[name] = None
        return name

    def entry(self, name: str, first: Index | None, places: str) -> str:
        """Return an entry of an array; ``first`` is the index that its first subscript is, if it is one."""
        self.touched.setdefault(name, set()).add(first)
        return f"{self.name(name)}[{places}]"

    def value(self, node: Expr) -> str:
        """Return the code of a number."""
        known = self.local.get(node)
        if known is not None:
            return known
        stored = self.stored.get(node)
        if stored is not None:
            return self.entry(stored.name, stored.axes[0], self.places(stored.axes)) if stored.axes else self.name(stored.name)
        match node:
            case Number(amount):
                return literal(amount)
            case Constant(name):
                return f"real({_CONSTANTS[name]})"
            case Symbol(name):
                return self.name(self.names[name])
            case Index():
                return f"real({self.whole(node)})"
            case Element(symbol, places):
                origins = [subtract(place, number(axis.origin)) for place, axis in zip(places, symbol.axes, strict=True)]
                if symbol in self.columns:
                    turned = enumerate(origins[::-1])
                    spelled = [self._place(place, self.columns[symbol], axis) for axis, place in turned]
                    return self.entry(self.columns[symbol], None, ", ".join(spelled))
                spelled = [self._place(place, self.names[symbol.name], axis) for axis, place in enumerate(origins)]
                return self.entry(self.names[symbol.name], _lone(places[0], symbol.axes[0].origin), ", ".join(spelled))
            case Add(terms, weights):
                return self._sum(terms, weights)
            case Multiply(factors):
                return self._product(factors)
            case Power(base, exponent):
                return self._power(base, exponent)
            case Apply("floor" | "ceil") if not has_data(node):
                return f"real({bare(self.whole(node))})"
            case Apply(function, arguments):
                return self._applied(function, arguments)
            case Iverson(condition):
                return f"(real(1) if {self.test(condition)} else real(0))"
            case Piecewise(conditions, values, otherwise):
                code = self.value(otherwise)
                for test, value in reversed(list(zip(conditions, values, strict=True))):
                    code = f"({self.value(value)} if {self.test(test)} else {code})"
                return code
            case TensorEntry():
                return self._entry(node)
            case _:
                raise unsupported(type(node).__name__)

    def _applied(self, function: str, arguments: Sequence[Expr]) -> str:
        if function not in TEMPLATES:
            raise unsupported(f"the function {FUNCTIONS[function].text[0]}")
        spelled = [self.value(argument) for argument in arguments]
        code = TEMPLATES[function].format(*spelled[:2])
        for argument in spelled[2:]:
            code = TEMPLATES[function].format(code, argument)
        return code

    def _entry(self, node: TensorEntry) -> str:
        """Return an entry of a function of a matrix, whose own array is stored."""
        stored = self.stored.get(own_entry(node))
        if stored is None:
            raise unsupported(f"the function {TENSOR_FUNCTIONS[node.function].text[0]}")
        at = dict(zip(node.bound, node.at, strict=True)) if node.at else {}
        places = [subtract(at.get(index, index), index.lower) for index in stored.axes]
        if not places:
            return self.name(stored.name)
        first = _lone(at.get(stored.axes[0], stored.axes[0]), 1)
        return self.entry(stored.name, first, ", ".join(self._place(place, stored.name, axis) for axis, place in enumerate(places)))

    def _sum(self, terms: Sequence[Expr], weights: Sequence[Fraction]) -> str:
        text = ""
        for term, weight in zip(terms, weights, strict=True):
            size = abs(weight)
            if term is ONE:
                part = literal(size)
            else:
                code = self.value(term)
                part = code if size == 1 else f"{literal(size)} * {code}"
            text = f"{text} {'-' if weight < 0 else '+'} {part}" if text else f"-{part}" if weight < 0 else part
        return f"({text})"

    def _product(self, factors: Sequence[Expr]) -> str:
        tests = [factor.condition for factor in factors if isinstance(factor, Iverson)]
        if tests:
            rest = multiply(*(factor for factor in factors if not isinstance(factor, Iverson)))
            return f"({self.value(rest)} if {self.joined('and', tests)} else real(0))"
        return " * ".join(self.value(factor) for factor in factors)

    def _power(self, base: Expr, exponent: Expr) -> str:
        if isinstance(exponent, Number) and exponent.value < -1 and exponent.value.denominator == 1:
            known = self.local.get(power(base, number(-1)))
            if known is not None:
                return f"{known} ** {-exponent.value}"
        inner = self.value(base)
        is_atom = base in self.local or base in self.stored or isinstance(base, Symbol | Element)
        atom = inner if is_atom or (inner.startswith("(") and is_closed(inner)) else f"({inner})"
        if isinstance(exponent, Number):
            value = exponent.value
            if abs(value) == Fraction(1, 2):
                return f"math.sqrt({inner})" if value > 0 else f"(real(1) / math.sqrt({inner}))"
            if value.denominator == 1:
                size = "" if abs(value) == 1 else f" ** {abs(value)}"
                return f"{atom}{size}" if value > 0 else f"(real(1) / {atom}{size})"
        return f"{atom} ** ({self.value(exponent)})"

    def test(self, condition: Expr) -> str:
        """Return the code of a condition."""
        match condition:
            case Compare(relation, left, right):
                if isinstance(left, Index) and isinstance(right, Index) and shift(left) == shift(right):
                    return f"{self.letters[left]} {_SIGNS[relation]} {self.letters[right]}"
                if not has_data(condition):
                    below = lcm(_below(left), _below(right))
                    one, other = (
                        _scaled(side, below) if isinstance(side, Add) else multiply(number(below), side) for side in (left, right)
                    )
                    return f"{self.whole(one)} {_SIGNS[relation]} {self.whole(other)}"
                return f"{self.value(left)} {_SIGNS[relation]} {self.value(right)}"
            case Logic("not", (operand,)):
                return f"not ({self.test(operand)})"
            case Logic(operation, operands):
                return f"({self.joined(operation, operands)})"
            case _:
                raise unsupported(to_text(condition))

    def joined(self, operation: str, conditions: Sequence[Expr]) -> str:
        """Return the code of several conditions: those on indices first, which keep the reads of the others in their ranges."""
        parts = separate(conditions) if operation == "and" else conditions
        return f" {operation} ".join(self.test(condition) for condition in sorted(parts, key=has_data))

    # Integers -----------------------------------------------------------------------------------------------------------

    def _place(self, node: Expr, array: str, axis: int) -> str:
        """Return the code of a subscript: one that data say may be any number, and nothing beside the array may be read."""
        return f"nearest({bare(self.value(node))}, {array}.shape[{axis}])" if has_data(node) else self.whole(node)

    def whole(self, node: Expr) -> str:
        """Return the code of a whole number: a subscript, a limit, a size."""
        match node:
            case Number(value) if value.denominator == 1:
                return str(value)
            case Symbol(name):
                return self.name(self.names[name])
            case Index():
                return f"({self.letters[node]} + {shift(node)})" if shift(node) else self.letters[node]
            case Add(terms, weights):
                return self._affine(terms, weights)
            case Multiply(factors):
                return " * ".join(self.whole(factor) for factor in factors)
            case Power(base, Number(value)) if value > 0 and value.denominator == 1:
                return f"{self.whole(base)} ** {value}"
            case Apply("floor" | "ceil" as name, (inner,)):
                return self._rounded(inner, name)
            case Apply("maximum" | "minimum" as name, arguments):
                return f"{name[:3]}({', '.join(self.whole(part) for part in arguments)})"
            case _:
                raise unsupported(f"the size {to_text(node)}")

    def _affine(self, terms: Sequence[Expr], weights: Sequence[Fraction]) -> str:
        """Return a sum; what an index is counted from goes into the constant.

        The index of a parallel loop has no sign in Numba: ``-i`` is a huge number, ``0 - i`` is not.
        """
        below = lcm(*(weight.denominator for weight in weights))
        if below > 1:
            raise unsupported("a fraction as a subscript")
        constant = sum((weight for term, weight in zip(terms, weights, strict=True) if term is ONE), Fraction(0))
        pairs: list[tuple[Fraction, str]] = []
        for term, weight in zip(terms, weights, strict=True):
            if isinstance(term, Index):
                constant += weight * shift(term)
                pairs.append((weight, self.letters[term]))
            elif term is not ONE:
                pairs.append((weight, self.whole(term)))
        text = ""
        for weight, code in sorted(pairs, key=lambda pair: pair[0] < 0):
            part = code if abs(weight) == 1 else f"{abs(weight)} * {code}"
            text = f"{text} {'-' if weight < 0 else '+'} {part}" if text else f"0 - {part}" if weight < 0 else part
        if constant:
            text = f"{text} {'-' if constant < 0 else '+'} {abs(constant)}" if text else str(constant)
        is_alone = len(pairs) == 1 and not constant and pairs[0][0] == 1
        return text if is_alone or not text or text.isdigit() else f"({text})"

    def _rounded(self, node: Expr, name: str) -> str:
        if isinstance(node, Number):
            return str(floor(node.value) if name == "floor" else ceil(node.value))
        below = _below(node)
        above = self.whole(multiply(number(below), node) if not isinstance(node, Add) else _scaled(node, below))
        return f"({above} // {below})" if name == "floor" else f"(-(-{above} // {below}))"

    def length(self, index: Index) -> str:
        """Return the length of the loop over an index that stands alone."""
        if index.lower.free_indices or index.upper.free_indices:
            raise unsupported("an axis whose length varies")
        return bare(self.whole(add(subtract(index.upper, index.lower), ONE)))

    def places(self, axes: Sequence[Index]) -> str:
        """Return the subscripts of an array over some axes."""
        return ", ".join(bare(self.whole(subtract(index, index.lower))) for index in axes)


def shift(index: Index) -> int:
    """Return what the code of an index is counted from: loops start at zero where the first value is known."""
    return int(index.lower.value) if isinstance(index.lower, Number) and index.lower.value.denominator == 1 else 0


def _lone(place: Expr, origin: int) -> Index | None:
    """Return the index that a subscript is, where its loop counts as the array does."""
    is_lone = isinstance(place, Index) and isinstance(place.lower, Number) and place.lower.value == origin
    return place if is_lone and isinstance(place, Index) else None


def own_entry(node: TensorEntry) -> TensorEntry:
    """Return a function of a matrix at its own indices: all entries are computed at once."""
    return TensorEntry(node.function, node.bound, node.body, node.bound if node.at else ())


def bare(code: str) -> str:
    """Return code without parentheses around it."""
    return code[1:-1] if code.startswith("(") and is_closed(code) else code


def is_closed(code: str) -> bool:
    """Tell whether the first parenthesis closes at the end."""
    depth = 0
    for place, letter in enumerate(code):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return place == len(code) - 1
    return False


def literal(value: Fraction) -> str:
    """Return the code of an exact number of the arrays' type."""
    if value.denominator == 1:
        return f"real({value.numerator})"
    return f"real({value.numerator} / {value.denominator})"


def stable(root: Expr) -> Expr:
    """Return an expression with the functions of vectors as sums and maxima that do not overflow."""
    return transform(root, _stable)


def _stable(node: Expr) -> Expr:
    if not isinstance(node, TensorEntry) or node.function in OF_MATRICES:
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
    if node.function == "norminf":
        return Reduce("max", node.bound, apply("abs", node.body))
    expansion = TENSOR_FUNCTIONS[node.function].expansion
    if expansion is None:
        raise unsupported(f"the function {TENSOR_FUNCTIONS[node.function].text[0]}")
    return expansion(node)


def _below(node: Expr) -> int:
    """Return the common denominator of an affine form."""
    if isinstance(node, Number):
        return node.value.denominator
    return lcm(*(weight.denominator for weight in node.weights)) if isinstance(node, Add) else 1


def _scaled(node: Add, factor: int) -> Expr:
    return add(*(multiply(number(weight * factor), term) for weight, term in zip(node.weights, node.terms, strict=True)))


def unsupported(what: str) -> FormulaError:
    """Return the error for what has no loop code."""
    return FormulaError(f"no Numba code for {what}", remedy="Print it with --to numpy, or evaluate it with gradproof eval.")
