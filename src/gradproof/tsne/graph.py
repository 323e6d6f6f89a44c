"""The neighbours of all points, from data of any accepted kind: dense, sparse, a table of distances, a graph of neighbours."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from gradproof.tsne.inputs import WHERE, InputError
from gradproof.tsne.neighbors import EXACT_WORK, NeighborIndex, Neighbors
from gradproof.tsne.threads import Team

Array = npt.NDArray[np.floating[Any]]
Say = Callable[[str], None]

_POINTS_PER_CELL = 128
_FIRST_PROBES = 8
_RECALL = 0.98
_BLOCK_ENTRIES = 1 << 23


@dataclass(frozen=True, slots=True)
class Graph:
    """Neighbours whose rows and numbers count in an order in which near points lie near in memory."""

    neighbors: Neighbors
    order: npt.NDArray[np.int64]


def find_neighbors(points: Any, metric: str, count: int, search: str, team: Team, seed: int, say: Say) -> Graph:
    """Return the graph of the count nearest neighbours.

    Args:     points: (n, features) dense or CSR; for metric 'precomputed' (n, n) distances, or a CSR matrix with the known ones.
              search: 'exact', 'approximate' or 'auto'.
    """
    _check_memory(points.shape[0], count)
    natural = np.arange(points.shape[0])
    if metric == "precomputed":
        found = known_neighbors(points, count) if sparse.issparse(points) else nearest_in_table(points, count, leave_out=True)
        return Graph(found, natural)
    if sparse.issparse(points):
        say(f"exact search among {points.shape[0]} sparse rows")
        return Graph(as_metric(sparse_neighbors(points, points, count, leave_out=True), metric), natural)
    n, features = points.shape
    if search == "exact" or (search == "auto" and n * n * features <= EXACT_WORK) or n < 4 * _POINTS_PER_CELL:
        index = NeighborIndex(points, 1, team, seed)
        return Graph(as_metric(index.nearest(count, 1), metric), index.order)
    return _approximate(points, metric, count, team, seed, say)


def _approximate(points: Array, metric: str, count: int, team: Team, seed: int, say: Say) -> Graph:
    """Return neighbours of which _RECALL are the true ones, by looking into more cells until a sample says so."""
    cells = max(2, min(len(points) // _POINTS_PER_CELL, 8192))
    index = NeighborIndex(points, cells, team, seed)
    probes = index.choose_probes(count, _RECALL, _FIRST_PROBES, seed)
    neighbors = index.nearest(count, probes)
    say(f"neighbours among {probes} of {cells} cells, {index.recall(neighbors, seed):.1%} of the true ones")
    return Graph(as_metric(neighbors, metric), index.order)


def prepare(points: Any, metric: str) -> Any:
    """Return the points for the Euclidean search: rows of unit length for the cosine distance."""
    if metric != "cosine":
        return points
    squares = (
        points.multiply(points).sum(axis=1) if sparse.issparse(points) else np.einsum("if,if->i", points, points, dtype=np.float64)
    )
    norms = np.sqrt(np.asarray(squares, dtype=np.float64).ravel())
    if not (norms > 0).all():
        raise InputError(
            "rows other than zero are needed for metric='cosine'", got=f"a zero row {int(np.argmin(norms))}", where=WHERE,
            remedy="Drop it, or use metric='euclidean'.",
        )  # fmt: skip
    return sparse.csr_array(points.multiply(1 / norms[:, None])) if sparse.issparse(points) else points / norms[:, None]


def as_metric(neighbors: Neighbors, metric: str) -> Neighbors:
    """Return neighbours of unit rows with the cosine distance 1 - cos = d^2 / 2, others as they are."""
    return Neighbors(neighbors.indices, neighbors.distances**2 / 2) if metric == "cosine" else neighbors


def nearest_in_table(distances: Array, count: int, leave_out: bool) -> Neighbors:
    """Return the nearest columns of each row of a table of distances, with leave_out none on the diagonal."""
    n, others = distances.shape
    found, nearest = np.empty((n, count), dtype=np.int32), np.empty((n, count), dtype=np.float32)
    rows = max(1, _BLOCK_ENTRIES // max(others, 1))
    for start in range(0, n, rows):
        block = np.array(distances[start : start + rows], dtype=np.float64)
        if (block < 0).any():
            row, column = np.argwhere(block < 0)[0]
            raise InputError(
                "distances have to be at least 0. Negative values in data", got=f"{block[row, column]:g} at row {start + row}, column {column}",
                where=WHERE,
            )  # fmt: skip
        if leave_out:
            block[np.arange(len(block)), start + np.arange(len(block))] = np.inf
        some = np.argpartition(block, count - 1, axis=1)[:, :count]
        own = np.take_along_axis(block, some, axis=1)
        order = np.argsort(own, axis=1, kind="stable")
        found[start : start + rows] = np.take_along_axis(some, order, axis=1)
        nearest[start : start + rows] = np.take_along_axis(own, order, axis=1)
    return Neighbors(found, nearest)


def sparse_neighbors(queries: Any, points: Any, count: int, leave_out: bool) -> Neighbors:
    """Return Euclidean neighbours of sparse rows among sparse rows, block by block."""
    own, norms = (np.asarray(table.multiply(table).sum(axis=1), dtype=np.float64).ravel() for table in (queries, points))
    turned, rows = sparse.csc_array(points.T), max(1, _BLOCK_ENTRIES // points.shape[0])
    parts = []
    for start in range(0, queries.shape[0], rows):
        block = own[start : start + rows, None] + norms - 2 * (queries[start : start + rows] @ turned).toarray()
        # Rounding leaves traces of what should be nothing.
        block[block < 1e-12 * (own[start : start + rows, None] + norms)] = 0
        if leave_out:
            block[np.arange(len(block)), start + np.arange(len(block))] = np.inf
        parts.append(nearest_in_table(np.sqrt(block), count, leave_out=False))
    return Neighbors(np.concatenate([part.indices for part in parts]), np.concatenate([part.distances for part in parts]))


def known_neighbors(graph: Any, count: int) -> Neighbors:
    """Return the nearest of the stored entries of each row, the diagonal left out; rows with fewer end with -1."""
    graph = sparse.csr_array(graph)
    if (graph.data < 0).any():
        raise InputError("distances have to be at least 0. Negative values in data", got=f"{graph.data.min():g}", where=WHERE)
    n = graph.shape[0]
    found, nearest = np.full((n, count), -1, dtype=np.int32), np.full((n, count), np.inf, dtype=np.float32)
    for i in range(n):
        columns, distances = graph.indices[graph.indptr[i] : graph.indptr[i + 1]], graph.data[graph.indptr[i] : graph.indptr[i + 1]]
        columns, distances = columns[columns != i], distances[columns != i]
        order = np.argsort(distances, kind="stable")[:count]
        found[i, : len(order)], nearest[i, : len(order)] = columns[order], distances[order]
    if (found[:, 0] < 0).any():
        raise InputError(
            "every point needs a neighbour", got=f"none in row {int(np.argmax(found[:, 0] < 0))}", where=WHERE,
            remedy="Store explicit distances to the neighbours; zeros that are not stored are no neighbours.",
        )  # fmt: skip
    return Neighbors(found, nearest)


def _check_memory(n: int, count: int) -> None:
    """Refuse what would not fit before hours are spent on it: about 36 bytes for each neighbour of each point."""
    needed, free = 36 * n * count, available_memory()
    if needed > free:
        raise InputError(
            f"memory for {count} neighbours of {n} points is needed, {needed / 2**30:.1f} GiB",
            got=f"{free / 2**30:.1f} GiB", where=WHERE,
            remedy=f"Choose a perplexity of at most {max(1, int(free / (108 * n)))}, or give n_neighbors.",
        )  # fmt: skip


def available_memory() -> int:
    """Return how many bytes this machine can still give out, as far as it says."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            facts = dict(line.split(":", 1) for line in lines)
        return int(facts["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 2**62
