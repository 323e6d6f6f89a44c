"""Constraints as pieces of an objective: bounds, linear rows, balls and cones; what is none of these is a general one."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from gradproof.derivation.tidy import with_named_functions
from gradproof.errors import UnsupportedError
from gradproof.expr.build import ONE, ZERO, add, multiply, negate, number, power, scale, square_root, subtract, sum_over
from gradproof.expr.node import Add, Apply, Expr, Number, Power, Reduce, Symbol
from gradproof.objective.conditions import Condition
from gradproof.objective.degree import degree, depends
from gradproof.objective.pieces import Nonlinear, Piece
from gradproof.objective.terms import factored, recognized
from gradproof.printer.text import to_text

_BALLS = frozenset({"l1", "l2", "linf", "nuclear"})


def constraint_of(condition: Condition, over: Collection[Symbol]) -> list[Piece | Nonlinear]:
    """Return what a condition asks. Raises: UnsupportedError: a semidefinite matrix is not affine in the variables."""
    difference, text = condition.difference, condition.text
    if condition.relation == "semidefinite":
        if len(condition.axes) != 2 or degree(difference, over) > 1:
            raise UnsupportedError(f"a matrix that is affine in the variables was expected in {text}", where="minimize")
        return [Piece("semidefinite", text, difference, condition.axes)]
    if degree(difference, over) <= 1:
        lower = ZERO if condition.relation == "=" else None
        return [Piece("between", text, difference, condition.axes, lower=lower, upper=ZERO)]
    if condition.relation == "<=":
        left, right = _sides(difference, over)
        found = _absolute(condition, left, right, over) or _ball(condition, left, right, over)
        if found:
            return found
    return [Nonlinear(text, condition.relation == "=", _without_root(difference, condition, over), condition.axes)]


def _sides(difference: Expr, over: Collection[Symbol]) -> tuple[Expr, Expr]:
    """Return u and r of ``u - r <= 0``: the terms that are affine in the variables, negated, are r."""
    terms = difference.terms if isinstance(difference, Add) else (difference,)
    weights = difference.weights if isinstance(difference, Add) else (Fraction(1),)
    left: Expr = ZERO
    right: Expr = ZERO
    for weight, term in zip(weights, terms, strict=True):
        part = scale(weight, term)
        if degree(term, over) <= 1:
            right = subtract(right, part)
        else:
            left = add(left, part)
    return left, right


def _absolute(condition: Condition, left: Expr, right: Expr, over: Collection[Symbol]) -> list[Piece | Nonlinear]:
    """Read ``|u| <= r``, entry by entry, as ``u <= r`` and ``-u <= r``."""
    weight, node = factored(left, over)
    match node:
        case Apply("abs", (inner,)) if degree(inner, over) <= 1 and _is_positive(weight):
            sides = (multiply(weight, inner), multiply(weight, negate(inner)))
            return [Piece("between", condition.text, subtract(side, right), condition.axes, upper=ZERO) for side in sides]
        case _:
            return []


def _is_positive(weight: Expr) -> bool:
    return isinstance(weight, Number) and weight.value > 0


def _ball(condition: Condition, left: Expr, right: Expr, over: Collection[Symbol]) -> list[Piece | Nonlinear]:
    ball = recognized(left, over)
    if condition.axes:
        if ball is None or ball.kind != "l2" or not _is_positive(ball.weight):
            return []
        bound = multiply(right, power(ball.weight, number(-1)))
        return [Piece("cones", condition.text, ball.inner, condition.axes, upper=bound, members=ball.axes)]
    if ball is None and not depends(right, over):
        ball, right = _squared(left, right, over)
    if ball is None or ball.kind not in _BALLS:
        return []
    if not depends(right, over):
        radius = multiply(right, power(ball.weight, number(-1)))
        return [Piece(f"{ball.kind} ball", condition.text, ball.inner, ball.axes, radius)]
    if ball.kind == "l2" and ball.weight is ONE:
        return [Piece("cone", condition.text, ball.inner, ball.axes, upper=right)]
    return []


def _squared(left: Expr, right: Expr, over: Collection[Symbol]) -> tuple[Piece | None, Expr]:
    """Read ``norm2(u)^2 <= r`` as ``norm2(u) <= sqrt(r)``."""
    weight, node = factored(with_named_functions(left), over)
    match node:
        case Reduce("sum", indices, Power(base, Number(exponent, None)), None) if exponent == 2 and degree(base, over) <= 1:
            return Piece("l2", to_text(left), base, indices), square_root(multiply(right, power(weight, number(-1))))
        case _:
            return None, right


def _without_root(difference: Expr, condition: Condition, over: Collection[Symbol]) -> Expr:
    """Write ``norm2(u) = r`` as ``norm2(u)^2 = r^2``, which is smooth also where u is zero."""
    left, right = _sides(difference, over)
    ball = recognized(left, over) if condition.relation == "=" and not condition.axes else None
    if ball is None or ball.kind != "l2" or depends(right, over):
        return difference
    square = sum_over(ball.axes, power(ball.inner, number(2)))
    return subtract(multiply(power(ball.weight, number(2)), square), power(right, number(2)))
