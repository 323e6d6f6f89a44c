"""The logarithm of a sum of exponentials: a smooth maximum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradproof.errors import ShapeError
from gradproof.prox.checks import Array, has_rank, tolerance
from gradproof.prox.cross_entropy import CrossEntropy
from gradproof.prox.function import AbstractFunction
from gradproof.prox.logistic import x_log_x
from gradproof.prox.traits import Traits

#: The cross-entropy of a sample of the first class is this function less the first entry.
_FIRST = CrossEntropy([0])


@dataclass(frozen=True, eq=False)
class LogSumExp(AbstractFunction):
    """f(x) = log sum_i exp(x_i) of a vector.

    Prox:     x - gamma p, where p = softmax(x - gamma p).
    Source:   optimality condition: gamma p_i + log p_i = x_i - s, s such that the p_i sum to 1; found by bisection.
    Example:  >>> LogSumExp().prox([2.0, 2.0])[0]
              array([1.5, 1.5])
    """

    _traits = Traits(is_smooth=True)

    @property
    def smoothness(self) -> float:
        """Return 1/2."""
        return 0.5

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        has_rank(x, 1, name, where)
        if x.size == 0:
            raise ShapeError("at least one entry is needed", got="none", where=where)

    def _value(self, x: Array) -> float:
        return _FIRST.value(x[None]) + float(x[0])

    def _gradient(self, x: Array) -> Array:
        powers = np.exp(x - x.max())
        return np.asarray(powers / powers.sum())

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        return float(np.linalg.norm(self._gradient(x) - v))

    def _prox(self, x: Array, gamma: Array) -> Array:
        return np.asarray(_FIRST.prox(self._tilted(x, gamma), gamma)[0][0])

    def _naive_prox(self, x: Array, gamma: Array) -> Array:
        return np.asarray(_FIRST.naive_prox(self._tilted(x, gamma), gamma)[0])

    @staticmethod
    def _tilted(x: Array, gamma: Array) -> Array:
        moved = x.copy()
        moved[0] -= gamma
        return moved[None]

    def _conjugate_value(self, y: Array) -> float:
        slack = tolerance(y)
        if (y < -slack).any() or abs(float(y.sum()) - 1) > slack * y.size:
            return np.inf
        return float(x_log_x(np.maximum(y, 0)).sum(dtype=np.float64))
