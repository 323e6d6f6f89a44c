"""How sums over windows lie in the arrays of a library: one batch axis, one channel axis, then the axes of the image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gradproof.codegen.array import Array
from gradproof.codegen.sizes import same_size
from gradproof.codegen.windows import Link, Windows
from gradproof.elaborate.sizes import extent
from gradproof.expr.build import multiply, number
from gradproof.expr.node import Expr, Index, Number
from gradproof.formula.layers.windows import Window


@dataclass(frozen=True)
class Tools:
    """How the code of parts is written: ``over`` brings a part over some axes, ``size`` and ``shape`` are the code of a whole number and
    of the lengths of some axes."""

    over: Callable[[Expr, tuple[Index, ...]], str]
    size: Callable[[Expr], str]
    shape: Callable[[Sequence[Index]], str]


def laid(part: Expr, groups: Sequence[tuple[Index, ...]], spatial: tuple[Index, ...], tools: Tools) -> str:
    """Return the code of a part with one axis for each group of indices, then its own axes of the image."""
    axes = (*(index for group in groups for index in group), *spatial)
    code = tools.over(part, axes)
    if all(len(group) == 1 for group in groups):
        return code
    return f"{_atom(code)}.reshape({', '.join(shape_of(groups, spatial, tools))})"


def shape_of(groups: Sequence[tuple[Index, ...]], spatial: tuple[Index, ...], tools: Tools) -> list[str]:
    """Return the code of the lengths of the axes: one for each group, then those of the image."""
    lengths = [multiply(number(1), *(extent(index) for index in group)) for group in groups]
    return [tools.size(length) for length in (*lengths, *(extent(index) for index in spatial))]


def unlaid(code: str, groups: Sequence[tuple[Index, ...]], spatial: tuple[Index, ...], tools: Tools) -> Array:
    """Return an array of a library over the indices that its axes stand for."""
    axes = (*(index for group in groups for index in group), *spatial)
    if any(len(group) != 1 for group in groups):
        code = f"{code}.reshape(({', '.join(tools.size(extent(index)) for index in axes)},))"
    return Array(code, axes)


def listed(values: Sequence[str]) -> str:
    """Return the code of a tuple, one number where all are the same."""
    return values[0] if len(set(values)) == 1 else f"({', '.join(values)})"


def is_even(link: Link) -> bool:
    """Tell whether the windows are those of an image that is padded alike on both sides, at most a stride of it left over."""
    before = link.before
    if not isinstance(before, Number) or before.value < 0:
        return False
    window = Window(extent(link.step), number(link.stride), before, before, number(link.dilation))
    return same_size(window.count(extent(link.place)), extent(link.position))


def open_counts(windows: Windows, tools: Tools) -> list[str]:
    """Return the code of the numbers of windows that may be zero: where the lengths of image and kernel are both open."""
    is_open = [isinstance(extent(link.step), Number) or isinstance(extent(link.position), Number) for link in windows.links]
    return [tools.size(extent(link.position)) for link, known in zip(windows.links, is_open, strict=True) if not known]


def paddings(windows: Windows, tools: Tools) -> list[tuple[str, str]]:
    """Return how much the image is padded before and behind along each axis."""
    return [(tools.size(link.before), tools.size(link.after)) for link in windows.links]


def _atom(code: str) -> str:
    return code if code.replace("_", "").isalnum() or code.endswith((")", "]")) else f"({code})"
