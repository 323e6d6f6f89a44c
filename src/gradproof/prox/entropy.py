"""The negative entropy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradproof.prox.checks import Array
from gradproof.prox.logistic import x_log_x
from gradproof.prox.roots import log_linear_root
from gradproof.prox.separable import AbstractSeparable
from gradproof.prox.traits import Traits


@dataclass(frozen=True, eq=False)
class Entropy(AbstractSeparable):
    """f(x) = sum_i x_i log x_i for x_i >= 0 (0 at 0), infinite elsewhere.

    Prox:     gamma W(exp(x / gamma - 1) / gamma), W Lambert's function.
    Source:   Combettes and Pesquet 2007, Table 2.1; z / gamma + log z = x / gamma - 1, found by Newton steps on log z.
    Example:  >>> Entropy().prox([1.0])[0].round(6)
              array([0.567143])
    """

    _traits = Traits(is_separable=True, is_finite=False)

    def _terms(self, x: Array) -> Array:
        return np.where(x >= 0, x_log_x(np.maximum(x, 0)), np.inf)

    def _prox(self, x: Array, gamma: Array) -> Array:
        step = np.asarray(gamma, dtype=np.float64)
        return log_linear_root(x.astype(np.float64) / step - 1, 1 / step).astype(x.dtype)

    def _slopes(self, x: Array) -> tuple[Array, Array]:
        slope = np.where(x > 0, 1 + np.log(np.where(x > 0, x, 1)), -np.inf)
        return slope, slope

    def _conjugate_terms(self, y: Array) -> Array:
        return np.asarray(np.exp(y - 1))
