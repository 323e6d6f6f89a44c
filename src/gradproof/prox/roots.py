"""Roots of scalar equations, entry by entry, that several proximal operators need."""

from __future__ import annotations

import numpy as np

from gradproof.prox.checks import Array


def log_linear_root(d: Array, step: Array | float) -> Array:
    """Return p with step p + log p = d, by Newton steps on the logarithm from a point above the root."""
    # u + step exp(u) = d has u <= d, and u <= log(d / step) where d > 0; the left side is convex, so steps from above fall.
    u = np.where(d > step, np.log(np.maximum(d, step) / step), d)
    for _ in range(30):
        p = step * np.exp(u)
        moved = u - (u + p - d) / (1 + p)
        if np.abs(moved - u).max(initial=0.0) <= 1e-15 * (1 + np.abs(u).max(initial=0.0)):
            u = moved
            break
        u = moved
    return np.asarray(np.exp(u))
