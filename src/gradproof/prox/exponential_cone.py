"""The exponential cone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradproof.prox.checks import Array, fits, tolerance
from gradproof.prox.cones import AbstractCone
from gradproof.prox.naive import find_root, minimize_on_line
from gradproof.prox.sets import ray_distance

_LARGEST_RATIO = 300.0


@dataclass(frozen=True, eq=False)
class ExponentialCone(AbstractCone):
    """f(r, s, t) = 0 where s > 0 and s exp(r / s) <= t, or r <= 0 = s <= t; infinite elsewhere.

    Prox:     the nearest point of the cone; its ratio r / s is the root of an increasing function.
    Source:   Friberg 2023, Mathematical Programming Computation 15: the ratio r / s of the projection is the root of an
              increasing function, which splits x into a point of the cone and one of its polar.
    Example:  >>> ExponentialCone().prox([0.0, 1.0, 1.0])[0]
              array([0., 1., 1.])
    """

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        fits(x, (3,), name, where)

    def _value(self, x: Array) -> float:
        away = float(np.linalg.norm(x - self._project(x)))
        return 0.0 if away <= 10 * tolerance(x) * (1 + float(np.linalg.norm(x))) else np.inf

    def _project(self, x: Array) -> Array:
        r, s, t = (float(entry) for entry in x)
        if _contains(r, s, t):
            return x.copy()
        if _polar_contains(r, s, t):
            return np.zeros_like(x)
        if r <= 0 and s <= 0:
            return np.array([r, 0, max(t, 0)], dtype=x.dtype)
        return _project_on_boundary(r, s, t).astype(x.dtype)

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        slack = tolerance(x) * (1 + float(np.linalg.norm(x)))
        r, s, t = (float(entry) for entry in x)
        if np.linalg.norm(x) <= slack:
            return float(np.linalg.norm(self._project(v)))
        if s <= slack:
            free = np.minimum(v[1], 0), np.minimum(v[2], 0) if t <= slack else 0.0
            return float(np.linalg.norm(v - np.array([0.0, *free])))
        if s * np.exp(r / s) < t - slack:
            return float(np.linalg.norm(v))
        ratio = r / s
        return ray_distance(v, np.array([1.0, 1 - ratio, -np.exp(-ratio)]))

    def _naive_project(self, x: Array) -> Array:
        """Take the closest of the points of the boundary's rays (q, 1, exp(q)), searched by q."""
        r, s, t = (float(entry) for entry in x)
        if _contains(r, s, t):
            return x

        def on_ray(ratio: float) -> Array:
            ray = np.array([ratio, 1.0, np.exp(ratio)]) / max(1.0, float(np.exp(ratio)))
            return ray * max(float(ray @ x), 0.0) / float(ray @ ray)

        grid = np.linspace(-30, 30, 4001)
        distances = [float(np.linalg.norm(on_ray(q) - x)) for q in grid]
        best = grid[int(np.argmin(distances))]
        width = grid[1] - grid[0]
        ratio = minimize_on_line(lambda q: float(np.linalg.norm(on_ray(q) - x)), best - width, best + width)
        candidates = [on_ray(ratio), np.zeros(3), np.array([min(r, 0.0), 0.0, max(t, 0.0)])]
        return min(candidates, key=lambda point: float(np.linalg.norm(point - x))).astype(x.dtype)


def _contains(r: float, s: float, t: float) -> bool:
    if s > 0:
        return t > 0 and r / s <= np.log(t) - np.log(s)
    return r <= 0 and s == 0 and t >= 0


def _polar_contains(r: float, s: float, t: float) -> bool:
    if r > 0:
        return t < 0 and np.log(r) + s / r <= 1 + np.log(-t)
    return r == 0 and s <= 0 and t <= 0


def _project_on_boundary(r: float, s: float, t: float) -> Array:
    """Return the part of x on the ray (q, 1, exp(q)), where x = that part + a multiple of (1, 1 - q, -exp(-q))."""

    def parts(q: float) -> tuple[float, float]:
        square = q * (q - 1) + 1
        return ((q - 1) * r + s) / square, (r - q * s) / square

    def excess(q: float) -> float:
        primal, polar = parts(q)
        return float(primal * np.exp(q) - polar * np.exp(-q)) - t

    # Beyond the largest ratio the exponential leaves no trace of the smaller entries.
    low = np.clip(1 - s / r, -_LARGEST_RATIO, _LARGEST_RATIO) if r > 0 else -_LARGEST_RATIO
    high = np.clip(r / s, -_LARGEST_RATIO, _LARGEST_RATIO) if s > 0 else _LARGEST_RATIO
    q = find_root(excess, float(low), float(high))
    primal = max(parts(q)[0], 0.0)
    return primal * np.array([q, 1.0, np.exp(q)])
