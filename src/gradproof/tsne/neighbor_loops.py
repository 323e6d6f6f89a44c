"""Compiled loops of the neighbour search: distances tile by tile, the nearest kept, never a table of all distances.

Candidates lie in tiles of equal size, features first, so that a query meets a tile in vector registers. Distances come from
|x - c|^2 = |x|^2 - 2 x.c + |c|^2 for the choice alone; those of the neighbours found are computed again from the differences.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[np.floating[Any]]
Integers = npt.NDArray[np.integer[Any]]

TILE = 128
#: Features are padded with zeros to a multiple of this: so many products are added up between a load and a store.
LANE = 8
_SPARE = 256
#: A distance that no point has: loops that may assume finite numbers cannot have infinity.
FAR = np.float32(1e37)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _tile_scores(query: Array, tile: Array, norms: Array, scores: Array) -> float:
    """Set scores to |c|^2 - 2 x.c for the candidates of a tile; return the least."""
    for c in range(TILE):
        scores[c] = norms[c]
    for f in range(0, query.size, LANE):
        q0, q1, q2, q3 = query[f], query[f + 1], query[f + 2], query[f + 3]
        q4, q5, q6, q7 = query[f + 4], query[f + 5], query[f + 6], query[f + 7]
        t0, t1, t2, t3 = tile[f], tile[f + 1], tile[f + 2], tile[f + 3]
        t4, t5, t6, t7 = tile[f + 4], tile[f + 5], tile[f + 6], tile[f + 7]
        for c in range(TILE):
            scores[c] += q0 * t0[c] + q1 * t1[c] + q2 * t2[c] + q3 * t3[c] + q4 * t4[c] + q5 * t5[c] + q6 * t6[c] + q7 * t7[c]
    least = scores[0]
    for c in range(TILE):
        least = min(least, scores[c])
    return float(least)


@njit(cache=True, nogil=True)
def keep_smallest(values: Array, numbers: Integers, size: int, count: int) -> None:
    """Bring the count smallest of the first size values to the front, with their numbers (Hoare's selection)."""
    low, high = 0, size - 1
    while low < high:
        pivot = values[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                numbers[i], numbers[j] = numbers[j], numbers[i]
                i += 1
                j -= 1
        if count - 1 <= j:
            high = j
        elif count - 1 >= i:
            low = i
        else:
            return


@njit(cache=True, nogil=True, error_model="numpy")
def search(
    first: int, last: int, part: int, edges: Integers, tile_starts: Integers, tile_stops: Integers, tile_list: Integers,
    queries: Array, own: Integers, tiles: Array, norms: Array, numbers: Integers, found: Integers, scores: Array,
) -> None:  # fmt: skip
    """Find for the queries of the groups first:last the nearest candidates, themselves left out.

    Group g has the queries edges[g]:edges[g + 1] and the tiles tile_list[tile_starts[g]:tile_stops[g]]; own are the queries'
    numbers among the candidates, or -1. A query is given multiplied by -2. found and scores are (queries, count), unsorted.
    """
    count = found.shape[1]
    room = count + max(count, _SPARE) + TILE
    widest = 0
    for group in range(first, last):
        widest = max(widest, edges[group + 1] - edges[group])
    kept, kept_numbers = np.empty((widest, room), queries.dtype), np.empty((widest, room), np.int32)
    sizes, limits = np.empty(widest, np.int64), np.empty(widest, queries.dtype)
    tile_scores = np.empty(TILE, queries.dtype)
    for group in range(first, last):
        start, members = edges[group], edges[group + 1] - edges[group]
        sizes[:], limits[:] = 0, np.inf
        for place in range(tile_starts[group], tile_stops[group]):
            tile = tile_list[place]
            for member in range(members):
                query = start + member
                if _tile_scores(queries[query], tiles[tile], norms[tile], tile_scores) >= limits[member]:
                    continue
                size, limit, me = sizes[member], limits[member], own[query]
                for c in range(TILE):
                    if tile_scores[c] < limit and numbers[tile, c] != me:
                        kept[member, size], kept_numbers[member, size] = tile_scores[c], numbers[tile, c]
                        size += 1
                if size > room - TILE:
                    keep_smallest(kept[member], kept_numbers[member], size, count)
                    size = count
                    limits[member] = kept[member, :count].max()
                sizes[member] = size
        for member in range(members):
            size = sizes[member]
            if size > count:
                keep_smallest(kept[member], kept_numbers[member], size, count)
            for e in range(count):
                found[start + member, e] = kept_numbers[member, e] if e < size else -1
                scores[start + member, e] = kept[member, e] if e < size else np.inf


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _squared_distance(a: Array, b: Array) -> Any:
    square = a.dtype.type(0)
    for f in range(a.size):
        difference = a[f] - b[f]
        square += difference * difference
    return square


@njit(cache=True, nogil=True, error_model="numpy")
def refine(first: int, last: int, part: int, queries: Array, candidates: Array, found: Integers, distances: Array) -> None:
    """Set distances of rows first:last, squared, from the differences, and sort by them; a missing neighbour (-1) is last."""
    for i in range(first, last):
        for e in range(found.shape[1]):
            j = found[i, e]
            distances[i, e] = _squared_distance(queries[i], candidates[j]) if j >= 0 else FAR
        order = np.argsort(distances[i])
        found[i], distances[i] = found[i][order], distances[i][order]


@njit(cache=True, nogil=True, error_model="numpy")
def explore(
    first: int, last: int, part: int, points: Array, known: Integers, breadth: int, found: Integers, distances: Array
) -> None:
    """Look among the neighbours of neighbours for nearer ones: the nearest breadth of each of the nearest breadth.

    known are the lists before, which other parts read; found and distances, sorted and squared, are made better.
    """
    count = found.shape[1]
    seen = np.full(points.shape[0], -1, np.int32)
    kept, numbers = np.empty(count + breadth * breadth, points.dtype), np.empty(count + breadth * breadth, np.int32)
    for i in range(first, last):
        seen[i], limit, size = i, distances[i, count - 1], count
        for e in range(count):
            kept[e], numbers[e] = distances[i, e], found[i, e]
            if found[i, e] >= 0:
                seen[found[i, e]] = i
        for e in range(breadth):
            near = known[i, e]
            for g in range(breadth if near >= 0 else 0):
                j = known[near, g]
                if j < 0 or seen[j] == i:
                    continue
                seen[j] = i
                square = _squared_distance(points[i], points[j])
                if square < limit:
                    kept[size], numbers[size] = square, j
                    size += 1
        if size > count:
            keep_smallest(kept, numbers, size, count)
            order = np.argsort(kept[:count])
            found[i], distances[i] = numbers[:count][order], kept[:count][order]


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def nearest_centers(first: int, last: int, part: int, points: Array, tiles: Array, norms: Array, labels: Integers) -> None:
    """Set labels[first:last] to the number of the nearest centre; points are given multiplied by -2."""
    scores = np.empty(TILE, points.dtype)
    for i in range(first, last):
        best = np.inf
        for tile in range(tiles.shape[0]):
            least = _tile_scores(points[i], tiles[tile], norms[tile], scores)
            if least < best:
                best = least
                for c in range(TILE):
                    if scores[c] == least:
                        labels[i] = tile * TILE + c
                        break
