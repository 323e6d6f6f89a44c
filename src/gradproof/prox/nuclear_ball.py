"""The ball of the nuclear norm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradproof.prox.checks import Array, has_rank, positive
from gradproof.prox.l1_ball import L1Ball
from gradproof.prox.naive import find_root
from gradproof.prox.sets import AbstractSet


@dataclass(frozen=True, eq=False)
class NuclearBall(AbstractSet):
    """f(X) = 0 where the singular values of X sum to at most radius, infinite elsewhere.

    Prox:     U diag(z) W', where U diag(s) W' = X and z is the nearest point to s in the l1 ball of that radius.
    Args:     radius: > 0.
    Source:   Beck 2017, Theorem 7.29: the l1 ball's projection of the singular values.
    Example:  >>> NuclearBall(2.0).prox([[3.0, 0.0], [0.0, 1.0]])[0].round(6)
              array([[2., 0.],
                     [0., 0.]])
    """

    radius: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "radius", positive(self.radius, "radius", type(self).__name__))

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        has_rank(x, 2, name, where)

    def _project(self, x: Array) -> Array:
        left, sizes, right = np.linalg.svd(x, full_matrices=False)
        if float(sizes.sum()) <= self.radius:
            return x.copy()
        return np.asarray((left * L1Ball(self.radius).prox(sizes)[0]) @ right, dtype=x.dtype)

    def _support(self, y: Array) -> float:
        return self.radius * float(np.linalg.norm(y, 2)) if y.size else 0.0

    def _naive_project(self, x: Array) -> Array:
        """Find the level t with sum max(sigma - t, 0) = radius."""
        left, sizes, right = np.linalg.svd(x.astype(np.float64), full_matrices=False)
        if float(sizes.sum()) <= self.radius:
            return x
        level = find_root(lambda t: self.radius - float(np.maximum(sizes - t, 0).sum()), 0.0, float(sizes.max()))
        return np.asarray((left * np.maximum(sizes - level, 0)) @ right).astype(x.dtype)
