"""The hinge loss and its square."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError
from gradproof.prox.checks import Array, fits, float_array, tolerance
from gradproof.prox.separable import AbstractSeparable
from gradproof.prox.traits import Traits


def signs(labels: npt.ArrayLike, where: str) -> Array:
    """Return labels as an array of -1 and 1. Raises: DomainError: there is another number."""
    array = float_array(labels, "labels", where)
    if not np.isin(array, (-1, 1)).all():
        raise DomainError(
            "labels have to be -1 or 1", got=f"{np.unique(array)[:5].tolist()}", where=where, remedy="Map the two classes."
        )
    return array


@dataclass(frozen=True, eq=False)
class Hinge(AbstractSeparable):
    """f(x) = sum_i max(0, 1 - b_i x_i).

    Prox:     x where b x >= 1, b where 1 - gamma <= b x <= 1, x + gamma b below.
    Args:     labels: the b_i, -1 or 1, in the shape of x; or one for all.
    Source:   Parikh and Boyd 2014, section 6.1.3; a kink at margin 1 with slopes -1 and 0.
    Example:  >>> Hinge().prox([-1.0, 0.5, 3.0])[0]
              array([0., 1., 3.])
    """

    labels: npt.ArrayLike = 1.0
    _traits = Traits(is_separable=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", signs(self.labels, "Hinge"))

    @property
    def _signs(self) -> Array:
        return np.asarray(self.labels)

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        if self._signs.ndim:
            fits(x, self._signs.shape, name, where)

    def _terms(self, x: Array) -> Array:
        return np.maximum(0, 1 - self._signs * x)

    def _prox(self, x: Array, gamma: Array) -> Array:
        margin = self._signs * x
        return np.asarray(self._signs * np.maximum(margin, np.minimum(1, margin + gamma))).astype(x.dtype)

    def _slopes(self, x: Array) -> tuple[Array, Array]:
        margin = self._signs * x
        steep, flat = np.where(margin <= 1, -1.0, 0.0), np.where(margin < 1, -1.0, 0.0)
        ends = self._signs * steep, self._signs * flat
        return np.minimum(*ends), np.maximum(*ends)

    def _conjugate_terms(self, y: Array) -> Array:
        u, slack = self._signs * y, tolerance(y)
        return np.where((u >= -1 - slack) & (u <= slack), u, np.inf)


@dataclass(frozen=True, eq=False)
class SquaredHinge(Hinge):
    """f(x) = sum_i max(0, 1 - b_i x_i)^2.

    Prox:     x where b x >= 1, (x + 2 gamma b) / (1 + 2 gamma) below.
    Args:     labels: the b_i, -1 or 1, in the shape of x; or one for all.
    Source:   the stationary point of (1 - m)^2 + (m - b x)^2 / (2 gamma) below margin 1.
    Example:  >>> SquaredHinge().prox([0.0, 3.0], gamma=0.5)[0]
              array([0.5, 3. ])
    """

    _traits = Traits(is_separable=True, is_smooth=True)

    @property
    def smoothness(self) -> float:
        """Return 2."""
        return 2.0

    def _terms(self, x: Array) -> Array:
        return np.maximum(0, 1 - self._signs * x) ** 2

    def _prox(self, x: Array, gamma: Array) -> Array:
        margin = self._signs * x
        return np.asarray(self._signs * np.where(margin < 1, (margin + 2 * gamma) / (1 + 2 * gamma), margin)).astype(x.dtype)

    def _slopes(self, x: Array) -> tuple[Array, Array]:
        slope = (-2 * self._signs * np.maximum(0, 1 - self._signs * x)).astype(x.dtype)
        return slope, slope

    def _conjugate_terms(self, y: Array) -> Array:
        u = self._signs * y
        return np.where(u <= tolerance(y), u + 0.25 * u * u, np.inf)
