"""Sums of products as products of matrices, pair by pair: which pair goes first is decided here, not when the program runs.

Where that hangs on the sizes, a chain of three matrices is written in both orders, and a comparison of two whole numbers chooses.
A factor with a sign that is known may be split between both sides of ``X' diag(w) X``: a product of a matrix with its own transpose
is half the work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod

from gradproof.codegen.array import letters_of
from gradproof.elaborate.sizes import extent
from gradproof.expr.node import Expr, Index, Number

#: What an axis whose length is not known yet counts for where orders are compared.
_USUAL = 64
#: Up to so many factors every order is looked at.
_MOST_FACTORS = 5


@dataclass(frozen=True)
class Factor:
    """A factor of a sum of products: the name of an array, its axes, and whether no entry of it is negative."""

    code: str
    axes: tuple[Index, ...]
    is_nonnegative: bool = False


@dataclass(frozen=True)
class Tools:
    """How the lines are written.

    ``keep`` names a piece of code, ``over`` brings it over more axes; ``einsum`` and ``tensordot`` are the library's, ``total`` sums over
    some axes, ``length`` is the code of the length of an axis, ``wanted`` the order of the axes of the result.
    """

    keep: Callable[[str, tuple[Index, ...]], Factor]
    over: Callable[[Factor, tuple[Index, ...]], str]
    einsum: str
    tensordot: str
    total: str
    length: Callable[[Index], str]
    square_root: str
    has_half_products: bool
    wanted: tuple[Index, ...] = ()


def contracted(factors: Sequence[Factor], bound: Sequence[Index], tools: Tools) -> tuple[str, tuple[Index, ...]]:
    """Return the code of ``sum_bound product(factors)`` and its axes."""
    pending = _of_equal_axes(list(factors), tools) if len(factors) > 2 else list(factors)
    if tools.has_half_products:
        pending = _halved(pending, bound, tools)
    chain = _chain(pending, bound, tools) if len(pending) == 3 else None
    if chain is not None:
        return chain
    while len(pending) > 2:
        one, other = _first(pending, bound)
        rest = [factor for factor in pending if factor is not one and factor is not other]
        code, axes = _pair(one, other, _summed((one, other), rest, bound), tools)
        pending = [tools.keep(code, axes), *rest]
    return _pair(pending[0], pending[1], bound, tools)


def _of_equal_axes(factors: list[Factor], tools: Tools) -> list[Factor]:
    """Multiply the factors over the same axes entry by entry, where that leaves two or more."""
    groups: dict[frozenset[Index], list[Factor]] = {}
    for factor in factors:
        groups.setdefault(frozenset(factor.axes), []).append(factor)
    if len(groups) < 2:
        return factors
    made: list[Factor] = []
    for group in groups.values():
        if len(group) == 1:
            made.append(group[0])
            continue
        axes = group[0].axes
        kept = tools.keep(" * ".join(tools.over(factor, axes) for factor in group), axes)
        made.append(Factor(kept.code, axes, all(factor.is_nonnegative for factor in group)))
    return made


def _halved(factors: list[Factor], bound: Sequence[Index], tools: Tools) -> list[Factor]:
    """Write ``X' diag(w) X`` as ``Z'Z`` with ``Z = diag(sqrt(w)) X``, where no weight is negative."""
    if len(factors) != 3 or len(bound) != 1:
        return factors
    (index,) = bound
    for weight in factors:
        one, other = (factor for factor in factors if factor is not weight)
        is_gram = (
            one.code == other.code and len(one.axes) == 2 and one.axes.index(index) == other.axes.index(index)
            if (index in one.axes and index in other.axes)
            else False
        )
        if is_gram and weight.axes == (index,) and weight.is_nonnegative:
            root = tools.keep(f"{tools.square_root}({weight.code})", weight.axes)
            half = tools.keep(f"{one.code} * {tools.over(root, one.axes)}", one.axes)
            return [half, Factor(half.code, other.axes)]
    return factors


# Orders -----------------------------------------------------------------------------------------------------------------


def _first(factors: Sequence[Factor], bound: Sequence[Index]) -> tuple[Factor, Factor]:
    """Return the pair that is multiplied first."""
    shapes = [frozenset(factor.axes) for factor in factors]
    if len(factors) > _MOST_FACTORS:
        pairs = list(combinations(range(len(factors)), 2))
        one, other = min(pairs, key=lambda pair: _size(_left(shapes, pair, bound)) - sum(_size(shapes[at]) for at in pair))
    else:
        _, (one, other) = _cheapest(shapes, bound)
    return factors[one], factors[other]


def _cheapest(shapes: Sequence[frozenset[Index]], bound: Sequence[Index]) -> tuple[int, tuple[int, int]]:
    """Return what the best order costs, multiplications and entries of what is kept, and the pair that it begins with."""
    found: list[tuple[int, tuple[int, int]]] = []
    for pair in combinations(range(len(shapes)), 2):
        left = _left(shapes, pair, bound)
        cost = _size(shapes[pair[0]] | shapes[pair[1]])
        rest = [shape for at, shape in enumerate(shapes) if at not in pair]
        if rest:
            cost += _size(left) + _cheapest([left, *rest], bound)[0]
        found.append((cost, pair))
    return min(found)


def _left(shapes: Sequence[frozenset[Index]], pair: tuple[int, int], bound: Sequence[Index]) -> frozenset[Index]:
    """Return the axes of the product of a pair: those of the result, and those that another factor has."""
    others = frozenset[Index]().union(*(shape for at, shape in enumerate(shapes) if at not in pair))
    return frozenset(index for index in shapes[pair[0]] | shapes[pair[1]] if index not in bound or index in others)


def _size(axes: frozenset[Index]) -> int:
    return prod(int(size.value) if isinstance(size := extent(index), Number) else _USUAL for index in axes)


def _summed(pair: tuple[Factor, Factor], rest: Sequence[Factor], bound: Sequence[Index]) -> list[Index]:
    return [index for index in bound if not any(index in factor.axes for factor in rest)]


def _chain(factors: Sequence[Factor], bound: Sequence[Index], tools: Tools) -> tuple[str, tuple[Index, ...]] | None:
    """Return the product of a chain of three matrices whose best order hangs on the sizes, None where there is no such choice."""
    ends = [factor for factor in factors if len(set(factor.axes) & set(bound)) == 1]
    middle = [factor for factor in factors if len(set(factor.axes) & set(bound)) == 2]
    if len(bound) != 2 or len(middle) != 1 or any(len(factor.axes) != 2 for factor in factors):
        return None
    left, right = ends
    (inner,), (outer,) = set(left.axes) & set(bound), set(right.axes) & set(bound)
    rows, columns = (next(index for index in end.axes if index not in bound) for end in ends)
    if inner is outer or rows is columns:
        return None
    if _comes_before(tools.wanted, columns, rows):
        left, right, inner, outer, rows, columns = right, left, outer, inner, columns, rows
    first = [(rows, inner, outer), (rows, outer, columns)]
    second = [(inner, outer, columns), (rows, inner, columns)]
    from_left, from_right = _without_common(first, second)
    if not from_left or not from_right:
        return None
    one, two, three = _turned(left, inner, last=True), _turned(middle[0], inner, last=False), _turned(right, outer, last=False)
    costs = [" + ".join(" * ".join(tools.length(index) for index in term) for term in terms) for terms in (from_left, from_right)]
    return f"({one} @ {two}) @ {three} if {costs[0]} <= {costs[1]} else {one} @ ({two} @ {three})", (rows, columns)


def _without_common(
    one: list[tuple[Index, Index, Index]], other: list[tuple[Index, Index, Index]]
) -> tuple[list[tuple[Index, Index, Index]], list[tuple[Index, Index, Index]]]:
    """Return the multiplications of two orders without those that are equally many in both; none where one order is never better."""

    def sizes(term: tuple[Index, Index, Index]) -> tuple[Expr, ...]:
        return tuple(sorted((extent(index) for index in term), key=lambda size: size.digest))

    counts, others = Counter(map(sizes, one)), Counter(map(sizes, other))
    common = counts & others

    def kept(terms: list[tuple[Index, Index, Index]]) -> list[tuple[Index, Index, Index]]:
        left, found = Counter(common), []
        for term in terms:
            if left[sizes(term)] > 0:
                left[sizes(term)] -= 1
            else:
                found.append(term)
        return found

    return kept(one), kept(other)


# Pairs ------------------------------------------------------------------------------------------------------------------


def _pair(one: Factor, other: Factor, summed: Sequence[Index], tools: Tools) -> tuple[str, tuple[Index, ...]]:
    """Return the product of two factors, summed over what nothing else has."""
    one, other = (_without_own(factor, beside, summed, tools) for factor, beside in ((one, other), (other, one)))
    union = tuple(dict.fromkeys((*one.axes, *other.axes)))
    inner = [index for index in union if index in summed]
    axes = tuple(index for index in union if index not in inner)
    if not inner:
        axes = tools.wanted if set(tools.wanted) == set(union) else union
        return f"{tools.over(one, axes)} * {tools.over(other, axes)}", axes
    shared = tuple(index for index in axes if index in one.axes and index in other.axes)
    if shared:
        own = [tuple(index for index in factor.axes if index not in (*inner, *shared)) for factor in (one, other)]
        if len(inner) == len(own[0]) == len(own[1]) == 1:
            left, right = (*shared, *own[0], *inner), (*shared, *inner, *own[1])
            return f"{tools.over(one, left)} @ {tools.over(other, right)}", (*shared, *own[0], *own[1])
        return _einsum(one, other, _in_order(axes, tools.wanted), tools)
    if len(inner) > 1 or max(len(one.axes), len(other.axes)) > 2:
        return _tensordot(one, other, inner, tools)
    return _matrix_product(one, other, inner[0], tools)


def _without_own(factor: Factor, beside: Factor, summed: Sequence[Index], tools: Tools) -> Factor:
    """Sum over the axes that a factor alone has."""
    places = tuple(place for place, index in enumerate(factor.axes) if index in summed and index not in beside.axes)
    if not places:
        return factor
    kept = tuple(index for place, index in enumerate(factor.axes) if place not in places)
    return tools.keep(tools.total.format(factor.code, places[0] if len(places) == 1 else places), kept)


def _einsum(one: Factor, other: Factor, axes: tuple[Index, ...], tools: Tools) -> tuple[str, tuple[Index, ...]]:
    letters = letters_of((*one.axes, *other.axes))
    spelled = ["".join(letters[index] for index in own) for own in (one.axes, other.axes, axes)]
    return tools.einsum.format(f"{spelled[0]},{spelled[1]}->{spelled[2]}", f"{one.code}, {other.code}"), axes


def _tensordot(one: Factor, other: Factor, inner: Sequence[Index], tools: Tools) -> tuple[str, tuple[Index, ...]]:
    """Return one product of matrices over several axes, rows and columns in the order of the result where that has one."""
    rows, columns = ([index for index in factor.axes if index not in inner] for factor in (one, other))
    if rows and columns and _comes_before(tools.wanted, columns[0], rows[0]):
        one, other, rows, columns = other, one, columns, rows
    places = [[factor.axes.index(index) for index in inner] for factor in (one, other)]
    return tools.tensordot.format(one.code, other.code, *places), (*rows, *columns)


def _matrix_product(one: Factor, other: Factor, inner: Index, tools: Tools) -> tuple[str, tuple[Index, ...]]:
    axes = tuple(index for index in (*one.axes, *other.axes) if index is not inner)
    straight = f"{_turned(one, inner, last=True)} @ {_turned(other, inner, last=False)}"
    turned = f"{_turned(other, inner, last=True)} @ {_turned(one, inner, last=False)}"
    is_wanted = len(axes) == 2 and set(axes) <= set(tools.wanted)
    if _comes_before(tools.wanted, axes[1], axes[0]) if is_wanted else turned.count(".T") < straight.count(".T"):
        return turned, axes[::-1]
    return straight, axes


def _turned(factor: Factor, inner: Index, *, last: bool) -> str:
    """Return a matrix or a vector with an axis as its last or its first one."""
    return factor.code if factor.axes[-1 if last else 0] is inner else f"{factor.code}.T"


def _comes_before(wanted: tuple[Index, ...], one: Index, other: Index) -> bool:
    return one in wanted and other in wanted and wanted.index(one) < wanted.index(other)


def _in_order(axes: tuple[Index, ...], wanted: tuple[Index, ...]) -> tuple[Index, ...]:
    return tuple(index for index in wanted if index in axes) if set(axes) <= set(wanted) else axes
