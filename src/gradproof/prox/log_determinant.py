"""Minus the logarithm of the determinant of a positive definite matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import sqrtm

from gradproof.errors import ShapeError
from gradproof.prox.checks import Array, has_rank, tolerance
from gradproof.prox.function import AbstractFunction
from gradproof.prox.log_barrier import positive_root
from gradproof.prox.traits import Traits


@dataclass(frozen=True, eq=False)
class LogDeterminant(AbstractFunction):
    """f(X) = -log det X for X symmetric and positive definite, infinite elsewhere.

    Prox:     Q diag((w + sqrt(w^2 + 4 gamma)) / 2) Q', where Q diag(w) Q' = (X + X') / 2.
    Source:   Bauschke and Combettes 2017, Corollary 24.65: the prox of the logarithmic barrier of the eigenvalues.
    Example:  >>> LogDeterminant().prox([[0.0, 0.0], [0.0, 1.5]])[0]
              array([[1., 0.],
                     [0., 2.]])
    """

    _traits = Traits(is_finite=False)

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        has_rank(x, 2, name, where)
        if x.shape[0] != x.shape[1]:
            raise ShapeError(f"{name} has to be square", got=f"shape {x.shape}", where=where, remedy="Give a symmetric matrix.")

    def _value(self, x: Array) -> float:
        if np.abs(x - x.T).max(initial=0.0) > tolerance(x) * (1 + np.abs(x).max(initial=0.0)):
            return np.inf
        return _minus_log_determinant(x)

    def _prox(self, x: Array, gamma: Array) -> Array:
        values, vectors = np.linalg.eigh(0.5 * (x + x.T))
        return np.asarray((vectors * positive_root(values, gamma)) @ vectors.T).astype(x.dtype)

    def _conjugate_value(self, y: Array) -> float:
        return float(_minus_log_determinant(-y) - y.shape[0])

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        # An antisymmetric part is normal to the symmetric matrices.
        symmetric = 0.5 * (x + x.T)
        return float(np.linalg.norm(0.5 * (v + v.T) + np.linalg.inv(symmetric)))

    def _naive_prox(self, x: Array, gamma: Array) -> Array:
        """Take the root of the matrix equation X - gamma X^-1 = S without eigenvalues."""
        symmetric = (0.5 * (x + x.T)).astype(np.float64)
        root = sqrtm(symmetric @ symmetric + 4 * float(gamma) * np.eye(x.shape[0]))
        return np.asarray(0.5 * (symmetric + root.real)).astype(x.dtype)


def _minus_log_determinant(x: Array) -> float:
    """Return -log det of the symmetric part; infinite where that is not positive definite."""
    values = np.linalg.eigvalsh(0.5 * (x + x.T).astype(np.float64))
    return -float(np.log(values).sum()) if (values > 0).all() else np.inf
