"""Indicators of sets: zero inside, infinite outside; the prox is the projection."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from gradproof.prox.checks import Array, tolerance
from gradproof.prox.function import AbstractFunction
from gradproof.prox.traits import CONVEX_SET


class AbstractSet(AbstractFunction):
    """f(x) = 0 for x in a closed set, infinite elsewhere.

    An entry defines ``_project``; ``_support`` (the conjugate), ``_normal_distance`` and ``_naive_project`` where they
    are known.
    """

    _traits = CONVEX_SET

    @abstractmethod
    def _project(self, x: Array) -> Array:
        """Return a closest point of the set."""

    def _support(self, y: Array) -> float:
        self._refuse("support function in closed form", "Stop on another certificate than the duality gap.")

    def _naive_project(self, x: Array) -> Array:
        self._refuse("naive prox", "Use prox.")

    def _value(self, x: Array) -> float:
        away = float(np.linalg.norm(x - self._project(x)))
        return 0.0 if away <= tolerance(x) * (1 + float(np.linalg.norm(x))) else np.inf

    def _value_at_prox(self, point: Array) -> float:
        return 0.0

    def _prox(self, x: Array, gamma: Array) -> Array:
        return self._project(x).astype(x.dtype, copy=False)

    def _naive_prox(self, x: Array, gamma: Array) -> Array:
        return self._naive_project(x)

    def _conjugate_value(self, y: Array) -> float:
        return self._support(y)


def ray_distance(v: Array, direction: Array) -> float:
    """Return the distance from v to {t direction : t >= 0}."""
    square = float(np.vdot(direction, direction))
    along = max(float(np.vdot(v, direction)), 0.0) / square if square > 0 else 0.0
    return float(np.linalg.norm(v - along * direction))


def onto_simplex(x: Array, radius: float) -> Array:
    """Return max(x - tau, 0), with tau such that the entries sum to radius > 0, by sorting."""
    # Seen from the largest entry, the radius is not lost beside entries that are many orders larger.
    moved = x.astype(np.float64) - float(x.max())
    ordered = np.sort(moved.ravel())[::-1]
    excess = np.cumsum(ordered) - radius
    last = int(np.flatnonzero(ordered * np.arange(1, ordered.size + 1) > excess)[-1])
    return np.asarray(np.maximum(moved - excess[last] / (last + 1), 0).astype(x.dtype))
