"""Compiled sweeps of coordinate descent over the columns of a least-squares problem, dense or compressed.

Both minimize ||X (b - b_0)||^2 / 2 - <slope, b> + weight ||b||_1 + ridge / 2 ||b||^2 by one entry of b after the other, where slope
is minus the gradient at b_0. ``fit`` is X (b - b_0) and is kept so: it starts at zero, so that an error of it counts only as far
as b has moved.
"""

from __future__ import annotations

from typing import Any

from numba import njit

from gradproof.solvers.design_kernels import add_sparse, dot_sparse


@njit(cache=True)
def shrunk(z: float, weight: float, is_positive: bool) -> float:
    """Return z moved towards zero by the weight."""
    if z > weight:
        return z - weight
    if z < -weight and not is_positive:
        return z + weight
    return 0.0


@njit(cache=True, fastmath=True)
def sweep_dense(
    rows: Any,
    squares: Any,
    slope: Any,
    fit: Any,
    beta: Any,
    weight: float,
    ridge: float,
    is_positive: bool,
    only_used: bool,
) -> float:
    """Sweep once, over all columns (``rows`` of an array) or those with a coefficient; returns the largest violation met."""
    n, worst = fit.size, 0.0
    for j in range(beta.size):
        old, curvature = beta[j], squares[j] + ridge
        if curvature <= 0.0 or (only_used and old == 0.0):
            continue
        row = rows[j]
        along = rows.dtype.type(0.0)
        for i in range(n):
            along += row[i] * fit[i]
        change = shrunk(slope[j] - along + squares[j] * old, weight, is_positive) / curvature - old
        if change != 0.0:
            beta[j] = old + change
            step = rows.dtype.type(change)
            for i in range(n):
                fit[i] += step * row[i]
            worst = max(worst, abs(change) * curvature)
    return worst


@njit(cache=True)
def sweep_sparse(
    data: Any,
    indices: Any,
    starts: Any,
    center: Any,
    length: float,
    squares: Any,
    slope: Any,
    fit: Any,
    beta: Any,
    weight: float,
    ridge: float,
    is_positive: bool,
    only_used: bool,
) -> float:
    """Do the same for compressed columns x_j that count as x_j - center_j v, which is orthogonal to v; ``center`` may be empty.

    ``length`` is ||v||^2. ``fit`` has the sum without the centers, and in one entry more length sum_j center_j (b_j - b_0j).
    """
    last, worst = fit.size - 1, 0.0
    for j in range(beta.size):
        old, curvature = beta[j], squares[j] + ridge
        if curvature <= 0.0 or (only_used and old == 0.0):
            continue
        along = dot_sparse(data, indices, starts[j], starts[j + 1], fit)
        if center.size:
            along -= center[j] * fit[last]
        change = shrunk(slope[j] - along + squares[j] * old, weight, is_positive) / curvature - old
        if change != 0.0:
            beta[j] = old + change
            add_sparse(data, indices, starts[j], starts[j + 1], change, fit)
            worst = max(worst, abs(change) * curvature)
            if center.size:
                fit[last] += change * center[j] * length
    return worst


@njit(cache=True)
def follow_dense(matrix: Any, slope: Any, fit: Any, beta: Any, penalty: Any, betas: Any, fits: Any, tolerance: float) -> Any:
    """Sweep over the columns in use up to the tolerance; each point goes into the next row of the trail. Returns how many."""
    rows, squares = matrix
    weight, ridge, is_positive = penalty
    for place in range(1, betas.shape[0]):
        worst = sweep_dense(rows, squares, slope, fit, beta, weight, ridge, is_positive, True)
        betas[place], fits[place] = beta, fit
        if worst <= tolerance:
            return place, True
    return betas.shape[0] - 1, False


@njit(cache=True)
def follow_sparse(matrix: Any, slope: Any, fit: Any, beta: Any, penalty: Any, betas: Any, fits: Any, tolerance: float) -> Any:
    """Do the same for compressed columns."""
    data, indices, starts, center, length, squares = matrix
    weight, ridge, is_positive = penalty
    for place in range(1, betas.shape[0]):
        worst = sweep_sparse(data, indices, starts, center, length, squares, slope, fit, beta, weight, ridge, is_positive, True)
        betas[place], fits[place] = beta, fit
        if worst <= tolerance:
            return place, True
    return betas.shape[0] - 1, False
