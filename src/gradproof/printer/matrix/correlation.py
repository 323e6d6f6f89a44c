"""Sums over shifted subscripts as correlations: ``sum_uv X[i+u-1, j+v-1] K[u, v]`` is ``conv2d(X, K)``.

Backwards, ``sum_ij G[i, j] K[p-i+1, q-j+1]`` within the kernel is the full correlation with the flipped kernel:
``conv2d(G, flip(K), padding=...)``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from gradproof.expr.build import multiply, number, subtract
from gradproof.expr.node import Add, Element, Expr, Index, Iverson, Multiply, Number, Reduce
from gradproof.printer.matrix.tree import Tree, leaf, scalar_text
from gradproof.printer.text import to_text

#: Returns an expression over some axes in matrix notation.
Form = Callable[[Expr, tuple[Index, ...]], Tree]


@dataclass(frozen=True, slots=True)
class Shift:
    """A subscript ``step * outer + pace * inner + offset`` with a summed ``inner`` index."""

    outer: Index
    inner: Index
    step: Fraction
    pace: Fraction
    offset: Fraction


@dataclass(frozen=True, slots=True)
class Correlation:
    """What was found: its tree over ``outer``, and the factors and summed indices that it does not use."""

    tree: Tree
    outer: tuple[Index, ...]
    rest: list[Expr]
    bound: list[Index]


def correlation(factors: Sequence[Expr], bound: Sequence[Index], form: Form) -> Correlation | None:
    """Return a correlation among the factors of a product that is summed over ``bound`` indices, or None."""
    for factor in factors:
        if not (isinstance(factor, Element) and 1 <= len(factor.indices) <= 2):
            continue
        shifts = [_shift(place, bound) for place in factor.indices]
        if any(shift is None for shift in shifts):
            continue
        found = _found(factor, [shift for shift in shifts if shift is not None], factors, bound, form)
        if found is not None:
            return found
    return None


def is_shifted(node: Reduce) -> bool:
    """Tell whether a summed index stands in a subscript together with another one, as in a correlation."""
    factors = node.body.factors if isinstance(node.body, Multiply) else (node.body,)
    elements = [factor for factor in factors if isinstance(factor, Element)]
    return any(_shift(place, node.indices) is not None for element in elements for place in element.indices)


def _shift(place: Expr, bound: Sequence[Index]) -> Shift | None:
    if not isinstance(place, Add):
        return None
    offset = Fraction(0)
    inner: list[tuple[Index, Fraction]] = []
    outer: list[tuple[Index, Fraction]] = []
    for term, weight in zip(place.terms, place.weights, strict=True):
        if isinstance(term, Number) and term.ulp is None:
            offset += weight * term.value
        elif isinstance(term, Index):
            (inner if term in bound else outer).append((term, weight))
        else:
            return None
    if len(inner) != 1 or len(outer) != 1:
        return None
    return Shift(outer[0][0], inner[0][0], outer[0][1], inner[0][1], offset)


def _found(moved: Element, shifts: list[Shift], factors: Sequence[Expr], bound: Sequence[Index], form: Form) -> Correlation | None:
    inner = tuple(shift.inner for shift in shifts)
    outer = tuple(shift.outer for shift in shifts)
    if len({*inner, *outer}) != 2 * len(shifts):
        return None
    group = frozenset({*inner, *outer})
    others = [factor for factor in factors if factor is not moved]
    brackets = [factor for factor in others if isinstance(factor, Iverson) and factor.free_indices <= group]
    beside = [factor for factor in others if factor not in brackets and factor.free_indices & frozenset(inner)]
    if not beside or any(factor.free_indices - frozenset(inner) for factor in beside):
        return None
    tree = _tree(moved, shifts, form(multiply(*beside), inner))
    if tree is None:
        return None
    used = [moved, *brackets, *beside]
    rest = [factor for factor in factors if not any(factor is other for other in used)]
    return Correlation(tree, outer, rest, [index for index in bound if index not in inner])


def _tree(moved: Element, shifts: list[Shift], beside: Tree) -> Tree | None:
    name = f"conv{len(shifts)}d"
    whole = leaf(moved.symbol.name, len(shifts))
    if all(shift.step == 1 and shift.pace == -1 and shift.offset == 1 for shift in shifts):
        flipped = Tree("call", (whole,), whole.rank, "flip")
        paddings = [to_text(subtract(axis.size, number(1))) for axis in moved.symbol.axes]
        return Tree("call", (beside, flipped, *_option("padding", paddings, "0")), whole.rank, name)
    if any(shift.step < 1 or shift.pace < 1 for shift in shifts):
        return None
    margins = [1 - shift.step - shift.pace - shift.offset for shift in shifts]
    if any(margin < 0 for margin in margins):
        return None
    options = [
        *_option("stride", [str(shift.step) for shift in shifts], "1"),
        *_option("padding", [str(margin) for margin in margins], "0"),
        *_option("dilation", [str(shift.pace) for shift in shifts], "1"),
    ]
    return Tree("call", (whole, beside, *options), whole.rank, name)


def _option(name: str, values: list[str], usual: str) -> list[Tree]:
    if all(value == usual for value in values):
        return []
    text = values[0] if len(set(values)) == 1 else f"({', '.join(values)})"
    return [scalar_text(f"{name}={text}")]
