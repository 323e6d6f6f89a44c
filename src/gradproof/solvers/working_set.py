"""The columns that a working-set solver has taken up so far, and the inner products between them."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np

from gradproof.solvers.design import Array, Design, Indices
from gradproof.solvers.design_kernels import descend_sparse
from gradproof.solvers.gram import minimize_gram

_SWEEPS = 2000


class Penalty(NamedTuple):
    """lambda_1 ||b||_1 + lambda_2 / 2 ||b||^2, over b >= 0 if is_positive."""

    lambda_1: float
    lambda_2: float = 0.0
    is_positive: bool = False


class LeastSquares(Protocol):
    """What the sets need to know of the problem: the centered target, <x_j, target> and ||x_j||^2 for all columns."""

    target: Array
    products: Array
    squares: Array


class WorkingSet:
    """Columns of X, dense here, centered by ``means`` if there are any, with their Gram matrix, which grows by blocks."""

    def __init__(self, design: Design, means: Array | None) -> None:
        self._design = design
        self._means = means
        self.chosen: Indices = np.zeros(0, dtype=np.int64)
        self.columns: Any = None
        self._store = np.zeros((0, 0))
        self._buffer = np.zeros((design.shape[0], 0), order="F")

    @property
    def gram(self) -> Array:
        """The inner products of the chosen columns."""
        size = self.chosen.size
        return self._store[:size, :size]

    def extend(self, added: Indices) -> None:
        """Take up more columns."""
        if added.size == 0:
            return
        new = self._design.columns(added)
        new = np.asfortranarray(new.toarray()) if self._design.is_sparse else new
        old_size, size = self.chosen.size, self.chosen.size + added.size
        self._reserve(size)
        corner = new.T @ new
        if old_size:
            across = self.columns.T @ new
            if self._means is not None:
                across -= self._design.shape[0] * np.outer(self._means[self.chosen], self._means[added])
            self._store[:old_size, old_size:size] = across
            self._store[old_size:size, :old_size] = across.T
        if self._means is not None:
            corner -= self._design.shape[0] * np.outer(self._means[added], self._means[added])
        self._store[old_size:size, old_size:size] = corner
        self.columns = self._append(new, old_size, size)
        self.chosen = np.concatenate([self.chosen, added])

    def minimize(self, beta: Array, data: LeastSquares, penalty: Penalty, tolerance: float) -> tuple[Array, Array]:
        """Return the best coefficients of the chosen columns from ``beta`` on, and their residual."""
        weights = np.full(beta.size, penalty.lambda_1)
        beta = minimize_gram(self.gram, data.products[self.chosen], beta, weights, penalty.lambda_2, penalty.is_positive, tolerance)
        return beta, data.target - self.predict(beta)

    def predict(self, beta: Array) -> Array:
        """Return the chosen columns times beta."""
        used = np.flatnonzero(beta)
        if used.size == 0:
            return np.zeros(self._design.shape[0])
        product = self.columns @ beta if 3 * used.size > beta.size else self.columns[:, used] @ beta[used]
        return np.asarray(product) - _center(self._means, self.chosen, beta)

    def _reserve(self, size: int) -> None:
        if size > self._store.shape[0]:
            grown = np.zeros((2 * size, 2 * size))
            old = self.chosen.size
            grown[:old, :old] = self._store[:old, :old]
            self._store = grown

    def _append(self, new: Any, old_size: int, size: int) -> Any:
        if size > self._buffer.shape[1]:
            grown = np.empty((self._design.shape[0], 2 * size), order="F")
            grown[:, :old_size] = self._buffer[:, :old_size]
            self._buffer = grown
        self._buffer[:, old_size:size] = new
        return self._buffer[:, :size]


class SparseSet:
    """Columns of a sparse X, centered by ``means`` if there are any: short as they are, they are swept over in place."""

    def __init__(self, design: Design, means: Array | None) -> None:
        self._design = design
        self._means = means
        self.chosen: Indices = np.zeros(0, dtype=np.int64)

    def extend(self, added: Indices) -> None:
        """Take up more columns."""
        self.chosen = np.concatenate([self.chosen, added])

    def minimize(self, beta: Array, data: LeastSquares, penalty: Penalty, tolerance: float) -> tuple[Array, Array]:
        """Return the best coefficients of the chosen columns from ``beta`` on, and their residual."""
        beta, matrix = beta.copy(), self._design.matrix
        residual = data.target - self.predict(beta)
        means = np.zeros(0) if self._means is None else self._means
        descend_sparse(
            matrix.data,
            matrix.indices,
            matrix.indptr,
            means,
            data.squares,
            self.chosen,
            residual,
            beta,
            *penalty,
            _SWEEPS,
            tolerance,
        )
        return beta, residual

    def predict(self, beta: Array) -> Array:
        """Return the chosen columns times beta."""
        used = np.flatnonzero(beta)
        return np.asarray(self._design.columns(self.chosen[used]) @ beta[used]) - _center(self._means, self.chosen, beta)


def _center(means: Array | None, chosen: Indices, beta: Array) -> float:
    return 0.0 if means is None else float(means[chosen] @ beta)
