"""Sets that bound a count: few entries that are not zero, low rank."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradproof.prox.checks import Array, count, has_rank, tolerance
from gradproof.prox.sets import AbstractSet
from gradproof.prox.traits import Traits

_COUNTING = Traits(is_convex=False, is_indicator=True, is_cone_indicator=True, is_positively_homogeneous=True, is_finite=False)


@dataclass(frozen=True, eq=False)
class L0Ball(AbstractSet):
    """f(x) = 0 where at most k entries are not zero, infinite elsewhere.

    Prox:     x with all entries but the k largest in size set to zero.
    Args:     k: a whole number, >= 0.
    Source:   Beck 2017, section 6.8.3: keep the k largest in size (of equal ones the first).
    Example:  >>> L0Ball(1).prox([1.0, -3.0, 2.0])[0]
              array([ 0., -3.,  0.])
    """

    k: int
    _traits = _COUNTING

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", count(self.k, "k", "L0Ball"))

    def _project(self, x: Array) -> Array:
        kept = np.argsort(-np.abs(x), axis=None, kind="stable")[: self.k]
        point = np.zeros_like(x)
        point.flat[kept] = x.flat[kept]
        return point

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        is_used = x != 0
        room = self.k - int(is_used.sum())
        smallest = np.sort(np.abs(v[~is_used]))[: max(room, 0)]
        return float(np.hypot(np.linalg.norm(v[is_used]), np.linalg.norm(smallest)))

    def _naive_project(self, x: Array) -> Array:
        point = np.zeros_like(x)
        for _ in range(min(self.k, x.size)):
            largest = int(np.argmax(np.abs(x - point)))
            point.flat[largest] = x.flat[largest]
        return point


@dataclass(frozen=True, eq=False)
class RankBall(AbstractSet):
    """f(X) = 0 where the matrix X has rank at most r, infinite elsewhere.

    Prox:     U diag(s_1, ..., s_r, 0, ..., 0) W', where U diag(s) W' = X with decreasing s.
    Args:     r: a whole number, >= 0.
    Source:   Eckart and Young 1936.
    Example:  >>> RankBall(1).prox([[2.0, 0.0], [0.0, 1.0]])[0]
              array([[2., 0.],
                     [0., 0.]])
    """

    r: int
    _traits = _COUNTING

    def __post_init__(self) -> None:
        object.__setattr__(self, "r", count(self.r, "r", "RankBall"))

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        has_rank(x, 2, name, where)

    def _project(self, x: Array) -> Array:
        left, sizes, right = np.linalg.svd(x, full_matrices=False)
        return np.asarray((left[:, : self.r] * sizes[: self.r]) @ right[: self.r])

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        left, sizes, right = np.linalg.svd(x, full_matrices=False)
        rank = int((sizes > tolerance(x) * (1 + sizes.max(initial=0.0))).sum())
        left, right = left[:, :rank], right[:rank]
        outside = v - left @ (left.T @ v)
        outside = outside - (outside @ right.T) @ right
        smallest = np.sort(np.linalg.svd(outside, compute_uv=False)[: min(x.shape) - rank])[: max(self.r - rank, 0)]
        return float(np.hypot(np.linalg.norm(v - outside), np.linalg.norm(smallest)))

    def _naive_project(self, x: Array) -> Array:
        """Keep the leading eigenvectors of X' X."""
        _, vectors = np.linalg.eigh(x.T @ x)
        leading = vectors[:, ::-1][:, : self.r]
        return np.asarray(x @ leading @ leading.T)
