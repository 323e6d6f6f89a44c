"""Expressions in indices as weighted sums, and what conditions on them say of a place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from gradproof.expr.build import ONE, subtract, weighted_sum
from gradproof.expr.node import Add, Compare, Element, Expr, Index, Iverson, Logic, Multiply
from gradproof.expr.walk import contains


@dataclass(frozen=True, slots=True)
class Affine:
    """``sum_i weight_i index_i + rest``; the rest has none of the indices."""

    weights: dict[Index, Fraction]
    rest: Expr


@dataclass(frozen=True, slots=True)
class Facts:
    """The conditions of a sum: expressions of indices that are at least zero, those that are zero, and all other tests."""

    positive: tuple[Expr, ...]
    zero: tuple[Expr, ...]
    others: tuple[Expr, ...]


def affine(node: Expr) -> Affine | None:
    """Return an expression as a weighted sum of indices, None where an index stands in something else."""
    pairs = list(zip(node.weights, node.terms, strict=True)) if isinstance(node, Add) else [(Fraction(1), node)]
    weights = {term: weight for weight, term in pairs if isinstance(term, Index)}
    rest = [(weight, term) for weight, term in pairs if not isinstance(term, Index)]
    if any(term.free_indices for _, term in rest):
        return None
    return Affine(weights, weighted_sum(rest))


def facts_of(conditions: Iterable[Expr]) -> Facts:
    """Sort conditions that hold together."""
    positive: list[Expr] = []
    zero: list[Expr] = []
    others: list[Expr] = []
    pending = list(conditions)[::-1]
    while pending:
        match pending.pop():
            case Logic("and", operands):
                pending += operands[::-1]
            case Compare(relation, left, right) as test if not _has_data(test):
                gap = subtract(right, left) if relation in ("<", "<=") else subtract(left, right)
                if relation == "=":
                    zero.append(gap)
                elif relation == "!=":
                    others.append(test)
                else:
                    positive.append(gap if relation in ("<=", ">=") else subtract(gap, ONE))
            case test:
                others.append(test)
    return Facts(tuple(positive), tuple(zero), tuple(others))


def split(body: Expr, where: Expr | None) -> tuple[list[Expr], list[Expr]]:
    """Return the factors of the body of a sum, and its conditions."""
    factors = body.factors if isinstance(body, Multiply) else (body,)
    tests = [factor.condition for factor in factors if isinstance(factor, Iverson)]
    return [factor for factor in factors if not isinstance(factor, Iverson)], tests + ([] if where is None else [where])


def whole(weight: Fraction) -> int | None:
    """Return a weight as a whole number, None where it is none."""
    return int(weight) if weight.denominator == 1 else None


def bounds(place: Expr, facts: Sequence[Expr]) -> tuple[Expr | None, Expr | None, list[Expr]]:
    """Return the least and the largest value of a place that some facts allow, and the facts that say nothing of it."""
    lower: Expr | None = None
    upper: Expr | None = None
    others: list[Expr] = []
    for fact in facts:
        low, high = subtract(place, fact), weighted_sum([(Fraction(1), place), (Fraction(1), fact)])
        if lower is None and not low.free_indices:
            lower = low
        elif upper is None and not high.free_indices:
            upper = high
        else:
            others.append(fact)
    return lower, upper, others


def is_within(fact: Expr) -> bool:
    """Tell whether a condition says no more than that an index is in its own range."""
    known = affine(fact)
    if known is None or len(known.weights) != 1:
        return False
    ((index, weight),) = known.weights.items()
    return (weight == 1 and subtract(index, fact) is index.lower) or (
        weight == -1 and weighted_sum([(Fraction(1), index), (Fraction(1), fact)]) is index.upper
    )


def always_holds(condition: Expr) -> bool:
    """Tell whether a condition says no more than that indices are in their own ranges."""
    facts = facts_of([condition])
    return not facts.zero and not facts.others and all(is_within(fact) for fact in facts.positive)


def _has_data(node: Expr) -> bool:
    return contains(node, lambda part: isinstance(part, Element))
