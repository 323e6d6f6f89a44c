"""The gradient of pooling as a walk over the windows: where none overlaps, each place of an image is written once, by its window."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from gradproof.codegen.windows import Link, windows_of
from gradproof.elaborate.sizes import extent
from gradproof.expr.build import multiply, number, subtract, weighted_sum
from gradproof.expr.node import Add, Compare, Expr, Index, Iverson, Number, Reduce
from gradproof.expr.walk import substitute


@dataclass(frozen=True, slots=True)
class Scatter:
    """``value`` at every turn of ``loops`` is the entry at ``places`` of the result, each counted from zero."""

    value: Expr
    loops: tuple[Index, ...]
    places: tuple[Expr, ...]


def scattered(node: Expr, axes: tuple[Index, ...]) -> Scatter | None:
    """Return how a sum over the windows that a place is in is written window by window, None where windows overlap or leave gaps."""
    weight = Fraction(1)
    if isinstance(node, Add) and len(node.terms) == 1:
        weight, node = node.weights[0], node.terms[0]
    if not (isinstance(node, Reduce) and node.operation == "sum"):
        return None
    found = windows_of(node)
    if found is None or found.wanted != "place" or found.kernel is not None or found.result is None:
        return None
    if not all(_is_tiled(link) for link in found.links) or set(axes) != {*found.batch, *found.axes("place")}:
        return None
    at = {link.place: _place(link) for link in found.links}
    value: Expr = multiply(number(weight), found.result)
    if found.tops is not None:
        assert found.image is not None
        value = multiply(value, Iverson(Compare("=", substitute(found.image, at), found.tops)))
    batch = tuple(index for index in axes if index in found.batch)
    links = [link for index in axes for link in found.links if link.place is index]
    loops = (*batch, *(link.position for link in links), *(link.step for link in links))
    return Scatter(value, loops, tuple(subtract(at.get(index, index), index.lower) for index in axes))


def _place(link: Link) -> Expr:
    return weighted_sum([(Fraction(link.stride), link.position), (Fraction(link.dilation), link.step), (Fraction(1), link.shift)])


def _is_tiled(link: Link) -> bool:
    """Tell whether the windows along an axis cover it, each place once."""
    size, ends = extent(link.step), (link.before, link.after)
    is_whole = all(isinstance(end, Number) and end.value == 0 for end in ends)
    return is_whole and link.dilation == 1 and isinstance(size, Number) and size.value == link.stride
