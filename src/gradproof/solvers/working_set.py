"""The columns that a working-set solver has taken up so far, and the inner products between them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gradproof.solvers.design import Array, Design, Indices
from gradproof.solvers.gram import minimize_gram
from gradproof.solvers.sparse_kernels import descend_sparse

_SWEEPS = 2000
_SPARE = 1.25


class Penalty(NamedTuple):
    """lambda_1 ||b||_1 + lambda_2 / 2 ||b||^2, over b >= 0 if is_positive."""

    lambda_1: float
    lambda_2: float = 0.0
    is_positive: bool = False


class WorkingSet:
    """Columns of X, dense here, centered by ``means`` if there are any, with their Gram matrix, which grows by blocks.

    Both are kept in single precision, which halves the time: the residual and its products with the columns are exact, so
    that the matrix only says how far to move, and an error of it counts the less the closer the solution is. Where that
    does not do (nearly equal columns), ``sharpen`` makes the matrix anew in double precision.
    """

    def __init__(self, design: Design, means: Array | None) -> None:
        self._design = design
        self._means = means
        self._dtype: Any = np.float32
        self.chosen: Indices = np.zeros(0, dtype=np.int64)
        self._columns: Array = np.zeros((design.shape[0], 0), dtype=self._dtype, order="F")
        #: The inner products of the chosen columns are its leading block.
        self.store: Array = np.zeros((0, 0), dtype=self._dtype)

    @property
    def is_sharp(self) -> bool:
        """Whether the Gram matrix is in double precision."""
        return bool(self._dtype == np.float64)

    @property
    def gram(self) -> Array:
        """The inner products of the chosen columns."""
        size = self.chosen.size
        return self.store[:size, :size]

    def extend(self, added: Indices) -> None:
        """Take up more columns."""
        if added.size == 0:
            return
        old, size = self.chosen.size, self.chosen.size + added.size
        self._reserve(size)
        new = self._columns[:, old:size]
        new[:] = self._centered(added)
        if old:
            across = self._columns[:, :old].T @ new
            self.store[:old, old:size] = across
            self.store[old:size, :old] = across.T
        self.store[old:size, old:size] = new.T @ new
        self.chosen = np.concatenate([self.chosen, added])

    def sharpen(self) -> None:
        """Make the Gram matrix anew in double precision."""
        chosen, self.chosen = self.chosen, np.zeros(0, dtype=np.int64)
        self._dtype = np.float64
        self._columns, self.store = np.zeros((self._design.shape[0], 0), order="F"), np.zeros((0, 0))
        self.extend(chosen)

    def minimize(self, beta: Array, slope: Array, target: Array, penalty: Penalty, tolerance: float) -> tuple[Array, Array]:
        """Return the best coefficients of the chosen columns from ``beta`` on, and their residual; slope is that at beta."""
        weights = np.full(beta.size, penalty.lambda_1)
        beta = minimize_gram(self.store, slope, beta, weights, penalty.lambda_2, penalty.is_positive, tolerance)
        return beta, target - self.predict(beta)

    def predict(self, beta: Array) -> Array:
        """Return the chosen columns times beta, in double precision."""
        return self._design.combine(self.chosen, beta) - _center(self._means, self.chosen, beta)

    def _centered(self, added: Indices) -> Array:
        new = self._design.columns(added)
        dense = new.toarray() if self._design.is_sparse else new
        return np.asarray(dense if self._means is None else dense - self._means[added])

    def _reserve(self, size: int) -> None:
        old, room = self.chosen.size, self.store.shape[0]
        if size <= room:
            return
        room = int(_SPARE * size) + 16
        columns = np.empty((self._design.shape[0], room), dtype=self._dtype, order="F")
        columns[:, :old] = self._columns[:, :old]
        store = np.empty((room, room), dtype=self._dtype)
        store[:old, :old] = self.gram
        self._columns, self.store = columns, store


class SparseSet:
    """Columns of a sparse X, centered by ``means`` if there are any: short as they are, they are swept over in place."""

    is_sharp = True

    def __init__(self, design: Design, means: Array | None, squares: Array) -> None:
        self._design = design
        self._means = means
        self._squares = squares
        self.chosen: Indices = np.zeros(0, dtype=np.int64)

    def extend(self, added: Indices) -> None:
        """Take up more columns."""
        self.chosen = np.concatenate([self.chosen, added])

    def sharpen(self) -> None:
        """Do nothing: the columns are swept over in double precision."""

    def minimize(self, beta: Array, slope: Array, target: Array, penalty: Penalty, tolerance: float) -> tuple[Array, Array]:
        """Return the best coefficients of the chosen columns from ``beta`` on, and their residual."""
        beta, matrix = beta.copy(), self._design.matrix
        residual = target - self.predict(beta)
        means = np.zeros(0) if self._means is None else self._means
        descend_sparse(
            matrix.data,
            matrix.indices,
            matrix.indptr,
            means,
            self._squares,
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
        return self._design.combine(self.chosen, beta) - _center(self._means, self.chosen, beta)


def _center(means: Array | None, chosen: Indices, beta: Array) -> float:
    return 0.0 if means is None else float(means[chosen] @ beta)
