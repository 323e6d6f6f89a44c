"""The three steps of a convolution in the plane: columns forward, rows forward and back, columns back.

Columns are real: a block of WIDTH complex columns holds 2 WIDTH of them, the second half as imaginary parts, and its transform Z is taken
apart by A[k] = (Z[k] + conj Z[-k]) / 2 and B[k] = (Z[k] - conj Z[-k]) / 2i. Half of the rows of the result, k = 0 ... n / 2, are all.
Of what is padded with zeros only the columns and rows that hold charges, or are read, are ever touched.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from gradproof.tsne.lanes import WIDTH, load, splat, store, total
from gradproof.tsne.transform_loops import STRIDE, transform

Array = npt.NDArray[np.floating[Any]]
Integers = npt.NDArray[np.integer[Any]]

#: So many products are added up in single precision before their sum goes to one in double precision.
_RUN = 16


@njit(cache=True, nogil=True)
def columns_forward(
    first: int, last: int, part: int, grids: Array, factors: Integers, twiddles: Array, length: int, waves: Array
) -> None:
    """Transform the sum of the grids, (parts, rows, width), padded to the length, along the columns of the blocks first:last.

    waves, (at least length / 2 + 1, 2, width), gets the real and the imaginary parts.
    """
    parts, rows, width = grids.shape
    charges, found = grids.reshape(grids.size), waves.reshape(waves.size)
    x, y = np.empty(length * STRIDE, np.float32), np.empty(length * STRIDE, np.float32)
    half = splat(np.float32(0.5))
    for block in range(first, last):
        left = block * STRIDE
        right = left + WIDTH
        for row in range(rows):
            a, b = load(charges, row * width + left), load(charges, row * width + right)
            for other in range(1, parts):
                at = (other * rows + row) * width
                a, b = a + load(charges, at + left), b + load(charges, at + right)
            store(x, row * STRIDE, a)
            store(x, row * STRIDE + WIDTH, b)
        x[rows * STRIDE :] = np.float32(0)
        x, y = transform(x, y, factors, twiddles, False)
        for k in range(length // 2 + 1):
            own, mirror, at = k * STRIDE, (length - k) % length * STRIDE, 2 * k * width
            zr, zi, mr, mi = load(x, own), load(x, own + WIDTH), load(x, mirror), load(x, mirror + WIDTH)
            store(found, at + left, half * (zr + mr))
            store(found, at + right, half * (zi + mi))
            store(found, at + width + left, half * (zi - mi))
            store(found, at + width + right, half * (mr - zr))


@njit(cache=True, nogil=True)
def rows_there_and_back(
    first: int,
    last: int,
    part: int,
    waves: Array,
    columns: int,
    factors: Integers,
    twiddles: Array,
    influence: Array,
    counts: Array,
) -> float:
    """Multiply the blocks first:last of WIDTH rows of waves by the influence in frequency space; return the energy.

    The rows have that many columns, padded to twice as many; the influence is (blocks, columns + 1, WIDTH), even along the rows. counts
    tells how often a row counts in the energy: twice if it stands for its mirror image too.
    """
    length = 2 * columns
    x, y = np.empty(length * STRIDE, np.float32), np.empty(length * STRIDE, np.float32)
    strengths, energy = influence.reshape(influence.size), 0.0
    for block in range(first, last):
        rows, often = waves[block * WIDTH : (block + 1) * WIDTH], load(counts, block * WIDTH)
        _gather(rows, columns, x)
        x[columns * STRIDE :] = np.float32(0)
        x, y = transform(x, y, factors, twiddles, False)
        for start in range(0, length, _RUN):
            squares = splat(np.float32(0))
            for k in range(start, min(start + _RUN, length)):
                re, im = load(x, k * STRIDE), load(x, k * STRIDE + WIDTH)
                strength = load(strengths, (block * (columns + 1) + min(k, length - k)) * WIDTH)
                gr, gi = strength * re, strength * im
                squares = squares + gr * re + gi * im
                store(x, k * STRIDE, gr)
                store(x, k * STRIDE + WIDTH, gi)
            energy += total(squares * often)
        x, y = transform(x, y, factors, twiddles, True)
        _scatter(x, columns, rows)
    return energy


@njit(cache=True, nogil=True)
def columns_back(
    first: int, last: int, part: int, waves: Array, factors: Integers, twiddles: Array, length: int, values: Array
) -> None:
    """Set the columns of values, (rows, width), in the blocks first:last to the inverse transform of waves."""
    rows, width = values.shape
    given, found = waves.reshape(waves.size), values.reshape(values.size)
    x, y = np.empty(length * STRIDE, np.float32), np.empty(length * STRIDE, np.float32)
    for block in range(first, last):
        left = block * STRIDE
        right = left + WIDTH
        for k in range(length // 2 + 1):
            own, mirror, at = k * STRIDE, (length - k) % length * STRIDE, 2 * k * width
            ar, br = load(given, at + left), load(given, at + right)
            ai, bi = load(given, at + width + left), load(given, at + width + right)
            store(x, mirror, ar + bi)
            store(x, mirror + WIDTH, br - ai)
            store(x, own, ar - bi)
            store(x, own + WIDTH, ai + br)
        x, y = transform(x, y, factors, twiddles, True)
        for row in range(rows):
            store(found, row * width + left, load(x, row * STRIDE))
            store(found, row * width + right, load(x, row * STRIDE + WIDTH))


@njit(cache=True, nogil=True)
def _gather(rows: Array, columns: int, x: Array) -> None:
    """Lay WIDTH rows of waves side by side."""
    for column in range(columns):
        for half in range(2):
            at = column * STRIDE + half * WIDTH
            for lane in range(WIDTH):
                x[at + lane] = rows[lane, half, column]


@njit(cache=True, nogil=True)
def _scatter(x: Array, columns: int, rows: Array) -> None:
    """Write back what _gather laid side by side."""
    for lane in range(WIDTH):
        for half in range(2):
            line = rows[lane, half]
            for column in range(columns):
                line[column] = x[column * STRIDE + half * WIDTH + lane]
