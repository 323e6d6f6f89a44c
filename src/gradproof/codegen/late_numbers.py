"""Sums that wait for a number which is itself a sum over pairs, and need not: ``sum_j f (a - c b)`` is ``sum_j f a - c sum_j f b``.

The gradient of t-SNE has this form: its repulsion is divided by a sum over all pairs. Taken apart, the sums of the rows and the number come
from one pass over the pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from gradproof.codegen.loop_parts import outer_sums, rows_of
from gradproof.codegen.steps import is_by_library, library_parts
from gradproof.expr.build import multiply, number, power, reduce, weighted_sum
from gradproof.expr.node import Add, Expr, Index, Iverson, Multiply, Number, Power, Reduce
from gradproof.expr.walk import children, contains, postorder, transform


def without_waiting(root: Expr) -> Expr:
    """Return an expression whose sums wait for no number that is a sum over pairs."""
    return transform(root, _apart)


def _apart(node: Expr) -> Expr:
    if not (isinstance(node, Reduce) and node.operation == "sum" and node.where is None and isinstance(node.body, Multiply)):
        return node
    if not node.free_indices or is_by_library(node):
        return node
    for factor in node.body.factors:
        if isinstance(factor, Add) and any(_late_factors(term) for term in factor.terms):
            groups: dict[Expr, list[tuple[Fraction, Expr]]] = {}
            for weight, term in zip(factor.weights, factor.terms, strict=True):
                late = multiply(*_late_factors(term))
                rest = multiply(*(part for part in _factors(term) if part not in _late_factors(term)))
                groups.setdefault(late, []).append((weight, rest))
            around = multiply(*(part for part in node.body.factors if part is not factor))
            parts = [
                multiply(late, reduce("sum", node.indices, multiply(around, weighted_sum(pairs)))) for late, pairs in groups.items()
            ]
            return weighted_sum([(Fraction(1), part) for part in parts])
    return node


def _late_factors(term: Expr) -> list[Expr]:
    """Return the factors of a term that are numbers and hang on sums over pairs."""
    return [part for part in _factors(term) if not part.free_indices and contains(part, _is_over_pairs)]


def _is_over_pairs(node: Expr) -> bool:
    return isinstance(node, Reduce) and node.operation == "sum" and not node.free_indices and len(node.indices) >= 2


def _factors(term: Expr) -> Sequence[Expr]:
    return term.factors if isinstance(term, Multiply) else (term,)


def sums_at_once(root: Expr, axes: tuple[Index, ...]) -> list[Expr]:
    """Return the sums of rows and the sums over all pairs that an array is made of, where one pass over the pairs computes them all."""
    sums = outer_sums(root)
    pairs, rows = [part for part in sums if _is_over_pairs(part)], [part for part in sums if part.free_indices]
    if (
        not pairs
        or not rows
        or len(pairs) + len(rows) < len(sums)
        or not axes
        or any(set(axes) != part.free_indices for part in rows)
    ):
        return []
    if any(part.operation != "sum" or is_by_library(part) or library_parts(part) for part in sums):
        return []
    if any(node in sums for part in sums for below in children(part) for node in postorder(below)):
        return []  # one of them is part of another
    return list(sums) if all(rows_of(part, ()) is axes[0] for part in pairs) else []


def of_one_sign(node: Expr) -> Expr:
    """Write ``(b - a)^2`` as ``(a - b)^2``: the same square once."""
    match node:
        case Power(Add(terms, weights), Number(exponent)) if exponent.denominator == 1 and exponent % 2 == 0 and weights[0] < 0:
            if not any(isinstance(term, Iverson) for term in terms):
                turned = weighted_sum([(-weight, term) for weight, term in zip(weights, terms, strict=True)])
                return power(turned, number(exponent))
    return node
