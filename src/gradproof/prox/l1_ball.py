"""The ball of the l1 norm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradproof.prox.checks import Array, positive, tolerance
from gradproof.prox.naive import find_root
from gradproof.prox.sets import AbstractSet, onto_simplex


@dataclass(frozen=True, eq=False)
class L1Ball(AbstractSet):
    """f(x) = 0 where sum_i |x_i| <= radius, infinite elsewhere.

    Prox:     sign(x) max(|x| - t, 0), where t = 0 in the ball, else t makes the sizes sum to radius.
    Args:     radius: > 0.
    Source:   Duchi et al. 2008: soft thresholding by the threshold of the simplex.
    Example:  >>> L1Ball(1.0).prox([2.0, -1.0])[0]
              array([1., 0.])
    """

    radius: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "radius", positive(self.radius, "radius", "L1Ball"))

    def _project(self, x: Array) -> Array:
        return project_l1_ball(x, self.radius)

    def _support(self, y: Array) -> float:
        return self.radius * float(np.abs(y).max(initial=0.0))

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        if np.abs(x).sum() < self.radius * (1 - tolerance(x)):
            return float(np.linalg.norm(v))
        # A normal is t sign(x_i) where x_i != 0 and at most t in size elsewhere, with t >= 0.
        is_active = np.abs(x) > tolerance(x) * self.radius
        signed, others = (np.sign(x) * v)[is_active], np.abs(v[~is_active])

        def slope(t: float) -> float:
            return float((t - signed).sum() - np.maximum(others - t, 0).sum())

        t = max(find_root(slope, -1.0 - float(np.abs(v).max()), float(np.abs(v).max()) + 1), 0.0)
        return float(np.hypot(np.linalg.norm(signed - t), np.linalg.norm(np.maximum(others - t, 0))))

    def _naive_project(self, x: Array) -> Array:
        if np.abs(x).sum() <= self.radius:
            return x
        t = find_root(
            lambda t: self.radius - float(np.maximum(np.abs(x) - t, 0).sum(dtype=np.float64)), 0.0, float(np.abs(x).max())
        )
        return np.sign(x) * np.maximum(np.abs(x) - x.dtype.type(t), 0)


def project_l1_ball(x: Array, radius: float) -> Array:
    """Return the point of the l1 ball that is closest to x."""
    if radius <= 0:
        return np.zeros_like(x)
    size = np.abs(x)
    if size.sum(dtype=np.float64) <= radius:
        return x.copy()
    # Adding zero takes the sign off the zeros of negative entries.
    return np.asarray(np.sign(x) * onto_simplex(size, radius) + 0)
