"""Compiled loops of the neighbour search: distances tile by tile, the nearest kept, never a table of all distances.

Candidates lie in tiles of equal size, features first, so that a query meets a tile in vector registers. Distances come from
|x - c|^2 = |x|^2 - 2 x.c + |c|^2 for the choice alone; those of the neighbours found are computed again from the differences.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from gradproof.tsne.lanes import WIDTH, are_below, first_bit, load, splat, store

Array = npt.NDArray[np.floating[Any]]
Integers = npt.NDArray[np.integer[Any]]

TILE = 128
#: Features are padded with zeros to a multiple of this: so many products are added up between a load and a store.
LANE = 8
_SPARE = 32
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
def _score_four(queries: Array, first: int, tiles: Array, tile: int, norms: Array, scores: Array) -> None:
    """Set four rows of scores to |c|^2 - 2 x.c for the queries first:first + 4 and the candidates of a tile; all arrays are flat.

    Half a tile at once: sixteen sums stay in registers, and what is loaded of the tile serves four queries.
    """
    features = tiles.size // norms.size
    for half in range(0, TILE, 4 * WIDTH):
        at = tile * TILE + half
        a0, a1, a2, a3 = load(norms, at), load(norms, at + WIDTH), load(norms, at + 2 * WIDTH), load(norms, at + 3 * WIDTH)
        b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3 = a0, a1, a2, a3, a0, a1, a2, a3, a0, a1, a2, a3
        for f in range(features):
            at = (tile * features + f) * TILE + half
            t0, t1, t2, t3 = load(tiles, at), load(tiles, at + WIDTH), load(tiles, at + 2 * WIDTH), load(tiles, at + 3 * WIDTH)
            at = first * features + f
            q = splat(queries[at])
            a0, a1, a2, a3 = a0 + q * t0, a1 + q * t1, a2 + q * t2, a3 + q * t3
            q = splat(queries[at + features])
            b0, b1, b2, b3 = b0 + q * t0, b1 + q * t1, b2 + q * t2, b3 + q * t3
            q = splat(queries[at + 2 * features])
            c0, c1, c2, c3 = c0 + q * t0, c1 + q * t1, c2 + q * t2, c3 + q * t3
            q = splat(queries[at + 3 * features])
            d0, d1, d2, d3 = d0 + q * t0, d1 + q * t1, d2 + q * t2, d3 + q * t3
        _store_four(scores, half, a0, a1, a2, a3)
        _store_four(scores, TILE + half, b0, b1, b2, b3)
        _store_four(scores, 2 * TILE + half, c0, c1, c2, c3)
        _store_four(scores, 3 * TILE + half, d0, d1, d2, d3)


@njit(cache=True, nogil=True)
def _store_four(scores: Array, at: int, first: Any, second: Any, third: Any, fourth: Any) -> None:
    store(scores, at, first)
    store(scores, at + WIDTH, second)
    store(scores, at + 2 * WIDTH, third)
    store(scores, at + 3 * WIDTH, fourth)


@njit(cache=True, nogil=True, error_model="numpy")
def _take_below(
    scores: Array, row: int, limit: Any, numbers: Integers, me: int, kept: Array, kept_numbers: Integers, size: int
) -> int:
    """Append the candidates of a tile whose scores, in a row of TILE, are below the limit; return how many are kept then."""
    bound = splat(limit)
    for start in range(0, TILE, WIDTH):
        bits = are_below(load(scores, row * TILE + start), bound)
        while bits != 0:
            c = start + first_bit(bits)
            bits &= bits - 1
            if numbers[c] >= 0 and numbers[c] != me:
                kept[size], kept_numbers[size] = scores[row * TILE + c], numbers[c]
                size += 1
    return size


@njit(cache=True, nogil=True, error_model="numpy")
def search(
    first: int, last: int, part: int, edges: Integers, tile_starts: Integers, tile_stops: Integers, tile_list: Integers,
    queries: Array, own: Integers, tiles: Array, norms: Array, numbers: Integers, found: Integers, scores: Array,
) -> None:  # fmt: skip
    """Find for the queries of the groups first:last the nearest candidates, themselves left out.

    Group g has the queries edges[g]:edges[g + 1] and the tiles tile_list[tile_starts[g]:tile_stops[g]]; own are the queries'
    numbers among the candidates, or -1. found and scores are (queries, count), unsorted.
    """
    count, features = found.shape[1], queries.shape[1]
    room = 3 * count + _SPARE + TILE
    widest = 0
    for group in range(first, last):
        widest = max(widest, edges[group + 1] - edges[group])
    kept, kept_numbers = np.empty((widest, room), queries.dtype), np.empty((widest, room), np.int32)
    sizes, limits = np.empty(widest, np.int64), np.empty(widest, queries.dtype)
    # Queries go four by four; what is missing of the last four is zero.
    some, tile_scores = np.zeros((-(-widest // 4) * 4, features), queries.dtype), np.empty(4 * TILE, queries.dtype)
    flat, flat_tiles, flat_norms = some.reshape(some.size), tiles.reshape(tiles.size), norms.reshape(norms.size)
    for group in range(first, last):
        start, members = edges[group], edges[group + 1] - edges[group]
        some[:members] = queries[start : start + members] * np.float32(-2)
        sizes[:], limits[:] = 0, np.inf
        for place in range(tile_starts[group], tile_stops[group]):
            tile = tile_list[place]
            for four in range(0, members, 4):
                _score_four(flat, four, flat_tiles, tile, flat_norms, tile_scores)
                for member in range(four, min(four + 4, members)):
                    size = _take_below(
                        tile_scores, member - four, limits[member], numbers[tile], own[start + member],
                        kept[member], kept_numbers[member], sizes[member],
                    )  # fmt: skip
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
