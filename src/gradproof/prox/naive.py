"""Slow and simple ways to minimize, which share nothing with the fast ones: the referees of the law tests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gradproof.prox.checks import Array

_GRID = 601
_ROUNDS = 11


def minimize_entries(terms: Callable[[Array], Array], x: Array, gamma: Array) -> Array:
    """Return argmin_z sum_i terms(z)_i + (z_i - x_i)^2 / (2 gamma_i) by ever finer grids around the best point."""
    start = x.astype(np.float64)
    step = np.broadcast_to(np.asarray(gamma, dtype=np.float64), x.shape)

    def cost(z: Array) -> Array:
        moved = terms(z) + (z - start) ** 2 / (2 * step)
        return np.where(np.isnan(moved), np.inf, moved)

    best: Array = start.copy()
    lowest = cost(start)
    # The kinks of penalties and the bounds of sets are at such places; a grid need not hit them.
    for candidate in (np.zeros_like(start), np.ones_like(start)):
        best, lowest = _better(best, lowest, candidate, cost(candidate))
    width = 4.0 + 2 * float(np.max(np.abs(start), initial=0.0)) + 4 * float(np.max(step, initial=0.0))
    for _ in range(_ROUNDS):
        center = best.copy()
        for shift in np.linspace(-width, width, _GRID):
            candidate = center + shift
            best, lowest = _better(best, lowest, candidate, cost(candidate))
        width *= 0.05
    return best.astype(x.dtype)


def _better(best: Array, lowest: Array, candidate: Array, cost: Array) -> tuple[Array, Array]:
    is_lower = cost < lowest
    return np.where(is_lower, candidate, best), np.where(is_lower, cost, lowest)


def find_root(increasing: Callable[[float], float], low: float, high: float) -> float:
    """Return the place between low and high where an increasing function changes its sign, by bisection."""
    for _ in range(200):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        if increasing(middle) > 0:
            high = middle
        else:
            low = middle
    return 0.5 * (low + high)


def minimize_on_line(cost: Callable[[float], float], low: float, high: float) -> float:
    """Return the minimizer of a unimodal function of one number by golden section."""
    ratio = (np.sqrt(5) - 1) / 2
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    cost_left, cost_right = cost(left), cost(right)
    for _ in range(160):
        if cost_left <= cost_right:
            high, right, cost_right = right, left, cost_left
            left = high - ratio * (high - low)
            cost_left = cost(left)
        else:
            low, left, cost_left = left, right, cost_right
            right = low + ratio * (high - low)
            cost_right = cost(right)
    return 0.5 * (low + high)


def project_by_halfspaces(normals: Array, offsets: Array, x: Array, sweeps: int = 20000) -> Array:
    """Return the projection of x onto {z : normals z <= offsets} by Hildreth's sweeps over the halfspaces."""
    multipliers = np.zeros(len(offsets))
    point = x.astype(np.float64).ravel().copy()
    squares = np.einsum("ij,ij->i", normals, normals)
    for _ in range(sweeps):
        largest = 0.0
        for row, normal in enumerate(normals):
            if squares[row] == 0:
                continue
            change = max(-multipliers[row], (normal @ point - offsets[row]) / squares[row])
            multipliers[row] += change
            point -= change * normal
            largest = max(largest, abs(change))
        if largest < 1e-14:
            break
    return point.reshape(x.shape).astype(x.dtype)
