"""The memory of a quasi-Newton method: moves and changes, and the inverse curvature that they imply."""

from __future__ import annotations

from collections import deque

import numpy as np

from gradproof.prox.checks import Array

_LEAST_CURVATURE = 1e-12


class CurvatureMemory:
    """Pairs of a move s and the change y that it made, the last few of them.

    Source: Nocedal and Wright 2006, algorithm 7.4 (two loops over the pairs).
    """

    def __init__(self, length: int) -> None:
        self._pairs: deque[tuple[Array, Array, float]] = deque(maxlen=length)

    def add(self, move: Array, change: Array) -> None:
        """Take up a pair; one along which the curvature is not positive tells nothing."""
        along = float(np.vdot(move, change))
        if along > _LEAST_CURVATURE * float(np.vdot(move, move)) and np.isfinite(along):
            self._pairs.append((move, change, along))

    def clear(self) -> None:
        """Forget all pairs."""
        self._pairs.clear()

    def solve(self, right: Array) -> Array:
        """Return the inverse of the curvature times an array."""
        out = right.copy()
        shares = []
        for move, change, along in reversed(self._pairs):
            share = float(np.vdot(move, out)) / along
            shares.append(share)
            out -= share * change
        if self._pairs:
            _, change, along = self._pairs[-1]
            out *= along / float(np.vdot(change, change))
        for (move, change, along), share in zip(self._pairs, reversed(shares), strict=True):
            out += (share - float(np.vdot(change, out)) / along) * move
        return out
