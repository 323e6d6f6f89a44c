"""Compiled loops that turn distances to neighbours into affinities."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[np.floating[Any]]
Integers = npt.NDArray[np.integer[Any]]

_STEPS = 100
_TOLERANCE = 1e-5


@njit(cache=True, nogil=True, error_model="numpy")
def _inverse_width(squares: Array, perplexity: float) -> float:
    """Return the beta for which exp(-beta d^2) / sum has the perplexity; squares start at 0 and have mean 1 (or are all 0).

    The entropy H(beta) = log S + beta E[d^2] falls with the slope -beta Var[d^2]: Newton's method on log beta, kept in a bracket.
    Where ties keep the entropy above the target, beta ends so large that the nearest share equally.
    """
    target = np.log(perplexity)
    log_beta, low, high = 0.0, -20.0, 60.0
    for _ in range(_STEPS):
        beta = np.exp(log_beta)
        total, moment, second = 0.0, 0.0, 0.0
        for square in squares:
            weight = np.exp(-beta * square)
            total += weight
            moment += weight * square
            second += weight * square * square
        moment /= total
        excess = np.log(total) + beta * moment - target
        if abs(excess) < _TOLERANCE or high - low < 1e-10:
            break
        if excess > 0:
            low = log_beta
        else:
            high = log_beta
        slope = beta * beta * (second / total - moment * moment)
        log_beta += excess / slope if slope > 1e-12 else np.sign(excess) * 100.0
        if not low < log_beta < high:
            log_beta = (low + high) / 2
    return float(np.exp(log_beta))


@njit(cache=True, nogil=True, error_model="numpy")
def calibrate(first: int, last: int, part: int, distances: Array, perplexities: Array) -> None:
    """Replace the distances of rows first:last, sorted, by the mean of their Gaussian affinities over the perplexities.

    An infinite distance, of a neighbour that is not there, gets no share.
    """
    width = distances.shape[1]
    squares, shares = np.empty(width), np.empty(width)
    for i in range(first, last):
        count, mean = 0, 0.0
        while count < width and distances[i, count] < np.inf:
            squares[count] = np.float64(distances[i, count]) ** 2 - np.float64(distances[i, 0]) ** 2
            mean += squares[count]
            count += 1
        mean /= max(count, 1)
        if mean > 0:
            squares[:count] /= mean
        shares[:] = 0.0
        for perplexity in perplexities:
            beta, total = _inverse_width(squares[:count], perplexity), 0.0
            for j in range(count):
                total += np.exp(-beta * squares[j])
            for j in range(count):
                shares[j] += np.exp(-beta * squares[j]) / (total * perplexities.size)
        for j in range(width):
            distances[i, j] = shares[j]


@njit(cache=True, nogil=True)
def sort_rows(first: int, last: int, part: int, neighbors: Integers, affinities: Array) -> None:
    """Sort the neighbours of each row by their number, and the affinities with them."""
    for i in range(first, last):
        order = np.argsort(neighbors[i])
        neighbors[i] = neighbors[i][order]
        affinities[i] = affinities[i][order]


@njit(cache=True, nogil=True)
def transpose(neighbors: Integers, affinities: Array, starts: Integers, rows: Integers, values: Array) -> None:
    """Fill the rows and values of the transposed lists, whose starts are known; every list comes out sorted."""
    place = starts[:-1].copy()
    for i in range(neighbors.shape[0]):
        for e in range(neighbors.shape[1]):
            j = neighbors[i, e]
            if j >= 0:
                rows[place[j]], values[place[j]] = i, affinities[i, e]
                place[j] += 1


@njit(cache=True, nogil=True)
def count_union(first: int, last: int, part: int, neighbors: Integers, starts: Integers, rows: Integers, counts: Integers) -> None:
    """Count for every row the numbers that are in its sorted list or in the transposed one."""
    width = neighbors.shape[1]
    for i in range(first, last):
        e, place, count = 0, starts[i], 0
        while e < width and neighbors[i, e] < 0:
            e += 1
        while e < width or place < starts[i + 1]:
            own = neighbors[i, e] if e < width else np.int64(2**40)
            other = rows[place] if place < starts[i + 1] else np.int64(2**40)
            if own <= other:
                e += 1
            if other <= own:
                place += 1
            count += 1
        counts[i] = count


@njit(cache=True, nogil=True)
def fill_union(
    first: int, last: int, part: int, neighbors: Integers, affinities: Array, starts: Integers, rows: Integers, values: Array,
    ends: Integers, columns: Integers, sums: Array, scale: float,
) -> None:  # fmt: skip
    """Write scale (p_ij + p_ji) over the union of both lists, sorted, to the rows of a CSR matrix whose starts are ends."""
    width = neighbors.shape[1]
    for i in range(first, last):
        e, place, target = 0, starts[i], ends[i]
        while e < width and neighbors[i, e] < 0:
            e += 1
        while e < width or place < starts[i + 1]:
            own = neighbors[i, e] if e < width else np.int64(2**40)
            other = rows[place] if place < starts[i + 1] else np.int64(2**40)
            total = 0.0
            if own <= other:
                total += affinities[i, e]
                e += 1
            if other <= own:
                total += values[place]
                place += 1
            columns[target], sums[target] = min(own, other), total * scale
            target += 1
