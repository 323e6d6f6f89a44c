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


@njit(cache=True)
def survey_sparse(data: Any, indices: Any, starts: Any, residual: Any, products: Any, squares: Any, sums: Any) -> None:
    """Do the same for compressed columns."""
    for j in range(starts.size - 1):
        product, square, total = 0.0, 0.0, 0.0
        for k in range(starts[j], starts[j + 1]):
            entry = np.float64(data[k])
            product += entry * residual[indices[k]]
            square += entry * entry
            total += entry
        products[j], squares[j], sums[j] = product, square, total


@njit(cache=True)
def correlate_sparse(data: Any, indices: Any, starts: Any, residual: Any, chosen: Any, out: Any) -> None:
    """Do the same as correlate_dense for compressed columns."""
    for place in range(chosen.size):
        j = chosen[place]
        total = 0.0
        for k in range(starts[j], starts[j + 1]):
            total += data[k] * residual[indices[k]]
        out[place] = total


@njit(cache=True)
def gram_sparse(data: Any, indices: Any, starts: Any, data2: Any, indices2: Any, starts2: Any, n: int) -> Any:
    """Return the inner products of all pairs of compressed columns: spread one out, walk along the others."""
    p, q = starts.size - 1, starts2.size - 1
    out = np.zeros((p, q), dtype=np.float64)
    spread = np.zeros(n, dtype=np.float64)
    for j in range(p):
        for k in range(starts[j], starts[j + 1]):
            spread[indices[k]] += data[k]
        for m in range(q):
            total = 0.0
            for k in range(starts2[m], starts2[m + 1]):
                total += data2[k] * spread[indices2[k]]
            out[j, m] = total
        for k in range(starts[j], starts[j + 1]):
            spread[indices[k]] = 0.0
    return out
