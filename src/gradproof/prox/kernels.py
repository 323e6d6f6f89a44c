"""Compiled loops: monotone regression and exact total variation in one dimension."""

from __future__ import annotations

import numpy as np
from numba import njit

from gradproof.prox.checks import Array


@njit(cache=True)
def isotonic_decreasing(y: Array) -> Array:
    """Return the decreasing sequence closest to y: pool neighbours that are out of order, each time into their mean."""
    n = y.size
    means, sizes = np.empty(n), np.empty(n, dtype=np.int64)
    blocks = 0
    for i in range(n):
        mean, size = y[i], 1
        while blocks > 0 and means[blocks - 1] <= mean:
            blocks -= 1
            mean = (mean * size + means[blocks] * sizes[blocks]) / (size + sizes[blocks])
            size += sizes[blocks]
        means[blocks], sizes[blocks] = mean, size
        blocks += 1
    fitted = np.empty(n)
    place = 0
    for block in range(blocks):
        for _ in range(sizes[block]):
            fitted[place] = means[block]
            place += 1
    return fitted


@njit(cache=True)
def total_variation_prox(y: Array, weight: float) -> Array:
    """Return argmin_z ||z - y||^2 / 2 + weight sum_i |z_(i+1) - z_i| in linear time.

    Dynamic programming over i: the derivative of the best cost of z_0..z_i as a function of z_i is increasing and
    piecewise linear; the next term clips it to [-weight, weight]. Its knots live in an array that grows at both ends,
    and each is dropped at most once. The places of clipping bound z_i when it is read off backwards.
    (Johnson 2013, Journal of Computational and Graphical Statistics 22.)
    """
    n = y.size
    z = np.empty(n)
    if n == 0:
        return z
    if weight <= 0 or n == 1:
        z[:] = y
        return z
    lower, upper = np.empty(n - 1), np.empty(n - 1)
    # Knot j at place[j]; there the derivative gains the line gain[j] t + jump[j]. Knots are in [first, last].
    place, gain, jump = np.empty(2 * n), np.empty(2 * n), np.empty(2 * n)
    first, last = n, n - 1
    for i in range(n):
        # Left of all knots the derivative is -weight of the past (none for i = 0) plus t - y_i.
        past = weight if i > 0 else 0.0
        slope, offset = 1.0, -y[i] - past
        target = -weight if i < n - 1 else 0.0
        low_knot = first
        while low_knot <= last and slope * place[low_knot] + offset < target:
            slope += gain[low_knot]
            offset += jump[low_knot]
            low_knot += 1
        low_slope, low_offset = slope, offset
        low = (target - offset) / slope
        if i == n - 1:
            z[i] = low
            break
        slope, offset = 1.0, -y[i] + past
        high_knot = last
        while high_knot >= low_knot and slope * place[high_knot] + offset > weight:
            slope -= gain[high_knot]
            offset -= jump[high_knot]
            high_knot -= 1
        high = (weight - offset) / slope
        # Left of 'low' the clipped derivative is -weight, right of 'high' it is weight.
        first, last = low_knot - 1, high_knot + 1
        place[first], gain[first], jump[first] = low, low_slope, low_offset + weight
        place[last], gain[last], jump[last] = high, -slope, weight - offset
        lower[i], upper[i] = low, high
    for i in range(n - 2, -1, -1):
        z[i] = min(max(z[i + 1], lower[i]), upper[i])
    return z


@njit(cache=True)
def smooth_columns(x: Array, weight: float) -> Array:
    """Return the prox of the total variation of every column."""
    out = np.empty(x.shape)
    for j in range(x.shape[1]):
        out[:, j] = total_variation_prox(np.ascontiguousarray(x[:, j]), weight)
    return out


@njit(cache=True)
def isotropic_flow(target: Array, weight: float, steps: int, tolerance: float) -> Array:
    """Return the flow u with ||u_p|| <= weight for which target - D' u is shortest, D the differences to the neighbours below and right.

    Accelerated projected gradient steps of 1/8, with restarts, until the duality gap is within the tolerance.
    """
    height, width = target.shape
    flow, ahead, following = np.zeros((2, height, width)), np.zeros((2, height, width)), np.zeros((2, height, width))
    point = np.empty((height, width))
    t = 1.0
    for step in range(steps):
        _take_flow(target, ahead, point)
        along = 0.0
        for i in range(height):
            for j in range(width):
                down = ahead[0, i, j] + ((point[i + 1, j] - point[i, j]) / 8 if i + 1 < height else 0.0)
                right = ahead[1, i, j] + ((point[i, j + 1] - point[i, j]) / 8 if j + 1 < width else 0.0)
                length = np.sqrt(down * down + right * right)
                if length > weight:
                    down *= weight / length
                    right *= weight / length
                following[0, i, j], following[1, i, j] = down, right
                along += (ahead[0, i, j] - down) * (down - flow[0, i, j]) + (ahead[1, i, j] - right) * (right - flow[1, i, j])
        if along > 0:
            ahead[:] = flow
            t = 1.0
            continue
        longer = 0.5 * (1 + np.sqrt(1 + 4 * t * t))
        share = (t - 1) / longer
        for k in range(2):
            for i in range(height):
                for j in range(width):
                    ahead[k, i, j] = following[k, i, j] + share * (following[k, i, j] - flow[k, i, j])
                    flow[k, i, j] = following[k, i, j]
        t = longer
        if step % 10 == 0 and _flow_gap(target, flow, point, weight) <= tolerance:
            break
    return flow


@njit(cache=True)
def _take_flow(target: Array, flow: Array, point: Array) -> None:
    """Write target - D' flow into the point."""
    height, width = target.shape
    for i in range(height):
        for j in range(width):
            value = target[i, j]
            if i + 1 < height:
                value += flow[0, i, j]
            if i > 0:
                value -= flow[0, i - 1, j]
            if j + 1 < width:
                value += flow[1, i, j]
            if j > 0:
                value -= flow[1, i, j - 1]
            point[i, j] = value


@njit(cache=True)
def _flow_gap(target: Array, flow: Array, point: Array, weight: float) -> float:
    """Return the duality gap of target - D' flow: sum weight ||(D x)_p|| - <flow, D x>."""
    height, width = target.shape
    _take_flow(target, flow, point)
    gap = 0.0
    for i in range(height):
        for j in range(width):
            down = point[i + 1, j] - point[i, j] if i + 1 < height else 0.0
            right = point[i, j + 1] - point[i, j] if j + 1 < width else 0.0
            gap += weight * np.sqrt(down * down + right * right) - flow[0, i, j] * down - flow[1, i, j] * right
    return gap
