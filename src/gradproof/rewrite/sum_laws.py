"""What sums are equal to by the properties of their symbols: unit sums, power sums, orthogonal matrices, inverses."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING

from gradproof.expr.build import ONE, add, delta, multiply, number, power, scale, subtract
from gradproof.expr.node import Add, Compare, Element, Expr, Index, Iverson, Number, Power, Reduce, TensorEntry
from gradproof.expr.walk import substitute
from gradproof.rewrite import form
from gradproof.rewrite import polynomial as poly
from gradproof.rewrite.brackets import at_extreme
from gradproof.rewrite.form import Form
from gradproof.rewrite.rule import Rule
from gradproof.rewrite.signs import NONNEGATIVE, is_integer

if TYPE_CHECKING:
    from gradproof.rewrite.canonical import Context

Factors = list[tuple[Expr, poly.Rational]]
#: The indices that are summed away, the places of the factors that are used, and what they become.
Contraction = tuple[tuple[Index, ...], tuple[int, ...], Form]


def _unit_sum(_: Context, group: tuple[Index, ...], body: Expr) -> Form | None:
    return form.constant(1) if is_unit_sum(group, body) else None


def is_unit_sum(group: tuple[Index, ...], body: Expr) -> bool:
    """Tell whether ``sum_group body`` is 1: the entries of a simplex over its last axis, those of a distribution over all axes."""
    if not isinstance(body, Element):
        return False
    symbol = body.symbol
    count = 1 if symbol.properties & {"simplex", "onehot"} else 0
    if "distribution" in symbol.properties:
        count = len(symbol.axes)
    if count == 0 or len(group) != count or len(set(body.indices[-count:])) != count:
        return False
    for index, axis in zip(body.indices[-count:], symbol.axes[-count:], strict=True):
        if not (isinstance(index, Index) and index in group and _spans(index, axis.size, axis.origin)):
            return False
    return True


def _spans(index: Index, size: Expr, origin: int) -> bool:
    return index.lower is number(origin) and subtract(index.upper, size) is number(origin - 1)


def _power_sum(context: Context, group: tuple[Index, ...], body: Expr) -> Form | None:
    """``sum_{i=1}^n i = n (n + 1) / 2`` and its companions for squares and cubes."""
    base, exponent = (body.base, body.exponent) if isinstance(body, Power) else (body, ONE)
    if len(group) != 1 or base is not group[0] or not isinstance(exponent, Number) or group[0].lower is not ONE:
        return None
    upper = group[0].upper
    closed = {
        1: scale(Fraction(1, 2), multiply(upper, add(upper, ONE))),
        2: scale(Fraction(1, 6), multiply(upper, add(upper, ONE), add(scale(2, upper), ONE))),
        3: scale(Fraction(1, 4), power(multiply(upper, add(upper, ONE)), number(2))),
    }
    value = closed.get(exponent.value)  # type: ignore[call-overload]
    if value is None:
        return None
    if -1 in context.sign(upper):
        context.require("nonnegative", upper)
    return context.of(value)


def _orthogonal(context: Context, indices: tuple[Index, ...], inside: Factors) -> Contraction | None:
    """``sum_k Q[k, i] Q[k, j] = [i = j]``, over rows as over columns."""
    for index in indices:
        places = _only_two(index, inside)
        if places is None:
            continue
        first, second = (inside[place][0] for place in places)
        if not (isinstance(first, Element) and isinstance(second, Element) and first.symbol is second.symbol):
            continue
        symbol = first.symbol
        if "orthogonal" not in symbol.properties or len(symbol.axes) != 2:
            continue
        if symbol.axes[0].size is not symbol.axes[1].size:
            continue
        for axis in (0, 1):
            same = first.indices[axis] is index and second.indices[axis] is index
            others = (first.indices[1 - axis], second.indices[1 - axis])
            free = not any(index in other.free_indices for other in others)
            if same and free and _spans(index, symbol.axes[axis].size, symbol.axes[axis].origin):
                return (index,), places, context.of(delta(*others))
    return None


def _unit_vector(_: Context, indices: tuple[Index, ...], inside: Factors) -> Contraction | None:
    """``sum_k u[k]^2 = 1`` for a unit vector."""
    for index in indices:
        places = _only_two(index, inside)
        if places is None:
            continue
        first, second = (inside[place][0] for place in places)
        if isinstance(first, Element) and first is second and "unit" in first.symbol.properties and first.indices == (index,):
            axis = first.symbol.axes[0]
            if _spans(index, axis.size, axis.origin):
                return (index,), places, form.constant(1)
    return None


def _only_two(index: Index, inside: Factors) -> tuple[int, ...] | None:
    """Return the places of the two factors that alone depend on an index, each to the power 1 (or one that is squared)."""
    places = [place for place, (node, _) in enumerate(inside) if index in node.free_indices]
    if len(places) == 1 and inside[places[0]][1] == 2:
        return (places[0], places[0])
    if len(places) != 2 or any(inside[place][1] != 1 for place in places):
        return None
    return tuple(places)


def _inverse(context: Context, indices: tuple[Index, ...], inside: Factors) -> Contraction | None:
    """``sum_j inv(A)[i, j] A[j, k] = [i = k] = sum_j A[i, j] inv(A)[j, k]``, also for a product ``A = B C`` written out."""
    for one, (entry, exponent) in enumerate(inside):
        if not (isinstance(entry, TensorEntry) and entry.function == "inverse" and exponent == 1):
            continue
        row, column = entry.bound
        if row.lower is not column.lower or row.upper is not column.upper:
            continue
        for side in (0, 1):
            index, kept = entry.at[1 - side], entry.at[side]
            if index not in indices or index in kept.free_indices or not _same_range(index, row):
                continue
            found = _cancels(context, indices, inside, one, side)
            if found is not None:
                return found
    return None


def _same_range(index: Expr, other: Index) -> bool:
    return isinstance(index, Index) and index.lower is other.lower and index.upper is other.upper


def _cancels(context: Context, indices: tuple[Index, ...], inside: Factors, one: int, side: int) -> Contraction | None:
    """Look for the factors that make up the matrix whose inverse stands at place ``one``."""
    entry = inside[one][0]
    assert isinstance(entry, TensorEntry)
    index = entry.at[1 - side]
    assert isinstance(index, Index)
    body: Expr = entry.body
    inner: Index | None = None
    match body:
        case Reduce("sum", (only,), product_, None):
            body, inner = product_, only
    summed: list[Index | None] = [None] if inner is None else [i for i in indices if i is not index and _same_range(i, inner)]
    subscripts = dict.fromkeys(part for node, _ in inside for part in _subscripts(node))
    for other, free in product(summed, subscripts):
        if index in free.free_indices or free is other:
            continue
        at = (index, free) if side == 0 else (free, index)
        values: dict[Expr, Expr] = dict(zip(entry.bound, at, strict=True))
        if inner is not None and other is not None:
            values[inner] = other
        removed = (index,) if other is None else (index, other)
        places = _places(context.of(substitute(body, values)), inside, removed, one)
        if places is not None:
            return removed, (one, *places), context.of(delta(entry.at[side], free))
    return None


def _places(matrix: Form, inside: Factors, removed: tuple[Index, ...], one: int) -> tuple[int, ...] | None:
    """Return where the factors of a matrix entry stand, if no other factor depends on what is summed away."""
    lone = matrix.single
    if lone is None or lone[1] != 1:
        return None
    wanted = set(lone[0])
    places = tuple(place for place, pair in enumerate(inside) if pair in wanted and place != one)
    others = [node for place, (node, _) in enumerate(inside) if place != one and place not in places]
    if len(places) != len(wanted) or any(index in node.free_indices for index in removed for node in others):
        return None
    return places


def _counted(context: Context, indices: tuple[Index, ...], inside: Factors) -> Contraction | None:
    """``sum_i [i > e] = upper - e`` where ``e`` surely lies between ``lower - 1`` and ``upper``."""
    for index in indices:
        places = [place for place, (node, _) in enumerate(inside) if index in node.free_indices]
        if len(places) != 1 or inside[places[0]][1] != 1:
            continue
        gap = _above(inside[places[0]][0])
        weight = gap.weights[gap.terms.index(index)] if gap is not None and index in gap.terms else 0
        if gap is None or abs(weight) != 1:
            continue
        edge = scale(-1 / Fraction(weight), subtract(gap, scale(weight, index)))
        first, last = (index.lower, index.upper) if weight == 1 else (index.upper, index.lower)
        inner, outer = (
            (subtract(edge, first), subtract(last, edge)) if weight == 1 else (subtract(first, edge), subtract(edge, last))
        )
        if not is_integer(edge) or index in edge.free_indices:
            continue
        if all(context.sign(at_extreme(part, lowest=True)) <= NONNEGATIVE for part in (add(inner, ONE), outer)):
            return (index,), (places[0],), context.of(outer)
    return None


def _above(node: Expr) -> Add | None:
    """Return the gap of ``[gap > 0]``."""
    if not (isinstance(node, Iverson) and isinstance(node.condition, Compare) and node.condition.relation == ">"):
        return None
    return node.condition.left if isinstance(node.condition.left, Add) else None


def _subscripts(node: Expr) -> list[Expr]:
    found: dict[Expr, None] = dict.fromkeys(sorted(node.free_indices, key=lambda index: index.digest))
    if isinstance(node, Element):
        found.update(dict.fromkeys(node.indices))
    return list(found)


VALUES: tuple[Rule, ...] = (
    Rule("probabilities sum to one", "sum_i p[i] = 1", _unit_sum, "Boyd and Vandenberghe 2004, section 2.2.4"),
    Rule("sums of powers", "sum_{i=1}^n i = n (n + 1) / 2", _power_sum, "Graham, Knuth, Patashnik 1994, section 6.5"),
)

CONTRACTIONS: tuple[Rule, ...] = (
    Rule("unit vector", "sum_k u[k]^2 = 1", _unit_vector, "by definition"),
    Rule("orthogonality", "sum_k Q[k, i] Q[k, j] = [i = j]", _orthogonal, "Petersen and Pedersen 2012, section 9.6"),
    Rule("counting", "sum_i [i > e] = upper - e", _counted, "Graham, Knuth, Patashnik 1994, section 2.1"),
    Rule("inverse", "sum_j inv(A)[i, j] A[j, k] = [i = k]", _inverse, "Petersen and Pedersen 2012, section 3.1"),
)
