"""Directions along which an objective falls without end, or towards a bound that no point reaches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.objective.smooth import Smooth

Array = npt.NDArray[np.floating[Any]]
_LENGTHS = (1e4, 1e6, 1e8, 1e10)
_FAR = 1e6
_FLAT = 1e-12
#: Shares of the way so far along which an objective without a minimum goes on falling, and how far out it has to be lower still.
_ONWARD, _OUTWARD = (0.25, 0.5, 1.0), 100.0
#: How many entries a point may have for a Hessian by differences, and how far apart these are.
_FEW, _WIDTH = 50, 1e-4
#: The share of the largest curvature below which a direction counts as nearly level.
_LEVEL = 1e-3


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


def receding_direction(objective: Callable[[Array], float], at: Array, way: Array) -> Array | None:
    """Return the direction of a way if from a point on, where a solver has stopped, the objective falls all along it; else None.

    A minimum in finite distance is passed, or the objective is level behind it: it falls strictly only where no point is the lowest.
    """
    length = float(np.linalg.norm(way))
    if not 0 < length < np.inf:
        return None
    with np.errstate(all="ignore"):
        values = [objective(at), *(objective(at + share * way) for share in _ONWARD)]
        falls = all(after < before for before, after in pairwise(values))
        return way / length if falls and objective(at + _OUTWARD * way) < values[0] else None


def level_step(smooth: Smooth, at: Array) -> Array | None:
    """Return the step of Newton's method along what is nearly level, by differences of gradients; None where it would take many.

    Near the end of a descent what goes on for ever is level beside what has come to its end.
    """
    if at.size > _FEW:
        return None
    width = _WIDTH * (1 + float(np.linalg.norm(at)))
    columns = [(smooth(at + width * unit)[1] - smooth(at - width * unit)[1]) / (2 * width) for unit in np.eye(at.size)]
    hessian, slope = np.stack(columns), smooth(at)[1]
    if not np.isfinite(hessian).all() or not np.isfinite(slope).all():
        return None
    values, vectors = np.linalg.eigh(0.5 * (hessian + hessian.T))
    highest = float(np.abs(values).max())
    kept = (values > _FLAT * highest) & (values < _LEVEL * highest)
    return np.asarray(-vectors[:, kept] @ ((vectors[:, kept].T @ slope) / values[kept]))
