"""The cubic B-spline that spreads charges to nodes and reads the field back: four values and four slopes.

A point at u (in units of the spacing) with t = u - floor(u) touches the nodes floor(u) - 1 ... floor(u) + 2 with the weights

    ((1 - t)^3, 3 t^3 - 6 t^2 + 4, -3 t^3 + 3 t^2 + 3 t + 1, t^3) / 6.

Source: Hockney and Eastwood 1988, section 5.3; Essmann et al. 1995, equations 4.1 to 4.3.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[np.floating[Any]]
Weights = tuple[Any, Any, Any, Any]


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def spline_weights(t: Any) -> Weights:
    """Return the weights of the four nodes around a point at t in [0, 1) after the second."""
    real = type(t)
    rest = real(1) - t
    first, last = rest * rest * rest * real(1 / 6), t * t * t * real(1 / 6)
    second = real(2 / 3) + t * t * (real(0.5) * t - real(1))
    return first, second, real(1) - first - second - last, last


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def spline_slopes(t: Any) -> Weights:
    """Return the derivatives of the four weights by t."""
    real = type(t)
    rest = real(1) - t
    first, last = -real(0.5) * rest * rest, real(0.5) * t * t
    second = t * (real(1.5) * t - real(2))
    return first, second, -first - second - last, last


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def second_node(u: Any, nodes: int) -> Any:
    """Return the node at or before u, kept so far from the mesh's ends that all four nodes of the spline exist, whatever u is."""
    return np.uint32(min(max(np.int32(u), np.int32(1)), np.int32(nodes - 3)))


def spline_transform(half_angles: Array) -> Array:
    """Return the spline's continuous transform (sin a / a)^4 at a = k h / 2."""
    return np.asarray(np.sinc(half_angles / np.pi) ** 4)
