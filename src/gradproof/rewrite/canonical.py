"""The canonical form: every expression as a Laurent polynomial over atoms that cannot be taken apart.

Two expressions with one form are equal for all values and sizes within the side conditions. Not having one form proves
nothing. The rules are applied bottom up, in one pass; ``used`` collects their names for the reader of a proof.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from fractions import Fraction

from gradproof.expr.build import ONE, apply, negate, number, power
from gradproof.expr.catalogue import FUNCTIONS, TENSOR_FUNCTIONS
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
from gradproof.expr.walk import children, postorder, rebuild, substitute
from gradproof.rewrite.polynomial import (
    UNIT,
    GiveUp,
    Monomial,
    Polynomial,
    atom,
    constant,
    content,
    joined,
    monomial_expr,
    plus,
    single,
    times,
    to_expr,
    whole_power,
)
from gradproof.rewrite.probability import canonical_operator
from gradproof.rewrite.sums import canonical_bracket, canonical_sum

_LARGEST_POWER = 12
_MOST_NODES = 3000
#: Seconds after which a proof is given up; instances may still test or refute.
_LONGEST_PROOF = 0.7
_POSITIVE = frozenset({"positive", "probability", "simplex_positive"})


@dataclass
class CanonicalForm:
    """Computes canonical forms; ``expand`` puts named functions in by their definitions."""

    expand: bool
    positive: frozenset[Expr] = frozenset()
    used: dict[str, Expr] = field(default_factory=dict)
    conditions: dict[str, Expr] = field(default_factory=dict)
    deadline: float = field(default_factory=lambda: time.monotonic() + _LONGEST_PROOF)
    _done: dict[Expr, Polynomial] = field(default_factory=dict)

    def of(self, root: Expr) -> Polynomial:
        """Return the form of an expression, or raise ``GiveUp``."""
        for count, node in enumerate(postorder(root)):
            if count > _MOST_NODES or time.monotonic() > self.deadline:
                raise GiveUp("the expression is too large")
            if node not in self._done:
                self._done[node] = self._form(node)
        return self._done[root]

    def _form(self, node: Expr) -> Polynomial:
        match node:
            case Number(value, None):
                return constant(value)
            case Number():
                raise GiveUp("a printed decimal is not exact")
            case Hole(_, reason):
                raise GiveUp(reason)
            case Constant("e"):
                return atom(apply("exp", ONE))
            case Constant() | Symbol() | Index():
                return atom(node)
            case Element():
                return self._element(node)
            case Add(terms, weights):
                return plus((weight, self._done[term]) for weight, term in zip(weights, terms, strict=True))
            case Multiply(factors):
                return self._product(factors)
            case Power(base, exponent):
                return self._reduced(self.power(self._done[base], self._done[exponent]))
            case Apply():
                return self._apply(node)
            case _:
                return self._structure(node)

    def _product(self, factors: tuple[Expr, ...]) -> Polynomial:
        """Multiply; a sum that also stands in a denominator is kept whole, so that it cancels."""
        below = {
            node
            for factor in factors
            for monomial in self._done[factor]
            for node, exponent in monomial
            if isinstance(node, Add) and exponent < 0
        }
        result = constant(1)
        for factor in factors:
            form = self._done[factor]
            if below and len(form) > 1:
                weight, common, rest = content(form)
                whole = to_expr(rest)
                if whole in below:
                    form = {joined(common, ((whole, Fraction(1)),)): weight}
            result = times(result, form)
        return self._reduced(result)

    def _structure(self, node: Expr) -> Polynomial:
        match node:
            case Reduce("sum", indices, body, None):
                self._use("a sum is linear", node)
                return canonical_sum(indices, self._done[body], self.of)
            case Reduce():
                return self._reduction(node)
            case TensorEntry(function):
                entry = TENSOR_FUNCTIONS[function]
                if self.expand and entry.expansion is not None:
                    self._use(f"definition of {function}", node)
                    return self.of(entry.expansion(node))
                return atom(self._renamed(node))
            case Iverson(condition):
                return self._bracket(condition)
            case Compare() | Logic() | Piecewise() | Call():
                return atom(self._rebuilt(node))
            case Operator():
                return canonical_operator(node, self._done, self.of)
            case _:
                raise AssertionError(f"unknown node kind {type(node).__name__}")

    def _use(self, rule: str, where: Expr) -> None:
        self.used.setdefault(rule, where)

    def _rebuilt(self, node: Expr) -> Expr:
        parts = []
        for part in children(node):
            is_test = isinstance(part, Compare | Logic | Index)
            parts.append(part if is_test else to_expr(self._done[part]))
        return rebuild(node, tuple(parts))

    def _renamed(self, node: TensorEntry) -> Expr:
        names: dict[Expr, Expr] = {
            index: Index("_", -100 - place, to_expr(self.of(index.lower)), to_expr(self.of(index.upper)))
            for place, index in enumerate(node.bound)
        }
        body = to_expr(self.of(substitute(node.body, names)))
        at = tuple(to_expr(self._done[entry]) for entry in node.at)
        bound = tuple(name for name in names.values() if isinstance(name, Index))
        return TensorEntry(node.function, bound, body, at)

    def _element(self, node: Element) -> Polynomial:
        indices = tuple(to_expr(self._done[index]) for index in node.indices)
        if node.symbol.properties & {"symmetric", "posdef"} and len(indices) >= 2:
            tail = sorted(indices[-2:], key=lambda index: index.digest)
            indices = indices[:-2] + tuple(tail)
            self._use("symmetry", node)
        if "zerodiagonal" in node.symbol.properties and len(indices) >= 2 and indices[-1] is indices[-2]:
            return constant(0)
        return atom(Element(node.symbol, indices))

    def _reduction(self, node: Reduce) -> Polynomial:
        names: dict[Expr, Expr] = {
            index: Index("_", -200 - place, index.lower, index.upper) for place, index in enumerate(node.indices)
        }
        body = to_expr(self.of(substitute(node.body, names)))
        where = None if node.where is None else substitute(node.where, names)
        bound = tuple(name for name in names.values() if isinstance(name, Index))
        return atom(Reduce(node.operation, bound, body, where))

    def _bracket(self, condition: Expr) -> Polynomial:
        match condition:
            case Compare():
                return canonical_bracket(condition, self.of)
            case Logic("and", operands):
                result = constant(1)
                for operand in operands:
                    result = self._reduced(times(result, self._bracket(operand)))
                return result
            case Logic("not", (operand,)):
                return plus([(Fraction(1), constant(1)), (Fraction(-1), self._bracket(operand))])
            case _:
                return atom(Iverson(condition))

    # Functions -----------------------------------------------------------------------------------------------------

    def _apply(self, node: Apply) -> Polynomial:
        arguments = [self._done[argument] for argument in node.arguments]
        entry = FUNCTIONS[node.function]
        if node.function == "exp":
            return self._exp(arguments[0])
        if node.function == "log":
            return self._log(arguments[0])
        if node.function == "abs":
            return self._abs(arguments[0])
        if entry.expansion is not None and (self.expand or node.function in ("log2", "log10")):
            self._use(f"definition of {node.function}", node)
            return self.of(entry.expansion(tuple(to_expr(argument) for argument in arguments)))
        if len(arguments) == 1 and (entry.is_odd or entry.is_even) and _leads_negative(arguments[0]):
            flipped = apply(node.function, negate(to_expr(arguments[0])))
            return plus([(Fraction(-1 if entry.is_odd else 1), self.of(flipped))])
        bodies = [to_expr(argument) for argument in arguments]
        if node.function in ("maximum", "minimum"):
            bodies = sorted(set(bodies), key=lambda body: body.digest)
            if len(bodies) == 1:
                return self.of(bodies[0])
        if entry.exact is not None and all(isinstance(body, Number) for body in bodies):
            return self._exact(node.function, bodies)
        return atom(Apply(node.function, tuple(bodies)))

    def _exact(self, function: str, bodies: list[Expr]) -> Polynomial:
        from flint import fmpq

        exact = FUNCTIONS[function].exact
        assert exact is not None
        values = [fmpq(b.value.numerator, b.value.denominator) for b in bodies if isinstance(b, Number)]
        result = exact(*values)
        if result is None:
            return atom(Apply(function, tuple(bodies)))
        return constant(Fraction(int(result.p), int(result.q)))

    def _exp(self, argument: Polynomial) -> Polynomial:
        """``exp(a + b) = exp(a) exp(b)``, ``exp(c a) = exp(a)^c``, ``exp(c log a) = a^c``."""
        result = constant(1)
        for monomial, coefficient in argument.items():
            logarithm = _lone_log(monomial)
            if logarithm is not None:
                result = times(result, self.power(self.of(logarithm), constant(coefficient)))
            else:
                result = times(result, atom(Apply("exp", (monomial_expr(monomial),)), coefficient))
        return result

    def _log(self, argument: Polynomial) -> Polynomial:
        """``log(a b) = log(a) + log(b)``, ``log(a^c) = c log(a)``, ``log(exp(a)) = a``, within the domains."""
        if not argument:
            raise GiveUp("the logarithm of zero")
        weight, common, rest = content(argument)
        parts: list[tuple[Fraction, Polynomial]] = []
        if weight < 0:
            if rest == constant(1) and common == UNIT:
                raise GiveUp("the logarithm of a negative number")
            return atom(apply("log", to_expr(argument)))
        if weight != 1:
            parts.append((Fraction(1), _log_of_rational(weight)))
        for node, exponent in common:
            parts.append((exponent, self._log_of_atom(node)))
            if exponent != 1 or len(common) > 1:
                self._require_positive(node)
        if rest != constant(1):
            parts.append((Fraction(1), atom(apply("log", to_expr(rest)))))
            if common or weight != 1:
                self._require_positive(to_expr(rest))
        return plus(parts)

    def _log_of_atom(self, node: Expr) -> Polynomial:
        if isinstance(node, Apply) and node.function == "exp":
            return self.of(node.arguments[0])
        if isinstance(node, Reduce) and node.operation == "prod" and node.where is None:
            self._use("the logarithm of a product is a sum", node)
            return self.of(Reduce("sum", node.indices, apply("log", node.body)))
        return atom(apply("log", node))

    def _require_positive(self, node: Expr) -> None:
        if not self.is_positive(node):
            self.conditions.setdefault("positive", node)
            self.conditions[f"positive {node.digest.hex()}"] = node

    def _abs(self, argument: Polynomial) -> Polynomial:
        lone = single(argument)
        if lone is None:
            if not argument:
                return constant(0)
            first = argument if not _leads_negative(argument) else plus([(Fraction(-1), argument)])
            return atom(apply("abs", to_expr(first)))
        monomial, coefficient = lone
        result = constant(abs(coefficient))
        for node, exponent in monomial:
            even = exponent.denominator == 1 and exponent % 2 == 0
            base = node if even or self.is_positive(node) else apply("abs", node)
            result = times(result, atom(base, exponent))
        return self._reduced(result)

    def is_positive(self, node: Expr) -> bool:
        """Tell whether an atom is surely positive."""
        match node:
            case Number(value):
                return value > 0
            case Symbol() | Element():
                symbol = node.symbol if isinstance(node, Element) else node
                return node in self.positive or symbol in self.positive or bool(symbol.properties & _POSITIVE)
            case Apply(function):
                return function in ("exp", "sigma", "cosh", "softplus")
            case TensorEntry(function):
                return function == "softmax"
            case Constant(name):
                return name in ("pi", "e")
            case Reduce("sum" | "prod", _, body, None):
                return self._is_positive_sum(body)
            case Power(base, _):
                return self.is_positive(base)
            case Multiply(factors):
                return all(self.is_positive(factor) for factor in factors)
            case Add(terms, weights):
                return self._is_positive_terms(terms, weights)
            case _:
                return False

    def _is_positive_sum(self, body: Expr) -> bool:
        return self.is_positive(body)

    def _is_positive_terms(self, terms: tuple[Expr, ...], weights: tuple[Fraction, ...]) -> bool:
        if any(weight < 0 for weight in weights):
            return False
        strict = any(self.is_positive(term) for term in terms)
        return strict and all(self.is_positive(term) or _is_square(term) for term in terms)

    # Powers ----------------------------------------------------------------------------------------------------------

    def power(self, base: Polynomial, exponent: Polynomial) -> Polynomial:
        """Return a power: whole ones are multiplied out, others taken factor by factor where that is allowed."""
        lone = single(exponent)
        if not exponent:
            return constant(1)
        if lone is None or lone[0] != UNIT:
            return self._symbolic_power(base, exponent)
        value = lone[1]
        if not base:
            if value <= 0:
                raise GiveUp("a division by zero")
            return constant(0)
        if value.denominator == 1 and value > 0 and len(base) > 1:
            return self._whole(base, int(value))
        alone = single(base)
        if alone is not None:
            return self._monomial_power(alone[0], alone[1], value)
        weight, common, rest = content(base)
        outer = self._monomial_power(common, weight, value)
        return times(outer, atom(to_expr(rest), value))

    def _whole(self, base: Polynomial, count: int) -> Polynomial:
        if count > _LARGEST_POWER:
            return atom(to_expr(base), count)
        return whole_power(base, count)

    def _monomial_power(self, monomial: Monomial, coefficient: Fraction, exponent: Fraction) -> Polynomial:
        if exponent.denominator == 1:
            if abs(exponent) * max(coefficient.numerator.bit_length(), coefficient.denominator.bit_length()) > 4096:
                raise GiveUp("a power with too many digits")
            scale = constant(coefficient**exponent.numerator)
            return times(scale, {tuple((node, power_ * exponent) for node, power_ in monomial): Fraction(1)})
        if coefficient < 0:
            return atom(power(to_expr({monomial: coefficient}), number(exponent)))
        result = _rational_power(coefficient, exponent)
        for node, inner in monomial:
            result = times(result, self._root_of_atom(node, inner, exponent, alone=len(monomial) == 1))
        return result

    def _root_of_atom(self, node: Expr, inner: Fraction, exponent: Fraction, *, alone: bool) -> Polynomial:
        if self.is_positive(node) or (alone and inner == 1) or inner.denominator != 1:
            return atom(node, inner * exponent)
        if inner % 2 == 0:
            return atom(apply("abs", node), inner * exponent)
        self._require_positive(node)
        return atom(node, inner * exponent)

    def _symbolic_power(self, base: Polynomial, exponent: Polynomial) -> Polynomial:
        """``a^(b + c) = a^b a^c``; the base stays whole."""
        body = to_expr(base)
        if isinstance(body, Apply) and body.function == "exp":
            return self._exp(times(self.of(body.arguments[0]), exponent))
        result = constant(1)
        for monomial, coefficient in exponent.items():
            if monomial == UNIT:
                result = times(result, self.power(base, constant(coefficient)))
            else:
                result = times(result, atom(power(body, monomial_expr(monomial)), coefficient))
        return result

    def _reduced(self, polynomial: Polynomial) -> Polynomial:
        """Apply the laws of atoms: ``[A]^2 = [A]``, ``|x|^2 = x^2``, ``cos^2 = 1 - sin^2``, ``[i=j] f(j) = [i=j] f(i)``."""
        parts: list[tuple[Fraction, Polynomial]] = []
        changed = False
        for monomial, coefficient in polynomial.items():
            better = self._better(monomial)
            changed = changed or better is not None
            parts.append((coefficient, {monomial: Fraction(1)} if better is None else better))
        return self._reduced(plus(parts)) if changed else polynomial

    def _better(self, monomial: Monomial) -> Polynomial | None:
        for place, (node, exponent) in enumerate(monomial):
            rest = monomial[:place] + monomial[place + 1 :]
            if isinstance(node, Iverson) and exponent > 1:
                return {joined(rest, ((node, Fraction(1)),)): Fraction(1)}
            if isinstance(node, Apply) and exponent >= 2 and exponent.denominator == 1:
                if node.function == "abs":
                    square = times(self.of(node.arguments[0]), self.of(node.arguments[0]))
                    return times({joined(rest, ((node, exponent - 2),)): Fraction(1)}, square)
                if node.function == "cos":
                    self._use("sin^2 + cos^2 = 1", node)
                    sine = Apply("sin", node.arguments)
                    identity = plus([(Fraction(1), constant(1)), (Fraction(-1), atom(sine, 2))])
                    return times({joined(rest, ((node, exponent - 2),)): Fraction(1)}, identity)
            if isinstance(node, Add) and exponent.denominator == 1 and 0 < exponent <= _LARGEST_POWER:
                return times({rest: Fraction(1)}, whole_power(self.of(node), int(exponent)))
            pinned = _pinned(node)
            if pinned is not None and any(pinned[0] in other.free_indices for other, _ in rest):
                moved = substitute(monomial_expr(rest), {pinned[0]: pinned[1]})
                return times(atom(node), self.of(moved))
        return None


def _pinned(node: Expr) -> tuple[Index, Expr] | None:
    """Return the larger index of ``[i - j = 0]`` and what it equals."""
    if not (isinstance(node, Iverson) and isinstance(node.condition, Compare) and node.condition.relation == "="):
        return None
    gap = node.condition.left
    if isinstance(gap, Add) and len(gap.terms) == 2 and sorted(gap.weights) == [-1, 1]:
        first, second = gap.terms
        if isinstance(first, Index) and isinstance(second, Index):
            return (first, second) if first.digest > second.digest else (second, first)
    return None


def _leads_negative(argument: Polynomial) -> bool:
    if not argument:
        return False
    return content(argument)[0] < 0


def _lone_log(monomial: Monomial) -> Expr | None:
    if len(monomial) == 1 and monomial[0][1] == 1:
        node = monomial[0][0]
        if isinstance(node, Apply) and node.function == "log":
            return node.arguments[0]
    return None


def _is_square(node: Expr) -> bool:
    if isinstance(node, Reduce) and node.operation == "sum":
        return _is_square(node.body)
    if isinstance(node, Apply):
        return node.function == "abs"
    if not (isinstance(node, Power) and isinstance(node.exponent, Number)):
        return False
    return node.exponent.value.denominator == 1 and node.exponent.value % 2 == 0


def _log_of_rational(value: Fraction) -> Polynomial:
    """``log(12/5) = 2 log 2 + log 3 - log 5``: over the prime factors, small ones at least."""
    parts: list[tuple[Fraction, Polynomial]] = []
    for sign, whole in ((1, value.numerator), (-1, value.denominator)):
        for prime, count in _factors(whole):
            parts.append((Fraction(sign * count), atom(apply("log", number(prime)))))
    return plus(parts)


def _factors(whole: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    divisor = 2
    while divisor * divisor <= whole and divisor < 10_000:
        count = 0
        while whole % divisor == 0:
            whole //= divisor
            count += 1
        if count:
            found.append((divisor, count))
        divisor += 1
    return [*found, (whole, 1)] if whole > 1 else found


def _rational_power(value: Fraction, exponent: Fraction) -> Polynomial:
    """A root of a rational over its prime factors, so that ``sqrt(8) = 2 sqrt(2)``."""
    result = constant(1)
    for sign, whole in ((1, value.numerator), (-1, value.denominator)):
        for prime, count in _factors(whole):
            total = exponent * count * sign
            floor = total.numerator // total.denominator
            rest = total - floor
            result = times(result, constant(Fraction(prime) ** floor))
            if rest:
                result = times(result, atom(Power(number(prime), number(rest))))
    return result
