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
    grow, shrink, least, one = real(0.2), real(0.8), real(0.01), real(1)
    dimensions = points.shape[1]
    totals = np.zeros(dimensions)
    for i in range(first, last):
        square = real(0)
        for axis in range(dimensions):
            slope, speed, gain = gradient[i, axis], velocity[i, axis], gains[i, axis]
            gain = gain + grow if slope * speed <= 0 and not (slope == 0 and speed == 0) else gain * shrink
            gain = max(gain, least)
            speed = momentum * speed - rate * gain * slope
            gains[i, axis], velocity[i, axis] = gain, speed
            square += speed * speed
        factor = longest / np.sqrt(square) if square > longest * longest else one
        for axis in range(dimensions):
            velocity[i, axis] *= factor
            points[i, axis] += velocity[i, axis]
            totals[axis] += points[i, axis]
    for axis in range(dimensions):
        sums[part, axis] = totals[axis]


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def find_bounds(first: int, last: int, part: int, points: Array, lows: Array, highs: Array) -> None:
    """Set lows[part] and highs[part] to the bounds of the points first:last."""
    for axis in range(points.shape[1]):
        low = high = points[first, axis]
        for i in range(first, last):
            low, high = min(low, points[i, axis]), max(high, points[i, axis])
        lows[part, axis], highs[part, axis] = low, high
