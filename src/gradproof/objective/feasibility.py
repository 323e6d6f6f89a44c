"""Constraints that nothing satisfies, shown by a certificate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize

from gradproof.prox.function import AbstractFunction
from gradproof.solvers.loop import minimize as run_loop
from gradproof.solvers.problem import Problem
from gradproof.solvers.proximal import Fista
from gradproof.solvers.result import Stopping

Array = npt.NDArray[np.floating[Any]]
_TOLERANCE = 1e-7
_LARGEST = 4_000_000
_STEPS = 5000
_REACH = 1e6
#: What SciPy's linprog answers where no point satisfies the constraints.
_IS_EMPTY = 2


class Infeasible(Exception):
    """No point satisfies the constraints: in which words, by how much at least, and the combination that shows it."""

    def __init__(self, words: str, distance: float = np.inf, combination: Array | None = None) -> None:
        super().__init__(words)
        self.words, self.distance, self.combination = words, distance, combination


def check_linear(matrix: Array, lower: Array, upper: Array, low: Array, high: Array, texts: str) -> None:
    """Look for a point with ``lower <= matrix x <= upper`` and ``low <= x <= high``.

    Raises: Infeasible: there is none. Its combination y shows it: y' matrix x over the bounds stays below what y' asks of the rows.
    Source: Farkas' lemma; the nearest point is found by least squares with bounds.
    """
    if matrix.size > _LARGEST:
        return
    rows = matrix.shape[0]
    # matrix x - s = 0 with s between lower and upper; fixed entries are widened by what rounding allows.
    system = np.hstack([matrix, -np.eye(rows)])
    ends = np.concatenate([low, lower]), np.concatenate([high, upper])
    fixed = ends[0] >= ends[1]
    constant = system[:, fixed] @ ends[0][fixed]
    found = optimize.lsq_linear(system[:, ~fixed], -constant, bounds=(ends[0][~fixed], ends[1][~fixed]), tol=1e-12)
    residual = np.asarray(found.fun)
    scale = 1 + float(np.abs(constant).max(initial=0)) + float(np.abs(matrix).max(initial=0))
    distance = float(np.linalg.norm(residual))
    if distance > _TOLERANCE * scale and _is_empty(system[:, ~fixed], -constant, ends[0][~fixed], ends[1][~fixed]):
        raise Infeasible(
            f"{texts}: no point satisfies them, the nearest misses them by {distance:.6g}", distance, residual / distance
        )


def _is_empty(system: Array, right: Array, lower: Array, upper: Array) -> bool:
    """Tell whether no z between the bounds has system z = right, by the simplex method: least squares may stop short of its end."""
    bounds = np.stack([lower, upper], axis=1)
    found = optimize.linprog(np.zeros(system.shape[1]), A_eq=system, b_eq=right, bounds=bounds, method="highs-ds")
    return bool(found.status == _IS_EMPTY)


@dataclass(frozen=True)
class Image:
    """A convex set in which a linear map of the variables has to lie, as its indicator."""

    text: str
    forward: Callable[[Array], Array]
    adjoint: Callable[[Array], Array]
    norm: float
    shape: tuple[int, ...]
    indicator: AbstractFunction


def check_sets(images: Sequence[Image], own: AbstractFunction | None, texts: Sequence[str], start: Array, seconds: float) -> None:
    """Look for a point of ``own``, an indicator as well, that all the maps take into their sets.

    Formula:  min_x sum_i dist(A_i x, C_i)^2 / 2 over own
    Raises:   Infeasible: the least distance is positive, and there is no point of all sets as far as a million times the size of the
              nearest. The rests A_i x - P_i(A_i x), its combination, show it: each set lies behind the plane through its nearest point.
    Source:   Bauschke and Combettes 2017, theorem 3.16, with the optimality condition of the least distance.
    """

    def distance(x: Array) -> tuple[float, Array]:
        rests = _rests(images, x)
        slope = np.sum([image.adjoint(rest) for image, rest in zip(images, rests, strict=True)], axis=0)
        return 0.5 * float(sum(rest @ rest for rest in rests)), np.asarray(slope)

    bound = sum(image.norm**2 for image in images)
    problem = Problem(distance, own, 1.01 * bound or 1.0)
    found = run_loop(problem, start, Fista(), Stopping(1e-12, _STEPS, seconds))
    rests = _rests(images, found.x)
    gap, slope = distance(found.x)
    error, size = problem.residual(found.x, slope), 1 + float(np.linalg.norm(found.x))
    # For a point z of all sets: 2 gap <= error ||z - x||.
    if np.sqrt(2 * gap) > _TOLERANCE * size * np.sqrt(bound) and 2 * gap > _REACH * size * error:
        told = ", ".join(dict.fromkeys((*texts, *(image.text for image in images))))
        miss = float(np.sqrt(2 * gap))
        raise Infeasible(f"{told}: no point satisfies them, the nearest misses them by {miss:.6g}", miss, np.concatenate(rests))


def _rests(images: Sequence[Image], x: Array) -> list[Array]:
    points = [image.forward(x) for image in images]
    return [
        point - image.indicator.prox(point.reshape(image.shape))[0].ravel() for image, point in zip(images, points, strict=True)
    ]
