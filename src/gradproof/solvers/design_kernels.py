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
        for k in range(np.uint64(starts[j]), np.uint64(starts[j + 1])):
            entry = np.float64(data[k])
            product += entry * residual[np.uint32(indices[k])]
            square += entry * entry
            total += entry
        products[j], squares[j], sums[j] = product, square, total


@njit(cache=True)
def dot_sparse(data: Any, indices: Any, first: int, last: int, vector: Any) -> float:
    """Return the inner product of one compressed column with a vector.

    Places are unsigned, so that no look-up asks first whether it counts from the end; that halves the time. Neither fast arithmetic
    (it would gather entries into vector registers) nor several sums at a time make it quicker: the columns are short.
    """
    total = 0.0
    for k in range(np.uint64(first), np.uint64(last)):
        total += data[k] * vector[np.uint32(indices[k])]
    return total


@njit(cache=True)
def add_sparse(data: Any, indices: Any, first: int, last: int, factor: float, out: Any) -> None:
    """Add a multiple of one compressed column to a vector."""
    for k in range(np.uint64(first), np.uint64(last)):
        out[np.uint32(indices[k])] += factor * data[k]


@njit(cache=True)
def correlate_sparse(data: Any, indices: Any, starts: Any, residual: Any, chosen: Any, out: Any) -> None:
    """Do the same as correlate_dense for compressed columns."""
    for place in range(chosen.size):
        j = chosen[place]
        out[place] = dot_sparse(data, indices, starts[j], starts[j + 1], residual)


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


@njit(cache=True)
def combine_sparse(data: Any, indices: Any, starts: Any, chosen: Any, beta: Any, out: Any) -> None:
    """Do the same for compressed columns."""
    for place in range(chosen.size):
        j = chosen[place]
        add_sparse(data, indices, starts[j], starts[j + 1], beta[place], out)


@njit(cache=True)
def gather_sparse(data: Any, indices: Any, starts: Any, chosen: Any, places: Any, entries: Any, rows: Any) -> None:
    """Copy the chosen compressed columns to where ``places`` says that they start."""
    for place in range(chosen.size):
        start, to = np.uint64(starts[chosen[place]]), np.uint64(places[place])
        for k in range(np.uint64(places[place + 1]) - to):
            entries[to + k], rows[to + k] = data[start + k], indices[start + k]


@njit(cache=True)
def copy_dense(rows: Any, chosen: Any, shift: Any, out: Any) -> None:
    """Write the chosen rows, each less its entry of ``shift`` (none if that is empty), in the precision of ``out``."""
    for place in range(chosen.size):
        row, less, to = rows[chosen[place]], shift[place] if shift.size else 0.0, out[place]
        for i in range(to.size):
            to[i] = row[i] - less


@njit(cache=True, fastmath=True)
def scale_dense(rows: Any, chosen: Any, root: Any, scaled: Any, squares: Any) -> None:
    """Write the chosen rows times ``root`` entry by entry, and their squared norms."""
    for place in range(chosen.size):
        row, out, square = rows[chosen[place]], scaled[place], rows.dtype.type(0.0)
        for i in range(root.size):
            entry = row[i] * root[i]
            out[i] = entry
            square += entry * entry
        squares[place] = square


@njit(cache=True)
def screen(
    alive: Any,
    products: Any,
    slack: Any,
    norms: Any,
    reaches: Any,
    is_chosen: Any,
    limit: float,
    scale: float,
    radius: float,
    candidates: Any,
    distances: Any,
) -> Any:
    """Move the columns that may still be used, with their products, to the front, and list those that violate their limit.

    The dual optimum lies in a ball around ``scale`` times the residual, and the product of column j with what lies there differs by at
    most the radius times ``reaches[j]``; ``distances`` are those of the candidates' constraints from its center.
    Returns how many columns are left, and how many candidates there are.
    """
    left, found = 0, 0
    for place in range(alive.size):
        j = alive[place]
        size = slack[place]
        if not is_chosen[j]:
            if limit > 0.0 and scale * size + radius * reaches[j] < limit:
                continue
            if size > limit * (1.0 + 1e-9):
                candidates[found], distances[found] = j, (limit - scale * size) / norms[j]
                found += 1
        alive[left], products[left] = j, products[place]
        left += 1
    return left, found
