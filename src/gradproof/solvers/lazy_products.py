"""Inner products of columns with a residual that changes, read again only where they may matter."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gradproof.solvers.design import Array, Design, Indices
from gradproof.solvers.design_kernels import bound_products

_KEPT = 8


class LazyProducts:
    """<x_j, r> for a residual r that moves less and less.

    |<x_j, r>| <= |<x_j, r'>| + ||x_j|| ||r - r'|| for the residual r' at which column j was read last. Where that is below
    a limit, the column stays unread and the bound stands for the product: near the end of a solve, nearly everywhere.
    """

    def __init__(self, design: Design, norms: Array, residual: Array, products: Array) -> None:
        self._design = design
        self._norms = norms
        self._residuals: list[Array] = [residual]
        self._known = products.copy()
        self._read_at = np.zeros(products.size, dtype=np.int64)
        self._first = 0

    def refresh(self, residual: Array, columns: Indices, needed: npt.NDArray[np.bool_], limit: float, is_signed: bool) -> Array:
        """Return the products of the columns with the residual, or for those below the limit an upper bound.

        Args:     needed: which of the columns have to be exact.  is_signed: whether only positive products can pass the limit;
                  else the bound has the sign of the product that was read.
        """
        moved = np.array([float(np.linalg.norm(residual - old)) for old in self._residuals])
        bounds, read = np.empty(columns.size), needed.copy()
        bound_products(self._known, self._read_at, self._norms, columns, moved, self._first, limit, is_signed, bounds, read)
        chosen = columns[read]
        self._remember(residual)
        fresh = self._design.correlate(residual, chosen)
        self._known[chosen] = fresh
        self._read_at[chosen] = self._first + len(self._residuals) - 1
        bounds[read] = fresh
        return bounds

    def known(self, columns: Indices) -> Array:
        """Return the products of these columns as they were read last."""
        return np.asarray(self._known[columns])

    def _remember(self, residual: Array) -> None:
        self._residuals.append(residual)
        if len(self._residuals) > _KEPT:
            del self._residuals[0]
            self._first += 1
