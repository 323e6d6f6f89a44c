"""The minimax concave penalty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradproof.prox.checks import Array, nonnegative, positive
from gradproof.prox.separable import AbstractSeparable, shrink, sign_slopes
from gradproof.prox.traits import Traits


@dataclass(frozen=True, eq=False)
class MCP(AbstractSeparable):
    """f(x) = sum_i lambda |x_i| - x_i^2 / (2 theta), constant beyond |x_i| = theta lambda.

    Prox:     for gamma < theta: sign(x) max(|x| - gamma lambda, 0) / (1 - gamma / theta) where |x| <= theta lambda, x beyond;
              else x where |x| > lambda sqrt(gamma theta), 0 elsewhere.
    Args:     lambda_: >= 0.  theta: where the penalty levels off, > 0.
    Source:   Zhang 2010, Annals of Statistics 38; the prox for every step size by cases.
    Example:  >>> MCP(1.0, 3.0).prox([0.5, 2.0, 5.0])[0]
              array([0. , 1.5, 5. ])
    """

    lambda_: float = 1.0
    theta: float = 3.0
    _traits = Traits(is_convex=False, is_separable=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lambda_", nonnegative(self.lambda_, "lambda_", "MCP"))
        object.__setattr__(self, "theta", positive(self.theta, "theta", "MCP"))

    def _terms(self, x: Array) -> Array:
        size = np.minimum(np.abs(x), self.theta * self.lambda_)
        return np.asarray(self.lambda_ * size - size * size / (2 * self.theta))

    def _prox(self, x: Array, gamma: Array) -> Array:
        step = np.broadcast_to(gamma, x.shape)
        is_small_step = step < self.theta
        # Below theta the problem is still convex on the slope; from theta on, only zero and x itself can win.
        room = np.where(is_small_step, 1 - step / self.theta, 1)
        sloped = np.where(np.abs(x) <= self.theta * self.lambda_, shrink(x, step * self.lambda_) / room, x)
        jumped = np.where(np.abs(x) > self.lambda_ * np.sqrt(step * self.theta), x, 0)
        return np.where(is_small_step, sloped, jumped).astype(x.dtype)

    def _slopes(self, x: Array) -> tuple[Array, Array]:
        low, high = sign_slopes(x, self.lambda_)
        curve = np.clip(x, -self.theta * self.lambda_, self.theta * self.lambda_) / self.theta
        return low - curve, high - curve
