"""Sums over windows by the kernels of PyTorch: convolution and its two gradients, pooling and its gradient."""

from __future__ import annotations

from gradproof.codegen.array import Array
from gradproof.codegen.window_layout import (
    Tools,
    given,
    is_even,
    laid,
    listed,
    listings,
    open_counts,
    shape_of,
    unlaid,
    whole,
)
from gradproof.codegen.windows import Link, Windows
from gradproof.elaborate.sizes import extent
from gradproof.expr.build import add, negate, number
from gradproof.expr.node import Expr, Number

#: Helpers that a module carries where its code calls them. The lists hold one number for each of the last axes: the size of a window,
#: its stride and dilation, the padding on both sides.
HELPERS = {
    "padded": '''def padded(image, before, after, value=0.0):
    """An image with more entries on both sides of its last axes; with fewer, where a number is below zero."""
    edges = [width for pair in zip(before[::-1], after[::-1]) for width in pair]
    return torch.nn.functional.pad(image, edges, value=value) if any(edges) else image
''',
    "met": '''def met(size, stride, dilation, positions):
    """For each step of a window, the slices of the last axes of an image that it meets at all positions."""
    slices = []
    for step in torch.cartesian_prod(*(torch.arange(length) for length in size)).reshape(-1, len(size)).tolist():
        starts = [s * d for s, d in zip(step, dilation)]
        ends = [a + s * (n - 1) + 1 for a, s, n in zip(starts, stride, positions)]
        slices.append((..., *(slice(a, e, s) for a, e, s in zip(starts, ends, stride))))
    return slices
''',
    "slid": '''def slid(join, image, size, stride, dilation):
    """The windows of an image joined by a function of two arrays, one axis after the other: the slices that its steps meet."""
    for axis, (length, s, d) in enumerate(zip(size, stride, dilation), image.ndim - len(size)):
        last = s * ((image.shape[axis] - d * (length - 1) - 1) // s) + 1
        slices = [image[(*[slice(None)] * axis, slice(d * u, d * u + last, s))] for u in range(length)]
        image = slices[0]
        for other in slices[1:]:
            image = join(image, other)
    return image
''',
    "largest": '''def largest(image, size, stride, dilation, before, after):
    """The maximum of each window."""
    return slid(torch.maximum, padded(image, before, after, -torch.inf), size, stride, dilation)
''',
    "summed": '''def summed(image, size, stride, dilation, before, after):
    """The sum of each window."""
    return slid(torch.add, padded(image, before, after), size, stride, dilation)
''',
    "spread": '''def spread(flow, lengths, size, stride, dilation, before, after):
    """The sum of ``flow`` over all windows that a place is in, for each place of an image of some lengths: one axis after the other."""
    for axis in reversed(range(len(size))):
        place, s, d = flow.ndim - len(size) + axis, stride[axis], dilation[axis]
        whole, count = before[axis] + lengths[axis] + after[axis], flow.shape[place]
        shape = (*flow.shape[:place], whole, *flow.shape[place + 1 :])
        tiles = d == 1 and s == size[axis] and whole == s * count
        image = flow.new_empty(shape) if tiles else flow.new_zeros(shape)
        for u in range(size[axis]):
            slices = (*[slice(None)] * place, slice(d * u, d * u + s * (count - 1) + 1, s))
            image[slices] = flow if tiles else image[slices] + flow
        flow = image
    return padded(flow, [-b for b in before], [-a for a in after])
''',
    "at_maxima": '''def at_maxima(image, maxima, size, stride, dilation, before, after):
    """For each step of a window, where its place has the maximum of the window; padding has none."""
    image = padded(image, before, after, torch.nan)
    return [image[window] == maxima for window in met(size, stride, dilation, maxima.shape[-len(size) :])]
''',
    "counted": '''def counted(tests):
    """How many of some conditions hold."""
    kind = torch.uint8 if len(tests) < 256 else torch.int32
    found = torch.zeros_like(tests[0], dtype=kind)
    for test in tests:
        found += test.view(torch.uint8)
    return found
''',
    "to_maxima": '''def to_maxima(flow, tests, lengths, size, stride, dilation, before, after):
    """The sum over all windows of ``flow`` at each place that has the maximum of the window, by the tests of ``at_maxima``."""
    positions = flow.shape[-len(size) :]
    whole = [b + n + a for b, n, a in zip(before, lengths, after)]
    tiles = all(d == 1 and s == n and w == s * p for d, s, n, w, p in zip(dilation, stride, size, whole, positions))
    overlap = any(s < d * (n - 1) + 1 for s, n, d in zip(stride, size, dilation))
    shape = (*flow.shape[: -len(size)], *whole)
    result = flow.new_empty(shape) if tiles else flow.new_zeros(shape)
    for window, test in zip(met(size, stride, dilation, positions), tests):
        part = torch.ops.aten.threshold_backward(flow, test.to(flow.dtype), 0.5)
        result[window] = result[window] + part if overlap else part
    return padded(result, [-b for b in before], [-a for a in after])
''',
}

