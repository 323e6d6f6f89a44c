"""Compiled descent over groups of coefficients of a quadratic that is given by its matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, fastmath=True)
def sweep_groups(gram: Any, slope: Any, beta: Any, starts: Any, weights: Any, steps: Any, sweeps: int, tolerance: float) -> float:
    """Minimize beta' gram beta / 2 - <q, beta> + sum_g weights_g ||beta_g||, one group after the other.

    Group g is beta[starts[g]:starts[g + 1]]; steps[g] is one over the largest eigenvalue of its block. ``slope`` is
    q - gram beta and is kept so. Returns the largest change of a group, in units of the slope, in the last sweep.
    """
    size, worst = beta.size, 0.0
    moved = np.empty(size)
    for _ in range(sweeps):
        worst = 0.0
        for g in range(weights.size):
            first, last = starts[g], starts[g + 1]
            square = 0.0
            for j in range(first, last):
                moved[j] = beta[j] + steps[g] * slope[j]
                square += moved[j] * moved[j]
            length = np.sqrt(square)
            factor = max(0.0, 1.0 - steps[g] * weights[g] / length) if length > 0 else 0.0
            largest = 0.0
            for j in range(first, last):
                change = factor * moved[j] - beta[j]
                if change != 0.0:
                    beta[j] += change
                    row = gram[j]
                    for i in range(size):
                        slope[i] -= change * row[i]
                    largest += change * change
            worst = max(worst, np.sqrt(largest) / steps[g])
        if worst <= tolerance:
            break
    return float(worst)
