"""Directions along which an objective falls without end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.objective.smooth import Smooth

Array = npt.NDArray[np.floating[Any]]
_LENGTHS = (1e4, 1e6, 1e8, 1e10)
_FAR = 1e6
_FLAT = 1e-12


def steepest(smooth: Smooth, start: Array) -> list[Array]:
    """Return directions worth a look before solving: the steepest one, and where a quadratic is flat or bends down."""
    slope = smooth(start)[1]
    found = [-slope]
    if smooth.has_small_hessian and smooth.degree == 2:
        values, vectors = np.linalg.eigh(smooth.hessian)
        flat = vectors[:, values <= _FLAT * float(np.abs(values).max())]
        level = -flat @ (flat.T @ slope)
        if float(np.linalg.norm(level)) > 1e-9 * float(np.linalg.norm(slope)):
            found.append(level)
        if values[0] < -_FLAT * float(np.abs(values).max()):
            found += [vectors[:, 0], -vectors[:, 0]]
    return found


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
