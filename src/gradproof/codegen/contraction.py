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

from gradproof.codegen.array import Array
from gradproof.codegen.products import EachProduct, EitherOrder, Operand, Product
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

    ``keep`` names a piece of code, ``over`` brings it over more axes; ``times`` multiplies entry by entry, ``total`` sums over some axes,
    ``einsum`` sums products of entries, over the axes that it is given; ``tensordot`` is the library's, empty where products over several
    axes are products of matrices. ``length`` is the code of the length of an axis, ``wanted`` the order of the axes of the result.
    """

    keep: Callable[[Array], Factor]
    over: Callable[[Factor, tuple[Index, ...]], str]
    times: Callable[[Sequence[Factor], tuple[Index, ...]], Array]
    total: Callable[[Factor, tuple[Index, ...]], Array]
    einsum: Callable[[Factor, Factor, tuple[Index, ...]], Array]
    tensordot: str
    length: Callable[[Index], str]
    square_root: str
    has_half_products: bool
    #: The code of ``X'X`` for ``X = diag(s) Y`` in one pass over ``Y``, where a target has that.
    scaled_gram: Callable[[str, str], str] | None = None
    wanted: tuple[Index, ...] = ()


def contracted(factors: Sequence[Factor], bound: Sequence[Index], tools: Tools) -> Array:
    """Return ``sum_bound product(factors)``."""
    pending = _of_equal_axes(list(factors), tools) if len(factors) > 2 else list(factors)
    gram = _gram(pending, bound) if tools.has_half_products else None
    if gram is not None:
        made = _halved(*gram, bound[0], tools)
        if isinstance(made, Array):
            return made
        pending = made
    chain = _chain(pending, bound, tools) if len(pending) == 3 else None
    if chain is not None:
        return chain
    while len(pending) > 2:
        one, other = _first(pending, bound)
        rest = [factor for factor in pending if factor is not one and factor is not other]
        pending = [tools.keep(_pair(one, other, _summed((one, other), rest, bound), tools)), *rest]
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
        kept = tools.keep(tools.times(group, axes))
        made.append(Factor(kept.code, axes, all(factor.is_nonnegative for factor in group)))
    return made


def _gram(factors: Sequence[Factor], bound: Sequence[Index]) -> tuple[Factor, Factor, Factor] | None:
    """Return the matrix twice and the weights of ``X' diag(w) X``, where no weight is negative; None for another product."""
    if len(factors) != 3 or len(bound) != 1:
        return None
    (index,) = bound
    for weight in factors:
        one, other = (factor for factor in factors if factor is not weight)
        if not weight.is_nonnegative or weight.axes != (index,) or index not in one.axes or index not in other.axes:
            continue
        if one.code == other.code and len(one.axes) == 2 and one.axes.index(index) == other.axes.index(index):
            return one, other, weight
    return None


def _halved(one: Factor, other: Factor, weight: Factor, index: Index, tools: Tools) -> list[Factor] | Array:
    """Write ``X' diag(w) X`` as ``Z'Z`` with ``Z = diag(sqrt(w)) X``: its factors, or all of it where a target makes no array of Z."""
    root = tools.keep(Array(f"{tools.square_root}({weight.code})", weight.axes))
    if tools.scaled_gram is not None:
        rows = one.code if one.axes[0] is index else f"{one.code}.T"
        axes = tuple(axis for factor in (one, other) for axis in factor.axes if axis is not index)
        return Array(tools.scaled_gram(rows, root.code), axes)
    half = tools.keep(Array(f"{one.code} * {tools.over(root, one.axes)}", one.axes, is_atom=False))
    return [half, Factor(half.code, other.axes)]


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


def _chain(factors: Sequence[Factor], bound: Sequence[Index], tools: Tools) -> Array | None:
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
    one, two, three = _matrix(left, inner, last=True), _matrix(middle[0], inner, last=False), _matrix(right, outer, last=False)
    either = EitherOrder(
        Product(Product(one, two), three), Product(one, Product(two, three)), (tuple(from_left), tuple(from_right))
    )
    return Array(either.text(tools.length), (rows, columns), False, either)


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


def _pair(one: Factor, other: Factor, summed: Sequence[Index], tools: Tools) -> Array:
    """Return the product of two factors, summed over what nothing else has."""
    one, other = (_without_own(factor, beside, summed, tools) for factor, beside in ((one, other), (other, one)))
    union = tuple(dict.fromkeys((*one.axes, *other.axes)))
    inner = [index for index in union if index in summed]
    axes = tuple(index for index in union if index not in inner)
    if not inner:
        return tools.times((one, other), tools.wanted if set(tools.wanted) == set(union) else union)
    shared = tuple(index for index in axes if index in one.axes and index in other.axes)
    if shared:
        own = [tuple(index for index in factor.axes if index not in (*inner, *shared)) for factor in (one, other)]
        if len(inner) == len(own[0]) == len(own[1]) == 1:
            return _each(one, other, shared, (own[0][0], inner[0], own[1][0]), tools)
        return tools.einsum(one, other, _in_order(axes, tools.wanted))
    if len(inner) > 1 or max(len(one.axes), len(other.axes)) > 2:
        return _over_several(one, other, inner, tools)
    return _matrix_product(one, other, inner[0], tools)


