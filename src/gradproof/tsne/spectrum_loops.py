"""Compiled loops on the mesh's spectra: the best influence function, and its product with the charges' transform."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[np.floating[Any]]
Spectrum = npt.NDArray[np.complexfloating[Any]]


@njit(cache=True, nogil=True, error_model="numpy")
def _interpolate(table: Array, lowest: float, per_step: float, k: float) -> float:
    """Interpolate in a table with equal steps; beyond its end the transform has died away."""
    place = (k - lowest) * per_step
    if place >= table.size - 1:
        return 0.0
    left = np.uint32(max(place, 0.0))
    share = place - left
    return float(table[left] * (1 - share) + table[left + np.uint32(1)] * share)


@njit(cache=True, nogil=True, error_model="numpy")
def correct_spectrum(
    first: int, last: int, part: int, sampled: Array, waves: tuple[Array, ...], windows: tuple[Array, ...],
    table: Array, lowest: float, per_step: float,
) -> None:  # fmt: skip
    """Replace rows first:last of sampled, (n0, n1, n2), by the influence function of the least error of the force.

    waves[axis] and windows[axis] are (nodes, aliases): the frequencies k_m and the spline's squared transforms, m = 0 in the middle.
    """
    kx, ky, kz = waves
    wx, wy, wz = windows
    own_a, own_b, own_c = kx.shape[1] // 2, ky.shape[1] // 2, kz.shape[1] // 2
    for i in range(first, last):
        for j in range(sampled.shape[1]):
            for k in range(sampled.shape[2]):
                weights, squares, energy, aliases = 0.0, 0.0, 0.0, 0.0
                for a in range(kx.shape[1]):
                    for b in range(ky.shape[1]):
                        for c in range(kz.shape[1]):
                            square = kx[i, a] ** 2 + ky[j, b] ** 2 + kz[k, c] ** 2
                            weight = wx[i, a] * wy[j, b] * wz[k, c]
                            weights += weight
                            squares += square * weight
                            if a != own_a or b != own_b or c != own_c:
                                value = _interpolate(table, lowest, per_step, np.sqrt(square))
                                aliases += value
                                energy += square * weight * value
                # What the sampled kernel's transform holds without its aliases is the free kernel's own, images left out.
                own = sampled[i, j, k] - aliases
                square = kx[i, own_a] ** 2 + ky[j, own_b] ** 2 + kz[k, own_c] ** 2
                if square > 0.0:
                    weight = wx[i, own_a] * wy[j, own_b] * wz[k, own_c]
                    own = (energy + square * weight * own) / (squares * weights)
                sampled[i, j, k] = own


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def multiply_spectrum(first: int, last: int, part: int, charges: Spectrum, influence: Array) -> float:
    """Multiply rows first:last of charges, (p0, p1, p2), by the influence; return the sum of influence times |charges|^2.

    The influence, (p0 // 2 + 1, p1 // 2 + 1, p2), is even in the first two axes. The last axis has half of the frequencies, so that those
    with a mirror image count twice.
    """
    total = 0.0
    rows, columns, depth = charges.shape
    for i in range(first, last):
        row = min(i, rows - i)
        for j in range(columns):
            line, factors = charges[i, j], influence[row, min(j, columns - j)]
            unpaired = factors[0] * _square(line[0]) + factors[depth - 1] * _square(line[depth - 1])
            paired = 0.0
            for k in range(depth):
                value = line[k]
                paired += factors[k] * _square(value)
                line[k] = value * factors[k]
            total += 2 * paired - unpaired
    return total


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _square(value: Any) -> Any:
    return value.real * value.real + value.imag * value.imag
