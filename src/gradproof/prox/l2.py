"""The l2 norm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradproof.prox.checks import Array, nonnegative
from gradproof.prox.naive import minimize_on_line
from gradproof.prox.norms import AbstractNorm, divide


@dataclass(frozen=True, eq=False)
class L2(AbstractNorm):
    """f(x) = lambda ||x||_2 (of a matrix: the Frobenius norm).

    Prox:     (1 - gamma lambda / max(||x||_2, gamma lambda)) x.
    Args:     lambda_: >= 0.
    Source:   Beck 2017, Example 6.19: block soft thresholding.
    Example:  >>> L2(1.0).prox([3.0, 4.0])
              (array([2.4, 3.2]), 4.0)
    """

    lambda_: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "lambda_", nonnegative(self.lambda_, "lambda_", "L2"))

    def _value(self, x: Array) -> float:
        return self.lambda_ * float(np.linalg.norm(x))

    def _prox(self, x: Array, gamma: Array) -> Array:
        size = float(np.linalg.norm(x))
        return x * x.dtype.type(max(0.0, 1 - float(gamma) * self.lambda_ / size)) if size > 0 else x.copy()

    def _dual_norm(self, y: Array) -> float:
        return divide(float(np.linalg.norm(y)), self.lambda_)

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        size = float(np.linalg.norm(x))
        if size == 0:
            return max(float(np.linalg.norm(v)) - self.lambda_, 0.0)
        return float(np.linalg.norm(v - self.lambda_ / size * x))

    def _naive_prox(self, x: Array, gamma: Array) -> Array:
        size = float(np.linalg.norm(x))
        t = minimize_on_line(lambda t: self.lambda_ * t * size + ((t - 1) * size) ** 2 / (2 * float(gamma)), 0.0, 1.0)
        return (t * x).astype(x.dtype)
