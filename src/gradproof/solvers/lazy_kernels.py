"""Compiled upper bounds of inner products with a residual that moved, and the products themselves where a bound does not do."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from gradproof.solvers.design_kernels import correlate_dense, dot_sparse


@njit(cache=True, fastmath=True)
def distance(one: Any, other: Any) -> float:
    """Return the Euclidean distance of two vectors."""
    square = 0.0
    for i in range(one.size):
        square += (one[i] - other[i]) ** 2
    return float(np.sqrt(square))


@njit(cache=True)
def bound(known: float, moved: float, is_signed: bool) -> float:
    """Return the product farthest from zero (largest, if only positive ones count) within ``moved`` of that which is known."""
    return known - moved if known < 0.0 and not is_signed else known + moved


@njit(cache=True)
def refresh_dense(
    rows: Any,
    residual: Any,
    columns: Any,
    known: Any,
    read_at: Any,
    norms: Any,
    is_exact: Any,
    moved: Any,
    first: int,
    limit: float,
    is_signed: bool,
    products: Any,
) -> int:
    """Write the products of the columns with the residual, or bounds of them up to the limit; returns how many columns were read.

    ``known[j]`` is the product of column j when it was read last; since then the residual went ``moved[read_at[j] - first]`` far,
    and unknown how far if that was before ``first``. Columns that are read now count as read at the last place of ``moved``.
    They are found first and then read in one go, which is an eighth faster.
    """
    count, now = 0, first + moved.size - 1
    places = np.empty(columns.size, dtype=np.int64)
    for place in range(columns.size):
        j = columns[place]
        since = read_at[j] - first
        value = bound(known[j], moved[since] * norms[j], is_signed) if since >= 0 else np.inf
        if since < moved.size - 1 and (is_exact[j] or (value if is_signed else abs(value)) > limit):
            places[count] = place
            count += 1
        products[place] = value
    fresh = np.empty(count)
    correlate_dense(rows, residual, columns[places[:count]], fresh)
    products[places[:count]] = fresh
    for place in places[:count]:
        known[columns[place]], read_at[columns[place]] = products[place], now
    return count


@njit(cache=True)
def refresh_sparse(
    data: Any,
    indices: Any,
    starts: Any,
    residual: Any,
    columns: Any,
    known: Any,
    read_at: Any,
    norms: Any,
    is_exact: Any,
    moved: Any,
    first: int,
    limit: float,
    is_signed: bool,
    products: Any,
) -> int:
    """Do the same for compressed columns."""
    count, now = 0, first + moved.size - 1
    for place in range(columns.size):
        j = columns[place]
        since = read_at[j] - first
        value = bound(known[j], moved[since] * norms[j], is_signed) if since >= 0 else np.inf
        if since < moved.size - 1 and (is_exact[j] or (value if is_signed else abs(value)) > limit):
            value = dot_sparse(data, indices, starts[j], starts[j + 1], residual)
            known[j], read_at[j] = value, now
            count += 1
        products[place] = value
    return count
