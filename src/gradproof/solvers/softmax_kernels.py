"""Compiled loss and gradient of softmax regression that reads the data once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, fastmath=True, nogil=True)
def softmax_loss(x: Any, coefficients: Any, intercept: Any, labels: Any, weights: Any, gradient: Any, slope: Any) -> float:
    """Return sum_i weights_i (logsumexp(z_i) - z_(i, label_i)), z = x coefficients' + intercept; writes both gradients.

    Four samples at a time, two classes at a time: eight sums for six loads, and the samples are still in the cache when the
    gradient wants them again. Samples beyond a multiple of four, and classes beyond one of two, get a weight or share of zero.
    """
    n, d = x.shape
    k = intercept.size
    padded = coefficients.shape[0]
    z = np.zeros((4, padded))
    loss = 0.0
    gradient[:] = 0.0
    slope[:] = 0.0
    for first in range(0, n, 4):
        i0, i1, i2, i3 = first, min(first + 1, n - 1), min(first + 2, n - 1), min(first + 3, n - 1)
        x0, x1, x2, x3 = x[i0], x[i1], x[i2], x[i3]
        for c in range(0, padded, 2):
            u, v = coefficients[c], coefficients[c + 1]
            a0, a1, a2, a3 = 0.0, 0.0, 0.0, 0.0
            b0, b1, b2, b3 = 0.0, 0.0, 0.0, 0.0
            for j in range(d):
                uj, vj = u[j], v[j]
                a0 += uj * x0[j]
                a1 += uj * x1[j]
                a2 += uj * x2[j]
                a3 += uj * x3[j]
                b0 += vj * x0[j]
                b1 += vj * x1[j]
                b2 += vj * x2[j]
                b3 += vj * x3[j]
            z[0, c], z[1, c], z[2, c], z[3, c] = a0, a1, a2, a3
            z[0, c + 1], z[1, c + 1], z[2, c + 1], z[3, c + 1] = b0, b1, b2, b3
        for r in range(4):
            if first + r >= n:
                z[r, :] = 0.0
                continue
            loss += weights[first + r] * shares(z[r], intercept, labels[first + r])
            for c in range(k):
                z[r, c] *= weights[first + r]
                slope[c] += z[r, c]
        for c in range(0, padded, 2):
            g, h = gradient[c], gradient[c + 1]
            a0, a1, a2, a3 = z[0, c], z[1, c], z[2, c], z[3, c]
            b0, b1, b2, b3 = z[0, c + 1], z[1, c + 1], z[2, c + 1], z[3, c + 1]
            for j in range(d):
                y0, y1, y2, y3 = x0[j], x1[j], x2[j], x3[j]
                g[j] += a0 * y0 + a1 * y1 + a2 * y2 + a3 * y3
                h[j] += b0 * y0 + b1 * y1 + b2 * y2 + b3 * y3
    return loss


@njit(cache=True, fastmath=True, nogil=True)
def shares(z: Any, intercept: Any, label: int) -> float:
    """Turn scores into softmax minus the truth in place, classes beyond the last into zeros; returns the loss."""
    k = intercept.size
    top = -np.inf
    for c in range(k):
        z[c] += intercept[c]
        top = max(top, z[c])
    own, total = z[label], 0.0
    for c in range(k):
        z[c] = np.exp(z[c] - top)
        total += z[c]
    for c in range(k):
        z[c] /= total
    z[label] -= 1.0
    for c in range(k, z.size):
        z[c] = 0.0
    return float(np.log(total) + top - own)


@njit(cache=True, fastmath=True, nogil=True)
def log_sum_of_others(scores: Any, own: int, out: Any) -> None:
    """Write log sum_(c != own) exp(scores[i, c]) for each row; scores lie column by column."""
    n, k = scores.shape
    first = 0 if own > 0 else 1
    for i in range(n):
        out[i] = scores[i, first]
    for c in range(first + 1, k):
        if c != own:
            for i in range(n):
                out[i] = max(out[i], scores[i, c])
    totals = np.zeros(n)
    for c in range(k):
        if c != own:
            for i in range(n):
                totals[i] += np.exp(scores[i, c] - out[i])
    for i in range(n):
        out[i] += np.log(totals[i])
