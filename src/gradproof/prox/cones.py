"""Cones of vectors and matrices: second-order and positive semidefinite."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradproof.errors import ShapeError
from gradproof.prox.checks import Array, has_rank, tolerance
from gradproof.prox.naive import minimize_on_line
from gradproof.prox.sets import AbstractSet, ray_distance
from gradproof.prox.traits import CONVEX_CONE


class AbstractCone(AbstractSet):
    """f(x) = 0 for x in a closed convex cone, infinite elsewhere; the conjugate is the indicator of the polar cone."""

    _traits = CONVEX_CONE

    def _support(self, y: Array) -> float:
        inside = float(np.linalg.norm(self._project(y)))
        return 0.0 if inside <= tolerance(y) * (1 + float(np.linalg.norm(y))) else np.inf


@dataclass(frozen=True, eq=False)
class SecondOrderCone(AbstractCone):
    """f(x) = 0 where ||x_1, ..., x_(n-1)||_2 <= x_0, infinite elsewhere.

    Prox:     of x = (t, u): x where ||u|| <= t, 0 where ||u|| <= -t, else (1 + t / ||u||) / 2 (||u||, u).
    Source:   Parikh and Boyd 2014, section 6.3.2.
    Example:  >>> SecondOrderCone().prox([0.0, 2.0])[0]
              array([1., 1.])
    """

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        has_rank(x, 1, name, where)
        if x.size < 1:
            raise ShapeError("at least one entry is needed", got="none", where=where, remedy="x_0 is the bound.")

    def _project(self, x: Array) -> Array:
        top, size = float(x[0]), float(np.linalg.norm(x[1:]))
        if size <= top:
            return x.copy()
        if size <= -top:
            return np.zeros_like(x)
        level = 0.5 * (top + size)
        return np.concatenate([[level], level / size * x[1:]]).astype(x.dtype)

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        scale = tolerance(x) * (1 + float(np.linalg.norm(v)))
        if np.linalg.norm(x) <= scale:
            return float(np.linalg.norm(self._project(v)))
        if np.linalg.norm(x[1:]) < x[0] - tolerance(x) * abs(x[0]):
            return float(np.linalg.norm(v))
        return ray_distance(v, np.concatenate([-x[:1], x[1:]]))

    def _naive_project(self, x: Array) -> Array:
        size = float(np.linalg.norm(x[1:]))
        unit = x[1:] / size if size > 0 else x[1:]

        def point(level: float) -> Array:
            return np.concatenate([[max(level, float(x[0]))], min(level, size) * unit])

        top = abs(float(x[0])) + size
        level = minimize_on_line(lambda level: float(np.linalg.norm(point(level) - x)), 0.0, top)
        return point(level).astype(x.dtype)


@dataclass(frozen=True, eq=False)
class PositiveSemidefiniteCone(AbstractCone):
    """f(X) = 0 where the symmetric matrix X has no negative eigenvalue, infinite elsewhere.

    Prox:     Q diag(max(w, 0)) Q', where Q diag(w) Q' = (X + X') / 2.
    Source:   Parikh and Boyd 2014, section 6.3.3; of X that is not symmetric the symmetric part counts.
    Example:  >>> PositiveSemidefiniteCone().prox([[1.0, 0.0], [0.0, -1.0]])[0]
              array([[1., 0.],
                     [0., 0.]])
    """

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        has_rank(x, 2, name, where)
        if x.shape[0] != x.shape[1]:
            raise ShapeError(f"{name} has to be square", got=f"shape {x.shape}", where=where, remedy="Give a symmetric matrix.")

    def _project(self, x: Array) -> Array:
        values, vectors = np.linalg.eigh(0.5 * (x + x.T))
        return np.asarray((vectors * np.maximum(values, 0)) @ vectors.T)

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        values, vectors = np.linalg.eigh(0.5 * (x + x.T))
        null = vectors[:, values <= tolerance(x) * (1 + abs(values).max(initial=0.0))]
        # Normals are the negative semidefinite matrices on the null space of X; an antisymmetric part is normal as well.
        symmetric = 0.5 * (v + v.T)
        inner_values, inner = np.linalg.eigh(null.T @ symmetric @ null) if null.size else (np.zeros(0), np.zeros((0, 0)))
        normal = null @ (inner * np.minimum(inner_values, 0)) @ inner.T @ null.T
        return float(np.linalg.norm(symmetric - normal))

    def _naive_project(self, x: Array) -> Array:
        """Take the polar factor by Newton's iteration: the projection is (S + |S|) / 2."""
        symmetric = 0.5 * (x + x.T).astype(np.float64)
        sign = symmetric / np.linalg.norm(symmetric)
        for _ in range(100):
            sign = 0.5 * (sign + np.linalg.inv(sign))
        return (0.5 * (symmetric + sign @ symmetric)).astype(x.dtype)
