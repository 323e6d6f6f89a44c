"""The last rewriting before a derivative is shown: what the canonical form takes apart, a reader wants back together."""

from __future__ import annotations

from fractions import Fraction

from gradproof.expr.build import ONE, apply, multiply, negate, number, scale
from gradproof.expr.node import Add, Apply, Expr, Multiply, Number, Power
from gradproof.expr.walk import transform
from gradproof.rewrite.rule import Rule
from gradproof.rewrite.simplify import simplify


def tidied(root: Expr) -> Expr:
    """Return the simplified expression in a reader's form: powers of exp as exp, quotients of exp as the logistic function."""
    return transform(simplify(root), _tidy)


def _tidy(node: Expr) -> Expr:
    for rule in RULES:
        changed: Expr | None = rule.apply(node)
        if changed is not None:
            return changed
    return node


def _power_of_exp(node: Expr) -> Expr | None:
    """``exp(u)^q`` is ``exp(q u)``."""
    if (
        isinstance(node, Power)
        and isinstance(node.base, Apply)
        and node.base.function == "exp"
        and isinstance(node.exponent, Number)
    ):
        return apply("exp", scale(node.exponent.value, node.base.arguments[0]))
    return None


def _logistic(node: Expr) -> Expr | None:
    """``1/(1 + exp(u))`` is ``sigma(-u)``."""
    if not (isinstance(node, Power) and node.exponent is number(-1)):
        return None
    argument = _one_plus_exp(node.base)
    return None if argument is None else apply("sigma", negate(argument))


def _weighted_logistic(node: Expr) -> Expr | None:
    """``exp(u) sigma(-u)`` is ``sigma(u)``."""
    if not isinstance(node, Multiply):
        return None
    for exponential in node.factors:
        if not (isinstance(exponential, Apply) and exponential.function == "exp"):
            continue
        (argument,) = exponential.arguments
        partner = apply("sigma", negate(argument))
        if partner in node.factors:
            rest = [factor for factor in node.factors if factor is not partner and factor is not exponential]
            return multiply(apply("sigma", argument), *rest)
    return None


def _one_plus_exp(node: Expr) -> Expr | None:
    if not (isinstance(node, Add) and len(node.terms) == 2 and set(node.weights) == {Fraction(1)} and ONE in node.terms):
        return None
    other = node.terms[0] if node.terms[1] is ONE else node.terms[1]
    return other.arguments[0] if isinstance(other, Apply) and other.function == "exp" else None


_SOURCE = "by definition of the logistic function"
RULES = (
    Rule("power of an exponential", "exp(u)^q = exp(q u)", _power_of_exp, "NIST DLMF 4.8"),
    Rule("logistic function", "1/(1 + exp(u)) = sigma(-u)", _logistic, _SOURCE),
    Rule("logistic function", "exp(u) sigma(-u) = sigma(u)", _weighted_logistic, _SOURCE),
)
