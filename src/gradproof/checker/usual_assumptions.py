"""What people leave unsaid: that labels and probabilities sum to one, that a joint distribution or a covariance is symmetric."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from gradproof.checker.decide import decide
from gradproof.checker.outcome import Outcome, undecided
from gradproof.checker.verdict import Verdict
from gradproof.elaborate.names import spoken
from gradproof.expr.build import ONE, add, multiply, number, power, subtract, sum_over
from gradproof.expr.node import Compare, Element, Expr, Multiply, Number, Power, Symbol, fresh_index
from gradproof.expr.walk import substitute, symbols, transform

#: Letters of covariance matrices and of their inverses.
_COVARIANCES = frozenset({"Sigma", "Lambda", "Omega"})
_PROBABILITY_LETTERS = frozenset({"y", "p", "q", "t", "pi"})


def decide_under_usual_assumptions(left: Expr, right: Expr, seed: int) -> tuple[Outcome, str] | None:
    """Decide an equation under what people leave unsaid, and say what that was; None where nothing helps."""
    sums, names = _unit_sums(symbols(left) | symbols(right))
    if sums:
        outcome = decide("=", left, right, sums, seed)
        if outcome.verdict is Verdict.PROVED:
            return outcome, f"{names} sums to one"
    joint = _joint_distributions(symbols(left) | symbols(right))
    if joint:
        sides = [_cancelled(substitute(side, joint)) for side in (left, right)]  # 0/0 on the diagonal goes
        outcome = decide("=", sides[0], sides[1], (), seed)
        if outcome.verdict in (Verdict.PROVED, Verdict.TESTED):
            letters = ", ".join(spoken(symbol.name) for symbol in joint)
            return outcome, f"{letters} is a symmetric joint distribution with a zero diagonal"
        if outcome.verdict is Verdict.UNCHECKED:
            return undecided("U108", "it may hold of a symmetric joint distribution, and cannot be evaluated for one"), ""
    symmetric = _symmetric(symbols(left) | symbols(right))
    if symmetric:
        named = {symbol: Symbol(symbol.name, symbol.axes, symbol.properties | {"symmetric"}) for symbol in symmetric}
        sides = [substitute(side, named) for side in (left, right)]
        outcome = decide("=", sides[0], sides[1], (), seed)
        if outcome.verdict in (Verdict.PROVED, Verdict.TESTED):
            letters = ", ".join(spoken(symbol.name) for symbol in symmetric)
            if all(symbol.name.split("_")[0] in _COVARIANCES for symbol in symmetric):
                return outcome, f"{letters} is symmetric, as a covariance is"
            return undecided("U108", f"it holds when {letters} is symmetric, and fails otherwise", "Say that it is."), ""
    return None


def _cancelled(root: Expr) -> Expr:
    """Return an expression with the common factors of its quotients cancelled, as far as a look at them shows."""

    def change(node: Expr) -> Expr:
        match node:
            case Power(Multiply(factors), Number(value)) if value.denominator == 1:
                return multiply(*(power(factor, node.exponent) for factor in factors))
            case Multiply(factors):
                return multiply(*(power(base, number(exponent)) for base, exponent in _exponents(factors).items() if exponent))
            case _:
                return node

    return transform(root, change)


def _exponents(factors: Iterable[Expr]) -> dict[Expr, Fraction]:
    """Return the bases of a product with the sums of their exponents."""
    found: dict[Expr, Fraction] = {}
    for factor in factors:
        base, exponent = factor, Fraction(1)
        if isinstance(factor, Power) and isinstance(factor.exponent, Number):
            base, exponent = factor.base, factor.exponent.value
        found[base] = found.get(base, Fraction(0)) + exponent
    return found


def _unit_sums(found: frozenset[Symbol]) -> tuple[list[Compare], str]:
    """Return ``sum_k y_k = 1`` for vectors that look like labels or probabilities."""
    conditions: list[Compare] = []
    names: list[str] = []
    for symbol in sorted(found, key=lambda symbol: symbol.name):
        if len(symbol.axes) == 1 and symbol.name.split("_")[0] in _PROBABILITY_LETTERS:
            axis = symbol.axes[0]
            lower = number(axis.origin)
            index = fresh_index("k", lower, subtract(add(axis.size, lower), ONE))
            conditions.append(Compare("=", sum_over([index], Element(symbol, (index,))), ONE))
            names.append(spoken(symbol.name))
    return conditions, ", ".join(names)


def _joint_distributions(found: frozenset[Symbol]) -> dict[Symbol, Symbol]:
    """Return square matrices that look like joint probabilities, each as a symmetric distribution without self-pairs."""
    properties = frozenset({"symmetric", "distribution", "zerodiagonal", "nonnegative"})
    return {
        symbol: Symbol(symbol.name, symbol.axes, symbol.properties | properties)
        for symbol in sorted(found, key=lambda symbol: symbol.name)
        if symbol.name in ("p", "P") and len(symbol.axes) == 2 and symbol.axes[0].size is symbol.axes[1].size
    }


def _symmetric(found: frozenset[Symbol]) -> list[Symbol]:
    """Return the square matrices that are not known to be symmetric."""
    square = [symbol for symbol in found if len(symbol.axes) == 2 and symbol.axes[0].size is symbol.axes[1].size]
    return sorted((s for s in square if "symmetric" not in s.properties), key=lambda symbol: symbol.name)
