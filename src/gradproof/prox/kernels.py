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
