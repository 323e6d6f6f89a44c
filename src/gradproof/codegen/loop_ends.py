"""Conditions on indices as ends of loops: ``1 <= i + u - 1 <= h`` narrows the loop over ``u`` where ``i`` is known."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from gradproof.expr.build import ONE, add, multiply, number, scale, subtract, weighted_sum
from gradproof.expr.node import Add, Compare, Element, Expr, Index, Iverson, Logic, Multiply, Number, Reduce, Symbol, TensorEntry
from gradproof.expr.walk import contains, substitute


@dataclass(frozen=True)
class End:
    """One end of a loop: ``floor(above / below)`` as an upper end, ``ceil(above / below)`` as a lower one."""

    above: Expr
    below: int
    is_upper: bool


def separate(tests: Sequence[Expr]) -> list[Expr]:
    """Return the conditions of a conjunction one by one."""
    found: list[Expr] = []
    pending = list(tests)[::-1]
    while pending:
        test = pending.pop()
        if isinstance(test, Logic) and test.operation == "and":
            pending += test.operands[::-1]
        else:
            found.append(test)
    return found


def ends_by(test: Expr, index: Index, known: Collection[Index]) -> tuple[End, ...] | None:
    """Return the ends that a condition sets to a loop over an index, or None where it is no such condition."""
    if not isinstance(test, Compare) or index not in test.free_indices or has_data(test):
        return None
    if not test.free_indices - {index} <= set(known):
        return None
    sides = {"<=": (1, 0), "<": (1, 1), ">=": (-1, 0), ">": (-1, 1)}
    if test.relation == "=":
        both = (Compare("<=", test.left, test.right), Compare(">=", test.left, test.right))
        found = [ends_by(part, index, known) for part in both]
        return tuple(end for ends in found if ends for end in ends) if all(found) else None
    if test.relation not in sides:
        return None
    sign, gap = sides[test.relation]
    whole = _whole(scale(sign, subtract(test.right, test.left)))
    slope, rest = _split(whole, index)
    if slope is None or slope.denominator != 1 or slope == 0:
        return None
    rest = subtract(rest, number(gap))  # slope * index + rest >= 0
    if slope > 0:
        return (End(scale(-1, rest), slope.numerator, is_upper=False),)
    return (End(rest, -slope.numerator, is_upper=True),)


def _whole(node: Expr) -> Expr:
    weights = node.weights if isinstance(node, Add) else (Fraction(1),)
    return scale(lcm(*(weight.denominator for weight in weights)), node)


def _split(node: Expr, index: Index) -> tuple[Fraction | None, Expr]:
    """Return slope and rest of an affine form in an index; no slope where it is none."""
    pairs = list(zip(node.weights, node.terms, strict=True)) if isinstance(node, Add) else [(Fraction(1), node)]
    slope = sum((weight for weight, term in pairs if term is index), Fraction(0))
    rest = [(weight, term) for weight, term in pairs if term is not index]
    if any(index in term.free_indices for _, term in rest):
        return None, node
    return slope, weighted_sum(rest)


def with_offsets(node: Expr) -> Expr:
    """Sum over the offset ``t = m - s`` where conditions keep it within constant ends: a window that moves becomes one that stands."""
    if not (isinstance(node, Reduce) and node.operation == "sum" and node.where is None):
        return node
    factors = node.body.factors if isinstance(node.body, Multiply) else (node.body,)
    tests = separate([factor.condition for factor in factors if isinstance(factor, Iverson)])
    for index in node.indices:
        if index.lower.free_indices or index.upper.free_indices:
            continue
        for place in sorted(node.free_indices, key=lambda index: index.uid):
            found = [(test, _offsets(test, index, place)) for test in tests]
            low = [ends[0] for _, ends in found if ends and ends[0] is not None]
            high = [ends[1] for _, ends in found if ends and ends[1] is not None]
            if low and high:
                return _moved(node, index, place, (max(low), min(high)), [test for test, ends in found if not ends])
    return node


def without_idle_tests(node: Expr) -> Expr:
    """Drop the conditions of a product that always hold."""
    if not (isinstance(node, Multiply) and any(isinstance(factor, Iverson) for factor in node.factors)):
        return node
    kept: list[Expr] = []
    for factor in node.factors:
        tests = [test for test in separate([factor.condition]) if not is_always(test)] if isinstance(factor, Iverson) else []
        kept += [Iverson(test) for test in tests] if isinstance(factor, Iverson) else [factor]
    return multiply(*kept)


def _offsets(test: Expr, index: Index, place: Index) -> tuple[int | None, int | None] | None:
    """Return the ends that a condition sets to ``index - place`` alone."""
    ends = ends_by(test, index, (place,))
    if ends is None:
        return None
    low, high = None, None
    for end in ends:
        slope, rest = _split(end.above, place)
        if end.below != 1 or slope != 1 or not isinstance(rest, Number):
            return None
        if end.is_upper:
            high = int(rest.value)
        else:
            low = int(rest.value)
    return low, high


def _moved(node: Reduce, index: Index, place: Index, ends: tuple[int, int], tests: list[Expr]) -> Expr:
    factors = node.body.factors if isinstance(node.body, Multiply) else (node.body,)
    offset = Index(index.name, index.uid, number(ends[0]), number(ends[1]))
    rest = multiply(*(factor for factor in factors if not isinstance(factor, Iverson)))
    inside = [Compare(">=", index, index.lower), Compare("<=", index, index.upper)]
    moved = [substitute(test, {index: add(place, offset)}) for test in (*tests, *inside)]
    body = multiply(substitute(rest, {index: add(place, offset)}), *(Iverson(test) for test in moved))
    return Reduce("sum", tuple(offset if one is index else one for one in node.indices), body, None)


def has_data(node: Expr) -> bool:
    """Tell whether a value hangs on more than sizes and indices."""
    return contains(
        node,
        lambda part: (
            isinstance(part, Element | Reduce | TensorEntry) or (isinstance(part, Symbol) and "size" not in part.properties)
        ),
    )


def is_always(test: Expr) -> bool:
    """Tell whether a condition only says again that an index is within its limits."""
    match test:
        case Compare("<=", left, right):
            return (isinstance(right, Index) and right.lower is left) or (isinstance(left, Index) and left.upper is right)
        case Compare(">=", left, right):
            return is_always(Compare("<=", right, left))
    return test is ONE


def has_arrays(node: Expr) -> bool:
    """Tell whether a value hangs on entries of arrays, or on sums."""
    return contains(node, lambda part: isinstance(part, Element | Reduce | TensorEntry))
