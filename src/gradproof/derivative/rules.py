"""The calculus as one table: for each kind of node, the rule that differentiates it.

A rule gets the node and a function that returns the derivative of a part; it knows nothing of the variable.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gradproof.expr.build import (
    MINUS_ONE,
    ONE,
    ZERO,
    add,
    apply,
    multiply,
    power,
    subtract,
    weighted_sum,
)
from gradproof.expr.catalogue import FUNCTIONS, TENSOR_FUNCTIONS
from gradproof.expr.node import (
    Add,
    Apply,
    Call,
    Compare,
    Expr,
    Iverson,
    Multiply,
    Operator,
    Piecewise,
    Power,
    Reduce,
    TensorEntry,
    fresh_index,
)
from gradproof.expr.walk import substitute
from gradproof.rewrite.delta import sum_without_deltas

#: Returns the derivative of a part of the node.
Inner = Callable[[Expr], Expr]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of calculus: its textbook name, its law, what applies it, and where it is written."""

    name: str
    law: str
    apply: Callable[[Any, Inner], Expr]
    source: str


def _sum(node: Add, inner: Inner) -> Expr:
    return weighted_sum((weight, inner(term)) for weight, term in zip(node.weights, node.terms, strict=True))


def _product(node: Multiply, inner: Inner) -> Expr:
    terms: list[Expr] = []
    for place, factor in enumerate(node.factors):
        derivative = inner(factor)
        if derivative is not ZERO:
            rest = node.factors[:place] + node.factors[place + 1 :]
            terms.append(multiply(*rest, derivative))
    return add(*terms)


def _power(node: Power, inner: Inner) -> Expr:
    base, exponent = inner(node.base), inner(node.exponent)
    terms: list[Expr] = []
    if base is not ZERO:
        terms.append(multiply(node.exponent, power(node.base, subtract(node.exponent, ONE)), base))
    if exponent is not ZERO:
        terms.append(multiply(node, apply("log", node.base), exponent))
    return add(*terms)


def _chain(node: Apply, inner: Inner) -> Expr:
    function = FUNCTIONS[node.function]
    terms: list[Expr] = []
    for place, argument in enumerate(node.arguments):
        derivative = inner(argument)
        if derivative is not ZERO:
            terms.append(multiply(function.partial(node.arguments, place), derivative))
    return add(*terms)


def _unknown(node: Call, inner: Inner) -> Expr:
    orders = node.orders or (0,) * len(node.arguments)
    terms: list[Expr] = []
    for place, argument in enumerate(node.arguments):
        derivative = inner(argument)
        if derivative is not ZERO:
            raised = (*orders[:place], orders[place] + 1, *orders[place + 1 :])
            terms.append(multiply(Call(node.function, node.arguments, raised), derivative))
    return add(*terms)


def _reduction(node: Reduce, inner: Inner) -> Expr:
    derivative = inner(node.body)
    if derivative is ZERO:
        return ZERO
    if node.operation == "sum":
        return sum_without_deltas(node.indices, derivative)
    if node.operation == "prod":
        share = multiply(derivative, power(node.body, MINUS_ONE))
        guarded = share if node.where is None else multiply(Iverson(node.where), share)
        return multiply(node, sum_without_deltas(node.indices, guarded))
    attained = Iverson(Compare("=", node.body, node))
    guarded = attained if node.where is None else multiply(Iverson(node.where), attained)
    return sum_without_deltas(node.indices, multiply(guarded, derivative))


def _tensor(node: TensorEntry, inner: Inner) -> Expr:
    derivative = inner(node.body)
    if derivative is ZERO:
        return ZERO
    at = tuple(fresh_index(index.name, index.lower, index.upper) for index in node.bound)
    jacobian = TENSOR_FUNCTIONS[node.function].jacobian(node, at)
    moved = substitute(derivative, dict(zip(node.bound, at, strict=True)))
    return sum_without_deltas(at, multiply(jacobian, moved))


def _piecewise(node: Piecewise, inner: Inner) -> Expr:
    values = tuple(inner(value) for value in node.values)
    otherwise = inner(node.otherwise)
    if all(value is ZERO for value in (*values, otherwise)):
        return ZERO
    return Piecewise(node.conditions, values, otherwise)


def _operator(node: Operator, inner: Inner) -> Expr:
    derivatives = tuple(inner(operand) for operand in node.operands)
    if all(derivative is ZERO for derivative in derivatives):
        return ZERO
    if node.kind in ("expectation", "integral"):
        return Operator(node.kind, node.bound, derivatives, node.parameters)
    raise NotImplementedError(f"no derivative rule for {node.kind}")


RULES: dict[type[Expr], Rule] = {
    Add: Rule("sum rule", "(f + g)' = f' + g'", _sum, "Magnus and Neudecker 2019, section 5.7"),
    Multiply: Rule("product rule", "(f g)' = f' g + f g'", _product, "Magnus and Neudecker 2019, section 5.7"),
    Power: Rule("power rule", "(f^g)' = g f^(g-1) f' + f^g log(f) g'", _power, "NIST DLMF 4.2"),
    Apply: Rule("chain rule", "h(f)' = h'(f) f'", _chain, "Magnus and Neudecker 2019, section 5.11"),
    Call: Rule("chain rule", "h(f)' = h'(f) f'", _unknown, "Magnus and Neudecker 2019, section 5.11"),
    Reduce: Rule("sum rule", "(sum_i f_i)' = sum_i f_i'", _reduction, "Beck 2017, Theorem 3.50"),
    TensorEntry: Rule("chain rule", "h(f)' = sum_k dh/df_k f_k'", _tensor, "Petersen and Pedersen 2012, section 2"),
    Piecewise: Rule("derivative case by case", "on each branch", _piecewise, "Griewank and Walther 2008, section 14"),
    Operator: Rule("derivative under the integral", "E[f]' = E[f']", _operator, "Folland 1999, Theorem 2.27"),
}
