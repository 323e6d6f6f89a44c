"""Compiled loops of the mesh in two dimensions: charges to nodes, the field and its gradient back to the points."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from gradproof.tsne.spline import second_node, spline_slopes, spline_weights

Array = npt.NDArray[np.floating[Any]]


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def spread_plane(first: int, last: int, part: int, points: Array, origin: Array, per_spacing: Any, grids: Array) -> None:
    """Set grids[part] to the density of unit charges at the points first:last."""
    real = points.dtype.type
    grid = grids[part]
    grid[:] = real(0)
    for i in range(first, last):
        u, v = (points[i, 0] - origin[0]) * per_spacing, (points[i, 1] - origin[1]) * per_spacing
        a, b = second_node(u, grid.shape[0]), second_node(v, grid.shape[1])
        p, q = spline_weights(u - real(a)), spline_weights(v - real(b))
        a, b = a - np.uint32(1), b - np.uint32(1)
        for k in range(4):
            weight, row = p[k], grid[a + np.uint32(k)]
            row[b] += weight * q[0]
            row[b + np.uint32(1)] += weight * q[1]
            row[b + np.uint32(2)] += weight * q[2]
            row[b + np.uint32(3)] += weight * q[3]


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def sample_plane(field: Array, u: Any, v: Any) -> tuple[Any, Any, Any]:
    """Return the field and its two derivatives at a point in units of the spacing."""
    real = field.dtype.type
    a, b = second_node(u, field.shape[0]), second_node(v, field.shape[1])
    s, t = u - real(a), v - real(b)
    p, dp, q, dq = spline_weights(s), spline_slopes(s), spline_weights(t), spline_slopes(t)
    a, b = a - np.uint32(1), b - np.uint32(1)
    value, by_u, by_v = real(0), real(0), real(0)
    for k in range(4):
        row = field[a + np.uint32(k)]
        f0, f1, f2, f3 = row[b], row[b + np.uint32(1)], row[b + np.uint32(2)], row[b + np.uint32(3)]
        inner = q[0] * f0 + q[1] * f1 + q[2] * f2 + q[3] * f3
        value += p[k] * inner
        by_u += dp[k] * inner
        by_v += p[k] * (dq[0] * f0 + dq[1] * f1 + dq[2] * f2 + dq[3] * f3)
    return value, by_u, by_v


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def read_plane(
    first: int, last: int, part: int, points: Array, origin: Array, per_spacing: Any, field: Array, values: Array, gradients: Array
) -> None:
    """Set values and gradients of first:last to those of the field at the points."""
    for i in range(first, last):
        u, v = (points[i, 0] - origin[0]) * per_spacing, (points[i, 1] - origin[1]) * per_spacing
        values[i], by_u, by_v = sample_plane(field, u, v)
        gradients[i, 0], gradients[i, 1] = by_u * per_spacing, by_v * per_spacing
