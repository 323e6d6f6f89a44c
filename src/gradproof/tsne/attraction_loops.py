"""Compiled loops over the sparse affinities: the attractive forces, and what the KL divergence needs of each pair.

One lot of neighbours is fetched into a buffer before it is computed with, so that the arithmetic runs in vector registers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[np.floating[Any]]
Integers = npt.NDArray[np.integer[Any]]

_LOT = 256


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def attract_plane(
    first: int, last: int, part: int, points: Array, pairs: Any, starts: Integers, columns: Integers, values: Array,
    strength: Any, per_dof: Any, forces: Array,
) -> None:  # fmt: skip
    """Add to -forces strength sum_j p_ij (y_i - y_j) / (1 + |y_i - y_j|^2 per_dof), single precision, two dimensions.

    pairs are the points seen as one integer of 64 bits each, fetched in one go.
    """
    one, two = np.float32(1), np.uint64(2)
    fetched = np.empty(_LOT, np.uint64)
    others = fetched.view(np.float32)
    for i in range(first, last):
        x, y = points[i, 0], points[i, 1]
        by_x, by_y = np.float32(0), np.float32(0)
        for start in range(starts[i], starts[i + 1], _LOT):
            size = np.uint64(min(_LOT, starts[i + 1] - start))
            lot, weights = columns[start : start + _LOT], values[start : start + _LOT]
            for e in range(size):
                fetched[e] = pairs[lot[e]]
            for e in range(size):
                dx, dy = x - others[two * e], y - others[two * e + np.uint64(1)]
                weight = weights[e] / (one + (dx * dx + dy * dy) * per_dof)
                by_x += weight * dx
                by_y += weight * dy
        forces[i, 0] = forces[i, 0] - strength * by_x
        forces[i, 1] = forces[i, 1] - strength * by_y


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def attract(
    first: int, last: int, part: int, points: Array, starts: Integers, columns: Integers, values: Array,
    strength: Any, per_dof: Any, forces: Array,
) -> None:  # fmt: skip
    """Add to -forces strength sum_j p_ij (y_i - y_j) / (1 + |y_i - y_j|^2 per_dof), any precision and dimension."""
    real = points.dtype.type
    dimensions = points.shape[1]
    differences = np.empty((dimensions, _LOT), points.dtype)
    weights = np.empty(_LOT, points.dtype)
    for i in range(first, last):
        for start in range(starts[i], starts[i + 1], _LOT):
            size = min(_LOT, starts[i + 1] - start)
            weights[:size] = real(1)
            for axis in range(dimensions):
                own, row = points[i, axis], differences[axis]
                for e in range(size):
                    row[e] = own - points[columns[start + e], axis]
                for e in range(size):
                    weights[e] += row[e] * row[e] * per_dof
            for e in range(size):
                weights[e] = values[start + e] / weights[e]
            for axis in range(dimensions):
                row, total = differences[axis], real(0)
                for e in range(size):
                    total += weights[e] * row[e]
                forces[i, axis] -= strength * total


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def stretch(
    first: int, last: int, part: int, points: Array, starts: Integers, columns: Integers, values: Array, per_dof: Any
) -> tuple[float, float]:
    """Return sum_ij p_ij log(1 + r^2 per_dof) and sum_ij p_ij r^2 per_dof / (1 + r^2 per_dof) over the rows."""
    dimensions = points.shape[1]
    logarithms, shares = 0.0, 0.0
    for i in range(first, last):
        for e in range(starts[i], starts[i + 1]):
            square = points.dtype.type(0)
            for axis in range(dimensions):
                difference = points[i, axis] - points[columns[e], axis]
                square += difference * difference
            square *= per_dof
            logarithms += values[e] * np.log1p(square)
            shares += values[e] * square / (1 + square)
    return logarithms, shares