def _without_own(factor: Factor, beside: Factor, summed: Sequence[Index], tools: Tools) -> Factor:
    """Sum over the axes that a factor alone has."""
    own = tuple(index for index in factor.axes if index in summed and index not in beside.axes)
    return tools.keep(tools.total(factor, own)) if own else factor


def _each(one: Factor, other: Factor, shared: tuple[Index, ...], axes: tuple[Index, Index, Index], tools: Tools) -> Array:
    """Return the products of matrices that stand along shared axes: ``axes`` are the row, the inner axis and the column of each."""
    row, inner, column = axes
    code = f"{tools.over(one, (*shared, row, inner))} @ {tools.over(other, (*shared, inner, column))}"
    made = (*shared, row, column)
    if tools.tensordot or len(shared) > 1:
        return Array(code, made, is_atom=False)
    if one.axes[0] is not shared[0]:
        one = tools.keep(tools.times((one,), (*shared, row, inner)))
    if other.axes[0] is not shared[0]:
        other = tools.keep(tools.times((other,), (*shared, inner, column)))
    code = f"{tools.over(one, (*shared, row, inner))} @ {tools.over(other, (*shared, inner, column))}"
    left, right = Factor(one.code, one.axes[1:]), Factor(other.code, other.axes[1:])
    each = EachProduct(shared[0], Product(_matrix(left, inner, last=True), _matrix(right, inner, last=False)))
    return Array(code, made, False, each)


def _over_several(one: Factor, other: Factor, inner: Sequence[Index], tools: Tools) -> Array:
    """Return one product of matrices over several axes, rows and columns in the order of the result where that has one."""
    rows, columns = ([index for index in factor.axes if index not in inner] for factor in (one, other))
    if rows and columns and _comes_before(tools.wanted, columns[0], rows[0]):
        one, other, rows, columns = other, one, columns, rows
    if tools.tensordot:
        places = [[factor.axes.index(index) for index in inner] for factor in (one, other)]
        return Array(tools.tensordot.format(one.code, other.code, *places), (*rows, *columns))
    order = tuple(index for index in one.axes if index in inner)
    product = Product(_flattened(one, order, tools, last=True), _flattened(other, order, tools, last=False))
    return Array(product.text(tools.length), product.axes, False, product)


def _flattened(factor: Factor, inner: tuple[Index, ...], tools: Tools, *, last: bool) -> Operand:
    """Return an array as a matrix whose columns, or rows, are the inner axes in their order."""
    rest = tuple(index for index in factor.axes if index not in inner)
    if factor.axes not in ((*rest, *inner), (*inner, *rest)):
        factor = tools.keep(tools.times((factor,), (*rest, *inner)))
    is_behind = factor.axes == (*rest, *inner)
    return Operand(factor.code, factor.axes, len(rest) if is_behind else len(inner), bool(rest) and is_behind is not last)


def _matrix_product(one: Factor, other: Factor, inner: Index, tools: Tools) -> Array:
    straight = Product(_matrix(one, inner, last=True), _matrix(other, inner, last=False))
    turned = Product(_matrix(other, inner, last=True), _matrix(one, inner, last=False))
    axes = straight.axes
    is_wanted = len(axes) == 2 and set(axes) <= set(tools.wanted)
    is_better = _comes_before(tools.wanted, axes[1], axes[0]) if is_wanted else _turns(turned) < _turns(straight)
    product = turned if is_better else straight
    return Array(product.text(tools.length), product.axes, False, product)


def _turns(product: Product) -> int:
    return sum(operand.is_turned for operand in product.operands)


def _matrix(factor: Factor, inner: Index, *, last: bool) -> Operand:
    """Return a matrix or a vector with an axis as its last or its first one."""
    return Operand(factor.code, factor.axes, 1, factor.axes[-1 if last else 0] is not inner)


def _comes_before(wanted: tuple[Index, ...], one: Index, other: Index) -> bool:
    return one in wanted and other in wanted and wanted.index(one) < wanted.index(other)


def _in_order(axes: tuple[Index, ...], wanted: tuple[Index, ...]) -> tuple[Index, ...]:
    return tuple(index for index in wanted if index in axes) if set(axes) <= set(wanted) else axes