#: The longest window whose maximum is taken over slices: the kernel of the library works on one number after the other.
_SHORT = 3
_FUNCTIONAL, _BROADCAST = "torch.nn.functional", "torch.broadcast_to"


def torch_windows(windows: Windows, tools: Tools) -> Array | None:
    """Return the code of a sum over windows, None where no kernel of the library computes it."""
    if windows.operation in ("tops", "counts"):
        return _at_maxima(windows, tools)
    if windows.kernel is None and windows.wanted != "step":
        return _pooled(windows, tools)
    made, counts = _convolved(windows, tools), open_counts(windows, tools)
    if not counts:
        return made
    zeros = f"torch.zeros({tools.shape(made.axes)}, dtype=dtype, device=device)"
    test = " and ".join(f"{count} > 0" for count in counts)
    return Array(f"{made.code} if {test} else {zeros}", made.axes, is_atom=False)


# Convolution ------------------------------------------------------------------------------------------------------------


def _convolved(windows: Windows, tools: Tools) -> Array:
    rank = len(windows.links)
    batch, channels, filters = windows.batch, windows.channels, windows.filters
    places, positions, steps = windows.axes("place"), windows.axes("position"), windows.axes("step")
    even = all(is_even(link) for link in windows.links)
    options = _options(windows, tools, with_padding=even)
    if windows.wanted == "position":
        image, kernel = _image(windows, tools, even=even), laid(given(windows.kernel), (filters, channels), steps, tools)
        bias = f", {tools.over(windows.bias, filters)}" if windows.bias is not None else ""
        return unlaid(f"{_FUNCTIONAL}.conv{rank}d({image}, {kernel}{bias}{options})", (batch, filters), positions, tools)
    result = laid(given(windows.result), (batch, filters), positions, tools)
    if windows.wanted == "step":
        shape = f"({', '.join(shape_of((filters, channels), steps, tools))})"
        image = _image(windows, tools, even=even)
        return unlaid(f"torch.nn.grad.conv{rank}d_weight({image}, {shape}, {result}{options})", (filters, channels), steps, tools)
    kernel = laid(given(windows.kernel), (filters, channels), steps, tools)
    lengths = shape_of((batch, channels), places, tools)[:2]
    lengths += [
        tools.size(extent(link.place) if even else add(extent(link.place), link.before, link.after)) for link in windows.links
    ]
    code = f"torch.nn.grad.conv{rank}d_input(({', '.join(lengths)}), {kernel}, {result}{options})"
    if not even:
        code = f"{_FUNCTIONAL}.pad({code}, {_edges(windows, tools, is_cut=True)})"
    return unlaid(code, (batch, channels), places, tools)


def _image(windows: Windows, tools: Tools, *, even: bool) -> str:
    """Return the code of the image, padded by hand where both sides are not alike."""
    image = laid(given(windows.image), (windows.batch, windows.channels), windows.axes("place"), tools)
    return image if even else f"{_FUNCTIONAL}.pad({image}, {_edges(windows, tools)})"


def _edges(windows: Windows, tools: Tools, *, is_cut: bool = False) -> str:
    """Return the code of the paddings as PyTorch lists them: the last axis first; what is cut off is padding below zero."""
    widths = [width for link in windows.links[::-1] for width in (link.before, link.after)]
    return f"({', '.join(tools.size(negate(width) if is_cut else width) for width in widths)})"


def _options(windows: Windows, tools: Tools, *, with_padding: bool) -> str:
    found = {"stride": [str(link.stride) for link in windows.links]}
    if with_padding:
        found["padding"] = [tools.size(link.before) for link in windows.links]
    found["dilation"] = [str(link.dilation) for link in windows.links]
    usual = {"stride": "1", "padding": "0", "dilation": "1"}
    return "".join(f", {name}={listed(values)}" for name, values in found.items() if set(values) != {usual[name]})


