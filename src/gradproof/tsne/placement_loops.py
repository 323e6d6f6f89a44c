"""Compiled loops that place new points on a map: where they start, and one step of all."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[np.floating[Any]]
Integers = npt.NDArray[np.integer[Any]]

_LONGEST = 0.25


@njit(cache=True, nogil=True)
def median_places(first: int, last: int, part: int, embedding: Array, found: Integers, places: Array) -> None:
    """Set places[first:last] to the medians, axis by axis, of the neighbours' places."""
    for i in range(first, last):
        there = found[i][found[i] >= 0]
        for axis in range(embedding.shape[1]):
            places[i, axis] = np.median(embedding[there, axis])


@njit(cache=True, nogil=True, error_model="numpy")
def move(
    first: int, last: int, part: int, places: Array, embedding: Array, found: Integers, shares: Array, potentials: Array,
    constant: float, gradients: Array, dof: float, rate: float, velocity: Array, gains: Array, lowest: Array, highest: Array,
) -> None:  # fmt: skip
    """Move the places first:last one step down their own KL divergences, within the bounds."""
    dimensions = places.shape[1]
    pull = np.empty(dimensions)
    for i in range(first, last):
        pull[:] = 0.0
        for e in range(found.shape[1]):
            j = found[i, e]
            if j < 0:
                continue
            square = 0.0
            for axis in range(dimensions):
                square += (places[i, axis] - embedding[j, axis]) ** 2
            weight = shares[i, e] * (dof + 1) / (dof + square)
            for axis in range(dimensions):
                pull[axis] += weight * (places[i, axis] - embedding[j, axis])
        potential = max(potentials[i] + constant, 1e-12)
        for axis in range(dimensions):
            slope = pull[axis] + gradients[i, axis] / potential
            gain = gains[i, axis]
            gain = gain + 0.2 if slope * velocity[i, axis] <= 0 else max(gain * 0.8, 0.01)
            step = min(max(0.8 * velocity[i, axis] - rate * gain * slope, -_LONGEST), _LONGEST)
            gains[i, axis], velocity[i, axis] = gain, step
            places[i, axis] = min(max(places[i, axis] + step, lowest[axis]), highest[axis])
