"""Functions of a matrix times a vector that have a proximal operator nonetheless: differences of neighbours, rotations."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from gradproof import prox
from gradproof.prox.function import AbstractFunction

Array = npt.NDArray[np.floating[Any]]
_LARGEST_ROTATION = 2000
_TOLERANCE = 1e-10


def may_go_behind(shape: tuple[int, int]) -> bool:
    """Tell whether a matrix of this shape may be one of those, and small enough to look at."""
    rows, columns = shape
    return (rows == columns and columns <= _LARGEST_ROTATION) or (rows == columns - 1 and columns <= 2 * _LARGEST_ROTATION)


def behind_matrix(function: AbstractFunction, matrix: Any) -> AbstractFunction | None:
    """Return the function of x that another one of ``matrix x`` is; None where the catalogue has no operator of it.

    Source: Beck 2017, Theorem 6.15 for rotations times a factor; the total variation is the l1 norm of differences.
    """
    dense = matrix.toarray() if sparse.issparse(matrix) else np.asarray(matrix, dtype=np.float64)
    rows, columns = dense.shape
    if rows == columns - 1:
        return _variation(function, dense)
    factor = float(np.sqrt(np.mean(np.sum(dense**2, axis=1))))
    if not factor > 0 or np.abs(dense @ dense.T - factor**2 * np.eye(rows)).max() > _TOLERANCE * factor**2:
        return None
    inner = function if factor == 1 else prox.PrecomposeDiagonal(function, factor)
    return prox.PrecomposeOrthogonal(inner, dense / factor)


def _variation(function: AbstractFunction, dense: Array) -> AbstractFunction | None:
    if not isinstance(function, prox.L1) or np.ndim(function.lambda_):
        return None
    factor = abs(float(dense[0, 0])) if dense.size else 0.0
    differences = np.diff(np.eye(dense.shape[1]), axis=0)
    if factor == 0 or not (np.array_equal(dense, factor * differences) or np.array_equal(dense, -factor * differences)):
        return None
    return prox.TotalVariation1D(factor * float(np.asarray(function.lambda_)))
