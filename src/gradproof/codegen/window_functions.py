"""Convolution and its two gradients as compiled helpers of Numba programs: direct sums, without an array of windows.

An image is laid out along one line, its places sorted by their remainder of the stride: a step of a window then meets the places of all
positions at one distance from these, whatever stride and dilation are, and the loop inside runs along the line. Four results share
what three steps read.
"""

from __future__ import annotations

#: Helpers that a module carries where its code calls them; the names and arguments are those of the helpers in NumPy.
HELPERS = {
    "along_line": '''@njit(**LOOPS)
def along_line(image, stride, before, lengths, line):
    """Lay an image (channel and three more axes) out along a line, by remainders of the stride; what is outside stays zero."""
    depth, height, width = lengths
    area = depth * height * width
    line[:] = 0
    for c in range(image.shape[0]):
        start = c * area * stride[0] * stride[1] * stride[2]
        for z in range(max(0, -before[0]), min(image.shape[1], depth * stride[0] - before[0])):
            for y in range(max(0, -before[1]), min(image.shape[2], height * stride[1] - before[1])):
                at_z, at_y = z + before[0], y + before[1]
                group = (at_z % stride[0] * stride[1] + at_y % stride[1]) * stride[2]
                row = (at_z // stride[0] * height + at_y // stride[1]) * width
                for rest in range(stride[2]):
                    first = max(0, -((rest - before[2]) // stride[2]))
                    last = min(width, (image.shape[3] + before[2] - rest + stride[2] - 1) // stride[2])
                    place = start + (group + rest) * area + row
                    source = image[c, z, y, first * stride[2] + rest - before[2] :]
                    to = line[place + first :]
                    if stride[2] == 1:  # told apart, so that neighbours are copied together
                        for q in range(last - first):
                            to[q] = source[q]
                    else:
                        for q in range(last - first):
                            to[q] = source[q * stride[2]]
''',
    "sum_steps": '''@njit(**LOOPS)
def sum_steps(line, distances, weights, result, count, lengths, step, begin):
    """Write ``sum_k weights[o, k] line[distances[k] + p]`` for each position p to its place in ``result[o]``."""
    height, width = lengths[1], lengths[2]
    whole = ((count[0] - 1) * height + count[1] - 1) * width + count[2]
    sums = np.empty((4, 512), line.dtype)
    a, b, c, d = sums[0], sums[1], sums[2], sums[3]
    for start in range(0, whole, 512):
        size = min(512, whole - start)
        for o in range(0, weights.shape[0], 4):
            rows = min(4, weights.shape[0] - o)
            sums[:, :size] = 0
            for k in range(0, len(distances) - 2, 3):
                x, y, z = line[start + distances[k] :], line[start + distances[k + 1] :], line[start + distances[k + 2] :]
                if rows == 4:
                    a0, a1, a2 = weights[o, k], weights[o, k + 1], weights[o, k + 2]
                    b0, b1, b2 = weights[o + 1, k], weights[o + 1, k + 1], weights[o + 1, k + 2]
                    c0, c1, c2 = weights[o + 2, k], weights[o + 2, k + 1], weights[o + 2, k + 2]
                    d0, d1, d2 = weights[o + 3, k], weights[o + 3, k + 1], weights[o + 3, k + 2]
                    for p in range(size):
                        a[p] += a0 * x[p] + a1 * y[p] + a2 * z[p]
                        b[p] += b0 * x[p] + b1 * y[p] + b2 * z[p]
                        c[p] += c0 * x[p] + c1 * y[p] + c2 * z[p]
                        d[p] += d0 * x[p] + d1 * y[p] + d2 * z[p]
                else:
                    for row in range(rows):
                        a0, a1, a2 = weights[o + row, k], weights[o + row, k + 1], weights[o + row, k + 2]
                        for p in range(size):
                            sums[row, p] += a0 * x[p] + a1 * y[p] + a2 * z[p]
            for k in range(len(distances) // 3 * 3, len(distances)):
                x = line[start + distances[k] :]
                for row in range(rows):
                    a0 = weights[o + row, k]
                    for p in range(size):
                        sums[row, p] += a0 * x[p]
            for line_number in range(start // width, (start + size - 1) // width + 1):
                z, y = line_number // height, line_number % height
                if y < count[1]:
                    first, last = max(start, line_number * width), min(start + size, line_number * width + count[2])
                    at = begin[2] + (first - line_number * width) * step[2]
                    for row in range(rows):
                        to = result[o + row, begin[0] + z * step[0], begin[1] + y * step[1]]
                        for p in range(last - first):
                            to[at + p * step[2]] = sums[row, first - start + p]
''',
    "sum_positions": '''@njit(**LOOPS)
def sum_positions(line, distances, flow, total):
    """Add ``sum_p flow[o, p] line[distances[k] + p]`` to ``total[o, k]``."""
    zero = line.dtype.type(0)
    for start in range(0, flow.shape[1], 512):
        size = min(512, flow.shape[1] - start)
        for o in range(0, flow.shape[0], 4):
            rows = min(4, flow.shape[0] - o)
            for k in range(0, len(distances) - 2, 3):
                x, y, z = line[start + distances[k] :], line[start + distances[k + 1] :], line[start + distances[k + 2] :]
                if rows == 4:
                    a, b, c, d = flow[o, start:], flow[o + 1, start:], flow[o + 2, start:], flow[o + 3, start:]
                    a0 = a1 = a2 = b0 = b1 = b2 = c0 = c1 = c2 = d0 = d1 = d2 = zero
                    for p in range(size):
                        a0 += a[p] * x[p]
                        a1 += a[p] * y[p]
                        a2 += a[p] * z[p]
                        b0 += b[p] * x[p]
                        b1 += b[p] * y[p]
                        b2 += b[p] * z[p]
                        c0 += c[p] * x[p]
                        c1 += c[p] * y[p]
                        c2 += c[p] * z[p]
                        d0 += d[p] * x[p]
                        d1 += d[p] * y[p]
                        d2 += d[p] * z[p]
                    total[o, k] += a0
                    total[o, k + 1] += a1
                    total[o, k + 2] += a2
                    total[o + 1, k] += b0
                    total[o + 1, k + 1] += b1
                    total[o + 1, k + 2] += b2
                    total[o + 2, k] += c0
                    total[o + 2, k + 1] += c1
                    total[o + 2, k + 2] += c2
                    total[o + 3, k] += d0
                    total[o + 3, k + 1] += d1
                    total[o + 3, k + 2] += d2
                else:
                    for row in range(rows):
                        a = flow[o + row, start:]
                        a0 = a1 = a2 = zero
                        for p in range(size):
                            a0 += a[p] * x[p]
                            a1 += a[p] * y[p]
                            a2 += a[p] * z[p]
                        total[o + row, k] += a0
                        total[o + row, k + 1] += a1
                        total[o + row, k + 2] += a2
            for k in range(len(distances) // 3 * 3, len(distances)):
                x = line[start + distances[k] :]
                for row in range(rows):
                    a = flow[o + row, start:]
                    a0 = zero
                    for p in range(size):
                        a0 += a[p] * x[p]
                    total[o + row, k] += a0
''',
    "sum_over_steps": '''@njit(parallel=True, **LOOPS)
def sum_over_steps(image, weights, distances, result, lengths, stride, before, count, step, begin, parts):
    """Write the sums over the steps of windows for every image; ``parts`` share the results of one image."""
    area = lengths[0] * lengths[1] * lengths[2] * stride[0] * stride[1] * stride[2]
    rows = -(-weights.shape[0] // (4 * parts)) * 4
    for task in prange(image.shape[0] * parts):
        number, first = task // parts, task % parts * rows
        line = np.empty(image.shape[1] * area, image.dtype)
        along_line(image[number], stride, before, lengths, line)
        sum_steps(line, distances, weights[first : first + rows], result[number, first : first + rows], count, lengths, step, begin)
''',
    "sum_over_positions": '''@njit(parallel=True, **LOOPS)
def sum_over_positions(image, flow, distances, lengths, stride, before, parts):
    """Return the sums over the positions of windows in every image, one for each part of the images."""
    area = lengths[0] * lengths[1] * lengths[2] * stride[0] * stride[1] * stride[2]
    total = np.zeros((parts, flow.shape[1], len(distances)), image.dtype)
    whole = ((flow.shape[2] - 1) * lengths[1] + flow.shape[3] - 1) * lengths[2] + flow.shape[4]
    for part in prange(parts):
        line = np.empty(image.shape[1] * area, image.dtype)
        flows = np.zeros((flow.shape[1], whole), image.dtype)
        for number in range(image.shape[0] * part // parts, image.shape[0] * (part + 1) // parts):
            along_line(image[number], stride, before, lengths, line)
            for o in range(flow.shape[1]):
                for z in range(flow.shape[2]):
                    for y in range(flow.shape[3]):
                        place = (z * lengths[1] + y) * lengths[2]
                        for x in range(flow.shape[4]):
                            flows[o, place + x] = flow[number, o, z, y, x]
            sum_positions(line, distances, flows, total[part])
    return total
''',
    "with_three": '''def with_three(array, *lists):
    """An array (two axes, then those of an image) and lists of a number for each axis of the image, with three of these axes."""
    more = 5 - array.ndim
    wide = np.ascontiguousarray(array).reshape(*array.shape[:2], *[1] * more, *array.shape[2:])
    return wide, *((fill,) * more + tuple(numbers) for fill, numbers in zip((1, 1, 0, 0, 1), lists))
''',
    "step_distances": '''def step_distances(channels, size, stride, dilation, lengths):
    """How far each step of a window is from its position, along the line of an image of some channels."""
    steps = np.meshgrid(*(np.arange(k) * d for k, d in zip(size, dilation)), indexing="ij")
    group = place = 0
    for at, s, length in zip(steps, stride, lengths):
        group, place = group * s + at % s, place * length + at // s
    area = int(np.prod(lengths))
    return (np.arange(channels)[:, np.newaxis] * area * int(np.prod(stride)) + (group * area + place).ravel()).ravel()
''',
    "convolved": '''def convolved(image, kernel, stride, dilation, before, after):
    """sum_cu image[n, c, s p + d u] kernel[o, c, u] for each position p: image (n, c, ...), kernel (o, c, ...)."""
    rank = image.ndim - 2
    image, stride, dilation, before, after = with_three(image, stride, dilation, before, after)
    size = (1,) * (3 - rank) + kernel.shape[2:]
    padded = [b + n + a for b, n, a in zip(before, image.shape[2:], after)]
    positions = tuple(max(0, (n - d * (k - 1) - 1) // s + 1) for n, k, s, d in zip(padded, size, stride, dilation))
    result = np.zeros((len(image), len(kernel), *positions), image.dtype)
    if result.size and kernel.size:
        lengths = tuple(-(-n // s) for n, s in zip(padded, stride))
        distances = step_distances(image.shape[1], size, stride, dilation, lengths)
        weights = np.ascontiguousarray(kernel).reshape(len(kernel), -1)
        sum_over_steps(
            image, weights, distances, result, lengths, stride, before, positions, (1, 1, 1), (0, 0, 0), parts_of(len(image), len(kernel))
        )
    return result.reshape(*result.shape[:2], *positions[3 - rank :])
''',
    "convolved_by_kernel": '''def convolved_by_kernel(image, result, size, stride, dilation, before, after):
    """sum_np image[n, c, s p + d u] result[n, o, p] for each step u of a window of a size: (o, c, ...)."""
    flow, stride, dilation, before, after = with_three(result, stride, dilation, before, after)
    image, wide = with_three(image, size)
    if not (flow.size and image.size):
        return np.zeros((flow.shape[1], image.shape[1], *size), image.dtype)
    lengths = tuple(-(-(b + n + a) // s) for b, n, a, s in zip(before, image.shape[2:], after, stride))
    distances = step_distances(image.shape[1], wide, stride, dilation, lengths)
    total = sum_over_positions(image, flow, distances, lengths, stride, before, min(get_num_threads(), len(image)))
    return added_up(total).reshape(flow.shape[1], image.shape[1], *size)
''',
    "convolved_by_image": '''def convolved_by_image(result, kernel, lengths, stride, dilation, before, after):
    """sum_opu [s p + d u = r] result[n, o, p] kernel[o, c, u] for each place r of an image of some lengths: (n, c, ...).

    The places of one remainder of the stride are positions of windows of ``result``, turned round.
    """
    filters, channels, shape = result.shape[1], kernel.shape[1], tuple(lengths)
    flow, stride, dilation, before, after = with_three(result, stride, dilation, before, after)
    kernel, lengths = with_three(kernel, lengths)
    image = np.zeros((len(flow), channels, *lengths), flow.dtype)
    steps = [np.arange(k) * d for k, d in zip(kernel.shape[2:], dilation)]
    reach = tuple(int(at[-1]) // s if len(at) else 0 for at, s in zip(steps, stride))
    wide = tuple(-(-(b + n + a) // s) + r for b, n, a, s, r in zip(before, lengths, after, stride, reach))
    area = wide[0] * wide[1] * wide[2]
    for rest in np.ndindex(*stride) if image.size and flow.size else ():
        low = [max(0, -((r - b) // s)) for r, b, s in zip(rest, before, stride)]
        ends = [min((n - 1 + b - r) // s + 1, w - e) for n, b, r, s, w, e in zip(lengths, before, rest, stride, wide, reach)]
        count = tuple(end - a for end, a in zip(ends, low))
        chosen = [np.flatnonzero(at % s == r) for at, s, r in zip(steps, stride, rest)]
        if min(count) <= 0 or min(len(found) for found in chosen) == 0:
            continue
        moved = [a + e - at[k] // s for a, e, at, k, s in zip(low, reach, steps, chosen, stride)]
        places = (moved[0][:, None, None] * wide[1] + moved[1][:, None]) * wide[2] + moved[2]
        distances = (np.arange(filters)[:, np.newaxis] * area + places.ravel()).ravel()
        weights = np.ascontiguousarray(kernel[np.ix_(range(filters), range(channels), *chosen)].swapaxes(0, 1)).reshape(channels, -1)
        begin = tuple(a * s + r - b for a, s, r, b in zip(low, stride, rest, before))
        sum_over_steps(flow, weights, distances, image, wide, (1, 1, 1), reach, count, stride, begin, parts_of(len(flow), channels))
    return image.reshape(len(flow), channels, *shape)
''',
    "parts_of": '''def parts_of(images, results):
    """How many threads share one image: more than one where there are few images."""
    return max(1, min(-(-results // 4), -(-get_num_threads() // max(1, images))))
''',
}
