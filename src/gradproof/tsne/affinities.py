"""From neighbours to the symmetric affinities P of t-SNE: a perplexity, several, or equal shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.tsne.affinity_loops import calibrate, count_entries, fill_others, fill_own, find_mutual, merge_parts, sort_rows
from gradproof.tsne.neighbors import Neighbors
from gradproof.tsne.threads import Team

Array = npt.NDArray[np.floating[Any]]


_ROWS = 4096
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Affinities:
    """The symmetric matrix P with sum 1, by rows: starts (n + 1), columns and values (entries)."""

    starts: npt.NDArray[np.int64]
    columns: npt.NDArray[np.uint32]
    values: Array

    @property
    def negative_entropy(self) -> float:
        """sum_ij p_ij log p_ij."""
        # Piece by piece: a copy of all in double precision would be the largest thing in memory.
        return sum(_negative_entropy(self.values[start : start + _PIECE]) for start in range(0, len(self.values), _PIECE))


def _negative_entropy(values: Array) -> float:
    positive = values[values > 0].astype(np.float64)
    return float(positive @ np.log(positive))


def conditional_affinities(distances: Array, perplexities: Sequence[float], team: Team) -> Array:
    """Replace each row of sorted distances by p_(j|i): the mean of Gaussian affinities over the perplexities.

    Formula:  p_(j|i) = exp(-beta_i d_ij^2) / sum_k exp(-beta_i d_ik^2), beta_i such that the entropy is log perplexity
    Source:   van der Maaten and Hinton 2008; for several perplexities Lee et al. 2015.
    """
    team.deal(calibrate, len(distances), _ROWS, distances, np.asarray(perplexities, dtype=np.float64))
    return distances


def symmetric_affinities(neighbors: Neighbors, perplexities: Sequence[float] | None, team: Team) -> Affinities:
    """Return P = (p_(j|i) + p_(i|j)) / (2 n); with no perplexities every neighbour has the same share.

    The lists of neighbours are used up: sorted by number, their distances replaced.
    """
    indices, distances = neighbors.indices, neighbors.distances
    if perplexities is None:
        shares = (indices >= 0).astype(distances.dtype)
        shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1)
    else:
        shares = conditional_affinities(distances, perplexities, team)
    return _symmetrize(indices, shares, team)


def _symmetrize(indices: npt.NDArray[np.int32], shares: Array, team: Team) -> Affinities:
    n = len(indices)
    team.deal(sort_rows, n, _ROWS, indices, shares)
    is_one_sided = np.empty(indices.shape, dtype=np.bool_)
    team.deal(find_mutual, n, _ROWS, indices, is_one_sided)
    counts = np.zeros(n, dtype=np.int64)
    count_entries(indices, is_one_sided, counts)
    starts = np.concatenate([[0], np.cumsum(counts)])
    # No list is ever turned around: lists and matrix are all that is in memory at once.
    columns, sums, ends = np.empty(starts[-1], dtype=np.uint32), np.empty(starts[-1], dtype=shares.dtype), counts
    scale = 0.5 / float(shares.sum(dtype=np.float64))
    team.deal(fill_own, n, _ROWS, indices, shares, is_one_sided, starts, columns, sums, scale, ends)
    fill_others(indices, shares, is_one_sided, ends, columns, sums, scale)
    team.deal(merge_parts, n, _ROWS, starts, ends, columns, sums)
    return Affinities(starts, columns, sums)
