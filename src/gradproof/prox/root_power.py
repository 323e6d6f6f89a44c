"""Powers of |x_i| below one, such as the l1/2 and the l2/3 penalty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradproof.errors import DomainError
from gradproof.prox.checks import Array, nonnegative, positive
from gradproof.prox.separable import AbstractSeparable
from gradproof.prox.traits import Traits

_NEWTON_STEPS = 60


@dataclass(frozen=True, eq=False)
class RootPower(AbstractSeparable):
    """f(x) = lambda sum_i |x_i|^p with 0 < p < 1; p = 1/2 and p = 2/3 are the usual ones.

    Prox:     sign(x) z, z the better of 0 and the largest root of z + gamma lambda p z^(p - 1) = |x|.
    Args:     lambda_: >= 0.  p: the power, between 0 and 1.
    Source:   Marjanovic and Solo 2012: the largest root of z + gamma lambda p z^(p - 1) = |x|, compared with zero.
    Example:  >>> RootPower(1.0, 0.5).prox([1.0, 4.0])[0].round(6)
              array([0.      , 3.741508])
    """

    lambda_: float = 1.0
    p: float = 0.5
    _traits = Traits(is_convex=False, is_separable=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lambda_", nonnegative(self.lambda_, "lambda_", "RootPower"))
        object.__setattr__(self, "p", positive(self.p, "p", "RootPower"))
        if self.p >= 1:
            raise DomainError("p has to be between 0 and 1", got=f"{self.p}", where="RootPower", remedy="Use L1 for p = 1.")

    def _terms(self, x: Array) -> Array:
        return np.asarray(self.lambda_ * np.abs(x) ** self.p)

    def _prox(self, x: Array, gamma: Array) -> Array:
        size = np.abs(x).astype(np.float64)
        weight = np.broadcast_to(np.asarray(gamma, dtype=np.float64) * self.lambda_ * self.p, x.shape)
        # The left side is convex with its least value at 'turn': from |x| above it Newton falls onto the largest root.
        turn = (weight * (1 - self.p)) ** (1 / (2 - self.p))
        has_root = (turn + weight * np.power(turn, self.p - 1, where=turn > 0, out=np.zeros_like(turn)) <= size) & (size > 0)
        z = np.where(has_root, size, 1.0)
        for _ in range(_NEWTON_STEPS):
            steepness = weight * (1 - self.p) * z ** (self.p - 2)
            excess = z + weight * z ** (self.p - 1) - size
            z = np.where(has_root & (steepness < 1), np.maximum(z - excess / np.where(steepness < 1, 1 - steepness, 1), turn), z)
            z = np.where(z > 0, z, 1.0)
        cost = weight / self.p * z**self.p + 0.5 * (z - size) ** 2
        return (np.sign(x) * np.where(has_root & (cost < 0.5 * size * size), z, 0)).astype(x.dtype)

    def _slopes(self, x: Array) -> tuple[Array, Array]:
        size = np.where(x == 0, 1, np.abs(x))
        slope = np.sign(x) * self.lambda_ * self.p * size ** (self.p - 1)
        limit = np.inf if self.lambda_ > 0 else 0.0
        return np.where(x == 0, -limit, slope), np.where(x == 0, limit, slope)
