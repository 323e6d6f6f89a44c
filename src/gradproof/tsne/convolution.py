"""The convolution of charges on nodes with a kernel, by its spectrum: free boundaries by padding with zeros to twice the extent.

Two ways with one interface: SciPy's transforms for any mesh, and for planes in single precision, where all the time goes, transforms of
our own that take sixteen columns at once and are fused with what comes before and after them.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy import fft

from gradproof.tsne.convolution_loops import columns_back, columns_forward, rows_there_and_back
from gradproof.tsne.lanes import WIDTH
from gradproof.tsne.spectrum_loops import multiply_spectrum
from gradproof.tsne.threads import Team

Array = npt.NDArray[np.floating[Any]]

#: Blocks of columns or rows that a thread takes at once.
_LOT = 4


class AbstractConvolution(Protocol):
    """A convolution on a mesh of a given size. ``grids``, (threads, *nodes or more), is where the charges go, in parts to be added up."""

    grids: Array

    def lay_out(self, influence: Array) -> Array:
        """Return an influence, (nodes + 1 per axis, padded to three axes), as ``convolve`` wants it."""
        ...

    def convolve(self, influence: Array) -> tuple[Array, float]:
        """Return the potential of the charges in grids, valid until they are set again, and their energy (by Parseval's identity)."""
        ...


def plan_convolution(nodes: tuple[int, ...], dtype: Any, team: Team) -> AbstractConvolution:
    """Return the quickest way for a mesh with these nodes per axis."""
    if len(nodes) == 2 and np.dtype(dtype) == np.float32:
        return PlaneConvolution(nodes, team)
    return GeneralConvolution(nodes, dtype, team)


class GeneralConvolution:
    """In one, two or three dimensions and any precision, by SciPy's transforms."""

    def __init__(self, nodes: tuple[int, ...], dtype: Any, team: Team) -> None:
        self.grids = np.zeros((team.threads, *nodes), dtype=dtype)
        self._nodes = nodes
        self._team = team

    def lay_out(self, influence: Array) -> Array:
        """Return the influence as it is."""
        return influence

    def convolve(self, influence: Array) -> tuple[Array, float]:
        """Return potential and energy."""
        padded = [2 * count for count in self._nodes]
        workers, last = self._team.threads, len(padded) - 1
        # Only lines that hold charges need a transform, and only those that are read one back.
        waves = fft.rfft(self.grids.sum(axis=0), n=padded[-1], axis=-1, workers=workers)
        for axis in range(last - 1, -1, -1):
            waves = fft.fft(waves, n=padded[axis], axis=axis, workers=workers)
        lifted = waves.reshape(lift(waves.shape, 1))
        energy = sum(self._team.run(multiply_spectrum, len(lifted), lifted, influence)) / float(np.prod(padded))
        for axis in range(last):
            waves = fft.ifft(waves, axis=axis, workers=workers, overwrite_x=True)
            waves = waves[(slice(None),) * axis + (slice(self._nodes[axis]),)]
        values = fft.irfft(waves, n=padded[-1], axis=-1, workers=workers)[..., : self._nodes[-1]]
        return np.ascontiguousarray(values), energy


class PlaneConvolution:
    """In two dimensions and single precision, by transforms of sixteen columns or rows at once."""

    def __init__(self, nodes: tuple[int, ...], team: Team) -> None:
        rows, self._columns = nodes
        width = -(-self._columns // (2 * WIDTH)) * 2 * WIDTH
        self.grids = np.zeros((team.threads, rows, width), dtype=np.float32)
        self._team = team
        self._waves = np.zeros((-(-(rows + 1) // WIDTH) * WIDTH, 2, width), dtype=np.float32)
        self._counts = np.zeros(len(self._waves), dtype=np.float32)
        self._counts[: rows + 1] = 2
        self._counts[[0, rows]] = 1
        self._along_columns, self._along_rows = plan_transform(2 * rows), plan_transform(2 * self._columns)

    def lay_out(self, influence: Array) -> Array:
        """Return the influence over the number of nodes, with sixteen rows side by side: (blocks, columns + 1, WIDTH)."""
        plane = influence[:, 0]
        blocks = len(self._waves) // WIDTH
        rows = np.zeros((blocks * WIDTH, plane.shape[1]), dtype=np.float32)
        rows[: len(plane)] = plane / (4 * (len(plane) - 1) * (plane.shape[1] - 1))
        return np.ascontiguousarray(rows.reshape(blocks, WIDTH, -1).transpose(0, 2, 1))

    def convolve(self, influence: Array) -> tuple[Array, float]:
        """Return potential and energy; the potential takes the place of the charges."""
        rows, width = self.grids.shape[1:]
        blocks, run = width // (2 * WIDTH), self._team.deal
        run(columns_forward, blocks, _LOT, self.grids, *self._along_columns, 2 * rows, self._waves)
        energies = run(
            rows_there_and_back, len(influence), _LOT, self._waves, self._columns, *self._along_rows, influence, self._counts
        )
        run(columns_back, blocks, _LOT, self._waves, *self._along_columns, 2 * rows, self.grids[0])
        return self.grids[0], sum(energies)


def plan_transform(length: int) -> tuple[npt.NDArray[np.int64], Array]:
    """Return the factors of a length, and the twiddles of all passes.

    Raises: ValueError: a prime factor above 5.
    """
    factors, rest = [], length
    for factor in (4, 5, 3, 2):
        while rest % factor == 0:
            factors.append(factor)
            rest //= factor
    if rest != 1:
        raise ValueError(f"a length of the factors 2, 3 and 5 was expected, got {length}")
    twiddles, rest = [np.empty(0)], length
    for factor in factors:
        turns = np.outer(np.arange(rest // factor), np.arange(1, factor)).ravel() / rest
        twiddles.append(np.column_stack([np.cos(2 * np.pi * turns), -np.sin(2 * np.pi * turns)]).ravel())
        rest //= factor
    return np.array(factors), np.concatenate(twiddles).astype(np.float32)


def lift(axes: tuple[Any, ...], absent: Any) -> tuple[Any, Any, Any]:
    """Return what belongs to one, two or three axes as three: the last axis stays the last, and the first of several the first."""
    if len(axes) == 1:
        return absent, absent, axes[0]
    return (axes[0], absent, axes[1]) if len(axes) == 2 else (axes[0], axes[1], axes[2])
