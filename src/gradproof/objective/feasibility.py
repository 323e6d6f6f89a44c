"""Constraints that nothing satisfies, shown by a certificate."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize

Array = npt.NDArray[np.floating[Any]]
_TOLERANCE = 1e-7
_LARGEST = 4_000_000


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
    if distance > _TOLERANCE * scale:
        raise Infeasible(
            f"{texts}: no point satisfies them, the nearest misses them by {distance:.6g}", distance, residual / distance
        )
