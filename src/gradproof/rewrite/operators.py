"""The laws of expectation, variance, covariance, probability and integral."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from gradproof.expr.build import multiply, number, power, subtract, sum_over
from gradproof.expr.node import (
    Add,
    Apply,
    Compare,
    Constant,
    Element,
    Expr,
    Index,
    Logic,
    Multiply,
    Number,
    Operator,
    Power,
    Reduce,
    Symbol,
    fresh_index,
)
from gradproof.expr.walk import children, postorder, substitute, symbols
from gradproof.rewrite import form
from gradproof.rewrite import polynomial as poly
from gradproof.rewrite.form import Form
from gradproof.rewrite.polynomial import UNIT, Monomial
from gradproof.rewrite.rule import Rule

if TYPE_CHECKING:
    from gradproof.rewrite.canonical import Context


_AVERAGES = frozenset({"expectation", "variance", "covariance", "probability"})


def operator_form(context: Context, node: Operator) -> Form:
    """Return an operator by its laws: linear ones split, moments go back to expectations, conditionals to joints."""
    rule = RULES.get(node.kind)
    if rule is None:
        operands = tuple(_part(context, part) for part in node.operands)
        parameters = tuple(_part(context, part) for part in node.parameters)
        return form.atom(Operator(node.kind, node.bound, operands, parameters))
    context.use(rule.name, node)
    result: Form = rule.apply(context, node)
    return result


def _part(context: Context, part: Expr) -> Expr:
    return part if isinstance(part, Compare | Logic) else context.of(part).to_expr()


def _expectation(context: Context, node: Operator) -> Form:
    parameters = tuple(sorted((_event(context, part) for part in node.parameters), key=lambda part: part.digest))
    return _linear(context, node, context.of(node.operands[0]), parameters)


def _integral(context: Context, node: Operator) -> Form:
    """An integral is linear, and its variable may be renamed."""
    parameters = tuple(context.of(part).to_expr() for part in node.parameters)
    names: dict[Expr, Expr] = {}
    taken = {symbol.name for symbol in symbols(node.operands[0])}
    for place, variable in enumerate(node.bound):
        if isinstance(variable, Symbol) and not variable.axes:
            name = next(f"_{count}" for count in range(place + 1, 100) if f"_{count}" not in taken)
            taken.add(name)
            names[variable] = Symbol(name, (), variable.properties)
    has_inner = any(isinstance(part, Operator) for part in postorder(node.operands[0]))
    if has_inner:
        return form.atom(Operator(node.kind, node.bound, (context.of(node.operands[0]).to_expr(),), parameters))
    bound = tuple(names.get(variable, variable) for variable in node.bound)
    renamed = Operator(node.kind, bound, (substitute(node.operands[0], names),), parameters)
    return _linear(context, renamed, context.of(renamed.operands[0]), parameters)


def _linear(context: Context, node: Operator, operand: Form, parameters: tuple[Expr, ...]) -> Form:
    parts: list[tuple[poly.Rational, Form]] = []
    for monomial, coefficient in operand.above.items():
        outside, inside = _split(monomial, node)
        below = form.Form({UNIT: 1}, operand.below)
        outer = form.of_monomial(outside)
        if not operand.is_whole and _is_constant(poly.to_expr(operand.below), node):
            outer, below = context.times(outer, below), form.constant(1)
        inner = _inner(context, node, inside, below, parameters)
        parts.append((coefficient, context.times(outer, inner)))
    return context.plus(parts)


def _inner(context: Context, node: Operator, inside: Monomial, below: Form, parameters: tuple[Expr, ...]) -> Form:
    if inside == UNIT and below.is_whole and node.kind == "expectation":
        return form.constant(1)
    for place, (factor, exponent) in enumerate(inside):
        if isinstance(factor, Reduce) and factor.operation == "sum" and factor.where is None and exponent == 1:
            fresh: dict[Expr, Expr] = {i: fresh_index(i.name, i.lower, i.upper) for i in factor.indices}
            rest = form.of_monomial(inside[:place] + inside[place + 1 :])
            body = multiply(substitute(factor.body, fresh), context.times(rest, below).to_expr())
            term = Operator(node.kind, node.bound, (body,), node.parameters)
            return context.of(sum_over([i for i in fresh.values() if isinstance(i, Index)], term))
    body = context.times(form.of_monomial(inside), below).to_expr()
    return form.atom(Operator(node.kind, node.bound, (body,), parameters))


def _split(monomial: Monomial, node: Operator) -> tuple[Monomial, Monomial]:
    """Split a product into what is constant under the operator and the rest."""
    outside = tuple(pair for pair in monomial if _is_constant(pair[0], node))
    return outside, tuple(pair for pair in monomial if pair not in outside)


def _is_constant(factor: Expr, node: Operator) -> bool:
    """Beside random variables everything else is constant; where none is known only numbers, indices, sizes and expectations are."""
    if node.bound:
        heads = [variable.symbol if isinstance(variable, Element) else variable for variable in node.bound]
        inner = symbols(factor)
        return all(isinstance(head, Symbol) and head not in inner for head in heads)
    if _is_random(node.operands[0]):
        return not _is_random(factor)
    if isinstance(factor, Operator):
        return factor.kind in _AVERAGES and not factor.parameters
    return all(_is_known(part) for part in postorder(factor))


@lru_cache(maxsize=65536)
def _is_random(root: Expr) -> bool:
    """Tell whether a random variable occurs that no expectation averages away."""
    return any(isinstance(part, Symbol) and "random" in part.properties for part in postorder(root, _outside_moments))


def _outside_moments(node: Expr) -> tuple[Expr, ...]:
    if isinstance(node, Operator) and node.kind in _AVERAGES and not node.parameters:
        return ()
    return (node.symbol, *node.indices) if isinstance(node, Element) else children(node)


def _is_known(part: Expr) -> bool:
    match part:
        case Number() | Constant() | Index() | Add() | Multiply() | Power() | Apply():
            return True
        case Symbol():
            return "size" in part.properties
        case _:
            return False


def _variance(context: Context, node: Operator) -> Form:
    """``Var(X) = E[X^2] - E[X]^2``."""
    (operand,) = node.operands
    square = Operator("expectation", node.bound, (power(operand, number(2)),), node.parameters)
    mean = Operator("expectation", node.bound, (operand,), node.parameters)
    return context.of(subtract(square, power(mean, number(2))))


def _covariance(context: Context, node: Operator) -> Form:
    """``Cov(X, Y) = E[X Y] - E[X] E[Y]``."""
    first, second = node.operands
    joint = Operator("expectation", node.bound, (multiply(first, second),), node.parameters)
    means = [Operator("expectation", node.bound, (part,), node.parameters) for part in (first, second)]
    return context.of(subtract(joint, multiply(*means)))


def _probability(context: Context, node: Operator) -> Form:
    """``P(A | B) = P(A, B) / P(B)``; the order of events does not matter."""
    given = {_event(context, part) for part in node.parameters}
    joint = {_event(context, part) for part in node.operands} | given
    above = form.atom(Operator("probability", node.bound, _ordered(joint)))
    if not given:
        return above
    below = Operator("probability", node.bound, _ordered(given))
    context.require("nonzero", below)
    return context.times(above, form.atom(below, -1))


def _ordered(events: set[Expr]) -> tuple[Expr, ...]:
    return tuple(sorted(events, key=lambda event: event.digest))


def _event(context: Context, part: Expr) -> Expr:
    """Return an event in canonical form: the sides of a relation one by one, since random variables are no numbers."""
    if isinstance(part, Compare):
        left, right = (context.of(side).to_expr() for side in (part.left, part.right))
        if part.relation in ("<", "<="):
            return Compare({"<": ">", "<=": ">="}[part.relation], right, left)
        if part.relation in ("=", "!="):
            left, right = sorted((left, right), key=lambda side: side.digest)
        return Compare(part.relation, left, right)
    return part if isinstance(part, Logic) else context.of(part).to_expr()


_SOURCE = "Goodfellow, Bengio, Courville 2016, section 3.8"
RULES: dict[str, Rule] = {
    "expectation": Rule("expectation is linear", "E[a X + Y] = a E[X] + E[Y]", _expectation, _SOURCE),
    "integral": Rule("the integral is linear", "int (a f + g) = a int f + int g", _integral, "NIST DLMF 1.4(iv)"),
    "variance": Rule("variance by moments", "Var(X) = E[X^2] - E[X]^2", _variance, _SOURCE),
    "covariance": Rule("covariance by moments", "Cov(X, Y) = E[X Y] - E[X] E[Y]", _covariance, _SOURCE),
    "probability": Rule("product rule", "P(A | B) P(B) = P(A, B)", _probability, "Goodfellow et al. 2016, section 3.6"),
}
