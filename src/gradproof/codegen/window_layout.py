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
    of the lengths of some axes, ``keep`` gives some code a name, so that it is computed once."""

    over: Callable[[Expr, tuple[Index, ...]], str]
    size: Callable[[Expr], str]
    shape: Callable[[Sequence[Index]], str]
    keep: Callable[[str], str]


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


def to_maxima(windows: Windows, tools: Tools, broadcast: str) -> Array:
    """Return the call of the helper ``to_maxima``, which sends what comes back from windows to their maxima.

    Args: broadcast: what the library calls the function that repeats an array along axes that it lacks.
    """
    places, positions = (*windows.batch, *windows.axes("place")), (*windows.batch, *windows.axes("position"))
    parts = ((windows.result, positions), (windows.image, places), (windows.tops, positions))
    arrays = [whole(part, axes, tools, broadcast) for part, axes in parts]
    return Array(f"to_maxima({', '.join([*arrays, *listings(windows, tools)])})", places)


def at_maxima(windows: Windows, tools: Tools, broadcast: str) -> Array:
    """Return the call of the helper ``at_maxima``, which counts the places of each window that have its maximum.

    Args: broadcast: what the library calls the function that repeats an array along axes that it lacks.
    """
    places, positions = (*windows.batch, *windows.axes("place")), (*windows.batch, *windows.axes("position"))
    arrays = [whole(part, axes, tools, broadcast) for part, axes in ((windows.image, places), (windows.tops, positions))]
    return Array(f"at_maxima({', '.join([*arrays, *listings(windows, tools)])})", positions)


def listings(windows: Windows, tools: Tools) -> list[str]:
    """Return the code of the lists that say how windows lie, one number for each axis of the image: their size, stride and dilation,
    the padding before and behind."""
    lists: Sequence[Sequence[str]] = (
        [tools.size(extent(link.step)) for link in windows.links],
        [str(link.stride) for link in windows.links],
        [str(link.dilation) for link in windows.links],
        *zip(*paddings(windows, tools), strict=True),
    )
    return [f"[{', '.join(values)}]" for values in lists]


def whole(part: Expr | None, axes: tuple[Index, ...], tools: Tools, broadcast: str) -> str:
    """Return the code of a part over axes some of which it may lack.

    Args: broadcast: what the library calls the function that repeats an array along axes that it lacks.
    """
    array = given(part)
    code = tools.over(array, axes)
    return code if set(axes) <= array.free_indices else f"{broadcast}({code}, {tools.shape(axes)})"


def given(part: Expr | None) -> Expr:
    """Return an array of a sum over windows, which has it: that was checked when the sum was found."""
    assert part is not None, "the arrays of a sum over windows were checked when it was found"
    return part


def _atom(code: str) -> str:
    return code if code.replace("_", "").isalnum() or code.endswith((")", "]")) else f"({code})"
