"""Roots of scalar equations, entry by entry, that several proximal operators need."""

from __future__ import annotations

import numpy as np

from gradproof.prox.checks import Array

_STEPS = 30
#: The largest number of which a power of e is a float.
_LARGEST_POWER = 709.0


def log_linear_root(d: Array, step: Array | float) -> Array:
    """Return p with step p + log p = d, by Newton steps on the logarithm from a point above the root."""
    # step p is Lambert's W at K = step exp(d). W >= log K - log log K from log K = 1 on, so u = log p starts above its root; the left side
    # is convex in u, so Newton's steps from above fall.
    size = np.log(step) + d
    u = np.where(size >= 1, np.log(np.maximum(size, 1)) - np.log(step), d)
    for _ in range(_STEPS):
        with np.errstate(over="ignore"):
            p = np.minimum(step * np.exp(np.minimum(u, _LARGEST_POWER)), np.finfo(np.float64).max)
        moved = u - (u + p - d) / (1 + p)
        if np.abs(moved - u).max(initial=0.0) <= 1e-15 * (1 + np.abs(u).max(initial=0.0)):
            u = moved
            break
        u = moved
    return np.asarray(np.exp(np.minimum(u, _LARGEST_POWER)))
