"""The elastic net: the l1 norm and the squared l2 norm together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradproof.prox.checks import Array, nonnegative
from gradproof.prox.separable import AbstractSeparable, exceeds, shrink, sign_slopes
from gradproof.prox.traits import Traits


@dataclass(frozen=True, eq=False)
class ElasticNet(AbstractSeparable):
    """f(x) = lambda_1 ||x||_1 + lambda_2 / 2 ||x||_2^2.

    Prox:     sign(x) max(|x| - gamma lambda_1, 0) / (1 + gamma lambda_2).
    Args:     lambda_1, lambda_2: >= 0.
    Source:   Parikh and Boyd 2014, section 6.5.3.
    Example:  >>> ElasticNet(1.0, 1.0).prox([3.0, -0.5])[0]
              array([1., 0.])
    """

    lambda_1: float = 1.0
    lambda_2: float = 1.0

    def __post_init__(self) -> None:
        for name in ("lambda_1", "lambda_2"):
            object.__setattr__(self, name, nonnegative(getattr(self, name), name, "ElasticNet"))

    @property
    def traits(self) -> Traits:
        """What is known of this function."""
        return Traits(is_separable=True, is_strongly_convex=self.lambda_2 > 0, is_positively_homogeneous=self.lambda_2 == 0)

    @property
    def strong_convexity(self) -> float:
        """Return lambda_2."""
        return self.lambda_2

    def _terms(self, x: Array) -> Array:
        return self.lambda_1 * np.abs(x) + 0.5 * self.lambda_2 * x * x

    def _prox(self, x: Array, gamma: Array) -> Array:
        return shrink(x, gamma * self.lambda_1) / (1 + gamma * self.lambda_2)

    def _slopes(self, x: Array) -> tuple[Array, Array]:
        low, high = sign_slopes(x, self.lambda_1)
        return low + self.lambda_2 * x, high + self.lambda_2 * x

    def _conjugate_terms(self, y: Array) -> Array:
        if self.lambda_2 == 0:
            return exceeds(y, self.lambda_1)
        return np.asarray(shrink(y, self.lambda_1) ** 2 / (2 * self.lambda_2))
