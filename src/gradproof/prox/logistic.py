"""The logistic loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gradproof.prox.checks import Array, fits, tolerance
from gradproof.prox.hinge import signs
from gradproof.prox.separable import AbstractSeparable
from gradproof.prox.traits import Traits

_STEPS = 60


@dataclass(frozen=True, eq=False)
class Logistic(AbstractSeparable):
    """f(x) = sum_i log(1 + exp(-b_i x_i)).

    Prox:     b m, where m is the root of m - gamma sigma(-m) = b x.
    Args:     labels: the b_i, -1 or 1, in the shape of x; or one for all.
    Source:   the prox is the root of m - gamma sigma(-m) = b x, found by guarded Newton steps.
    Example:  >>> Logistic().prox([0.0])[0].round(6)
              array([0.401058])
    """

    labels: npt.ArrayLike = 1.0
    _traits = Traits(is_separable=True, is_smooth=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", signs(self.labels, "Logistic"))

    @property
    def _signs(self) -> Array:
        return np.asarray(self.labels)

    @property
    def smoothness(self) -> float:
        """Return 1/4."""
        return 0.25

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        if self._signs.ndim:
            fits(x, self._signs.shape, name, where)

    def _terms(self, x: Array) -> Array:
        return np.logaddexp(0, -self._signs * x)

    def _prox(self, x: Array, gamma: Array) -> Array:
        start = (self._signs * x).astype(np.float64)
        step = np.broadcast_to(np.asarray(gamma, dtype=np.float64), x.shape)
        # sigma(-z) <= exp(-z), so log(1 + step) above both the start and zero the slope is positive: long steps do not go far.
        low, high = start, np.minimum(start + step, np.maximum(start, 0) + np.log1p(step))
        z = 0.5 * (low + high)
        for _ in range(_STEPS):
            wrong = sigmoid(-z)
            excess = z - start - step * wrong
            low, high = np.where(excess < 0, z, low), np.where(excess < 0, high, z)
            newton = z - excess / (1 + step * wrong * (1 - wrong))
            moved = np.where((newton > low) & (newton < high), newton, 0.5 * (low + high))
            if np.array_equal(moved, z):
                break
            z = moved
        return np.asarray(self._signs * z).astype(x.dtype)

    def _slopes(self, x: Array) -> tuple[Array, Array]:
        slope = (-self._signs * sigmoid(-self._signs * x)).astype(x.dtype)
        return slope, slope

    def _conjugate_terms(self, y: Array) -> Array:
        u, slack = -self._signs * y, tolerance(y)
        inside = np.clip(u, 0, 1)
        entropy = x_log_x(inside) + x_log_x(1 - inside)
        return np.where((u >= -slack) & (u <= 1 + slack), entropy, np.inf)


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)) without overflow."""
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1, small) / (1 + small))


def x_log_x(x: Array) -> Array:
    """Return x log x for x >= 0, and 0 at 0."""
    return np.asarray(x * np.log(np.where(x > 0, x, 1)))
