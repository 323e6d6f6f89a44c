"""The probability simplex."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradproof.prox.checks import Array, has_entries, positive, tolerance
from gradproof.prox.naive import find_root
from gradproof.prox.sets import AbstractSet, onto_simplex


@dataclass(frozen=True, eq=False)
class Simplex(AbstractSet):
    """f(x) = 0 where x >= 0 and sum_i x_i = radius, infinite elsewhere.

    Prox:     max(x - t, 0), where t makes the entries sum to radius.
    Args:     radius: > 0.
    Source:   Held, Wolfe and Crowder 1974: subtract one number from all entries and clip at zero.
    Example:  >>> Simplex().prox([1.0, 1.0, -5.0])[0]
              array([0.5, 0.5, 0. ])
    """

    radius: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "radius", positive(self.radius, "radius", "Simplex"))

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        has_entries(x, name, where)

    def _project(self, x: Array) -> Array:
        return onto_simplex(x, self.radius)

    def _support(self, y: Array) -> float:
        return self.radius * float(y.max())

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        # A normal is one number t where x > 0, and at most t elsewhere; the derivative in t is increasing.
        is_active = x > tolerance(x)

        def slope(t: float) -> float:
            return float((t - v[is_active]).sum() - np.maximum(v[~is_active] - t, 0).sum())

        t = find_root(slope, float(v.min()) - 1, float(v.max()) + 1)
        return float(np.hypot(np.linalg.norm(v[is_active] - t), np.linalg.norm(np.maximum(v[~is_active] - t, 0))))

    def _naive_project(self, x: Array) -> Array:
        low, high = float(x.min()) - self.radius, float(x.max())
        t = find_root(lambda t: self.radius - float(np.maximum(x - t, 0).sum(dtype=np.float64)), low, high)
        return np.maximum(x - x.dtype.type(t), 0)
