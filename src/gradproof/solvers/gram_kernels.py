"""Compiled coordinate descent on a quadratic that is given by its matrix."""

from __future__ import annotations

from typing import Any

from numba import njit


@njit(cache=True, fastmath=True)
def sweep(gram: Any, slope: Any, beta: Any, weights: Any, ridge: float, is_positive: bool, sweeps: int, tolerance: float) -> float:
    """Minimize beta' gram beta / 2 - <q, beta> + sum_j weights_j |beta_j| + ridge / 2 ||beta||^2, one entry after the other.

    ``slope`` is q - gram beta and is kept so; ``gram`` may be larger: its leading block counts. An entry that stays costs
    nothing, one that moves a row of the matrix, which is why single precision for the matrix alone doubles the speed.
    Returns the largest violation of the optimality conditions seen in the last sweep.
    """
    size = beta.size
    worst = 0.0
    for _ in range(sweeps):
        worst = 0.0
        for j in range(size):
            curvature = gram[j, j] + ridge
            if curvature <= 0.0:
                continue
            old = beta[j]
            z = slope[j] + gram[j, j] * old
            if z > weights[j]:
                new = (z - weights[j]) / curvature
            elif z < -weights[j] and not is_positive:
                new = (z + weights[j]) / curvature
            else:
                new = 0.0
            change = new - old
            if change != 0.0:
                beta[j] = new
                row = gram[j]
                for i in range(size):
                    slope[i] -= change * row[i]
                worst = max(worst, abs(change) * curvature)
        if worst <= tolerance:
            break
    return worst


@njit(cache=True)
def violation(slope: Any, beta: Any, weights: Any, ridge: float, is_positive: bool) -> float:
    """Return the largest distance of the slope from the subgradients of the penalty."""
    worst = 0.0
    for j in range(beta.size):
        excess = slope[j] - ridge * beta[j]
        if beta[j] > 0:
            away = abs(excess - weights[j])
        elif beta[j] < 0:
            away = abs(excess + weights[j])
        elif is_positive:
            away = max(excess - weights[j], 0.0)
        else:
            away = max(abs(excess) - weights[j], 0.0)
        worst = max(worst, away)
    return worst
