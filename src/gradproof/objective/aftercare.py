"""What is done with a point once a solver has stopped: kinks make its certificate false, and a saddle is no minimum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.objective.smooth import Smooth
from gradproof.prox.function import AbstractFunction
from gradproof.solvers.result import Certificate, Result

Array = npt.NDArray[np.floating[Any]]
_NEARBY = 1e-9
_LOOKS = 4
_CURVATURE_STEPS = 20
_LENGTHS = (1e-1, 1e-2, 1.0)
_LEAST_FALL = 1e-8
_SHORT = 1e-6


def jump_at(smooth: Smooth, x: Array) -> float:
    """Return how much the gradient differs between a point and its neighbours, relative to its norm at zero: large at a kink."""
    random, width = np.random.default_rng(1), _NEARBY * (1 + float(np.linalg.norm(x)))
    here = smooth(x)[1]
    jumps = []
    for _ in range(_LOOKS):
        step = random.standard_normal(x.size)
        jumps.append(float(np.linalg.norm(smooth(x + width * step / np.linalg.norm(step))[1] - here)))
    return max(jumps) if np.isfinite(jumps).all() else np.inf


def without_false_certificate(smooth: Smooth, result: Result, scale: float) -> tuple[Result, str]:
    """Return the result with a certificate that counts the jump of the gradient at the point, and what is said of it."""
    jump = jump_at(smooth, result.x) / (scale or 1.0)
    tolerance = result.certificate.tolerance
    if jump <= 10 * tolerance:
        return result, ""
    certificate = Certificate(result.certificate.kind, max(jump, result.certificate.value), tolerance)
    words = f"the point lies on a kink, across which the gradient jumps by {jump:.3g} of its norm at the start: not certified"
    return replace(result, certificate=certificate, reason="kink" if result.is_converged else result.reason), words


def way_down(smooth: Smooth, penalty: AbstractFunction | None, total: Callable[[Array], float], x: Array) -> Array | None:
    """Return a lower point along a direction in which the smooth part bends down, within the constraints; None where none is found."""
    direction = _bending_down(smooth, x)
    if direction is None:
        return None
    here, size = total(x), 1 + float(np.linalg.norm(x))
    for length in _LENGTHS:
        for sign in (1, -1):
            point = x + sign * length * size * direction
            if penalty is not None:
                point = penalty.prox(point, _SHORT)[0]
            with np.errstate(all="ignore"):
                if total(point) < here - _LEAST_FALL * (1 + abs(here)):
                    return np.asarray(point)
    return None


def _bending_down(smooth: Smooth, x: Array) -> Array | None:
    """Return a direction of negative curvature, by Lanczos steps on differences of gradients."""
    base, width = smooth(x)[1], 1e-5 * (1 + float(np.linalg.norm(x)))
    start = np.random.default_rng(2).standard_normal(x.size)
    basis = [start / np.linalg.norm(start)]
    images: list[Array] = []
    for _ in range(min(_CURVATURE_STEPS, x.size)):
        image = (smooth(x + width * basis[-1])[1] - base) / width
        if not np.isfinite(image).all():
            return None
        images.append(image)
        rest = image.copy()
        for vector in [*basis, *basis]:
            rest -= float(vector @ rest) * vector
        length = float(np.linalg.norm(rest))
        if length <= 1e-10 * (1 + float(np.linalg.norm(image))):
            break
        basis.append(rest / length)
    frame = np.stack(basis[: len(images)])
    small = frame @ np.stack(images).T
    values, vectors = np.linalg.eigh(0.5 * (small + small.T))
    if values[0] >= -1e-6 * float(np.abs(values).max()):
        return None
    return np.asarray(vectors[:, 0] @ frame)
