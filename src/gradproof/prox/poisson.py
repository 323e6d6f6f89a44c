"""The Poisson loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gradproof.prox.checks import Array, fits, nonnegative, tolerance
from gradproof.prox.separable import AbstractSeparable
from gradproof.prox.traits import Traits


@dataclass(frozen=True, eq=False)
class Poisson(AbstractSeparable):
    """f(x) = sum_i x_i - b_i log x_i for x_i > 0 (x_i >= 0 where b_i = 0): minus the log-likelihood of counts b with mean x.

    Prox:     (x - gamma + sqrt((x - gamma)^2 + 4 gamma b)) / 2.
    Args:     counts: the b_i, >= 0, in the shape of x; or one for all.
    Source:   Combettes and Pesquet 2007, Table 2.1: the positive root of a quadratic.
    Example:  >>> Poisson(2.0).prox([1.0])[0].round(6)
              array([1.414214])
    """

    counts: npt.ArrayLike = 1.0
    _traits = Traits(is_separable=True, is_finite=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", np.asarray(nonnegative(self.counts, "counts", "Poisson")))

    @property
    def _counts(self) -> Array:
        return np.asarray(self.counts)

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        if self._counts.ndim:
            fits(x, self._counts.shape, name, where)

    def _terms(self, x: Array) -> Array:
        logs = np.log(np.where(x > 0, x, 1))
        is_inside = (x > 0) | ((x == 0) & (self._counts == 0))
        return np.where(is_inside, x - self._counts * logs, np.inf)

    def _prox(self, x: Array, gamma: Array) -> Array:
        half = 0.5 * (x - gamma)
        root = np.sqrt(half * half + gamma * self._counts)
        # For half < 0 the sum cancels; the product of both roots is -gamma b.
        safe = np.where(half < 0, root - half, 1)
        return np.where(half < 0, gamma * self._counts / safe, half + root).astype(x.dtype)

    def _slopes(self, x: Array) -> tuple[Array, Array]:
        slope = 1 - self._counts / np.where(x > 0, x, 1)
        return np.where(x == 0, -np.inf, slope), np.where(x == 0, 1.0, slope)

    def _conjugate_terms(self, y: Array) -> Array:
        room = 1 - y
        logs = np.log(np.where((room > 0) & (self._counts > 0), self._counts / np.where(room > 0, room, 1), 1))
        is_inside = (room > 0) | ((self._counts == 0) & (room >= -tolerance(y)))
        return np.where(is_inside, self._counts * (logs - 1), np.inf)
