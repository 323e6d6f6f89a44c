"""Terms that stand on a diagonal of their result alone: ``V[i, j] [p = q]`` is an array over three indices, not four."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from gradproof.expr.build import multiply, scale, weighted_sum
from gradproof.expr.node import Add, Compare, Expr, Index, Iverson, Multiply
from gradproof.expr.walk import substitute


@dataclass(frozen=True)
class Diagonal:
    """A term that is zero beside a diagonal: its value there, and which index is the same as which."""

    term: Expr
    value: Expr
    same: Mapping[Index, Index]


def diagonals(root: Expr, axes: Sequence[Index]) -> tuple[Diagonal, ...]:
    """Return the terms of a result that stand on diagonals of it."""
    found = [_diagonal(weight, term, axes) for weight, term in _terms(root)]
    return tuple(diagonal for diagonal in found if diagonal is not None)


def beside(root: Expr, sparse: Sequence[Diagonal]) -> Expr | None:
    """Return what a result is without some of its terms, None where nothing is left."""
    gone = {diagonal.term for diagonal in sparse}
    rest = [(weight, term) for weight, term in _terms(root) if term not in gone]
    return weighted_sum(rest) if rest else None


def _terms(root: Expr) -> list[tuple[Fraction, Expr]]:
    return list(zip(root.weights, root.terms, strict=True)) if isinstance(root, Add) else [(Fraction(1), root)]


def _diagonal(weight: Fraction, term: Expr, axes: Sequence[Index]) -> Diagonal | None:
    factors = term.factors if isinstance(term, Multiply) else (term,)
    pairs = [pair for factor in factors if (pair := _pair(factor, axes)) is not None]
    rest = [factor for factor in factors if _pair(factor, axes) is None]
    if not pairs:
        return None
    same: dict[Index, Index] = {}
    for one, other in pairs:
        first, second = same.get(one, one), same.get(other, other)
        if first is not second:
            same = {index: first if to is second else to for index, to in same.items()} | {second: first}
    value = substitute(scale(weight, multiply(*rest)), same)
    return Diagonal(term, value, same)


def _pair(factor: Expr, axes: Sequence[Index]) -> tuple[Index, Index] | None:
    """Return the two indices of the result that a delta says are equal."""
    match factor:
        case Iverson(Compare("=", Index() as one, Index() as other)):
            if one in axes and other in axes and (one.lower, one.upper) == (other.lower, other.upper):
                return one, other
    return None
