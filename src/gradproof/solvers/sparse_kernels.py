"""Compiled coordinate descent over compressed columns, in place."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from gradproof.solvers.design_kernels import dot_sparse

_INNER = 10


@njit(cache=True, fastmath=True)
def descend_sparse(
    data: Any,
    indices: Any,
    starts: Any,
    means: Any,
    squares: Any,
    chosen: Any,
    residual: Any,
    beta: Any,
    weight: float,
    ridge: float,
    is_positive: bool,
    sweeps: int,
    tolerance: float,
) -> float:
    """Sweep over the chosen columns of least squares with l1 and l2 penalties; beta has their coefficients, residual = y - X beta.

    A sweep over all is followed by sweeps over the coefficients that are not zero. ``means`` is empty unless the columns count
    as centered; then the centers wait in ``shift`` until the end.
    Returns the largest violation of the optimality conditions seen in the last sweep over all.
    """
    n, shift, worst = residual.size, 0.0, 0.0
    for _ in range(sweeps):
        inside = 0.0
        for turn in range(1 + _INNER):
            inside = 0.0
            for place in range(chosen.size):
                j = chosen[place]
                curvature = squares[j] + ridge
                if curvature <= 0.0 or (turn > 0 and beta[place] == 0.0):
                    continue
                z = squares[j] * beta[place] + dot_sparse(data, indices, starts[j], starts[j + 1], residual)
                if means.size:
                    z += n * means[j] * shift
                change = _shrunk(z, weight, is_positive) / curvature - beta[place]
                if change != 0.0:
                    beta[place] += change
                    for k in range(starts[j], starts[j + 1]):
                        residual[np.uint32(indices[k])] -= change * data[k]
                    if means.size:
                        shift += change * means[j]
                    inside = max(inside, abs(change) * curvature)
            if turn == 0:
                worst = inside
            if inside <= tolerance:
                break
        if worst <= tolerance:
            break
    for i in range(n):
        residual[i] += shift
    return worst


@njit(cache=True, fastmath=True)
def descend_sparse_weighted(
    data: Any,
    weighted: Any,
    indices: Any,
    starts: Any,
    curvature: Any,
    residual: Any,
    beta: Any,
    weight: float,
    ridge: float,
    is_positive: bool,
    has_constant: bool,
    sweeps: int,
    tolerance: float,
) -> float:
    """Sweep over the columns of weighted least squares; residual = r - curvature * (X (beta - start) + constant).

    ``weighted`` is filled with the data times the curvature. A sweep over all is followed by sweeps over the coefficients
    that are not zero; with ``has_constant`` the best constant is taken after each. Returns what the constant became.
    """
    squares = np.zeros(beta.size)
    for j in range(beta.size):
        for k in range(starts[j], starts[j + 1]):
            weighted[k] = data[k] * curvature[np.uint32(indices[k])]
            squares[j] += data[k] * weighted[k]
    total, constant = curvature.sum(), 0.0
    for _ in range(sweeps):
        worst, inside = 0.0, 0.0
        for turn in range(1 + _INNER):
            inside = 0.0
            for j in range(beta.size):
                if squares[j] + ridge <= 0.0 or (turn > 0 and beta[j] == 0.0):
                    continue
                z = squares[j] * beta[j] + dot_sparse(data, indices, starts[j], starts[j + 1], residual)
                change = _shrunk(z, weight, is_positive) / (squares[j] + ridge) - beta[j]
                if change != 0.0:
                    beta[j] += change
                    for k in range(starts[j], starts[j + 1]):
                        residual[np.uint32(indices[k])] -= change * weighted[k]
                    inside = max(inside, abs(change) * (squares[j] + ridge))
            if has_constant and total > 0.0:
                excess = residual.sum()
                constant += excess / total
                residual -= excess / total * curvature
                inside = max(inside, abs(excess))
            if turn == 0:
                worst = inside
            if inside <= tolerance:
                break
        if worst <= tolerance:
            break
    return constant


@njit(cache=True)
def _shrunk(z: float, weight: float, is_positive: bool) -> float:
    if z > weight:
        return z - weight
    if z < -weight and not is_positive:
        return z + weight
    return 0.0
