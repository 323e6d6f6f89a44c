"""The ball and the sphere of the l2 norm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradproof.prox.checks import Array, has_entries, positive, tolerance
from gradproof.prox.naive import find_root
from gradproof.prox.sets import AbstractSet, ray_distance
from gradproof.prox.traits import Traits


@dataclass(frozen=True, eq=False)
class L2Ball(AbstractSet):
    """f(x) = 0 where ||x||_2 <= radius, infinite elsewhere.

    Prox:     x / max(1, ||x||_2 / radius).
    Args:     radius: > 0.
    Source:   Beck 2017, Lemma 6.26.
    Example:  >>> L2Ball(1.0).prox([3.0, 4.0])[0]
              array([0.6, 0.8])
    """

    radius: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "radius", positive(self.radius, "radius", type(self).__name__))

    def _project(self, x: Array) -> Array:
        size = float(np.linalg.norm(x))
        return x * x.dtype.type(self.radius / size) if size > self.radius else x.copy()

    def _support(self, y: Array) -> float:
        return self.radius * float(np.linalg.norm(y))

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        if np.linalg.norm(x) < self.radius * (1 - tolerance(x)):
            return float(np.linalg.norm(v))
        return ray_distance(v, x)

    def _naive_project(self, x: Array) -> Array:
        """Find the multiplier m >= 0 with ||x / (1 + m)|| = radius."""
        if np.linalg.norm(x) <= self.radius:
            return x
        top = float(np.linalg.norm(x)) / self.radius
        m = find_root(lambda m: self.radius - float(np.linalg.norm(x)) / (1 + m), 0.0, top)
        return (x / (1 + m)).astype(x.dtype)


@dataclass(frozen=True, eq=False)
class Sphere(L2Ball):
    """f(x) = 0 where ||x||_2 = radius, infinite elsewhere; not convex.

    Prox:     radius x / ||x||_2.
    Args:     radius: > 0.
    Source:   Luke 2017; at zero every point is as close, and the first axis is taken.
    Example:  >>> Sphere(1.0).prox([0.0, 0.5])[0]
              array([0., 1.])
    """

    _traits = Traits(is_convex=False, is_indicator=True, is_finite=False)

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        has_entries(x, name, where)

    def _project(self, x: Array) -> Array:
        size = float(np.linalg.norm(x))
        if size > 0:
            return x * x.dtype.type(self.radius / size)
        point = np.zeros_like(x)
        point.flat[0] = self.radius
        return point

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        along = float(np.vdot(v, x)) / float(np.vdot(x, x))
        return float(np.linalg.norm(v - along * x))

    def _naive_project(self, x: Array) -> Array:
        if not x.any():
            return self._project(x)
        # The closest point is on the line through x and the origin, on the side of x.
        t = find_root(lambda t: t * float(np.linalg.norm(x)) - self.radius, 0.0, self.radius / float(np.linalg.norm(x)) + 1)
        return (t * x).astype(x.dtype)
