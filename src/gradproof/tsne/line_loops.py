"""Compiled loops of the mesh in one dimension: charges to nodes, the field and its gradient back to the points."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from gradproof.tsne.spline import second_node, spline_slopes, spline_weights

Array = npt.NDArray[np.floating[Any]]


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def spread_line(first: int, last: int, part: int, points: Array, origin: Array, per_spacing: Any, grids: Array) -> None:
    """Set grids[part] to the density of unit charges at the points first:last."""
    real = points.dtype.type
    grid = grids[part]
    grid[:] = real(0)
    for i in range(first, last):
        u = (points[i, 0] - origin[0]) * per_spacing
        a = second_node(u, grid.shape[0])
        p = spline_weights(u - real(a))
        a -= np.uint32(1)
        for k in range(4):
            grid[a + np.uint32(k)] += p[k]


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def sample_line(field: Array, u: Any) -> tuple[Any, Any]:
    """Return the field and its derivative at a point in units of the spacing."""
    real = field.dtype.type
    a = second_node(u, field.shape[0])
    t = u - real(a)
    p, dp = spline_weights(t), spline_slopes(t)
    a -= np.uint32(1)
    value, by_u = real(0), real(0)
    for k in range(4):
        node = field[a + np.uint32(k)]
        value += p[k] * node
        by_u += dp[k] * node
    return value, by_u


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def read_line(
    first: int, last: int, part: int, points: Array, origin: Array, per_spacing: Any, field: Array, values: Array, gradients: Array
) -> None:
    """Set values and gradients of first:last to those of the field at the points."""
    for i in range(first, last):
        values[i], by_u = sample_line(field, (points[i, 0] - origin[0]) * per_spacing)
        gradients[i, 0] = by_u * per_spacing
