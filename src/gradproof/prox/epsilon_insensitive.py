"""The loss of support vector regression: absolute errors beyond a tolerance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gradproof.prox.checks import Array, fits, nonnegative
from gradproof.prox.separable import AbstractSeparable, exceeds, shrink
from gradproof.prox.traits import Traits

#: The roundings that an entry may lie beside an edge.
_NEAR = 16


@dataclass(frozen=True, eq=False)
class EpsilonInsensitive(AbstractSeparable):
    """f(x) = sum_i lambda_i max(|x_i| - epsilon, 0).

    Prox:     x - sign(x) min(max(|x| - epsilon, 0), gamma lambda).
    Args:     epsilon: up to where an entry costs nothing, >= 0.  lambda_: a number, or an array in the shape of x; >= 0.
    Source:   Vapnik 1995, chapter 6; lambda |.| shifted by epsilon on either side.
    Example:  >>> EpsilonInsensitive(1.0).prox([4.0, 1.5, -0.5])[0]
              array([ 3. ,  1. , -0.5])
    """

    epsilon: float = 0.1
    lambda_: npt.ArrayLike = 1.0
    _traits = Traits(is_separable=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "epsilon", float(nonnegative(self.epsilon, "epsilon", "EpsilonInsensitive")))
        object.__setattr__(self, "lambda_", nonnegative(self.lambda_, "lambda_", "EpsilonInsensitive"))

    @property
    def _weight(self) -> Array:
        return np.asarray(self.lambda_)

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        if self._weight.ndim:
            fits(x, self._weight.shape, name, where)

    def _terms(self, x: Array) -> Array:
        return np.asarray(self._weight * np.maximum(np.abs(x) - self.epsilon, 0))

    def _prox(self, x: Array, gamma: Array) -> Array:
        excess, most = shrink(x, self.epsilon), gamma * self._weight
        moved = np.asarray(x - np.clip(excess, -most, most))
        # An entry that is taken to the edge lies on it, without the rounding of the two subtractions.
        is_at_edge = (excess != 0) & (np.abs(excess) <= most)
        return np.where(is_at_edge, np.sign(x) * self.epsilon, moved).astype(x.dtype)

    def _slopes(self, x: Array) -> tuple[Array, Array]:
        # A shift of x leaves an edge by rounding; what lies that close to it has every slope of it.
        size, slack = np.abs(x), _NEAR * np.finfo(x.dtype).eps * self.epsilon
        steepest = np.where(size >= self.epsilon - slack, self._weight, 0.0)
        least = np.where(size > self.epsilon + slack, self._weight, 0.0)
        low, high = np.where(x < 0, -steepest, least), np.where(x < 0, -least, steepest)
        if self.epsilon == 0:
            low = np.where(x == 0, -steepest, low)
        return low, high

    def _conjugate_terms(self, y: Array) -> Array:
        return self.epsilon * np.abs(y) + exceeds(y, self._weight)
