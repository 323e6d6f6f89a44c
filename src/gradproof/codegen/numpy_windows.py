"""Sums over windows in NumPy: one slice of the image for each step of a window, products of matrices between them.

No array has an axis for each pair of a place and a window: a slice is the part of the image that a step of the window meets at all positions.
"""

from __future__ import annotations

from gradproof.codegen.array import Array
from gradproof.codegen.window_layout import Tools, at_maxima, given, laid, listings, to_maxima, unlaid
from gradproof.codegen.windows import Windows
from gradproof.elaborate.sizes import extent

#: Helpers that a module carries where its code calls them, in the order in which they may stand.
HELPERS = {
    "padded": '''def padded(image, before, after, value=0.0):
    """An image with more entries on both sides of its last axes; with fewer, where a number is below zero."""
    lengths = image.shape[image.ndim - len(before) :]
    inner = image[(..., *(slice(max(0, -b), max(0, n + min(0, a))) for b, a, n in zip(before, after, lengths)))]
    if max(*before, *after) <= 0:
        return inner
    edges = [(max(0, b), max(0, a)) for b, a in zip(before, after)]
    return np.pad(inner, [(0, 0)] * (image.ndim - len(before)) + edges, constant_values=value)
''',
    "met": '''def met(size, stride, dilation, positions):
    """For each step of a window, the slices of the last axes of an image that it meets at all positions."""
    slices = []
    for step in np.ndindex(*size):
        starts = [s * d for s, d in zip(step, dilation)]
        ends = [a + max(0, s * (n - 1) + 1) for a, s, n in zip(starts, stride, positions)]
        slices.append((..., *(slice(a, e, s) for a, e, s in zip(starts, ends, stride))))
    return slices
''',
    "counted": '''def counted(image, size, stride, dilation):
    """How many windows stand along each of the last axes of an image."""
    lengths = image.shape[image.ndim - len(size) :]
    return tuple(max(0, (n - d * (k - 1) - 1) // s + 1) for n, k, s, d in zip(lengths, size, stride, dilation))
''',
    "in_blocks": '''def in_blocks(slices, entries):
    """Slices in blocks whose columns hold about a million entries, each with the place of its first one."""
    count = max(1, 1_000_000 // max(1, entries))
    return [(first, slices[first : first + count]) for first in range(0, len(slices), count)]
''',
    "side_by_side": '''def side_by_side(count, entries):
    """Images in runs whose columns hold about a quarter of a million entries: small ones go through one product of matrices."""
    some = max(1, 250_000 // max(1, entries))
    return [slice(first, min(first + some, count)) for first in range(0, count, some)]
''',
    "as_columns": '''def as_columns(images, block, positions):
    """What some steps of a window meet in images (n, c, ...), as a matrix: a row for each step and channel."""
    columns = np.empty((len(block), images.shape[1], len(images), *positions), images.dtype)
    for place, window in enumerate(block):
        columns[place] = images[window].swapaxes(0, 1)
    return columns.reshape(len(block) * images.shape[1], len(images) * int(np.prod(positions)))
''',
    "as_rows": '''def as_rows(result, area):
    """Results (n, o, ...) as a matrix with a row for each filter."""
    (count, filters) = result.shape[:2]
    return result.reshape(count, filters, area).swapaxes(0, 1).reshape(filters, count * area)
''',
    "convolved": '''def convolved(image, kernel, stride, dilation, before, after):
    """sum_cu image[n, c, s p + d u] kernel[o, c, u] for each position p, by products of matrices: image (n, c, ...), kernel (o, c, ...)."""
    image, size = padded(image, before, after), kernel.shape[2:]
    positions = counted(image, size, stride, dilation)
    (count, channels), area = image.shape[:2], int(np.prod(positions))
    weights = np.ascontiguousarray(kernel.reshape(len(kernel), channels, int(np.prod(size))).transpose(0, 2, 1))
    result = np.zeros((count, len(kernel), area), image.dtype)
    for first, block in in_blocks(met(size, stride, dilation, positions), channels * area):
        rows = weights[:, first : first + len(block)].reshape(len(kernel), len(block) * channels)
        for some in side_by_side(count, len(block) * channels * area):
            products = rows @ as_columns(image[some], block, positions)
            result[some] += products.reshape(len(kernel), some.stop - some.start, area).swapaxes(0, 1)
    return result.reshape(count, len(kernel), *positions)
''',
    "convolved_by_kernel": '''def convolved_by_kernel(image, result, size, stride, dilation, before, after):
    """sum_np image[n, c, s p + d u] result[n, o, p] for each step u of a window of a size: (o, c, ...)."""
    image, positions = padded(image, before, after), result.shape[2:]
    (count, channels), area, filters = image.shape[:2], int(np.prod(positions)), result.shape[1]
    kernel = np.zeros((filters, int(np.prod(size)), channels), image.dtype)
    for first, block in in_blocks(met(size, stride, dilation, positions), channels * area):
        for some in side_by_side(count, len(block) * channels * area):
            flow = as_rows(result[some], area)
            found = flow @ as_columns(image[some], block, positions).T
            kernel[:, first : first + len(block)] += found.reshape(filters, len(block), channels)
    return kernel.transpose(0, 2, 1).reshape(filters, channels, *size)
''',
    "convolved_by_image": '''def convolved_by_image(result, kernel, lengths, stride, dilation, before, after):
    """sum_opu [s p + d u = r] result[n, o, p] kernel[o, c, u] for each place r of an image of some lengths: (n, c, ...)."""
    (count, filters), positions, (channels, *size) = result.shape[:2], result.shape[2:], kernel.shape[1:]
    area, steps = int(np.prod(positions)), int(np.prod(size))
    weights = kernel.reshape(filters, channels, steps).transpose(2, 1, 0).reshape(steps * channels, filters)
    image = np.zeros((count, channels, *(b + n + a for b, n, a in zip(before, lengths, after))), result.dtype)
    for first, block in in_blocks(met(size, stride, dilation, positions), channels * area):
        rows = weights[first * channels : (first + len(block)) * channels]
        for some in side_by_side(count, len(block) * channels * area):
            flow = as_rows(result[some], area)
            columns = (rows @ flow).reshape(len(block), channels, some.stop - some.start, *positions)
            for window, column in zip(block, columns):
                image[some][window] += column.swapaxes(0, 1)
    return padded(image, [-b for b in before], [-a for a in after])
''',
    "over_windows": '''def over_windows(function, start, image, size, stride, dilation, before, after):
    """The windows of an image under a function of two arguments, which begins with a number: their sums, or their maxima."""
    image = padded(image, before, after, start)
    positions = counted(image, size, stride, dilation)
    result = np.full((*image.shape[: image.ndim - len(size)], *positions), start, image.dtype)
    for window in met(size, stride, dilation, positions):
        function(result, image[window], out=result)
    return result
''',
    "into_windows": '''def into_windows(flow, lengths, size, stride, dilation, before, after):
    """The sum of ``flow`` over all windows that a place is in, for each place of an image of some lengths."""
    count = flow.ndim - len(size)
    image = np.zeros((*flow.shape[:count], *(b + n + a for b, n, a in zip(before, lengths, after))), flow.dtype)
    for window in met(size, stride, dilation, flow.shape[count:]):
        image[window] += flow
    return padded(image, [-b for b in before], [-a for a in after])
''',
    "at_maxima": '''def at_maxima(image, maxima, size, stride, dilation, before, after):
    """How many places of each window have its maximum; padding has none."""
    image = padded(image, before, after, np.nan)
    found = np.zeros(maxima.shape, image.dtype)
    for window in met(size, stride, dilation, maxima.shape[image.ndim - len(size) :]):
        found += image[window] == maxima
    return found
''',
    "to_maxima": '''def to_maxima(flow, image, maxima, size, stride, dilation, before, after):
    """The sum over all windows of ``flow`` at each place where ``image`` is the maximum of the window; all maxima count.

    The lists hold one number for each of the last axes: the size of a window, its stride and dilation, the padding on both sides.
    """
    image = padded(image, before, after, -np.inf)
    result = np.zeros_like(image)
    for window in met(size, stride, dilation, maxima.shape[image.ndim - len(size) :]):
        result[window] += np.where(image[window] == maxima, flow, 0)
    return padded(result, [-b for b in before], [-a for a in after])
''',
}


