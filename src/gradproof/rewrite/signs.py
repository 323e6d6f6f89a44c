"""Sign analysis: which of -1, 0, 1 the sign of an expression can be, and which expressions are integers.

The answer is a set of possible signs, for all values at which the expression is defined; too large a set is never wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

from gradproof.expr.build import negate, subtract
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
    Operator,
    Piecewise,
    Power,
    Reduce,
    Symbol,
    TensorEntry,
)
from gradproof.expr.walk import children, postorder

Signs = frozenset[int]

ANY: Signs = frozenset({-1, 0, 1})
POSITIVE: Signs = frozenset({1})
NEGATIVE: Signs = frozenset({-1})
ZERO_SIGN: Signs = frozenset({0})
NONNEGATIVE: Signs = frozenset({0, 1})
NONPOSITIVE: Signs = frozenset({-1, 0})
NONZERO: Signs = frozenset({-1, 1})

_RELATIONS = {">": POSITIVE, ">=": NONNEGATIVE, "<": NEGATIVE, "<=": NONPOSITIVE, "=": ZERO_SIGN, "!=": NONZERO}
_PROPERTIES = {
    "positive": POSITIVE,
    "natural": POSITIVE,
    "probability": NONNEGATIVE,
    "nonnegative": NONNEGATIVE,
    "simplex": NONNEGATIVE,
    "distribution": NONNEGATIVE,
    "onehot": NONNEGATIVE,
    "binary": NONNEGATIVE,
    "plusminus": NONZERO,
    "size": NONNEGATIVE,
}
_ALWAYS = {
    "exp": POSITIVE,
    "sigma": POSITIVE,
    "cosh": POSITIVE,
    "softplus": POSITIVE,
    "relu": NONNEGATIVE,
    "factorial": POSITIVE,
    "arccos": NONNEGATIVE,
    "arccosh": NONNEGATIVE,
}
_SAME = frozenset({"sign", "tanh", "sinh", "arctan", "arcsinh", "arctanh", "arcsin", "erf", "softsign", "silu"})
_TENSORS = {
    "softmax": POSITIVE,
    "norm1": NONNEGATIVE,
    "norm2": NONNEGATIVE,
    "normF": NONNEGATIVE,
    "norminf": NONNEGATIVE,
}
_INTEGERS = frozenset({"integer", "natural", "size", "binary", "plusminus", "onehot"})


class SignTable:
    """The signs of expressions under given conditions."""

    def __init__(self, conditions: Sequence[Expr] = ()) -> None:
        self.known: dict[Expr, Signs] = {}
        for condition in _flat(conditions):
            possible = _RELATIONS[condition.relation]
            gap = subtract(condition.left, condition.right)
            self._learn(gap, possible)
            self._learn(negate(gap), frozenset(-sign for sign in possible))
            self._learn_bound(condition.left, condition.right, possible)
            self._learn_bound(condition.right, condition.left, frozenset(-sign for sign in possible))
        self._cache: dict[Expr, Signs] = {}

    def _learn(self, node: Expr, possible: Signs) -> None:
        self.known[node] = self.known.get(node, ANY) & possible

    def _learn_bound(self, node: Expr, limit: Expr, possible: Signs) -> None:
        """``x > 3`` makes ``x`` positive."""
        if isinstance(limit, Number) and limit.ulp is None and not isinstance(node, Number):
            if limit.value > 0 and possible <= NONNEGATIVE:
                self._learn(node, POSITIVE)
            if limit.value < 0 and possible <= NONPOSITIVE:
                self._learn(node, NEGATIVE)

    def of(self, root: Expr) -> Signs:
        """Return the signs that an expression can have."""
        if root not in self._cache:
            for node in postorder(root):
                if node not in self._cache:
                    self._cache[node] = self._signs(node) & self.known.get(node, ANY)
        return self._cache[root]

    def is_positive(self, node: Expr) -> bool:
        """Tell whether an expression is surely positive."""
        return self.of(node) <= POSITIVE

    def is_nonnegative(self, node: Expr) -> bool:
        """Tell whether an expression is surely not negative."""
        return self.of(node) <= NONNEGATIVE

    def _signs(self, node: Expr) -> Signs:
        match node:
            case Number(value, ulp):
                low, high = value - (ulp or 0), value + (ulp or 0)
                return frozenset({(value > 0) - (value < 0)}) if low * high > 0 or not ulp else ANY
            case Constant(name):
                return POSITIVE if name in ("pi", "e") else ANY
            case Symbol() | Element():
                return _by_properties(node)
            case Index(_, _, lower, _):
                least = self._cache.get(lower, ANY)
                return least if least <= POSITIVE else NONNEGATIVE if least <= NONNEGATIVE else ANY
            case Add(terms, weights):
                parts = (
                    frozenset(sign if weight > 0 else -sign for sign in self._cache[term])
                    for weight, term in zip(weights, terms, strict=True)
                )
                return sum_signs(parts)
            case Multiply(factors):
                return product_signs(self._cache[factor] for factor in factors)
            case Power(base, exponent):
                return self._power(self._cache[base], base, exponent)
            case Apply(function, arguments):
                return _applied(function, [self._cache[argument] for argument in arguments])
            case _:
                return self._structure(node)

    def _power(self, base: Signs, node: Expr, exponent: Expr) -> Signs:
        if base <= POSITIVE:
            return POSITIVE
        if isinstance(exponent, Number) and exponent.ulp is None and exponent.value.denominator == 1:
            if exponent.value < 0:
                base = base - ZERO_SIGN
            even = exponent.value.numerator % 2 == 0
            return frozenset(sign * sign for sign in base) if even else base
        if isinstance(exponent, Number):
            return NONNEGATIVE if exponent.value > 0 else POSITIVE
        return NONNEGATIVE if base <= NONNEGATIVE else ANY

    def _structure(self, node: Expr) -> Signs:
        match node:
            case Reduce("sum" | "prod" as operation, indices, body, where):
                inner = self._cache[body]
                if operation == "prod":
                    return inner if inner <= POSITIVE else NONNEGATIVE if inner <= NONNEGATIVE else ANY
                full = where is None and all(_is_nonempty(index) for index in indices)
                signs = inner if full else inner | ZERO_SIGN
                return ANY if {-1, 1} <= signs else signs
            case Reduce(_, _, body, _):
                return self._cache[body]
            case TensorEntry(function):
                return _TENSORS.get(function, ANY)
            case Iverson():
                return NONNEGATIVE
            case Piecewise(_, values, otherwise):
                return frozenset().union(*(self._cache[part] for part in (*values, otherwise)))
            case Operator(kind, _, operands):
                return self._operator(kind, operands)
            case _:
                return ANY

    def _operator(self, kind: str, operands: tuple[Expr, ...]) -> Signs:
        if kind in ("probability", "variance"):
            return NONNEGATIVE
        if kind == "expectation":
            inner = self._cache[operands[0]]
            return inner if inner <= POSITIVE or inner <= NEGATIVE else ANY if {-1, 1} <= inner else inner
        return ANY


def _flat(conditions: Iterable[Expr]) -> Iterable[Compare]:
    for condition in conditions:
        if isinstance(condition, Compare) and condition.relation in _RELATIONS:
            yield condition
        elif isinstance(condition, Logic) and condition.operation == "and":
            yield from _flat(condition.operands)


def _by_properties(node: Symbol | Element) -> Signs:
    symbol = node.symbol if isinstance(node, Element) else node
    found = ANY
    for word in symbol.properties:
        found &= _PROPERTIES.get(word, ANY)
    if isinstance(node, Element) and "posdef" in symbol.properties and len(node.indices) == 2:
        found &= POSITIVE if node.indices[0] is node.indices[1] else ANY
    return found


def sum_signs(parts: Iterable[Signs]) -> Signs:
    """Return the signs of a sum, from those of its terms."""
    total = ZERO_SIGN
    for part in parts:
        found: set[int] = set()
        for left, right in product(total, part):
            found |= {left or right} if left * right >= 0 else ANY
        total = frozenset(found)
    return total


def product_signs(parts: Iterable[Signs]) -> Signs:
    """Return the signs of a product, from those of its factors."""
    total = POSITIVE
    for part in parts:
        total = frozenset(left * right for left, right in product(total, part))
    return total


def _applied(function: str, arguments: list[Signs]) -> Signs:
    if function in _ALWAYS:
        return _ALWAYS[function] if function != "relu" or not arguments[0] <= POSITIVE else POSITIVE
    if function in _SAME:
        return arguments[0]
    if function == "abs":
        return frozenset(abs(sign) for sign in arguments[0])
    if function in ("maximum", "minimum"):
        pick = max if function == "maximum" else min
        return frozenset(pick(signs) for signs in product(*arguments))
    return ANY


def _is_nonempty(index: Index) -> bool:
    gap = subtract(index.upper, index.lower)
    return isinstance(gap, Number) and gap.ulp is None and gap.value >= 0


def is_integer(root: Expr) -> bool:
    """Tell whether an expression surely has an integer value."""
    seen: dict[Expr, bool] = {}
    for node in postorder(root):
        seen[node] = _is_integer(node, seen)
    return seen[root]


def _is_integer(node: Expr, seen: dict[Expr, bool]) -> bool:
    match node:
        case Number(value, ulp):
            return ulp is None and value.denominator == 1
        case Index() | Iverson():
            return True
        case Symbol() | Element():
            symbol = node.symbol if isinstance(node, Element) else node
            return bool(symbol.properties & _INTEGERS)
        case Add(terms, weights):
            return all(weight.denominator == 1 for weight in weights) and all(seen[term] for term in terms)
        case Multiply() | Reduce("sum" | "prod"):
            return all(seen[part] for part in children(node) if not isinstance(node, Reduce) or part is node.body)
        case Power(base, Number(value, None)):
            return seen[base] and value.denominator == 1 and value > 0
        case Apply(function, arguments):
            return function in ("floor", "ceil", "sign") or (
                function in ("maximum", "minimum", "abs") and all(seen[argument] for argument in arguments)
            )
        case _:
            return False
