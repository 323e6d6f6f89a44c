"""The logarithmic barrier of the positive orthant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradproof.prox.checks import Array
from gradproof.prox.separable import AbstractSeparable
from gradproof.prox.traits import Traits


@dataclass(frozen=True, eq=False)
class LogBarrier(AbstractSeparable):
    """f(x) = -sum_i log x_i for x_i > 0, infinite elsewhere.

    Prox:     (x + sqrt(x^2 + 4 gamma)) / 2.
    Source:   Combettes and Pesquet 2007, Table 2.1: the positive root of a quadratic.
    Example:  >>> LogBarrier().prox([0.0, 1.5])[0]
              array([1., 2.])
    """

    _traits = Traits(is_separable=True, is_finite=False)

    def _terms(self, x: Array) -> Array:
        return np.where(x > 0, -np.log(np.where(x > 0, x, 1)), np.inf)

    def _prox(self, x: Array, gamma: Array) -> Array:
        return positive_root(x, gamma).astype(x.dtype)

    def _slopes(self, x: Array) -> tuple[Array, Array]:
        slope = np.where(x > 0, -1 / np.where(x > 0, x, 1), -np.inf)
        return slope, slope

    def _conjugate_terms(self, y: Array) -> Array:
        return np.where(y < 0, -1 - np.log(np.where(y < 0, -y, 1)), np.inf)


def positive_root(x: Array, gamma: Array) -> Array:
    """Return the z > 0 with z - gamma / z = x. For x < 0 the sum of the usual form cancels; the product of both roots is -gamma."""
    root = np.sqrt(x * x + 4 * gamma)
    return np.asarray(np.where(x < 0, 2 * gamma / np.where(x < 0, root - x, 1), 0.5 * (x + root)))
