"""The laws of expectation, variance, covariance, probability and integral in canonical form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from gradproof.expr.build import multiply, number, power
from gradproof.expr.node import Compare, Expr, Operator
from gradproof.expr.walk import symbols
from gradproof.rewrite.polynomial import UNIT, Monomial, Polynomial, atom, constant, monomial_expr, plus, times, to_expr

Canonical = Callable[[Expr], Polynomial]


def canonical_operator(node: Operator, done: Mapping[Expr, Polynomial], canonical: Canonical) -> Polynomial:
    """Return an operator by its laws: linear ones split, moments go back to expectations, conditionals to joints."""
    match node.kind:
        case "expectation":
            parameters = tuple(_event(part, done) for part in node.parameters)
            return _linear(node, done[node.operands[0]], parameters)
        case "integral":
            parameters = tuple(to_expr(done[part]) for part in node.parameters)
            return _linear(node, done[node.operands[0]], parameters)
        case "variance":
            (operand,) = node.operands
            square = Operator("expectation", node.bound, (power(operand, number(2)),))
            mean = Operator("expectation", node.bound, (operand,))
            return _difference(canonical, square, power(mean, number(2)))
        case "covariance":
            first, second = node.operands
            joint = Operator("expectation", node.bound, (multiply(first, second),))
            means = [Operator("expectation", node.bound, (part,)) for part in (first, second)]
            return _difference(canonical, joint, multiply(*means))
        case "probability":
            return _probability(node, done)
        case _:
            operands = tuple(to_expr(done[part]) for part in node.operands)
            parameters = tuple(to_expr(done[part]) for part in node.parameters)
            return atom(Operator(node.kind, node.bound, operands, parameters))


def _difference(canonical: Canonical, left: Expr, right: Expr) -> Polynomial:
    return plus([(Fraction(1), canonical(left)), (Fraction(-1), canonical(right))])


def _linear(node: Operator, operand: Polynomial, parameters: tuple[Expr, ...]) -> Polynomial:
    parts: list[tuple[Fraction, Polynomial]] = []
    for monomial, coefficient in operand.items():
        outside, inside = _split(monomial, node.bound)
        if inside == UNIT and node.kind == "expectation":
            inner = constant(1)
        else:
            inner = atom(Operator(node.kind, node.bound, (monomial_expr(inside),), parameters))
        parts.append((coefficient, times({outside: Fraction(1)}, inner)))
    return plus(parts)


def _split(monomial: Monomial, bound: tuple[Expr, ...]) -> tuple[Monomial, Monomial]:
    """Split a product into what is constant under the operator and the rest.

    Without named random variables the usual notation decides: capital letters are random, small ones beside them are
    not; where no capital occurs, only what is itself an expectation (a number) is surely constant.
    """
    random = any(_is_random(node) for node, _ in monomial)
    outside: list[tuple[Expr, Fraction]] = []
    inside: list[tuple[Expr, Fraction]] = []
    for node, exponent in monomial:
        if bound:
            is_constant = not any(variable in symbols(node) for variable in bound)
        else:
            moment = isinstance(node, Operator) and node.kind == "expectation" and not node.parameters
            is_constant = moment or (random and not _is_random(node))
        (outside if is_constant else inside).append((node, exponent))
    return tuple(outside), tuple(inside)


def _is_random(node: Expr) -> bool:
    return any(symbol.name[:1].isupper() for symbol in symbols(node))


def _probability(node: Operator, done: Mapping[Expr, Polynomial]) -> Polynomial:
    """``P(A | B) = P(A, B) / P(B)``; the order of events does not matter."""
    events = [_event(part, done) for part in node.operands]
    given = [_event(part, done) for part in node.parameters]
    joint = tuple(sorted({*events, *given}, key=lambda event: event.digest))
    above = atom(Operator("probability", node.bound, joint))
    if not given:
        return above
    below = tuple(sorted(set(given), key=lambda event: event.digest))
    return times(above, atom(Operator("probability", node.bound, below), -1))


def _event(part: Expr, done: Mapping[Expr, Polynomial]) -> Expr:
    return part if isinstance(part, Compare) else to_expr(done[part])
