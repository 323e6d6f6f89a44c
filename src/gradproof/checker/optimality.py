"""Claims about minimisers: a stated point is compared with others; a better one refutes it."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from flint import arb, fmpq

from gradproof.checker.outcome import Outcome, undecided
from gradproof.checker.verdict import Certificate, Verdict
from gradproof.evaluate.bindings import Bindings, Undecidable
from gradproof.evaluate.enclose import enclose, to_decimal
from gradproof.evaluate.instances import instance, magnitudes_for
from gradproof.expr.node import Element, Expr, Number, Operator, Symbol
from gradproof.expr.walk import contains, postorder, substitute, symbols, transform

_STEPS = (fmpq(1), fmpq(1, 7), fmpq(1, 50), fmpq(1, 1000))
_TRIES = 24
_INSTANCES = 8
#: Properties that a change of sign would take away.
_OF_SIGN = frozenset({"posdef", "positive", "nonnegative", "simplex", "onehot", "distribution", "binary"})


def decide_minimizer(left: Expr, right: Expr, seed: int) -> Outcome:
    """Return whether ``argmin = point``: tested where no point tried is better, refuted where one is."""
    if isinstance(right, Operator) and right.kind == "argmin":
        left, right = right, left
    if not (isinstance(left, Operator) and left.kind == "argmin") or _has_operator(right):
        return undecided("U103", "the claim hangs on a minimiser inside an expression")
    (variable,), (objective, *violations) = left.bound, left.operands
    if violations:
        return _decide_exact(variable, objective, right, _STEPS, seed, violations)
    if _has_decimals(objective) or _has_decimals(right):
        return _decide_rounded(left, right, seed)
    return _decide_exact(variable, objective, right, _STEPS, seed)


def _decide_rounded(minimizer: Operator, right: Expr, seed: int) -> Outcome:
    """Decide a claim with printed decimals: at the values as printed, by points that are further away than their last digit.

    Where a better point is found, the printed values with their doubt have to be worse too.
    """
    (variable,), (objective,) = minimizer.bound, minimizer.operands
    coarsest = max((node.ulp for node in postorder(right) if isinstance(node, Number) and node.ulp is not None), default=0)
    steps = tuple(step for step in _STEPS if step >= fmpq(coarsest.numerator, coarsest.denominator))
    if not steps:
        return undecided("U109", "the printed digits are too few to tell it from other points")
    found = _decide_exact(variable, _as_printed(objective), _as_printed(right), steps, seed)
    if found.verdict is Verdict.REFUTED:
        in_doubt = _decide_exact(variable, _as_printed(objective), right, steps, seed)
        if in_doubt.verdict is not Verdict.REFUTED:
            return undecided("U109", "a better point lies within the doubt of the printed digits")
    return found


def _has_decimals(root: Expr) -> bool:
    return contains(root, lambda node: isinstance(node, Number) and node.ulp is not None)


def _as_printed(root: Expr) -> Expr:
    return transform(root, lambda node: Number(node.value) if isinstance(node, Number) else node)


def _decide_exact(
    variable: Expr, objective: Expr, right: Expr, steps: Sequence[fmpq], seed: int, violations: Sequence[Expr] = ()
) -> Outcome:
    """Compare with other points; ``violations`` are 0 where a point is allowed."""
    tried = 0
    wanted = symbols(objective) | symbols(right)
    wanted = wanted.union(*(symbols(violation) for violation in violations))
    for number in range(_INSTANCES):
        try:
            magnitudes = magnitudes_for((objective, right)) if number % 2 else ()
            bindings = instance(wanted, seed=seed, number=number, positive=True, magnitudes=magnitudes)
        except Undecidable:
            continue
        for sign in (1, -1):
            source = random.Random(f"{seed}:{tried}:{sign}")
            flipped = _flipped(bindings, objective, sign)
            found = _challenge(variable, objective, right, flipped, source, steps, violations)
            if found is None:
                continue
            tried += 1
            if isinstance(found, dict):
                certificate = Certificate("optimality", details=found)
                return Outcome(Verdict.REFUTED, "R105", certificate, witness=found)
    if tried == 0:
        return undecided("U109", "no instance of the objective could be evaluated")
    details = {"instances": tried, "points": tried * _TRIES, "seed": seed}
    return Outcome(Verdict.TESTED, "T102", Certificate("optimality", details=details))


def _has_operator(root: Expr) -> bool:
    return contains(root, lambda node: isinstance(node, Operator))


def _flipped(bindings: Bindings, objective: Expr, sign: int) -> Bindings:
    """Points may have any sign; weights stay positive: only tensors and the letters of points are flipped, none that has a property."""
    if sign == 1:
        return bindings
    letters = frozenset({"v", "x", "y", "z", "u", "w", "a", "b"})
    told = {symbol.name for symbol in symbols(objective) if symbol.properties & _OF_SIGN}
    values = {
        name: (-value if (name in letters or hasattr(value, "shape")) and name not in told else value)
        for name, value in bindings.values.items()
    }
    return Bindings(values)


def _challenge(
    variable: Expr,
    objective: Expr,
    point: Expr,
    bindings: Bindings,
    source: random.Random,
    steps: Sequence[fmpq],
    violations: Sequence[Expr] = (),
) -> dict[str, str] | bool | None:
    """Return a better point, True where none was found, None where the objective has no value here."""
    try:
        if isinstance(variable, Symbol):
            return _scalar_challenge(variable, objective, point, bindings, steps, violations)
        if not isinstance(variable, Element):
            return None
        return _tensor_challenge(variable, objective, point, bindings, source, steps, violations)
    except Undecidable:
        return None


def _scalar_challenge(
    variable: Symbol, objective: Expr, point: Expr, bindings: Bindings, steps: Sequence[fmpq], violations: Sequence[Expr]
) -> dict[str, str] | bool | None:
    stated = enclose(substitute(objective, {variable: point}), bindings).entries[()]
    center = enclose(point, bindings).entries[()]
    if not stated.is_finite():
        return None
    if not _is_allowed(violations, Bindings({**bindings.values, variable.name: center})):
        return {f"stated {variable.name}": _told(center), "which": "violates the constraint"}
    for step in (*steps, *(-step for step in steps)):
        other = center + arb(step)
        values = Bindings({**bindings.values, variable.name: other})
        value = enclose(objective, values).entries[()]
        if value.is_finite() and value < stated and _is_allowed(violations, values):
            return _better(variable.name, center, other, stated, value)
    return True


def _tensor_challenge(
    variable: Element,
    objective: Expr,
    point: Expr,
    bindings: Bindings,
    source: random.Random,
    steps: Sequence[fmpq],
    violations: Sequence[Expr],
) -> dict[str, str] | bool | None:
    table = enclose(point, bindings)
    places = variable.indices
    if len(table.axes) > len(places) or any(axis not in places for axis in table.axes):
        return None
    order = [table.axes.index(place) for place in places if place in table.axes]
    center = np.asarray(table.entries.transpose(order) if order else table.entries, dtype=object)
    if center.ndim != len(places):
        return None
    stated = _value_at(variable.symbol, objective, center, bindings)
    if stated is None:
        return None
    name = variable.symbol.name
    if not _is_allowed(violations, Bindings({**bindings.values, name: center})):
        return {f"stated {name}": _told(center.tolist()), "which": "violates the constraint"}
    for _ in range(_TRIES):
        other = center.copy()
        step = source.choice(steps)
        for at in np.ndindex(*other.shape):
            if source.random() < 0.5:
                other[at] = other[at] + arb(step) * source.choice((-1, 1))
        value = _value_at(variable.symbol, objective, other, bindings)
        if value is not None and value < stated and _is_allowed(violations, Bindings({**bindings.values, name: other})):
            return _better(name, center.tolist(), other.tolist(), stated, value)
    return True


def _is_allowed(violations: Sequence[Expr], bindings: Bindings) -> bool:
    """Tell whether a point violates nothing."""
    return all(bool(enclose(violation, bindings).entries[()] == 0) for violation in violations)


def _value_at(symbol: Symbol, objective: Expr, point: object, bindings: Bindings) -> arb | None:
    values = Bindings({**bindings.values, symbol.name: point})
    value = enclose(objective, values).entries[()]
    return value if value.is_finite() else None


def _better(name: str, stated: object, better: object, value: arb, smaller: arb) -> dict[str, str]:
    return {
        f"stated {name}": _told(stated),
        f"better {name}": _told(better),
        "objective there": to_decimal(value),
        "smaller objective": to_decimal(smaller),
    }


def _told(value: object) -> str:
    if isinstance(value, arb):
        return to_decimal(value)
    if isinstance(value, list):
        return "(" + ", ".join(_told(entry) for entry in value) + ")"
    return str(value)
