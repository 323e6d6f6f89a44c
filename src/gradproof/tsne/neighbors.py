"""The nearest neighbours of points: exact, or among the cells around each point with a recall that is measured."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.tsne.neighbor_loops import FAR, LANE, TILE, explore, nearest_centers, refine, search
from gradproof.tsne.threads import Team

Array = npt.NDArray[np.floating[Any]]
Numbers = npt.NDArray[np.int32]
Report = Callable[[str], None]

#: So many queries share what they fetch of the candidates.
_GROUP = 32
#: Exact up to the work of 50,000 points with 50 features.
EXACT_WORK = 1.25e11
_SAMPLE = 256
#: More centres than this are sought in cells of their own: comparing all points with all centres would cost more than the search.
_MANY_CENTERS = 1024
_CENTERS_PER_CELL, _CENTER_PROBES = 128, 4
_BLOCK = 1 << 16
_BREADTH = 30
_POINTS_PER_CENTER = 16


@dataclass(frozen=True, slots=True)
class Neighbors:
    """For each point its neighbours, nearest first: numbers (-1 where there is none) and distances, (n, count)."""

    indices: Numbers
    distances: Array


class NeighborIndex:
    """Points prepared for searching: centred, scaled, sorted by cells and cut into tiles.

    ``order`` lists the points cell by cell: near points lie near in memory. Neighbours are numbered in this order.

    Args:     points: (n, features), finite.  cells: 1 searches among all points.
    """

    def __init__(self, points: Array, cells: int, team: Team, seed: int) -> None:
        self.team = team
        self._mean = points.mean(axis=0, dtype=np.float64)
        self._scale = max(float(np.abs(points - self._mean).max(initial=0)), float(np.finfo(np.float64).tiny))
        # Affinities do not depend on the unit of distances: it is kept within what single precision can hold.
        self._unit = np.float32(np.clip(self._scale, 1e-30, 1e30))
        self._points = self._prepare(points)
        labels = np.zeros(len(points), dtype=np.int64)
        self._centers = np.zeros((1, self._points.shape[1]), dtype=np.float32)
        if cells > 1:
            self._centers = _find_centers(self._points, cells, team, seed)
            labels = _nearest(self._points, self._centers, team)
        self.order = np.argsort(labels, kind="stable")
        self._labels = labels[self.order]
        self._points = self._points[self.order]
        self._cut_into_tiles()

    def _prepare(self, points: Array) -> Array:
        """Return the points centred, scaled and padded with features that are zero."""
        padded = np.zeros((len(points), -(-points.shape[1] // LANE) * LANE), dtype=np.float32)
        for start in range(0, len(points), 8192):
            block = (points[start : start + 8192] - self._mean) / self._scale
            padded[start : start + 8192, : points.shape[1]] = block
        return padded

    def _cut_into_tiles(self) -> None:
        """Lay the points of each cell into tiles of their own, features first."""
        sizes = np.bincount(self._labels, minlength=len(self._centers))
        edges = np.concatenate([[0], np.cumsum(sizes)])
        self._tile_edges = np.concatenate([[0], np.cumsum(-(-sizes // TILE))])
        count = int(self._tile_edges[-1])
        self._tiles = np.zeros((count, self._points.shape[1], TILE), dtype=np.float32)
        self._norms = np.full((count, TILE), FAR, dtype=np.float32)
        self._numbers = np.full((count, TILE), -1, dtype=np.int32)
        norms = np.einsum("if,if->i", self._points, self._points)
        for cell, (start, stop) in enumerate(itertools.pairwise(edges)):
            for tile, begin in enumerate(range(start, stop, TILE), self._tile_edges[cell]):
                end = min(begin + TILE, stop)
                self._tiles[tile, :, : end - begin] = self._points[begin:end].T
                self._norms[tile, : end - begin] = norms[begin:end]
                self._numbers[tile, : end - begin] = np.arange(begin, end)

    def nearest(self, count: int, probes: int) -> Neighbors:
        """Return the neighbours of the points in their order, each point left out of its own list."""
        every = np.arange(len(self._points))
        found, squares = self._search(self._points, every, self._labels, count, probes)
        if probes < len(self._centers):
            self._explore(found.copy(), every, found, squares)
        return self._neighbors(found, squares)

    def nearest_to(self, points: Array, count: int, probes: int) -> Neighbors:
        """Return the neighbours of other points."""
        prepared = self._prepare(points)
        labels = _nearest(prepared, self._centers, self.team)
        order = np.argsort(labels, kind="stable")
        found, squares = self._search(prepared[order], np.full(len(order), -1), labels[order], count, probes)
        back = np.argsort(order, kind="stable")
        return self._neighbors(found[back], squares[back])

    def choose_probes(self, count: int, recall: float, first: int, seed: int) -> int:
        """Return how many cells to look into so that a sample finds this share of its true neighbours."""
        rows = self._sample(seed)
        queries, labels = self._points[rows], self._labels[rows]
        truth, _ = self._search(queries, rows, labels, count, len(self._centers))
        probes = min(first, len(self._centers))
        while probes < len(self._centers):
            found, _ = self._search(queries, rows, labels, count, probes)
            if np.mean([np.isin(a, b).mean() for a, b in zip(truth, found, strict=True)]) >= recall:
                break
            probes = min(len(self._centers), -(-probes * 5 // 4))
        return probes

    def _sample(self, seed: int) -> npt.NDArray[np.int64]:
        n = len(self._points)
        return np.sort(np.random.default_rng(seed).choice(n, min(_SAMPLE, n), replace=False))

    def recall(self, neighbors: Neighbors, seed: int) -> float:
        """Return the share of the true neighbours that were found, by an exact search for a sample."""
        rows, count = self._sample(seed), neighbors.indices.shape[1]
        _, squares = self._search(self._points[rows], rows, self._labels[rows], count, len(self._centers))
        # Neighbours at the same distance are as good as each other.
        limits = np.sqrt(squares[:, -1:]) * self._unit * np.float32(1 + 1e-6)
        return float(np.mean(neighbors.distances[rows] <= limits))

    def _neighbors(self, found: Numbers, squares: Array) -> Neighbors:
        distances = np.sqrt(squares, out=squares)
        distances *= self._unit
        distances[found < 0] = np.inf
        return Neighbors(found, distances)

    def _search(
        self, queries: Array, own: npt.NDArray[np.int64], labels: npt.NDArray[np.int64], count: int, probes: int
    ) -> tuple[Numbers, Array]:
        """Return numbers and squared distances for queries that are sorted by their labels."""
        edges, cells = _group(labels)
        starts, stops, tiles = self._tiles_to_look_into(cells, probes)
        found = np.empty((len(queries), count), dtype=np.int32)
        squares = np.empty((len(queries), count), dtype=np.float32)
        self.team.deal(
            search, len(cells), 8, edges, starts, stops, tiles, queries, own,
            self._tiles, self._norms, self._numbers, found, squares,
        )  # fmt: skip
        self.team.deal(refine, len(queries), 4096, queries, self._points, found, squares)
        return found, squares

    def _explore(self, known: Numbers, every: npt.NDArray[np.int64], found: Numbers, squares: Array) -> None:
        size = -(-len(every) // (4 * self.team.threads))
        self.team.deal(explore, len(every), size, self._points, known, min(_BREADTH, found.shape[1]), found, squares)

    def _tiles_to_look_into(self, cells: npt.NDArray[np.int64], probes: int) -> tuple[Any, Any, Any]:
        """Return for each group, by its cell, a stretch of a list of tiles: those of the nearest cells."""
        if probes >= len(self._centers):
            every = np.arange(len(self._tiles))
            return np.zeros(len(cells), dtype=np.int64), np.full(len(cells), len(every)), every
        used, place = np.unique(cells, return_inverse=True)
        stretches = []
        for start in range(0, len(used), _GROUP):
            for nearest in _nearest_first(self._centers[used[start : start + _GROUP]], self._centers, probes):
                stretches.append(np.concatenate([np.arange(self._tile_edges[c], self._tile_edges[c + 1]) for c in nearest]))
        edges = np.concatenate([[0], np.cumsum([len(stretch) for stretch in stretches])])
        return edges[place], edges[place + 1], np.concatenate(stretches)


def _nearest_first(some: Array, centers: Array, count: int) -> npt.NDArray[np.int64]:
    """Return for each of some centres the nearest count of all, nearest first."""
    far = (centers * centers).sum(axis=1) - 2 * some @ centers.T
    nearest = np.argpartition(far, count - 1, axis=1)[:, :count]
    order = np.argsort(np.take_along_axis(far, nearest, axis=1), axis=1, kind="stable")
    return np.take_along_axis(nearest, order, axis=1)


def _group(labels: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the edges of groups of queries that lie in one cell, and the cell of each group."""
    changes = np.flatnonzero(np.diff(labels)) + 1
    edges = [np.arange(a, b, _GROUP) for a, b in zip([0, *changes], [*changes, len(labels)], strict=True)]
    starts = np.concatenate(edges)
    return np.concatenate([starts, [len(labels)]]), labels[starts]


