"""Compiled loop of the optimizer: one step of gradient descent with gains, momentum and a bound on its length."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[np.floating[Any]]


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def advance(
    first: int, last: int, part: int, points: Array, gradient: Array, velocity: Array, gains: Array, rate: Any, momentum: Any,
    longest: Any, sums: Array,
) -> None:  # fmt: skip
    """Move the points first:last, and set sums[part] to the sum of their new places.

    A gain grows by 0.2 where the gradient points on against the velocity, and shrinks to 0.8 where it turns, to no less than 0.01
    (Jacobs 1988). A step longer than ``longest`` is cut to it.
    """
    real = points.dtype.type
    grow, shrink, least, zero = real(0.2), real(0.8), real(0.01), real(0)
    dimensions = points.shape[1]
    # Entry by entry, in vector registers: what does not need to know the other axes.
    slopes = gradient[first:last].reshape((last - first) * dimensions)
    speeds = velocity[first:last].reshape((last - first) * dimensions)
    own_gains = gains[first:last].reshape((last - first) * dimensions)
    for e in range(slopes.size):
        gain, product = own_gains[e], slopes[e] * speeds[e]
        gain = max(gain * shrink if product > zero else gain + grow, least)
        own_gains[e] = gain
        speeds[e] = momentum * speeds[e] - rate * gain * slopes[e]
    totals = np.zeros(dimensions)
    for i in range(first, last):
        square = zero
        for axis in range(dimensions):
            square += velocity[i, axis] * velocity[i, axis]
        if square > longest * longest:
            factor = longest / np.sqrt(square)
            for axis in range(dimensions):
                velocity[i, axis] *= factor
        for axis in range(dimensions):
            points[i, axis] += velocity[i, axis]
            totals[axis] += points[i, axis]
    for axis in range(dimensions):
        sums[part, axis] = totals[axis]


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def center(first: int, last: int, part: int, points: Array, mean: Array) -> None:
    """Subtract the mean from the points first:last."""
    for i in range(first, last):
        for axis in range(points.shape[1]):
            points[i, axis] -= mean[axis]


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def find_bounds(first: int, last: int, part: int, points: Array, lows: Array, highs: Array) -> None:
    """Set lows[part] and highs[part] to the bounds of the points first:last."""
    for axis in range(points.shape[1]):
        low = high = points[first, axis]
        for i in range(first, last):
            low, high = min(low, points[i, axis]), max(high, points[i, axis])
        lows[part, axis], highs[part, axis] = low, high
