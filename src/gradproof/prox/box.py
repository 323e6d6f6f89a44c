"""Bounds for every entry: the box, and the nonnegative numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError
from gradproof.prox.checks import Array, bound, fits, tolerance
from gradproof.prox.separable import AbstractSeparable
from gradproof.prox.traits import Traits


@dataclass(frozen=True, eq=False)
class Box(AbstractSeparable):
    """f(x) = 0 where lower <= x <= upper, infinite elsewhere; also the ball of the l-inf norm.

    Prox:     min(max(x, lower), upper).
    Args:     lower, upper: numbers or arrays in the shape of x; may be infinite.
    Source:   Beck 2017, Lemma 6.26.
    Example:  >>> Box(0.0, 1.0).prox([-1.0, 0.5, 2.0])[0]
              array([0. , 0.5, 1. ])
    """

    lower: npt.ArrayLike = 0.0
    upper: npt.ArrayLike = 1.0

    def __post_init__(self) -> None:
        for name in ("lower", "upper"):
            object.__setattr__(self, name, np.asarray(bound(getattr(self, name), name, type(self).__name__)))
        if (self._low > self._high).any():
            raise DomainError("lower <= upper is needed", got="a lower bound above the upper one", where="Box", remedy="Swap them.")

    @property
    def _low(self) -> Array:
        return np.asarray(self.lower)

    @property
    def _high(self) -> Array:
        return np.asarray(self.upper)

    @property
    def traits(self) -> Traits:
        """What is known of this function: bounds of zero and infinity alone make a cone."""
        is_cone = bool(np.isin(self._low, (0, -np.inf)).all() and np.isin(self._high, (0, np.inf)).all())
        return Traits(
            is_separable=True, is_indicator=True, is_cone_indicator=is_cone, is_positively_homogeneous=is_cone, is_finite=False
        )

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        for limit in (self._low, self._high):
            if limit.ndim:
                fits(x, limit.shape, name, where)

    def _terms(self, x: Array) -> Array:
        slack = tolerance(x) * (1 + np.abs(x))
        return np.where((x < self._low - slack) | (x > self._high + slack), np.inf, 0.0)

    def _value_at_prox(self, point: Array) -> float:
        return 0.0

    def _prox(self, x: Array, gamma: Array) -> Array:
        return np.clip(x, self._low, self._high).astype(x.dtype)

    def _slopes(self, x: Array) -> tuple[Array, Array]:
        return np.where(x <= self._low, -np.inf, 0.0), np.where(x >= self._high, np.inf, 0.0)

    def _conjugate_terms(self, y: Array) -> Array:
        edge = np.where(y > 0, self._high, self._low)
        # Where there is no bound, what rounding leaves of a zero beside larger entries is one.
        is_zero = np.isinf(edge) & (np.abs(y) <= tolerance(y) * np.max(np.abs(y), initial=0.0))
        return np.multiply(y, edge, where=(y != 0) & ~is_zero, out=np.zeros_like(y, dtype=np.float64))


def nonnegative_orthant() -> Box:
    """Return the indicator of x >= 0."""
    return Box(0.0, np.inf)


def linf_ball(radius: float = 1.0) -> Box:
    """Return the indicator of max_i |x_i| <= radius."""
    return Box(-radius, radius)
