"""The l1 norm, with one weight or a weight for every entry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gradproof.prox.checks import Array, fits, nonnegative
from gradproof.prox.separable import AbstractSeparable, exceeds, shrink, sign_slopes
from gradproof.prox.traits import Traits


@dataclass(frozen=True, eq=False)
class L1(AbstractSeparable):
    """f(x) = sum_i lambda_i |x_i|.

    Prox:     sign(x) max(|x| - gamma lambda, 0).
    Args:     lambda_: a number, or an array in the shape of x; >= 0.
    Source:   Beck 2017, Example 6.8: soft thresholding.
    Example:  >>> L1(1.0).prox([3.0, -0.5, -2.0], gamma=1.0)
              (array([ 2.,  0., -1.]), 3.0)
    """

    lambda_: npt.ArrayLike = 1.0
    _traits = Traits(is_separable=True, is_positively_homogeneous=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lambda_", nonnegative(self.lambda_, "lambda_", "L1"))

    @property
    def _weight(self) -> Array:
        return np.asarray(self.lambda_)

    def dual_norm(self, y: npt.ArrayLike) -> float:
        """Return max_i |y_i| / lambda_i; infinite where a weight is zero and the entry is not."""
        point = self._point(y, "y", "dual_norm")
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = np.where(point == 0, 0, np.abs(point) / self._weight)
        return float(np.max(ratios, initial=0.0))

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        if self._weight.ndim:
            fits(x, self._weight.shape, name, where)

    def _terms(self, x: Array) -> Array:
        return np.asarray(self._weight * np.abs(x))

    def _prox(self, x: Array, gamma: Array) -> Array:
        return shrink(x, (gamma * self._weight).astype(x.dtype))

    def _slopes(self, x: Array) -> tuple[Array, Array]:
        return sign_slopes(x, self._weight)

    def _conjugate_terms(self, y: Array) -> Array:
        return exceeds(y, self._weight)
