"""The quantile (pinball) loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError
from gradproof.prox.checks import Array, fits, float_array, tolerance
from gradproof.prox.separable import AbstractSeparable
from gradproof.prox.traits import Traits


@dataclass(frozen=True, eq=False)
class Quantile(AbstractSeparable):
    """f(x) = sum_i tau max(b_i - x_i, 0) + (1 - tau) max(x_i - b_i, 0).

    Prox:     x + gamma tau where x < b - gamma tau, x - gamma (1 - tau) where x > b + gamma (1 - tau), b between.
    Args:     tau: the quantile, between 0 and 1.  b: the data; 0 by default.
    Source:   Koenker and Bassett 1978; a kink at b with slopes -tau and 1 - tau.
    Example:  >>> Quantile(0.25).prox([2.0, -1.0])[0]
              array([ 1.25, -0.75])
    """

    tau: float = 0.5
    b: npt.ArrayLike = 0.0
    _traits = Traits(is_separable=True)

    def __post_init__(self) -> None:
        if not 0 < self.tau < 1:
            raise DomainError("tau has to be between 0 and 1", got=f"{self.tau}", where="Quantile", remedy="0.5 is the median.")
        object.__setattr__(self, "b", float_array(self.b, "b", "Quantile"))

    @property
    def _data(self) -> Array:
        return np.asarray(self.b)

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        if self._data.ndim:
            fits(x, self._data.shape, name, where)

    def _terms(self, x: Array) -> Array:
        residual = x - self._data
        return np.maximum(-self.tau * residual, (1 - self.tau) * residual)

    def _prox(self, x: Array, gamma: Array) -> Array:
        residual = x - self._data
        return (x - np.clip(residual, -gamma * self.tau, gamma * (1 - self.tau))).astype(x.dtype)

    def _slopes(self, x: Array) -> tuple[Array, Array]:
        # The prox lands on b up to rounding; what lies that close to the kink has every slope of it.
        residual = x - self._data
        slack = 4 * np.finfo(x.dtype).eps * np.maximum(np.abs(x), np.abs(self._data))
        return np.where(residual > slack, 1 - self.tau, -self.tau), np.where(residual < -slack, -self.tau, 1 - self.tau)

    def _conjugate_terms(self, y: Array) -> Array:
        slack = tolerance(y)
        return np.where((y >= -self.tau - slack) & (y <= 1 - self.tau + slack), y * self._data, np.inf)
