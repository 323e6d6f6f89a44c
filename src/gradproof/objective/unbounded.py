"""Directions along which an objective falls without end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]
_LENGTHS = (1e4, 1e6, 1e8, 1e10)
_FAR = 1e6


def falling_direction(objective: Callable[[Array], float], start: Array, directions: Sequence[Array]) -> Array | None:
    """Return the first direction along which the objective keeps falling at least as a line does, to very far away; else None."""
    first = objective(start)
    for direction in directions:
        length = float(np.linalg.norm(direction))
        if not np.isfinite(length) or length == 0:
            continue
        unit = direction / length
        with np.errstate(all="ignore"):
            values = [objective(start + far * unit) for far in _LENGTHS]
        slopes = [(value - first) / far for value, far in zip(values, _LENGTHS, strict=True)]
        # An objective that levels off has a slope that tends to zero; one that rises again has a positive one.
        if all(np.isfinite(slope) and slope < 0 for slope in slopes) and slopes[-1] <= 0.99 * slopes[0]:
            if values[-1] < -_FAR * (1 + abs(first)):
                return np.asarray(unit)
    return None