# Pooling ----------------------------------------------------------------------------------------------------------------


def _pooled(windows: Windows, tools: Tools) -> Array | None:
    """The maxima or the sums of windows, or the sums of the windows that a place is in."""
    rank, is_sum = len(windows.links), windows.operation == "sum"
    places, positions = (*windows.batch, *windows.axes("place")), (*windows.batch, *windows.axes("position"))
    if all(_is_short(link) for link in windows.links):
        lists = ", ".join(listings(windows, tools))
        if windows.wanted == "place":
            return Array(f"spread({tools.over(given(windows.result), positions)}, {_lengths(windows, tools)}, {lists})", places)
        helper = "summed" if is_sum else "largest"
        return Array(f"{helper}({tools.over(given(windows.image), places)}, {lists})", positions)
    if is_sum and (rank == 1 or any(link.dilation != 1 for link in windows.links)):
        return None
    even = all(is_even(link) and _is_narrow(link.before, extent(link.step)) for link in windows.links)
    if windows.wanted == "place":
        return _spread(windows, tools) if even and rank == 2 else None
    image = laid(given(windows.image), (windows.batch,), windows.axes("place"), tools)
    if not even:
        image = f"{_FUNCTIONAL}.pad({image}, {_edges(windows, tools)}{'' if is_sum else ', value=-torch.inf'})"
    size = listed([tools.size(extent(link.step)) for link in windows.links])
    options = _options(windows, tools, with_padding=even) or ", stride=1"
    options = options if "stride=" in options else f", stride=1{options}"
    function = f"avg_pool{rank}d" if is_sum else f"max_pool{rank}d"
    divisor = ", divisor_override=1" if is_sum else ""
    return unlaid(f"{_FUNCTIONAL}.{function}({image}, {size}{options}{divisor})", (windows.batch,), windows.axes("position"), tools)


def _at_maxima(windows: Windows, tools: Tools) -> Array:
    """How many places of a window have its maximum, or what flows back to these: both by the tests where that is."""
    places, positions = (*windows.batch, *windows.axes("place")), (*windows.batch, *windows.axes("position"))
    lists = ", ".join(listings(windows, tools))
    image, maxima = whole(windows.image, places, tools, _BROADCAST), whole(windows.tops, positions, tools, _BROADCAST)
    tests = tools.keep(f"at_maxima({image}, {maxima}, {lists})")
    if windows.operation == "counts":
        return Array(f"counted({tests}).to(dtype)", positions)
    flow = whole(windows.result, positions, tools, _BROADCAST)
    return Array(f"to_maxima({flow}, {tests}, {_lengths(windows, tools)}, {lists})", places)


def _lengths(windows: Windows, tools: Tools) -> str:
    return f"[{', '.join(tools.size(extent(link.place)) for link in windows.links)}]"


def _spread(windows: Windows, tools: Tools) -> Array:
    """Each place gets the sum of the windows that it is in: what the library calls the gradient of average pooling."""
    result = laid(given(windows.result), (windows.batch,), windows.axes("position"), tools)
    shape = ", ".join(shape_of((windows.batch,), windows.axes("place"), tools))
    lists = [
        [tools.size(extent(link.step)) for link in windows.links],
        [str(link.stride) for link in windows.links],
        [tools.size(link.before) for link in windows.links],
    ]
    options = ", ".join(f"({', '.join(values)})" for values in lists)
    like = f"torch.empty(1, dtype=dtype, device=device).expand({shape})"
    code = f"torch.ops.aten.avg_pool2d_backward({result}, {like}, {options}, False, True, 1)"
    return unlaid(code, (windows.batch,), windows.axes("place"), tools)


def _is_short(link: Link) -> bool:
    """Tell whether a window has so few places along an axis of known length that slices beat the kernel of the library."""
    size, count = extent(link.step), extent(link.position)
    return isinstance(size, Number) and size.value <= _SHORT and isinstance(count, Number) and count.value > 0


def _is_narrow(before: Expr, size: Expr) -> bool:
    """Tell whether a padding is at most half the window: more is refused by the library."""
    if before is number(0):
        return True
    return isinstance(before, Number) and isinstance(size, Number) and 2 * before.value <= size.value
