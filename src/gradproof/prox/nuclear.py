"""The nuclear norm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradproof.prox.checks import Array, has_rank, nonnegative, tolerance
from gradproof.prox.norms import AbstractNorm, divide


@dataclass(frozen=True, eq=False)
class Nuclear(AbstractNorm):
    """f(X) = lambda times the sum of the singular values of the matrix X.

    Prox:     U diag(max(s - gamma lambda, 0)) W', where U diag(s) W' = X.
    Args:     lambda_: >= 0.
    Source:   Cai, Candes and Shen 2010: soft thresholding of the singular values.
    Example:  >>> Nuclear(1.0).prox([[3.0, 0.0], [0.0, 0.5]])[0]
              array([[2., 0.],
                     [0., 0.]])
    """

    lambda_: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "lambda_", nonnegative(self.lambda_, "lambda_", "Nuclear"))

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        has_rank(x, 2, name, where)

    def _value(self, x: Array) -> float:
        return self.lambda_ * float(np.linalg.svd(x, compute_uv=False).sum())

    def _prox(self, x: Array, gamma: Array) -> Array:
        left, sizes, right = np.linalg.svd(x, full_matrices=False)
        kept = np.maximum(sizes - gamma * self.lambda_, 0)
        return np.asarray((left * kept) @ right).astype(x.dtype, copy=False)

    def _dual_norm(self, y: Array) -> float:
        return divide(float(np.linalg.svd(y, compute_uv=False).max(initial=0.0)), self.lambda_)

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        """Subgradients are lambda (U V' + W), W of spectral norm at most one on the complements of U and V."""
        left, sizes, right = np.linalg.svd(x, full_matrices=False)
        rank = int((sizes > tolerance(x) * (1 + sizes.max(initial=0.0))).sum())
        left, right = left[:, :rank], right[:rank]
        outside = v - left @ (left.T @ v)
        outside = outside - (outside @ right.T) @ right
        inside = v - outside - self.lambda_ * (left @ right)
        over = np.maximum(np.linalg.svd(outside, compute_uv=False) - self.lambda_, 0)
        return float(np.hypot(np.linalg.norm(inside), np.linalg.norm(over)))

    def _naive_prox(self, x: Array, gamma: Array) -> Array:
        """Take the singular vectors from the eigenvectors of X X', and shrink by an eigenvalue of it."""
        squares, vectors = np.linalg.eigh((x @ x.T).astype(np.float64))
        sizes = np.sqrt(np.maximum(squares, 0))
        ratios = np.maximum(0, 1 - float(gamma) * self.lambda_ / np.maximum(sizes, np.finfo(np.float64).tiny))
        return np.asarray((vectors * ratios) @ vectors.T @ x).astype(x.dtype)
