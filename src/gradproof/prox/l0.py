"""The number of entries that are not zero."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradproof.prox.checks import Array, nonnegative
from gradproof.prox.separable import AbstractSeparable
from gradproof.prox.traits import Traits


@dataclass(frozen=True, eq=False)
class L0(AbstractSeparable):
    """f(x) = lambda * #{i : x_i != 0}.

    Prox:     x where |x| > sqrt(2 gamma lambda), 0 elsewhere.
    Args:     lambda_: >= 0.
    Source:   Beck 2017, Example 6.10: hard thresholding.
    Example:  >>> L0(0.5).prox([3.0, -0.5, -2.0])
              (array([ 3.,  0., -2.]), 1.0)
    """

    lambda_: float = 1.0
    _traits = Traits(is_convex=False, is_separable=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lambda_", nonnegative(self.lambda_, "lambda_", "L0"))

    def _terms(self, x: Array) -> Array:
        return np.where(x != 0, x.dtype.type(self.lambda_), x.dtype.type(0))

    def _prox(self, x: Array, gamma: Array) -> Array:
        return np.where(x * x > 2 * gamma * self.lambda_, x, x.dtype.type(0))

    def _slopes(self, x: Array) -> tuple[Array, Array]:
        limit = np.where((x == 0) & (self.lambda_ > 0), np.inf, 0.0)
        return -limit, limit
