"""The duality gap of softmax regression under a penalty."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gradproof.prox.checks import Array

Labels = npt.NDArray[np.int64]
_NEWTON_STEPS, _HALVINGS, _LONGEST = 60, 30, 8.0


def softmax_shares(scores: Array) -> tuple[Array, Array]:
    """Return softmax(scores) row by row, and the logarithms of the sums of the powers."""
    top = scores.max(axis=1, keepdims=True)
    shares = np.exp(scores - top)
    totals = shares.sum(axis=1, keepdims=True)
    shares /= totals
    return shares, (np.log(totals) + top)[:, 0]


def entropy(shares: Array, labels: Labels, weights: Array, scale: float) -> float:
    """Return sum_i w_i H(q_i), q_i = (1 - scale) e_(y_i) + scale p_i: the dual value of the residual times ``scale``.

    Formula:  the conjugate of logsumexp is the negative entropy on the simplex, and minus the gradient in the scores,
              w_i (e_(y_i) - p_i), times a scale in [0, 1] keeps q_i there.
    """
    q = scale * shares
    rows = np.arange(labels.size)
    q[rows, labels] += 1 - scale
    logarithms = np.log(np.maximum(q, np.finfo(np.float64).tiny))
    return -float(weights @ np.einsum("ij,ij->i", q, logarithms))


def settle_intercept(scores: Array, intercept: Array, labels: Labels, weights: Array) -> Array:
    """Return the best intercept for scores without one, of mean zero; then the residuals of each class sum to zero.

    Newton's method, whose steps are cut where the loss would rise: far away it would fly off.
    """
    b = intercept.copy()
    wanted = np.bincount(labels, weights, intercept.size)
    shares, tops = softmax_shares(scores + b)
    loss = float(weights @ tops - wanted @ b)
    for _ in range(_NEWTON_STEPS):
        slope = weights @ shares
        curvature = np.diag(slope) - (shares * weights[:, None]).T @ shares
        # Adding one number to all scores changes nothing: least squares leaves that direction alone.
        change = np.linalg.lstsq(curvature, slope - wanted, rcond=1e-12)[0]
        size = float(np.abs(change).max())
        if size <= 1e-14 * (1 + float(np.abs(b).max())):
            break
        change *= min(1.0, _LONGEST / size)
        for _ in range(_HALVINGS):
            shares, tops = softmax_shares(scores + (b - change))
            found = float(weights @ tops - wanted @ (b - change))
            if found <= loss + 1e-14 * abs(loss):
                break
            change *= 0.5
        b, loss = b - change, found
        b -= b.mean()
    return b
