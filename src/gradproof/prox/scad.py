"""The smoothly clipped absolute deviation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradproof.errors import DomainError
from gradproof.prox.checks import Array, nonnegative, positive
from gradproof.prox.separable import AbstractSeparable, shrink
from gradproof.prox.traits import Traits


@dataclass(frozen=True, eq=False)
class SCAD(AbstractSeparable):
    """f(x) = sum_i phi(|x_i|), phi'(t) = lambda up to lambda, (a lambda - t) / (a - 1) up to a lambda, then 0.

    Prox:     for gamma < a - 1: sign(x) max(|x| - gamma lambda, 0) where |x| <= (1 + gamma) lambda,
              ((a - 1) x - sign(x) gamma a lambda) / (a - 1 - gamma) where |x| <= a lambda, x beyond; else the best of the three.
    Args:     lambda_: >= 0.  a: where the penalty levels off, > 2.
    Source:   Fan and Li 2001, JASA 96; the prox compares the stationary points of the three pieces.
    Example:  >>> SCAD(1.0, 3.0).prox([1.5, 2.5, 5.0])[0]
              array([0.5, 2. , 5. ])
    """

    lambda_: float = 1.0
    a: float = 3.7
    _traits = Traits(is_convex=False, is_separable=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lambda_", nonnegative(self.lambda_, "lambda_", "SCAD"))
        object.__setattr__(self, "a", positive(self.a, "a", "SCAD"))
        if self.a <= 2:
            raise DomainError("a has to be greater than 2", got=f"{self.a}", where="SCAD", remedy="3.7 is the usual value.")

    def _terms(self, x: Array) -> Array:
        size, weight, a = np.abs(x), self.lambda_, self.a
        middle = (2 * a * weight * size - size * size - weight * weight) / (2 * (a - 1))
        return np.where(size <= weight, weight * size, np.where(size <= a * weight, middle, 0.5 * weight * weight * (a + 1)))

    def _prox(self, x: Array, gamma: Array) -> Array:
        size, weight, a = np.abs(x), self.lambda_, self.a
        step = np.broadcast_to(gamma, x.shape)
        curvature = a - 1 - step
        safe = np.where(curvature > 0, curvature, 1)
        # A piece that is not convex has its least value at its ends, and these belong to its neighbours.
        middle = np.where(curvature > 0, ((a - 1) * size - step * a * weight) / safe, weight)
        candidates = np.stack(
            [
                np.clip(shrink(size, step * weight), 0, weight),
                np.clip(middle, weight, a * weight),
                np.maximum(size, a * weight),
            ]
        )
        costs = self._terms(candidates) + (candidates - size) ** 2 / (2 * step)
        best = np.take_along_axis(candidates, np.argmin(costs, axis=0)[None], axis=0)[0]
        return np.asarray(np.sign(x) * best).astype(x.dtype)

    def _slopes(self, x: Array) -> tuple[Array, Array]:
        size, weight, a = np.abs(x), self.lambda_, self.a
        slope = np.sign(x) * np.where(size <= weight, weight, np.maximum(a * weight - size, 0) / (a - 1))
        return np.where(x == 0, -weight, slope), np.where(x == 0, weight, slope)
