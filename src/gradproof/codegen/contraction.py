"""Sums of products as products of matrices: pair by pair where the order is plain, by einsum where it hangs on the sizes.

A factor with a sign that is known may be split between both sides of ``X' diag(w) X``: a product of a matrix with its own transpose
is half the work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

from gradproof.expr.node import Index


@dataclass(frozen=True)
class Factor:
    """A factor of a sum of products: the name of an array, its axes, and whether no entry of it is negative."""

    code: str
    axes: tuple[Index, ...]
    is_nonnegative: bool = False


@dataclass(frozen=True)
class Tools:
    """How the lines are written: ``keep`` names a piece of code, ``over`` brings it over more axes, and the spellings of the library."""

    keep: Callable[[str, tuple[Index, ...]], Factor]
    over: Callable[[Factor, tuple[Index, ...]], str]
    einsum: Callable[[Sequence[Factor], tuple[Index, ...]], str]
    square_root: str
    has_half_products: bool


def contracted(factors: Sequence[Factor], bound: Sequence[Index], tools: Tools) -> tuple[str, tuple[Index, ...]]:
    """Return the code of ``sum_bound product(factors)`` and its axes."""
    pending = _of_equal_axes(list(factors), tools) if len(factors) > 2 else list(factors)
    if tools.has_half_products:
        pending = _halved(pending, bound, tools)
    while len(pending) > 2:
        one, other = min(combinations(pending, 2), key=lambda pair: _cost(pair, pending, bound))
        if _cost((one, other), pending, bound)[1] > 2:
            break  # which matrices go first hangs on the sizes
        rest = [factor for factor in pending if factor is not one and factor is not other]
        code, axes = _pair(one, other, [i for i in bound if not any(i in f.axes for f in rest)], tools)
        pending = [tools.keep(code, axes), *rest]
    if len(pending) == 2:
        return _pair(pending[0], pending[1], bound, tools)
    axes = tuple(dict.fromkeys(index for factor in pending for index in factor.axes if index not in bound))
    return tools.einsum(pending, axes), axes


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


def _cost(pair: tuple[Factor, Factor], factors: Sequence[Factor], bound: Sequence[Index]) -> tuple[int, int]:
    """Return how many axes the product of a pair has, and how many it goes through."""
    together = {*pair[0].axes, *pair[1].axes}
    others = {index for factor in factors if factor is not pair[0] and factor is not pair[1] for index in factor.axes}
    return len([index for index in together if index not in bound or index in others]), len(together)


def _pair(one: Factor, other: Factor, summed: Sequence[Index], tools: Tools) -> tuple[str, tuple[Index, ...]]:
    """Return the product of two factors, summed over what nothing else has."""
    union = tuple(dict.fromkeys((*one.axes, *other.axes)))
    inner = [index for index in union if index in summed]
    axes = tuple(index for index in union if index not in inner)
    if not inner:
        return f"{tools.over(one, union)} * {tools.over(other, union)}", union
    is_shared = all(index in one.axes and index in other.axes for index in inner)
    is_batched = any(index in one.axes and index in other.axes for index in axes)
    if len(inner) > 1 or not is_shared or is_batched or max(len(one.axes), len(other.axes)) > 2:
        return tools.einsum((one, other), axes), axes
    straight = _spelled(one, other, inner[0])
    turned = _spelled(other, one, inner[0])
    if turned.count(".T") < straight.count(".T"):
        return turned, tuple(index for index in (*other.axes, *one.axes) if index not in inner)
    return straight, axes


def _spelled(left: Factor, right: Factor, inner: Index) -> str:
    one = left.code if left.axes[-1] is inner else f"{left.code}.T"
    other = right.code if right.axes[0] is inner else f"{right.code}.T"
    return f"{one} @ {other}"
