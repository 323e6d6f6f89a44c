"""The last steps of softmax regression, where the objective stands still within rounding and its gradient does not yet."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.sparse.linalg import LinearOperator, cg

from gradproof.prox.checks import Array
from gradproof.solvers.softmax_coordinates import Coordinates
from gradproof.solvers.softmax_dual import softmax_shares
from gradproof.solvers.softmax_loss import SoftmaxLoss

_NEWTON_STEPS, _CG_STEPS, _CG_ERROR = 4, 200, 1e-3


def polished(
    loss: SoftmaxLoss,
    coordinates: Coordinates,
    evaluate: Callable[[Array], tuple[float, Array]],
    point: Array,
    gradient: Array,
    lambda_2: float = 0.0,
) -> tuple[Array, Array]:
    """Return a point whose gradient is smaller, and that gradient: Newton steps as long as each halves it."""
    for _ in range(_NEWTON_STEPS):
        moved = point - _newton_step(loss, coordinates, point, gradient, lambda_2)
        slope = evaluate(moved)[1]
        if not float(np.linalg.norm(slope)) < 0.5 * float(np.linalg.norm(gradient)):
            break
        point, gradient = moved, slope
    return point, gradient


def _newton_step(loss: SoftmaxLoss, coordinates: Coordinates, point: Array, gradient: Array, lambda_2: float) -> Array:
    """Solve with the second derivatives by conjugate gradients, in coordinates in which these are at most 1 or so."""
    w, b = coordinates.coefficients(point)
    shares, _ = softmax_shares(np.asarray(loss.x @ w.T) + b)

    def curvature(flat: Array) -> Array:
        v, c = coordinates.coefficients(flat.reshape(gradient.shape))
        move = np.asarray(loss.x @ v.T) + c
        change = shares * (move - np.sum(shares * move, axis=1, keepdims=True)) * loss.weights[:, None]
        loss.passes += 2
        return coordinates.gradient(np.asarray((loss.x.T @ change).T) + lambda_2 * v, change.sum(axis=0)).ravel()

    operator = LinearOperator((gradient.size, gradient.size), matvec=curvature, dtype=np.float64)
    step, _ = cg(operator, gradient.ravel(), rtol=_CG_ERROR, maxiter=_CG_STEPS)
    return np.asarray(step).reshape(gradient.shape)
