"""The Huber loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gradproof.prox.checks import Array, fits, float_array, positive
from gradproof.prox.separable import AbstractSeparable, exceeds
from gradproof.prox.traits import Traits


@dataclass(frozen=True, eq=False)
class Huber(AbstractSeparable):
    """f(x) = sum_i r_i^2 / 2 where |r_i| <= delta, and delta (|r_i| - delta / 2) beyond; r = x - b.

    Prox:     x - gamma min(max((x - b) / (1 + gamma), -delta), delta).
    Args:     delta: where the square becomes a line, > 0.  b: the data; 0 by default.
    Source:   Beck 2017, Example 6.54; delta |.| and the square, each where it is the lower.
    Example:  >>> Huber(1.0).prox([1.0, 4.0])[0]
              array([0.5, 3. ])
    """

    delta: float = 1.0
    b: npt.ArrayLike = 0.0
    _traits = Traits(is_separable=True, is_smooth=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "delta", positive(self.delta, "delta", "Huber"))
        object.__setattr__(self, "b", float_array(self.b, "b", "Huber"))

    @property
    def _data(self) -> Array:
        return np.asarray(self.b)

    @property
    def smoothness(self) -> float:
        """Return 1."""
        return 1.0

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        if self._data.ndim:
            fits(x, self._data.shape, name, where)

    def _terms(self, x: Array) -> Array:
        size = np.abs(x - self._data)
        return np.where(size <= self.delta, 0.5 * size * size, self.delta * (size - 0.5 * self.delta))

    def _prox(self, x: Array, gamma: Array) -> Array:
        residual = x - self._data
        return (x - gamma * np.clip(residual / (1 + gamma), -self.delta, self.delta)).astype(x.dtype)

    def _slopes(self, x: Array) -> tuple[Array, Array]:
        slope = np.clip(x - self._data, -self.delta, self.delta).astype(x.dtype)
        return slope, slope

    def _conjugate_terms(self, y: Array) -> Array:
        return 0.5 * y * y + y * self._data + exceeds(y, self.delta)
