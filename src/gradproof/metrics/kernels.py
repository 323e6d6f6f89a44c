"""Compiled loops: where the true class of every sample ranks, in one pass over the scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Scores = npt.NDArray[np.floating[Any]]
Counts = npt.NDArray[np.int64]


@njit(cache=True, nogil=True)
def best_of_labels(scores: Scores, starts: Counts, labels: Counts, best: Scores, true: Counts) -> None:
    """Find for every row the highest score among labels[starts[row]:starts[row + 1]], and how many labels have it."""
    for row in range(scores.shape[0]):
        highest, hits = scores[row, labels[starts[row]]], 0
        for place in range(starts[row], starts[row + 1]):
            score = scores[row, labels[place]]
            if score > highest:
                highest, hits = score, 0
            hits += score == highest
        best[row], true[row] = highest, hits


@njit(cache=True, nogil=True)
def count_around(scores: Scores, best: Scores, higher: Counts, tied: Counts) -> int:
    """Count for every row the scores above its best true one, and those equal to it (itself among them).

    Returns the first row with a NaN, or -1. Two comparisons an entry: what is neither above nor below is equal or NaN,
    and only a row with more than one such entry is looked at again. Counters of 32 bits keep as many lanes as single
    precision has.
    """
    classes = scores.shape[1]
    for row in range(scores.shape[0]):
        own = best[row]
        above, below = np.int32(0), np.int32(0)
        for j in range(classes):
            score = scores[row, j]
            above += np.int32(score > own)
            below += np.int32(score < own)
        rest = classes - above - below
        if rest > 1 or own != own:
            for j in range(classes):
                if scores[row, j] != scores[row, j]:
                    return row
        higher[row], tied[row] = above, rest
    return -1