def numpy_windows(windows: Windows, tools: Tools) -> Array:
    """Return the code of a sum over windows: the call of a helper."""
    if windows.operation == "tops":
        return to_maxima(windows, tools, "np.broadcast_to")
    if windows.operation == "counts":
        return at_maxima(windows, tools, "np.broadcast_to")
    if windows.kernel is None and windows.wanted != "step":
        return _pooled(windows, tools)
    batch, channels, filters = windows.batch, windows.channels, windows.filters
    places, positions, steps = windows.axes("place"), windows.axes("position"), windows.axes("step")
    size, *rest = listings(windows, tools)
    options = ", ".join(rest)
    if windows.wanted == "position":
        image, kernel = (
            laid(given(windows.image), (batch, channels), places, tools),
            laid(given(windows.kernel), (filters, channels), steps, tools),
        )
        return unlaid(f"convolved({image}, {kernel}, {options})", (batch, filters), positions, tools)
    result = laid(given(windows.result), (batch, filters), positions, tools)
    if windows.wanted == "step":
        image = laid(given(windows.image), (batch, channels), places, tools)
        return unlaid(f"convolved_by_kernel({image}, {result}, {size}, {options})", (filters, channels), steps, tools)
    kernel = laid(given(windows.kernel), (filters, channels), steps, tools)
    return unlaid(
        f"convolved_by_image({result}, {kernel}, {_lengths(windows, tools)}, {options})", (batch, channels), places, tools
    )


def _pooled(windows: Windows, tools: Tools) -> Array:
    """The sums or the maxima of windows, or the sums of the windows that a place is in."""
    options = ", ".join(listings(windows, tools))
    if windows.wanted == "place":
        result = laid(given(windows.result), (windows.batch,), windows.axes("position"), tools)
        return unlaid(
            f"into_windows({result}, {_lengths(windows, tools)}, {options})", (windows.batch,), windows.axes("place"), tools
        )
    image = laid(given(windows.image), (windows.batch,), windows.axes("place"), tools)
    function = "np.maximum, -np.inf" if windows.operation == "max" else "np.add, 0.0"
    return unlaid(f"over_windows({function}, {image}, {options})", (windows.batch,), windows.axes("position"), tools)


def _lengths(windows: Windows, tools: Tools) -> str:
    return f"[{', '.join(tools.size(extent(link.place)) for link in windows.links)}]"
