"""Compiled products with the columns of a matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, fastmath=True)
def correlate_dense(columns: Any, residual: Any, chosen: Any, out: Any) -> None:
    """Write the inner products of the chosen columns (rows of the transposed matrix) with the residual."""
    n = residual.size
    for place in range(chosen.size):
        column = columns[chosen[place]]
        total = 0.0
        for i in range(n):
            total += column[i] * residual[i]
        out[place] = total


@njit(cache=True, fastmath=True)
def survey_dense(columns: Any, residual: Any, products: Any, squares: Any, sums: Any) -> None:
    """Write the inner products of all columns with the residual, their squared norms and their sums, reading them once."""
    n = residual.size
    for j in range(columns.shape[0]):
        column = columns[j]
        product, square, total = 0.0, 0.0, 0.0
        for i in range(n):
            entry = np.float64(column[i])
            product += entry * residual[i]
            square += entry * entry
            total += entry
        products[j], squares[j], sums[j] = product, square, total


@njit(cache=True, fastmath=True)
def survey_sparse(data: Any, indices: Any, starts: Any, residual: Any, products: Any, squares: Any, sums: Any) -> None:
    """Do the same for compressed columns."""
    for j in range(starts.size - 1):
        product, square, total = 0.0, 0.0, 0.0
        for k in range(starts[j], starts[j + 1]):
            entry = np.float64(data[k])
            product += entry * residual[np.uint32(indices[k])]
            square += entry * entry
            total += entry
        products[j], squares[j], sums[j] = product, square, total


@njit(cache=True, fastmath=True)
def correlate_sparse(data: Any, indices: Any, starts: Any, residual: Any, chosen: Any, out: Any) -> None:
    """Do the same as correlate_dense for compressed columns."""
    for place in range(chosen.size):
        j = chosen[place]
        total = 0.0
        for k in range(starts[j], starts[j + 1]):
            total += data[k] * residual[np.uint32(indices[k])]
        out[place] = total


@njit(cache=True, fastmath=True)
def combine_dense(columns: Any, chosen: Any, beta: Any, out: Any) -> None:
    """Add beta times the chosen columns (rows of the transposed matrix) to out, two at a time."""
    n, count = out.size, chosen.size
    for place in range(0, count - 1, 2):
        u, v, a, b = columns[chosen[place]], columns[chosen[place + 1]], beta[place], beta[place + 1]
        for i in range(n):
            out[i] += a * u[i] + b * v[i]
    if count % 2:
        u, a = columns[chosen[count - 1]], beta[count - 1]
        for i in range(n):
            out[i] += a * u[i]


@njit(cache=True, fastmath=True)
def combine_sparse(data: Any, indices: Any, starts: Any, chosen: Any, beta: Any, out: Any) -> None:
    """Do the same for compressed columns."""
    for place in range(chosen.size):
        for k in range(starts[chosen[place]], starts[chosen[place] + 1]):
            out[np.uint32(indices[k])] += beta[place] * data[k]


@njit(cache=True, fastmath=True)
def descend_sparse(
    data: Any,
    indices: Any,
    starts: Any,
    means: Any,
    squares: Any,
    chosen: Any,
    residual: Any,
    beta: Any,
    weight: float,
    ridge: float,
    is_positive: bool,
    sweeps: int,
    tolerance: float,
) -> float:
    """Sweep over the chosen columns of least squares with l1 and l2 penalties; beta has their coefficients, residual = y - X beta.

    ``means`` is empty unless the columns count as centered; then the centers wait in ``shift`` until the end.
    Returns the largest violation of the optimality conditions seen in the last sweep.
    """
    n, shift, worst = residual.size, 0.0, 0.0
    for _ in range(sweeps):
        worst = 0.0
        for place in range(chosen.size):
            j = chosen[place]
            curvature = squares[j] + ridge
            if curvature <= 0.0:
                continue
            z = squares[j] * beta[place]
            for k in range(starts[j], starts[j + 1]):
                z += data[k] * residual[np.uint32(indices[k])]
            if means.size:
                z += n * means[j] * shift
            new = 0.0
            if z > weight:
                new = (z - weight) / curvature
            elif z < -weight and not is_positive:
                new = (z + weight) / curvature
            change = new - beta[place]
            if change != 0.0:
                beta[place] = new
                for k in range(starts[j], starts[j + 1]):
                    residual[np.uint32(indices[k])] -= change * data[k]
                if means.size:
                    shift += change * means[j]
                worst = max(worst, abs(change) * curvature)
        if worst <= tolerance:
            break
    for i in range(n):
        residual[i] += shift
    return worst


@njit(cache=True, fastmath=True)
def descend_sparse_weighted(
    data: Any,
    indices: Any,
    starts: Any,
    curvature: Any,
    chosen: Any,
    residual: Any,
    beta: Any,
    weight: float,
    ridge: float,
    has_constant: bool,
    sweeps: int,
    tolerance: float,
) -> float:
    """Sweep over the chosen columns of weighted least squares; residual = r - curvature * (X (beta - start) + constant).

    With ``has_constant`` the best constant is taken after every sweep. Returns what the constant became.
    """
    squares = np.zeros(chosen.size)
    for place in range(chosen.size):
        j = chosen[place]
        for k in range(starts[j], starts[j + 1]):
            squares[place] += data[k] * data[k] * curvature[np.uint32(indices[k])]
    total, constant = curvature.sum(), 0.0
    for _ in range(sweeps):
        worst = 0.0
        for place in range(chosen.size):
            if squares[place] + ridge <= 0.0:
                continue
            j = chosen[place]
            z = squares[place] * beta[place]
            for k in range(starts[j], starts[j + 1]):
                z += data[k] * residual[np.uint32(indices[k])]
            new = 0.0
            if z > weight:
                new = (z - weight) / (squares[place] + ridge)
            elif z < -weight:
                new = (z + weight) / (squares[place] + ridge)
            change = new - beta[place]
            if change != 0.0:
                beta[place] = new
                for k in range(starts[j], starts[j + 1]):
                    residual[np.uint32(indices[k])] -= change * data[k] * curvature[np.uint32(indices[k])]
                worst = max(worst, abs(change) * (squares[place] + ridge))
        if has_constant and total > 0.0:
            excess = residual.sum()
            constant += excess / total
            residual -= excess / total * curvature
            worst = max(worst, abs(excess))
        if worst <= tolerance:
            break
    return constant
