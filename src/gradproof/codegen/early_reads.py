"""What loops compute before a condition on indices is looked at: reads that the condition keeps in their arrays read the nearest entry.

``[p < n] x[p+1] / sum_s exp(x[p+1] a[s])`` has its sum before the choice; without this it would read beside ``x`` at the last place.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from gradproof.codegen.affine import Affine, affine
from gradproof.codegen.loop_ends import ends_by, has_data, separate
from gradproof.expr.build import add, apply, multiply, number, subtract, weighted_sum
from gradproof.expr.node import Add, Apply, Axis, Element, Expr, Iverson, Multiply, Number, Piecewise, Power, Reduce
from gradproof.expr.walk import contains, postorder, rebuild, transform


def in_range(root: Expr) -> Expr:
    """Return an expression that has the same value, and whose parts can be computed without the conditions around them."""
    bodies = {node.body for node in postorder(root) if isinstance(node, Reduce) and _are_ends(node)}
    return transform(root, lambda node: node if node in bodies else _with_moved_reads(node))


def _are_ends(node: Reduce) -> bool:
    """Tell whether the conditions of a sum become the ends of its loops: what stands inside is computed nowhere else."""
    tests = [test for test in _tests(node.body) if not has_data(test)]
    known = node.body.free_indices
    return node.operation == "sum" and all(any(ends_by(test, index, known) for index in node.indices) for test in tests)


def _tests(node: Expr) -> list[Expr]:
    factors = node.factors if isinstance(node, Multiply) else ()
    return separate([factor.condition for factor in factors if isinstance(factor, Iverson)])


def _with_moved_reads(node: Expr) -> Expr:
    match node:
        case Multiply(factors) if _say_of_places(_tests(node)):
            return multiply(*(_moved(factor) if _is_early(factor) else factor for factor in factors))
        case Piecewise(conditions, values, otherwise) if _say_of_places(conditions):
            return rebuild(node, (*conditions, *(_moved(value) if _is_early(value) else value for value in (*values, otherwise))))
    return node


def _say_of_places(tests: Iterable[Expr]) -> bool:
    return any(test.free_indices and not has_data(test) for test in tests)


def _is_early(node: Expr) -> bool:
    """Tell whether loops give a part of a factor a name, before the condition."""
    is_of_data = not isinstance(node, Iverson) or has_data(node)
    return is_of_data and contains(node, lambda part: isinstance(part, Reduce | Apply | Power))


def _moved(root: Expr) -> Expr:
    def step(node: Expr) -> Expr:
        if not (isinstance(node, Element) and any(isinstance(place, Add) for place in node.indices)):
            return node
        return Element(
            node.symbol, tuple(_nearest(place, axis) for place, axis in zip(node.indices, node.symbol.axes, strict=True))
        )

    return transform(root, step)


def _nearest(place: Expr, axis: Axis) -> Expr:
    """Return the place in an axis that is nearest to one that may be beside it."""
    known = affine(place) if isinstance(place, Add) else None
    if known is None or not known.weights:
        return place
    first, last = number(axis.origin), add(axis.size, number(axis.origin - 1))
    if not _is_below(first, _extreme(known, largest=False)):
        place = apply("maximum", first, place)
    if not _is_below(_extreme(known, largest=True), last):
        place = apply("minimum", last, place)
    return place


def _extreme(known: Affine, *, largest: bool) -> Expr:
    ends = [(weight, index.upper if (weight > 0) == largest else index.lower) for index, weight in known.weights.items()]
    return weighted_sum([*ends, (Fraction(1), known.rest)])


def _is_below(one: Expr, other: Expr) -> bool:
    gap = subtract(other, one)
    return isinstance(gap, Number) and gap.value >= 0
