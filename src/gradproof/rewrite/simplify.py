"""A readable equal of an expression: its canonical form, factored where that makes it shorter, named functions kept."""

from __future__ import annotations

from gradproof.expr.build import MINUS_ONE, multiply, number, power, scale
from gradproof.expr.node import Add, Expr, Multiply, Number, Power
from gradproof.expr.walk import children, postorder
from gradproof.rewrite import polynomial as poly
from gradproof.rewrite.canonical import NAMED, Context
from gradproof.rewrite.form import Form
from gradproof.rewrite.polynomial import Polynomial
from gradproof.rewrite.rule import Budget, GiveUp

#: What a fraction in a fraction costs a reader.
_STOREY = 4
_FAILURES = (GiveUp, ZeroDivisionError, NotImplementedError, RecursionError, OverflowError)


def simplify(root: Expr) -> Expr:
    """Return a deterministic, shorter expression that is equal wherever both are defined, or the expression itself.

    Nothing that needs a side condition is used: ``log(a b)`` stays unless the signs are known.
    """
    context = Context((), Budget(), NAMED)
    try:
        form = context.of(root)
    except _FAILURES:
        return root
    if context.required:
        return root
    candidates = [root, form.to_expr(), factored(form)]
    return min(candidates, key=lambda node: (cost(node) + _STOREY * _has_storeys(node), candidates.index(node)))


simplified = simplify


def _has_storeys(node: Expr) -> bool:
    """Tell whether a fraction has fractions above: ``(y/p - 1)/(p - 1)``."""
    if isinstance(node, Add) and len(node.terms) == 1:
        node = node.terms[0]
    if not isinstance(node, Multiply) or not any(_is_divisor(factor) for factor in node.factors):
        return False
    above = [part for factor in node.factors if isinstance(factor, Add) for part in factor.terms]
    return any(_is_divisor(part) for term in above for part in (term.factors if isinstance(term, Multiply) else (term,)))


def _is_divisor(node: Expr) -> bool:
    return isinstance(node, Power) and isinstance(node.exponent, Number) and node.exponent.value < 0


def expanded(root: Expr) -> Expr:
    """Return the canonical form multiplied out, however long, or the expression itself where there is none."""
    context = Context((), Budget(), NAMED)
    try:
        form = context.of(root)
    except _FAILURES:
        return root
    return root if context.required else form.to_expr()


def cost(root: Expr, known: dict[Expr, int] | None = None) -> int:
    """Return how much there is to read: the nodes of the expression, shared ones as often as they are printed.

    Args: known: costs of parts that were counted before; those of this expression are added.
    """
    sizes: dict[Expr, int] = {} if known is None else known
    for node in postorder(root, lambda node: () if node in sizes else children(node)):
        if node not in sizes:
            sizes[node] = 1 + sum([sizes[part] for part in children(node)])
    return sizes[root]


def factored(form: Form) -> Expr:
    """Return a form as an expression, numerator and denominator as products of irreducible factors."""
    above = _factored_polynomial(form.above)
    return above if form.is_whole else multiply(above, power(_factored_polynomial(form.below), MINUS_ONE))


def _factored_polynomial(polynomial: Polynomial) -> Expr:
    if len(polynomial) < 2:
        return poly.to_expr(polynomial)
    weight, common, rest = poly.content(polynomial)
    shared = poly.monomial_expr(common)
    parts = poly.factored(rest)
    product = multiply(shared, *(power(poly.to_expr(part), number(count)) for part, count in parts))
    return scale(weight, product)
