"""Compiled loops that turn distances to neighbours into affinities."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[np.floating[Any]]
Integers = npt.NDArray[np.integer[Any]]
Flags = npt.NDArray[np.bool_]

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
def _place_of(number: int, sorted_row: Integers) -> int:
    """Return where the number is in a sorted row, or -1."""
    low, high = 0, sorted_row.size
    while low < high:
        middle = (low + high) // 2
        if sorted_row[middle] < number:
            low = middle + 1
        else:
            high = middle
    return low if low < sorted_row.size and sorted_row[low] == number else -1


@njit(cache=True, nogil=True)
def find_mutual(first: int, last: int, part: int, neighbors: Integers, is_one_sided: Flags) -> None:
    """Tell for rows first:last of sorted lists which neighbours do not list the row in their turn."""
    for i in range(first, last):
        for e in range(neighbors.shape[1]):
            j = neighbors[i, e]
            is_one_sided[i, e] = j >= 0 and _place_of(i, neighbors[j]) < 0


@njit(cache=True, nogil=True)
def count_entries(neighbors: Integers, is_one_sided: Flags, counts: Integers) -> None:
    """Count for every row the numbers that are in its list, or whose lists it is in."""
    for i in range(neighbors.shape[0]):
        for e in range(neighbors.shape[1]):
            j = neighbors[i, e]
            if j >= 0:
                counts[i] += 1
                if is_one_sided[i, e]:
                    counts[j] += 1


@njit(cache=True, nogil=True)
def fill_own(
    first: int, last: int, part: int, neighbors: Integers, affinities: Array, is_one_sided: Flags, starts: Integers,
    columns: Integers, sums: Array, scale: float, ends: Integers,
) -> None:  # fmt: skip
    """Write scale (p_ij + p_ji) of the lists of rows first:last to those of a CSR matrix; ends tells how far each was filled."""
    for i in range(first, last):
        target = starts[i]
        for e in range(neighbors.shape[1]):
            j = neighbors[i, e]
            if j < 0:
                continue
            total = np.float64(affinities[i, e])
            if not is_one_sided[i, e]:
                total += affinities[j, _place_of(i, neighbors[j])]
            columns[target], sums[target] = j, total * scale
            target += 1
        ends[i] = target


@njit(cache=True, nogil=True)
def fill_others(
    neighbors: Integers, affinities: Array, is_one_sided: Flags, ends: Integers, columns: Integers, sums: Array, scale: float
) -> None:
    """Append to every row, sorted, those that list it without being listed by it."""
    places = ends.copy()
    for i in range(neighbors.shape[0]):
        for e in range(neighbors.shape[1]):
            if is_one_sided[i, e]:
                j = neighbors[i, e]
                columns[places[j]], sums[places[j]] = i, affinities[i, e] * scale
                places[j] += 1


@njit(cache=True, nogil=True)
def merge_parts(first: int, last: int, part: int, starts: Integers, ends: Integers, columns: Integers, sums: Array) -> None:
    """Sort the rows first:last, whose parts starts:ends and ends:next start are sorted."""
    for i in range(first, last):
        own_columns, own_sums = columns[starts[i] : ends[i]].copy(), sums[starts[i] : ends[i]].copy()
        e, place, target = 0, ends[i], starts[i]
        while e < own_columns.size:
            if place < starts[i + 1] and columns[place] < own_columns[e]:
                columns[target], sums[target] = columns[place], sums[place]
                place += 1
            else:
                columns[target], sums[target] = own_columns[e], own_sums[e]
                e += 1
            target += 1
