"""Small penalized quadratics given by their matrix: coordinate descent to find the signs, Cholesky to finish."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from gradproof.solvers.gram_kernels import sweep, violation

Array = npt.NDArray[np.floating[Any]]

_ROUNDS = 200
_FEWEST, _PATIENCE, _MOST = 8, 64, 128


def minimize_gram(
    gram: Array,
    slope: Array,
    beta: Array,
    weights: Array,
    ridge: float = 0.0,
    is_positive: bool = False,
    tolerance: float = 1e-10,
    deadline: float = np.inf,
) -> Array:
    """Return argmin_b (b - beta)' gram (b - beta) / 2 - <slope, b> + sum_j weights_j |b_j| + ridge / 2 ||b||^2 (b >= 0 if is_positive).

    Sweeps of coordinate descent settle which entries are zero and the signs of the others. Then one linear system has
    the solution; where it changes a sign, the step goes to the lowest point on the way with such entries at zero, if that is lower.
    Args:     gram: (m, m) or larger, of which the leading block counts; in single precision too: an error in it counts only
              as far as b moves away from beta.  slope: (m,), minus the gradient of the quadratic at beta.
              beta: the start.  tolerance: on the largest violation of the optimality conditions.  deadline: by time.perf_counter().
    """
    beta, slope = beta.copy(), slope.copy()
    sweeps, support = _FEWEST, beta != 0
    for _ in range(_ROUNDS):
        if sweep(gram, slope, beta, weights, ridge, is_positive, sweeps, tolerance) <= tolerance or time.perf_counter() >= deadline:
            break
        is_settled = 50 * np.count_nonzero((beta != 0) != support) <= np.count_nonzero(support)
        support = beta != 0
        if (is_settled and sweeps >= _PATIENCE) or sweeps >= _MOST:
            _finish(gram, slope, beta, weights, ridge, is_positive)
            if violation(slope, beta, weights, ridge, is_positive) <= tolerance:
                break
            support = beta != 0
        sweeps = min(2 * sweeps, _MOST)
    return beta


def _finish(gram: Array, slope: Array, beta: Array, weights: Array, ridge: float, is_positive: bool) -> None:
    """Solve for the entries that are not zero with their signs fixed; changes beta and slope if the objective falls."""
    chosen = np.flatnonzero(beta)
    if chosen.size == 0:
        return
    old, pull = beta[chosen], slope[chosen]
    inner = gram[np.ix_(chosen, chosen)]
    target = pull - ridge * old - weights[chosen] * np.sign(old)
    system = inner.copy()
    system.flat[:: chosen.size + 1] += ridge
    try:
        factor = cho_factor(system, overwrite_a=True, check_finite=False)
    except LinAlgError:
        return
    solved = old + cho_solve(factor, target.astype(system.dtype), check_finite=False)
    new = _along(inner, old, solved, pull, weights[chosen], ridge)
    if is_positive:
        new = np.maximum(new, 0)
    beta[chosen] = new
    moved = (new - old).astype(gram.dtype)
    slope -= moved @ gram[chosen, : beta.size]


def _along(inner: Array, old: Array, solved: Array, pull: Array, weights: Array, ridge: float) -> Array:
    """Return the lowest of: the solution, the points where signs change on the way to it. Flipped entries become zero."""
    flips = old * solved < 0
    if not flips.any():
        return solved
    direction = solved - old

    def cost(b: Array) -> float:
        move = b - old
        return float(0.5 * move @ (inner @ move.astype(inner.dtype)) - pull @ move + weights @ np.abs(b) + 0.5 * ridge * b @ b)

    # On the way to the first change of sign the objective is one parabola with its minimum beyond: it falls.
    first = float(np.min(old[flips] / -direction[flips]))
    candidates = [np.where(flips, 0, solved), old + first * direction]
    for candidate in candidates:
        candidate[old * candidate < 0] = 0
    at_crossing = candidates[1]
    at_crossing[np.abs(at_crossing) <= 1e-12 * np.abs(old)] = 0
    return min(candidates, key=cost)
