"""Coordinates in which the curvature of softmax regression is level, whatever the units of the features are."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import LinAlgError, cholesky, solve_triangular

from gradproof.prox.checks import Array

#: From so many features on, or with more of them than samples, only their own curvatures are levelled.
_WIDEST = 3000
_JITTER, _ATTEMPTS = 1e-12, 6
#: Columns whose mean is that many times their spread are centered before they are multiplied.
_FAR = 100.0


class Coordinates:
    """V with W = V R^-T / sizes, and b moved so that V alone leaves the mean scores as they are.

    Formula:  diag(sizes) R' R diag(sizes) = X' diag(weights) X / 4 + lambda_2 I with centered columns; R is the identity if X is wide or sparse
    Source:   the curvature bound of Boehning 1992.
    """

    def __init__(self, x: Any, weights: Array, lambda_2: float, *, fit_intercept: bool, is_sparse: bool) -> None:
        self.fit_intercept, d, total = fit_intercept, int(x.shape[1]), float(weights.sum())
        is_centered = fit_intercept and total > 0
        self.center: Array = np.asarray(x.T @ weights, dtype=np.float64).ravel() / total if is_centered else np.zeros(d)
        #: The square root of the curvature in the intercept.
        self.scale = float(np.sqrt(0.25 * total)) or 1.0
        if is_sparse or d > min(_WIDEST, x.shape[0]):
            squares = x.multiply(x).T @ weights if is_sparse else np.einsum("ij,ij,i->j", x, x, weights)
            gram, diagonal = None, _spread(np.asarray(squares, dtype=np.float64).ravel(), self.center, total)
        else:
            gram = _gram(x, weights, self.center)
            diagonal = np.diag(gram)
        sizes = np.sqrt(0.25 * diagonal + lambda_2)
        self.sizes: Array = np.where(sizes > 0, sizes, 1.0)
        self.root = None if gram is None else _factor(gram, lambda_2, self.sizes)

    def coefficients(self, point: Array) -> tuple[Array, Array]:
        """Return W and b."""
        rows, shift = point[:, :-1], point[:, -1] if self.fit_intercept else np.zeros(point.shape[0])
        w = rows if self.root is None else solve_triangular(self.root, rows.T, check_finite=False).T
        w = w / self.sizes
        return np.ascontiguousarray(w), shift / self.scale - (w @ self.center if self.fit_intercept else 0.0)

    def point(self, w: Array, b: Array) -> Array:
        """Return the coordinates of W and b."""
        rows = w * self.sizes if self.root is None else (w * self.sizes) @ self.root.T
        shift = self.scale * (b + w @ self.center) if self.fit_intercept else np.zeros_like(b)
        return np.column_stack([rows, shift])

    def gradient(self, gradient: Array, slope: Array) -> Array:
        """Return the gradient in the coordinates, of those in W and b."""
        if self.fit_intercept:
            gradient = gradient - np.outer(slope, self.center)
        gradient = gradient / self.sizes
        if self.root is not None:
            gradient = solve_triangular(self.root, gradient.T, trans="T", check_finite=False).T
        return np.column_stack([gradient, slope / self.scale if self.fit_intercept else np.zeros(slope.size)])


def _spread(squares: Array, center: Array, total: float) -> Array:
    """Return the sums of squares about the centers; what rounding leaves of a constant column is no spread."""
    about = squares - total * center**2
    return np.where(about > 1e-10 * squares, about, squares)


def _gram(x: Array, weights: Array, center: Array) -> Array:
    """Return X' diag(weights) X with centered columns."""
    total = float(weights.sum())
    gram = _products(x, weights)
    shift = total * center**2
    if np.any(shift > _FAR**2 * np.maximum(np.diag(gram) - shift, 0)):
        # Little would be left of the difference.
        return _products(x - center, weights)
    return gram - total * np.outer(center, center)


def _products(x: Array, weights: Array) -> Array:
    rows = x if np.all(weights == 1) else x * np.sqrt(weights)[:, None]
    return np.asarray(rows.T @ rows, dtype=np.float64)


def _factor(gram: Array, lambda_2: float, sizes: Array) -> Array:
    """Return the upper Cholesky factor of gram / 4 + lambda_2 I in units of the sizes, with as little added as it needs."""
    level = 0.25 * gram
    level.flat[:: sizes.size + 1] += lambda_2
    level /= sizes
    level /= sizes[:, None]
    jitter = _JITTER
    for _ in range(_ATTEMPTS):
        try:
            return np.asarray(cholesky(level + jitter * np.eye(sizes.size), check_finite=False))
        except LinAlgError:
            jitter *= 100
    return np.eye(sizes.size)
