"""Compiled loops over all pairs: the exact repulsion, for small sets and as a referee."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[np.floating[Any]]
Integers = npt.NDArray[np.integer[Any]]


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def repel(first: int, last: int, part: int, rows: Integers, points: Array, dof: float, forces: Array) -> float:
    """Set forces[first:last] to sum_j K (y_i - y_j) / (1 + r^2 / dof) for i in rows[first:last]; return their sum_j K without j = i.

    points is (dimensions, n): neighbours in memory are neighbours in a vector register.
    """
    real = points.dtype.type
    dimensions, n = points.shape
    one, per_dof, power = real(1), real(1 / dof), real(-(dof + 1) / 2)
    is_cauchy = dof == 1
    kernels, weights = np.empty(n, points.dtype), np.empty(n, points.dtype)
    total = 0.0
    for place in range(first, last):
        i = rows[place]
        weights[:] = one
        for axis in range(dimensions):
            line = points[axis]
            own = line[i]
            for j in range(n):
                difference = own - line[j]
                weights[j] += difference * difference * per_dof
        if is_cauchy:
            for j in range(n):
                kernels[j] = one / weights[j]
                weights[j] = kernels[j] * kernels[j]
        else:
            for j in range(n):
                kernels[j] = np.exp(power * np.log(weights[j]))
                weights[j] = kernels[j] / weights[j]
        own_sum = 0.0
        for j in range(n):
            own_sum += kernels[j]
        total += own_sum - kernels[i]
        for axis in range(dimensions):
            line, force = points[axis], real(0)
            own = line[i]
            for j in range(n):
                force += weights[j] * (own - line[j])
            forces[place, axis] = force
    return total


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def normalizer_by_dof(first: int, last: int, part: int, rows: Integers, points: Array, dof: float) -> tuple[float, float]:
    """Return sum_j K and sum_j dK/d dof, j = i left out, over i in rows[first:last]; points is (dimensions, n)."""
    dimensions, n = points.shape
    power = (dof + 1) / 2
    total, slope = 0.0, 0.0
    for place in range(first, last):
        i = rows[place]
        for j in range(n):
            square = 0.0
            for axis in range(dimensions):
                difference = points[axis, i] - points[axis, j]
                square += difference * difference
            logarithm = np.log1p(square / dof)
            value = np.exp(-power * logarithm)
            total += value
            slope += value * (power * square / (dof * (dof + square)) - logarithm / 2)
        total -= 1.0
    return total, slope
