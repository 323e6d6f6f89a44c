"""What norms share: the conjugate is the indicator of the unit ball of the dual norm."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from gradproof.prox.checks import Array, tolerance
from gradproof.prox.function import AbstractFunction
from gradproof.prox.traits import NORM


class AbstractNorm(AbstractFunction):
    """A norm, times its weight; an entry defines ``_dual_norm``, in which the weight is counted."""

    _traits = NORM

    @abstractmethod
    def _dual_norm(self, y: Array) -> float: ...

    def _conjugate_value(self, y: Array) -> float:
        return 0.0 if self._dual_norm(y) <= 1 + tolerance(y) else np.inf


def divide(size: float, weight: float) -> float:
    """Return size / weight, where 0 / 0 is 0 and anything else / 0 is infinite."""
    if weight > 0:
        return size / weight
    return 0.0 if size == 0 else np.inf
