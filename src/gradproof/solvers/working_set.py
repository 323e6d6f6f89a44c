"""The columns that a working-set solver has taken up so far, and the inner products between them."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from gradproof.solvers.design import Array, Design, Indices, gram


class WorkingSet:
    """Columns of X, centered by ``means`` if there are any, with their Gram matrix, which grows by blocks."""

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
        old_size, size = self.chosen.size, self.chosen.size + added.size
        self._reserve(size)
        corner = gram(new, new)
        if old_size:
            across = gram(self.columns, new)
            if self._means is not None:
                across -= self._design.shape[0] * np.outer(self._means[self.chosen], self._means[added])
            self._store[:old_size, old_size:size] = across
            self._store[old_size:size, :old_size] = across.T
        if self._means is not None:
            corner -= self._design.shape[0] * np.outer(self._means[added], self._means[added])
        self._store[old_size:size, old_size:size] = corner
        self.columns = self._append(new, old_size, size)
        self.chosen = np.concatenate([self.chosen, added])

    def predict(self, beta: Array) -> Array:
        """Return the chosen columns times beta."""
        used = np.flatnonzero(beta)
        if self._design.is_sparse or 3 * used.size > beta.size:
            product = np.asarray(self.columns @ beta)
        else:
            product = np.asarray(self.columns[:, used] @ beta[used])
        if self._means is not None:
            product -= float(self._means[self.chosen] @ beta)
        return product

    def _reserve(self, size: int) -> None:
        if size > self._store.shape[0]:
            grown = np.zeros((2 * size, 2 * size))
            old = self.chosen.size
            grown[:old, :old] = self._store[:old, :old]
            self._store = grown

    def _append(self, new: Any, old_size: int, size: int) -> Any:
        if self._design.is_sparse:
            return new if old_size == 0 else sparse.csc_matrix(sparse.hstack([self.columns, new]))
        if size > self._buffer.shape[1]:
            grown = np.empty((self._design.shape[0], 2 * size), order="F")
            grown[:, :old_size] = self._buffer[:, :old_size]
            self._buffer = grown
        self._buffer[:, old_size:size] = new
        return self._buffer[:, :size]
