"""The log-sum penalty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradproof.prox.checks import Array, nonnegative, positive
from gradproof.prox.separable import AbstractSeparable
from gradproof.prox.traits import Traits


@dataclass(frozen=True, eq=False)
class LogSum(AbstractSeparable):
    """f(x) = lambda sum_i log(1 + |x_i| / epsilon).

    Prox:     sign(x) z, z the better of 0 and the larger root of (z - |x|) (z + epsilon) + gamma lambda = 0.
    Args:     lambda_: >= 0.  epsilon: > 0; the smaller, the closer to counting entries.
    Source:   Candes, Wakin and Boyd 2008; the prox is a root of a quadratic, compared with zero.
    Example:  >>> LogSum(1.0, 1.0).prox([0.5, 3.0])[0].round(6)
              array([0.      , 2.732051])
    """

    lambda_: float = 1.0
    epsilon: float = 1.0
    _traits = Traits(is_convex=False, is_separable=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lambda_", nonnegative(self.lambda_, "lambda_", "LogSum"))
        object.__setattr__(self, "epsilon", positive(self.epsilon, "epsilon", "LogSum"))

    def _terms(self, x: Array) -> Array:
        return np.asarray(self.lambda_ * np.log1p(np.abs(x) / self.epsilon))

    def _prox(self, x: Array, gamma: Array) -> Array:
        size, step = np.abs(x), gamma * self.lambda_
        inside = (size + self.epsilon) ** 2 - 4 * step
        root = np.maximum(0.5 * (size - self.epsilon + np.sqrt(np.maximum(inside, 0))), 0)
        cost = gamma * self._terms(root) + 0.5 * (root - size) ** 2
        return np.where((inside >= 0) & (cost < 0.5 * size * size), np.sign(x) * root, 0).astype(x.dtype)

    def _slopes(self, x: Array) -> tuple[Array, Array]:
        slope = np.sign(x) * self.lambda_ / (np.abs(x) + self.epsilon)
        steepest = self.lambda_ / self.epsilon
        return np.where(x == 0, -steepest, slope), np.where(x == 0, steepest, slope)
