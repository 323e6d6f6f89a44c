"""Isotropic total variation in two dimensions: the lengths of the differences to both neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradproof.prox.checks import Array, has_rank, nonnegative
from gradproof.prox.function import AbstractFunction
from gradproof.prox.kernels import isotropic_flow
from gradproof.prox.traits import NORM

_STEPS = 20000
_GAP = 1e-13


@dataclass(frozen=True, eq=False)
class IsotropicVariation2D(AbstractFunction):
    """f(X) = lambda sum_ij ||(X[i+1, j] - X[i, j], X[i, j+1] - X[i, j])||_2; differences beyond the edge are zero.

    Prox:     X - D' u, u the minimizer of ||X - D' u|| with ||u_ij||_2 <= gamma lambda, D X the pairs of differences.
    Args:     lambda_: >= 0.
    Source:   Beck and Teboulle 2009, IEEE Transactions on Image Processing 18: the dual by an accelerated projected gradient, with
              restarts, until the duality gap is within rounding.
    Example:  >>> IsotropicVariation2D(0.5).prox([[0.0, 4.0], [0.0, 4.0]])[0].round(6)
              array([[0.5, 3.5],
                     [0.5, 3.5]])
    """

    lambda_: float = 1.0
    _traits = NORM

    def __post_init__(self) -> None:
        object.__setattr__(self, "lambda_", nonnegative(self.lambda_, "lambda_", type(self).__name__))

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        has_rank(x, 2, name, where)

    def _value(self, x: Array) -> float:
        return self.lambda_ * float(np.sqrt(np.sum(_differences(x.astype(np.float64)) ** 2, axis=0)).sum())

    def _prox(self, x: Array, gamma: Array) -> Array:
        target = x.astype(np.float64)
        # A flow is never stronger than all entries together, so a larger weight is the same.
        weight = min(float(gamma) * self.lambda_, float(np.abs(target).sum()))
        flow = isotropic_flow(target, weight, _STEPS, _GAP * float(np.sum(target**2)))
        return (target - _transposed(flow)).astype(x.dtype)

    def _naive_prox(self, x: Array, gamma: Array) -> Array:
        """Descend the dual along the flow out of one pixel after the other."""
        weight, point = float(gamma) * self.lambda_, x.astype(np.float64).copy()
        height, width = point.shape
        flow = np.zeros((2, height, width))
        for _ in range(6000):
            largest = 0.0
            for i in range(height):
                for j in range(width):
                    step = np.zeros_like(flow)
                    step[:, i, j] = _differences(point)[:, i, j] / 4
                    moved = _within(flow + step, weight)[:, i, j] - flow[:, i, j]
                    change = np.zeros_like(flow)
                    change[:, i, j] = moved
                    flow[:, i, j] += moved
                    point -= _transposed(change)
                    largest = max(largest, float(np.abs(moved).max()))
            if largest < 1e-12:
                break
        return point.astype(x.dtype)


def _differences(x: Array) -> Array:
    """Return the differences to the neighbours below and to the right, (2, height, width)."""
    out = np.zeros((2, *x.shape))
    out[0, :-1] = np.diff(x, axis=0)
    out[1, :, :-1] = np.diff(x, axis=1)
    return out


def _transposed(flow: Array) -> Array:
    """Return the transposed differences of a flow whose entries beyond the edge count for nothing."""
    out = np.zeros(flow.shape[1:])
    out[:-1] -= flow[0, :-1]
    out[1:] += flow[0, :-1]
    out[:, :-1] -= flow[1, :, :-1]
    out[:, 1:] += flow[1, :, :-1]
    return out


def _within(flow: Array, weight: float) -> Array:
    """Return the flow with every pixel's part shortened to at most the weight."""
    length = np.sqrt(np.sum(flow**2, axis=0))
    return np.asarray(flow * np.minimum(1, weight / np.maximum(length, max(weight, 1e-300))))
