"""Which part of a tensor the subscripts of an entry go over: all of it, or the block from one number to another on each axis."""

from __future__ import annotations

from gradproof.expr.node import Element, Index, Number


def block_of(node: Element) -> tuple[slice, ...] | None:
    """Return what the subscripts take of every axis, None where they are not different indices of known range."""
    if len(set(node.indices)) != len(node.indices):
        return None
    found = []
    for place, axis in zip(node.indices, node.symbol.axes, strict=True):
        if not (isinstance(place, Index) and isinstance(place.lower, Number) and isinstance(place.upper, Number)):
            return None
        found.append(slice(int(place.lower.value) - axis.origin, int(place.upper.value) - axis.origin + 1))
    return tuple(found)


def is_whole(node: Element) -> bool:
    """Tell whether the subscripts are different indices, each over the whole of its axis."""
    block = block_of(node)
    sizes = [axis.size for axis in node.symbol.axes]
    return block is not None and all(
        part.start == 0 and isinstance(size, Number) and part.stop == size.value for part, size in zip(block, sizes, strict=True)
    )
