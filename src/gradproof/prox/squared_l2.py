"""The squared l2 norm, and squares around data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gradproof.prox.checks import Array, fits, float_array, nonnegative
from gradproof.prox.separable import AbstractSeparable
from gradproof.prox.traits import Traits


@dataclass(frozen=True, eq=False)
class SquaredL2(AbstractSeparable):
    """f(x) = lambda / 2 ||x - b||_2^2; the loss of least squares, and with b = 0 ridge regularization.

    Prox:     (x + gamma lambda b) / (1 + gamma lambda).
    Args:     lambda_: >= 0.  b: the data; 0 by default.
    Source:   Beck 2017, section 6.2.3.
    Example:  >>> SquaredL2(1.0).prox([2.0, 4.0])
              (array([1., 2.]), 2.5)
    """

    lambda_: float = 1.0
    b: npt.ArrayLike = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "lambda_", nonnegative(self.lambda_, "lambda_", "SquaredL2"))
        object.__setattr__(self, "b", float_array(self.b, "b", "SquaredL2"))

    @property
    def _data(self) -> Array:
        return np.asarray(self.b)

    @property
    def traits(self) -> Traits:
        """What is known of this function."""
        return Traits(is_separable=True, is_smooth=True, is_strongly_convex=self.lambda_ > 0)

    @property
    def smoothness(self) -> float:
        """Return lambda."""
        return self.lambda_

    @property
    def strong_convexity(self) -> float:
        """Return lambda."""
        return self.lambda_

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        if self._data.ndim:
            fits(x, self._data.shape, name, where)

    def _terms(self, x: Array) -> Array:
        return np.asarray(0.5 * self.lambda_ * (x - self._data) ** 2)

    def _prox(self, x: Array, gamma: Array) -> Array:
        weight = gamma * self.lambda_
        return ((x + weight * self._data) / (1 + weight)).astype(x.dtype)

    def _slopes(self, x: Array) -> tuple[Array, Array]:
        slope = (self.lambda_ * (x - self._data)).astype(x.dtype)
        return slope, slope

    def _conjugate_terms(self, y: Array) -> Array:
        if self.lambda_ == 0:
            return np.where(y == 0, 0.0, np.inf)
        return np.asarray(y * y / (2 * self.lambda_) + y * self._data)
