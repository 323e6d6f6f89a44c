"""Inner products of columns with a residual that changes, read again only where they may matter."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.solvers.design import Array, Design, Indices
from gradproof.solvers.lazy_kernels import distance, refresh_dense, refresh_sparse

_KEPT = 12


class LazyProducts:
    """<x_j, r> for a residual r that moves less and less.

    |<x_j, r>| <= |<x_j, r'>| + ||x_j|| ||r - r'|| for the residual r' at which column j was read last. Where that is below
    a limit, the column stays unread and the bound stands for the product: near the end of a solve, nearly everywhere.
    """

    def __init__(self, design: Design, norms: Array, residual: Array, products: Array) -> None:
        self._design = design
        self._norms = norms
        self._residuals: list[Array] = [residual]
        self._moved: Array = np.zeros(1)
        self._known = products.copy()
        self._read_at = np.zeros(products.size, dtype=np.int64)
        self._first = 0

    def refresh(self, residual: Array, columns: Indices, is_exact: npt.NDArray[np.bool_], limit: float, is_signed: bool) -> Array:
        """Return the products of the columns with the residual, or for those below the limit an upper bound.

        Args:     residual: not changed by anybody from now on.  is_exact: of all columns of X, those whose product is needed itself.
                  is_signed: whether only positive products can pass the limit; else a bound has the sign of the product that was read.
        """
        self._remember(residual)
        products = np.empty(columns.size)
        state: Any = (
            residual, columns, self._known, self._read_at, self._norms, is_exact, self._moved, self._first, limit, is_signed, products,
        )  # fmt: skip
        matrix = self._design.matrix
        if self._design.is_sparse:
            count = refresh_sparse(matrix.data, matrix.indices, matrix.indptr, *state)
        else:
            count = refresh_dense(matrix.T, *state)
        self._design.passes += count / max(1, self._design.shape[1])
        return products

    def _remember(self, residual: Array) -> None:
        if residual is self._residuals[-1]:
            return
        self._residuals.append(residual)
        if len(self._residuals) > _KEPT:
            del self._residuals[0]
            self._first += 1
        self._moved = np.array([distance(residual, old) for old in self._residuals])
