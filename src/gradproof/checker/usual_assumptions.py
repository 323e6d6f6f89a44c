"""What people leave unsaid: that labels and probabilities sum to one, that a joint distribution is symmetric."""

from __future__ import annotations

from gradproof.checker.decide import decide
from gradproof.checker.outcome import Outcome, undecided
from gradproof.checker.verdict import Verdict
from gradproof.elaborate.names import spoken
from gradproof.expr.build import ONE, add, number, subtract, sum_over
from gradproof.expr.node import Compare, Element, Expr, Symbol, fresh_index
from gradproof.expr.walk import substitute, symbols
from gradproof.rewrite.simplify import simplified

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
        sides = [simplified(substitute(side, joint)) for side in (left, right)]  # 0/0 on the diagonal cancels
        outcome = decide("=", sides[0], sides[1], (), seed)
        if outcome.verdict in (Verdict.PROVED, Verdict.TESTED):
            letters = ", ".join(spoken(symbol.name) for symbol in joint)
            return outcome, f"{letters} is a symmetric joint distribution with a zero diagonal"
    symmetric = _symmetric(symbols(left) | symbols(right))
    if symmetric:
        named = {symbol: Symbol(symbol.name, symbol.axes, symbol.properties | {"symmetric"}) for symbol in symmetric}
        sides = [substitute(side, named) for side in (left, right)]
        if decide("=", sides[0], sides[1], (), seed).verdict in (Verdict.PROVED, Verdict.TESTED):
            letters = ", ".join(spoken(symbol.name) for symbol in symmetric)
            return undecided("U108", f"it holds when {letters} is symmetric, and fails otherwise", "Say that it is."), ""
    return None


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
