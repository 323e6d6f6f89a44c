"""The calculus as one table: for each kind of node, the rule that differentiates it.

A rule gets the node and a function that returns the derivative of a part; it knows nothing of the variable.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gradproof.derivative.chains import flattened, times
from gradproof.derivative.ties import entries_tie, tied_entries
from gradproof.expr.build import MINUS_ONE, ONE, ZERO, add, apply, multiply, order_key, power, scale, subtract, weighted_sum
from gradproof.expr.catalogue import FUNCTIONS, TENSOR_FUNCTIONS
from gradproof.expr.node import (
    Add,
    Apply,
    Call,
    Compare,
    Expr,
    Iverson,
    Logic,
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
            terms.append(times(*rest, derivative))
    return add(*terms)


def _power(node: Power, inner: Inner) -> Expr:
    base, exponent = inner(node.base), inner(node.exponent)
    terms: list[Expr] = []
    if base is not ZERO:
        terms.append(times(node.exponent, power(node.base, subtract(node.exponent, ONE)), base))
    if exponent is not ZERO:
        terms.append(times(node, apply("log", node.base), exponent))
    return add(*terms)


def _chain(node: Apply, inner: Inner) -> Expr:
    function = FUNCTIONS[node.function]
    terms: list[Expr] = []
    for place, argument in enumerate(node.arguments):
        derivative = inner(argument)
        if derivative is not ZERO:
            terms.append(times(function.partial(node.arguments, place), derivative))
    return add(*terms)


def _unknown(node: Call, inner: Inner) -> Expr:
    orders = node.orders or (0,) * len(node.arguments)
    terms: list[Expr] = []
    for place, argument in enumerate(node.arguments):
        derivative = inner(argument)
        if derivative is not ZERO:
            raised = (*orders[:place], orders[place] + 1, *orders[place + 1 :])
            terms.append(times(Call(node.function, node.arguments, raised), derivative))
    return add(*terms)


def _reduction(node: Reduce, inner: Inner) -> Expr:
    derivative = flattened(inner(node.body))
    if derivative is ZERO:
        return ZERO
    guard = ONE if node.where is None else Iverson(node.where)
    if node.operation == "sum":
        return sum_without_deltas(node.indices, multiply(guard, derivative))
    if node.operation == "prod":
        share = multiply(guard, derivative, power(node.body, MINUS_ONE))
        return multiply(node, sum_without_deltas(node.indices, share))
    if node.where is None and not node.body.free_indices & set(node.indices):
        return derivative  # all entries are one and the same: the maximum is that one
    attained = multiply(guard, Iverson(Compare("=", node.body, node)))
    share = power(tied_entries(node, attained), MINUS_ONE) if entries_tie(node) else ONE
    return multiply(share, sum_without_deltas(node.indices, multiply(attained, derivative)))


def _tensor(node: TensorEntry, inner: Inner) -> Expr:
    derivative = flattened(inner(node.body))
    if derivative is ZERO:
        return ZERO
    at = tuple(fresh_index(index.name, index.lower, index.upper) for index in node.bound)
    jacobian = TENSOR_FUNCTIONS[node.function].jacobian(node, at)
    if jacobian is ZERO:
        return ZERO
    moved = substitute(derivative, dict(zip(node.bound, at, strict=True)))
    return sum_without_deltas(at, multiply(jacobian, moved))


def _piecewise(node: Piecewise, inner: Inner) -> Expr:
    values = tuple(inner(value) for value in node.values)
    otherwise = inner(node.otherwise)
    if all(value is ZERO for value in (*values, otherwise)):
        return ZERO
    if len(values) == 1 and ZERO in (values[0], otherwise):  # a bracket lets deltas be seen
        test = node.conditions[0] if otherwise is ZERO else Logic("not", node.conditions)
        return multiply(Iverson(test), values[0] if otherwise is ZERO else otherwise)
    return _with_brackets_outside(node.conditions, (*values, otherwise))


def _with_brackets_outside(conditions: tuple[Expr, ...], branches: tuple[Expr, ...]) -> Expr:
    """Return cases with the brackets that all branches share in front, where a sum can take their deltas."""
    parted = [(branch.weights[0], branch.terms[0]) if isinstance(branch, Add) and len(branch.terms) == 1 else (ONE.value, branch)
              for branch in branches]  # fmt: skip
    factors = [set(term.factors if isinstance(term, Multiply) else (term,)) for _, term in parted if term is not ZERO]
    shared = [factor for factor in factors[0] if isinstance(factor, Iverson) and all(factor in other for other in factors)]
    if not shared:
        return Piecewise(conditions, branches[:-1], branches[-1])
    rest = [
        scale(weight, multiply(*(part for part in (term.factors if isinstance(term, Multiply) else (term,)) if part not in shared)))
        for weight, term in parted
    ]
    return multiply(*sorted(shared, key=order_key), Piecewise(conditions, tuple(rest[:-1]), rest[-1]))


def _operator(node: Operator, inner: Inner) -> Expr:
    own = any(inner(variable) is not ZERO for variable in node.bound)
    derivatives = tuple(ZERO if own else inner(operand) for operand in node.operands)
    limits = tuple(inner(parameter) for parameter in node.parameters)
    if node.kind == "integral" and len(node.operands) == 1 and len(node.bound) == 1 and len(limits) == 2:
        return _leibniz(node, derivatives[0], limits)
    if all(part is ZERO for part in derivatives + limits):
        return ZERO
    if any(limit is not ZERO for limit in limits):
        raise NotImplementedError(f"no derivative rule for {node.kind} whose condition varies")
    if node.kind == "expectation":
        return Operator(node.kind, node.bound, derivatives, node.parameters)
    if node.kind in ("variance", "covariance"):
        return _second_moment(node, derivatives)
    raise NotImplementedError(f"no derivative rule for {node.kind}")


def _leibniz(node: Operator, derivative: Expr, limits: tuple[Expr, ...]) -> Expr:
    """The integral of the derivative, and what the moving limits sweep over."""
    (variable,), (operand,), (lower, upper) = node.bound, node.operands, node.parameters
    terms: list[Expr] = []
    if derivative is not ZERO:
        terms.append(Operator("integral", node.bound, (derivative,), node.parameters))
    if limits[1] is not ZERO:
        terms.append(multiply(substitute(operand, {variable: upper}), limits[1]))
    if limits[0] is not ZERO:
        terms.append(scale(-1, multiply(substitute(operand, {variable: lower}), limits[0])))
    return add(*terms)


def _second_moment(node: Operator, derivatives: tuple[Expr, ...]) -> Expr:
    """``Cov(f, g)' = Cov(f', g) + Cov(f, g')``, and ``Var(f) = Cov(f, f)``."""
    if node.kind == "variance":
        return scale(2, Operator("covariance", node.bound, (node.operands[0], derivatives[0]), node.parameters))
    terms = []
    for place, derivative in enumerate(derivatives):
        if derivative is not ZERO:
            changed = (*node.operands[:place], derivative, *node.operands[place + 1 :])
            terms.append(Operator("covariance", node.bound, changed, node.parameters))
    return add(*terms)


RULES: dict[type[Expr], Rule] = {
    Add: Rule("sum rule", "(f + g)' = f' + g'", _sum, "Magnus and Neudecker 2019, section 5.7"),
    Multiply: Rule("product rule", "(f g)' = f' g + f g'", _product, "Magnus and Neudecker 2019, section 5.7"),
    Power: Rule("power rule", "(f^g)' = g f^(g-1) f' + f^g log(f) g'", _power, "NIST DLMF 4.2"),
    Apply: Rule("chain rule", "h(f)' = h'(f) f'", _chain, "Magnus and Neudecker 2019, section 5.11"),
    Call: Rule("chain rule", "h(f)' = h'(f) f'", _unknown, "Magnus and Neudecker 2019, section 5.11"),
    Reduce: Rule("sum rule", "(sum_i f_i)' = sum_i f_i'", _reduction, "Magnus and Neudecker 2019, section 5.7"),
    TensorEntry: Rule("chain rule", "h(f)' = sum_k dh/df_k f_k'", _tensor, "Petersen and Pedersen 2012, section 2"),
    Piecewise: Rule("derivative case by case", "on each branch", _piecewise, "Griewank and Walther 2008, section 14"),
    Operator: Rule("derivative under the integral", "E[f]' = E[f']", _operator, "Folland 1999, Theorem 2.27"),
}

#: Reductions have a rule each; the table above finds the one that applies them all by the kind of node.
REDUCTIONS: dict[str, Rule] = {
    "sum": RULES[Reduce],
    "prod": Rule("logarithmic derivative", "(prod_i f_i)' = prod_i f_i sum_k f_k' / f_k", _reduction, "NIST DLMF 1.4(iii)"),
    "max": Rule("derivative of a maximum", "(max_i f_i)' = sum_i [f_i = max] f_i'", _reduction, "Beck 2017, Theorem 3.50"),
    "min": Rule("derivative of a minimum", "(min_i f_i)' = sum_i [f_i = min] f_i'", _reduction, "Beck 2017, Theorem 3.50"),
}


def rule_of(node: Expr) -> Rule | None:
    """Return the rule that differentiates a node, or None where its derivative is not taken by a rule."""
    return REDUCTIONS[node.operation] if isinstance(node, Reduce) else RULES.get(type(node))
