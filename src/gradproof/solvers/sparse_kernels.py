"""Compiled coordinate descent over compressed columns with weights of the rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from gradproof.solvers.descent_kernels import shrunk
from gradproof.solvers.design_kernels import add_sparse, dot_sparse

_INNER = 10


@njit(cache=True)
def descend_sparse_weighted(
    data: Any,
    weighted: Any,
    indices: Any,
    starts: Any,
    curvature: Any,
    residual: Any,
    beta: Any,
    weight: float,
    ridge: float,
    is_positive: bool,
    has_constant: bool,
    sweeps: int,
    tolerance: float,
) -> float:
    """Sweep over the columns of weighted least squares; residual = r - curvature * (X (beta - start) + constant).

    ``weighted`` is filled with the data times the curvature. A sweep over all is followed by sweeps over the coefficients
    that are not zero; with ``has_constant`` the best constant is taken after each. Returns what the constant became.
    """
    squares = np.zeros(beta.size)
    for j in range(beta.size):
        for k in range(np.uint64(starts[j]), np.uint64(starts[j + 1])):
            weighted[k] = data[k] * curvature[np.uint32(indices[k])]
            squares[j] += data[k] * weighted[k]
    total, constant = curvature.sum(), 0.0
    for _ in range(sweeps):
        worst, inside = 0.0, 0.0
        for turn in range(1 + _INNER):
            inside = 0.0
            for j in range(beta.size):
                if squares[j] + ridge <= 0.0 or (turn > 0 and beta[j] == 0.0):
                    continue
                z = squares[j] * beta[j] + dot_sparse(data, indices, starts[j], starts[j + 1], residual)
                change = shrunk(z, weight, is_positive) / (squares[j] + ridge) - beta[j]
                if change != 0.0:
                    beta[j] += change
                    add_sparse(weighted, indices, starts[j], starts[j + 1], -change, residual)
                    inside = max(inside, abs(change) * (squares[j] + ridge))
            if has_constant and total > 0.0:
                excess = residual.sum()
                constant += excess / total
                residual -= excess / total * curvature
                inside = max(inside, abs(excess))
            if turn == 0:
                worst = inside
            if inside <= tolerance:
                break
        if worst <= tolerance:
            break
    return constant


@njit(cache=True)
def scale_sparse(data: Any, indices: Any, starts: Any, root: Any, squares: Any, across: Any) -> None:
    """Multiply the rows of compressed columns by ``root``, in place; write their squared norms and their inner products with ``root``."""
    for j in range(squares.size):
        square, along = 0.0, 0.0
        for k in range(np.uint64(starts[j]), np.uint64(starts[j + 1])):
            factor = root[np.uint32(indices[k])]
            entry = data[k] * factor
            data[k] = entry
            square += entry * entry
            along += entry * factor
        squares[j], across[j] = square, along