def _nearest(points: Array, centers: Array, team: Team) -> npt.NDArray[np.int64]:
    """Return the nearest centre of each point; of thousands of centres one of the nearest."""
    labels = np.zeros(len(points), dtype=np.int64)
    if len(centers) > _MANY_CENTERS:
        index = NeighborIndex(centers, len(centers) // _CENTERS_PER_CELL, team, 0)
        for start in range(0, len(points), _BLOCK):
            found = index.nearest_to(points[start : start + _BLOCK], 1, _CENTER_PROBES).indices[:, 0]
            labels[start : start + _BLOCK] = index.order[found]
    elif len(centers) > 1:
        count = -(-len(centers) // TILE)
        tiles = np.zeros((count, centers.shape[1], TILE), dtype=np.float32)
        norms = np.full((count, TILE), FAR, dtype=np.float32)
        for tile in range(count):
            some = centers[tile * TILE : (tile + 1) * TILE]
            tiles[tile, :, : len(some)], norms[tile, : len(some)] = some.T, (some * some).sum(axis=1)
        team.deal(nearest_centers, len(points), 4096, points * np.float32(-2), tiles, norms, labels)
    return labels


def _find_centers(points: Array, cells: int, team: Team, seed: int) -> Array:
    """Return the means of cells by a few steps of Lloyd's algorithm on a sample."""
    random = np.random.default_rng(seed)
    sample = points[np.sort(random.choice(len(points), min(len(points), _POINTS_PER_CENTER * cells), replace=False))]
    centers = sample[random.choice(len(sample), cells, replace=False)]
    for _ in range(5):
        labels = _nearest(sample, centers, team)
        order, sizes = np.argsort(labels, kind="stable"), np.bincount(labels, minlength=cells)
        filled = np.flatnonzero(sizes)
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])[filled]
        centers[filled] = np.add.reduceat(sample[order], starts, axis=0) / sizes[filled, None]
    return centers
