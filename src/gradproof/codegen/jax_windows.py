"""Sums over windows by the kernels of XLA: one convolution with strides and dilations on all sides, and one window reduction."""

from __future__ import annotations

from collections.abc import Sequence

from gradproof.codegen.array import Array
from gradproof.codegen.window_layout import Tools, at_maxima, given, laid, paddings, to_maxima, unlaid
from gradproof.codegen.windows import Windows
from gradproof.elaborate.sizes import extent
from gradproof.expr.build import multiply, number, subtract, weighted_sum
from gradproof.expr.node import Index

#: Helpers that a module carries where its code calls them. The lists hold one number for each of the last axes: the size of a window,
#: its stride and dilation, the padding on both sides.
HELPERS = {
    "padded": '''def padded(image, before, after, value):
    """An image with more entries on both sides of its last axes; with fewer, where a number is below zero."""
    none = [(0, 0, 0)] * (image.ndim - len(before))
    return jax.lax.pad(image, jnp.array(value, image.dtype), [*none, *((b, a, 0) for b, a in zip(before, after))])
''',
    "met": '''def met(size, stride, dilation, positions):
    """For each step of a window, the starts, ends and strides of what it meets at all positions, along the last axes of an image."""
    for step in np.ndindex(*size):
        starts = [s * d for s, d in zip(step, dilation)]
        yield [(a, a + s * (n - 1) + 1, s) for a, s, n in zip(starts, stride, positions)]
''',
    "at_maxima": '''def at_maxima(image, maxima, size, stride, dilation, before, after):
    """How many places of each window have its maximum; padding has none."""
    image = padded(image, before, after, jnp.nan)
    found = jnp.zeros_like(maxima)
    for spans in met(size, stride, dilation, maxima.shape[image.ndim - len(size) :]):
        found = found + (image[(..., *(slice(*span) for span in spans))] == maxima)
    return found
''',
    "to_maxima": '''def to_maxima(flow, image, maxima, size, stride, dilation, before, after):
    """The sum over all windows of ``flow`` at each place where ``image`` is the maximum of the window; all maxima count."""
    image = padded(image, before, after, -jnp.inf)
    none, lengths = [(0, 0, 0)] * (image.ndim - len(size)), image.shape[image.ndim - len(size) :]
    result = jnp.zeros_like(image)
    for spans in met(size, stride, dilation, maxima.shape[image.ndim - len(size) :]):
        part = jnp.where(image[(..., *(slice(*span) for span in spans))] == maxima, flow, 0)
        edges = [(a, n - e, s - 1) for (a, e, s), n in zip(spans, lengths)]
        result = result + jax.lax.pad(part, jnp.array(0, part.dtype), [*none, *edges])
    return padded(result, [-b for b in before], [-a for a in after], 0)
''',
}


def jax_windows(windows: Windows, tools: Tools) -> Array | None:
    """Return the code of a sum over windows."""
    if windows.operation == "tops":
        return to_maxima(windows, tools, "jnp.broadcast_to")
    if windows.operation == "counts":
        return at_maxima(windows, tools, "jnp.broadcast_to")
    if windows.kernel is None and windows.wanted != "step":
        return _reduced(windows, tools)
    return _convolved(windows, tools)


def _convolved(windows: Windows, tools: Tools) -> Array:
    batch, channels, filters = windows.batch, windows.channels, windows.filters
    places, positions, steps = windows.axes("place"), windows.axes("position"), windows.axes("step")
    strides, dilations = [str(link.stride) for link in windows.links], [str(link.dilation) for link in windows.links]
    if windows.wanted == "position":
        image, kernel = laid(given(windows.image), (batch, channels), places, tools), _kernel(windows, (filters, channels), tools)
        code = _convolution(image, kernel, strides, paddings(windows, tools), rhs_dilation=dilations)
        return unlaid(code, (batch, filters), positions, tools)
    if windows.wanted == "step":  # the result is the kernel, its channels are the batch
        image = laid(given(windows.image), (channels, batch), places, tools)
        result = laid(given(windows.result), (filters, batch), positions, tools)
        code = _convolution(image, result, dilations, paddings(windows, tools), rhs_dilation=strides)
        return unlaid(code, (channels, filters), steps, tools)
    result = laid(given(windows.result), (batch, filters), positions, tools)
    flipped = f"jnp.flip({_kernel(windows, (channels, filters), tools)}, {tuple(range(-len(steps), 0))})"
    code = _convolution(result, flipped, [], _around(windows, tools), lhs_dilation=strides, rhs_dilation=dilations)
    return unlaid(code, (batch, channels), places, tools)


def _kernel(windows: Windows, groups: Sequence[tuple[Index, ...]], tools: Tools) -> str:
    return laid(given(windows.kernel), groups, windows.axes("step"), tools)


def _convolution(
    image: str, kernel: str, strides: Sequence[str], padding: Sequence[tuple[str, str]], **dilations: list[str]
) -> str:
    steps = f"({', '.join(strides or ['1'] * len(padding))},)"
    spelled = ", ".join(f"({before}, {after})" for before, after in padding)
    options = "".join(f", {name}=({', '.join(values)},)" for name, values in dilations.items() if set(values) != {"1"})
    return f"jax.lax.conv_general_dilated({image}, {kernel}, {steps}, [{spelled}]{options})"


def _around(windows: Windows, tools: Tools) -> list[tuple[str, str]]:
    """Return the padding of the positions, spread by the stride, whose windows by the flipped kernel are the places."""
    found: list[tuple[str, str]] = []
    for link in windows.links:
        reach = multiply(number(link.dilation), subtract(extent(link.step), number(1)))
        spread = weighted_sum([(number(link.stride).value, extent(link.position)), (number(1 - link.stride).value, number(1))])
        before = subtract(reach, link.before)
        after = subtract(extent(link.place), subtract(weighted_sum([(number(1).value, spread), (number(1).value, before)]), reach))
        found.append((tools.size(before), tools.size(after)))
    return found


def _reduced(windows: Windows, tools: Tools) -> Array:
    """The sums or the maxima of windows, or the sums of the windows that a place is in."""
    is_spread = windows.wanted == "place"
    axes = windows.axes("position" if is_spread else "place")
    array = laid(given(windows.result if is_spread else windows.image), (windows.batch,), axes, tools)
    size = ", ".join(tools.size(extent(link.step)) for link in windows.links)
    strides, dilations = [str(link.stride) for link in windows.links], [str(link.dilation) for link in windows.links]
    padding = _around(windows, tools) if is_spread else paddings(windows, tools)
    edges = ", ".join(f"({before}, {after})" for before, after in padding)
    start, function = ("-jnp.inf", "max") if windows.operation == "max" else ("0.0", "add")
    steps = ", ".join(["1"] * len(strides) if is_spread else strides)
    options = f", base_dilation=(1, {', '.join(strides)})" if is_spread and set(strides) != {"1"} else ""
    options += f", window_dilation=(1, {', '.join(dilations)})" if set(dilations) != {"1"} else ""
    code = f"jax.lax.reduce_window({array}, {start}, jax.lax.{function}, (1, {size}), (1, {steps}), [(0, 0), {edges}]{options})"
    return unlaid(code, (windows.batch,), windows.axes(windows.wanted), tools)
