"""Compiled loops over the sparse affinities: the attractive forces, and what the KL divergence needs of each pair.

In the plane sixteen neighbours are fetched into vector registers at once; elsewhere a lot of them into a buffer, which the compiler turns
into the same arithmetic.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from gradproof.tsne.lanes import WIDTH, evens, load, load_pairs, odds, splat, total

Array = npt.NDArray[np.floating[Any]]
Integers = npt.NDArray[np.integer[Any]]

_LOT = 256


@njit(cache=True, nogil=True)
def _pull(x: Any, y: Any, pairs: Any, columns: Integers, first: int, weights: Any, per_dof: Any) -> tuple[Any, Any]:
    """Return weights (y_i - y_j) / (1 + |y_i - y_j|^2 per_dof), by axes, for the WIDTH neighbours from the first on."""
    left, right = load_pairs(pairs, columns, first), load_pairs(pairs, columns, first + WIDTH // 2)
    dx, dy = x - evens(left, right), y - odds(left, right)
    shares = weights / (splat(np.float32(1)) + (dx * dx + dy * dy) * per_dof)
    return shares * dx, shares * dy


@njit(cache=True, nogil=True, error_model="numpy")
def attract_plane(
    first: int, last: int, part: int, points: Array, pairs: Any, starts: Integers, columns: Integers, values: Array,
    strength: Any, per_dof: Any, forces: Array,
) -> None:  # fmt: skip
    """Add to -forces strength sum_j p_ij (y_i - y_j) / (1 + |y_i - y_j|^2 per_dof), single precision, two dimensions.

    pairs are the points seen as one integer of 64 bits each, fetched in one go.
    """
    rest, rest_columns = np.empty(WIDTH, np.float32), np.zeros(WIDTH, columns.dtype)
    inverse_dof = splat(per_dof)
    for i in range(first, last):
        x, y = splat(points[i, 0]), splat(points[i, 1])
        by_x = by_y = splat(np.float32(0))
        whole = starts[i + 1] - (starts[i + 1] - starts[i]) % WIDTH
        for e in range(starts[i], whole, WIDTH):
            pull_x, pull_y = _pull(x, y, pairs, columns, e, load(values, e), inverse_dof)
            by_x, by_y = by_x + pull_x, by_y + pull_y
        if whole < starts[i + 1]:
            # Lanes behind the last neighbour hold older ones, without weight.
            rest[:] = np.float32(0)
            for e in range(whole, starts[i + 1]):
                rest[e - whole], rest_columns[e - whole] = values[e], columns[e]
            pull_x, pull_y = _pull(x, y, pairs, rest_columns, 0, load(rest, 0), inverse_dof)
            by_x, by_y = by_x + pull_x, by_y + pull_y
        forces[i, 0] = forces[i, 0] - strength * total(by_x)
        forces[i, 1] = forces[i, 1] - strength * total(by_y)


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
