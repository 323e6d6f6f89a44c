"""Compiled loops of the mesh in three dimensions: charges to nodes, the field and its gradient back to the points."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from gradproof.tsne.spline import second_node, spline_slopes, spline_weights

Array = npt.NDArray[np.floating[Any]]


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def spread_space(first: int, last: int, part: int, points: Array, origin: Array, per_spacing: Any, grids: Array) -> None:
    """Set grids[part] to the density of unit charges at the points first:last."""
    real = points.dtype.type
    grid = grids[part]
    grid[:] = real(0)
    for i in range(first, last):
        u, v = (points[i, 0] - origin[0]) * per_spacing, (points[i, 1] - origin[1]) * per_spacing
        w = (points[i, 2] - origin[2]) * per_spacing
        a, b, c = second_node(u, grid.shape[0]), second_node(v, grid.shape[1]), second_node(w, grid.shape[2])
        p, q, r = spline_weights(u - real(a)), spline_weights(v - real(b)), spline_weights(w - real(c))
        a, b, c = a - np.uint32(1), b - np.uint32(1), c - np.uint32(1)
        for k in range(4):
            for m in range(4):
                weight, row = p[k] * q[m], grid[a + np.uint32(k), b + np.uint32(m)]
                row[c] += weight * r[0]
                row[c + np.uint32(1)] += weight * r[1]
                row[c + np.uint32(2)] += weight * r[2]
                row[c + np.uint32(3)] += weight * r[3]


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def sample_space(field: Array, u: Any, v: Any, w: Any) -> tuple[Any, Any, Any, Any]:
    """Return the field and its three derivatives at a point in units of the spacing."""
    real = field.dtype.type
    a, b, c = second_node(u, field.shape[0]), second_node(v, field.shape[1]), second_node(w, field.shape[2])
    s, t, o = u - real(a), v - real(b), w - real(c)
    p, dp, q, dq = spline_weights(s), spline_slopes(s), spline_weights(t), spline_slopes(t)
    r, dr = spline_weights(o), spline_slopes(o)
    a, b, c = a - np.uint32(1), b - np.uint32(1), c - np.uint32(1)
    value, by_u, by_v, by_w = real(0), real(0), real(0), real(0)
    for k in range(4):
        for m in range(4):
            row = field[a + np.uint32(k), b + np.uint32(m)]
            f0, f1, f2, f3 = row[c], row[c + np.uint32(1)], row[c + np.uint32(2)], row[c + np.uint32(3)]
            inner = r[0] * f0 + r[1] * f1 + r[2] * f2 + r[3] * f3
            value += p[k] * q[m] * inner
            by_u += dp[k] * q[m] * inner
            by_v += p[k] * dq[m] * inner
            by_w += p[k] * q[m] * (dr[0] * f0 + dr[1] * f1 + dr[2] * f2 + dr[3] * f3)
    return value, by_u, by_v, by_w


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def read_space(
    first: int, last: int, part: int, points: Array, origin: Array, per_spacing: Any, field: Array, values: Array, gradients: Array
) -> None:
    """Set values and gradients of first:last to those of the field at the points."""
    for i in range(first, last):
        u, v = (points[i, 0] - origin[0]) * per_spacing, (points[i, 1] - origin[1]) * per_spacing
        values[i], by_u, by_v, by_w = sample_space(field, u, v, (points[i, 2] - origin[2]) * per_spacing)
        gradients[i, 0], gradients[i, 1], gradients[i, 2] = by_u * per_spacing, by_v * per_spacing, by_w * per_spacing
