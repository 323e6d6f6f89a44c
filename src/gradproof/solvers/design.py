"""The matrix of a linear model, dense or sparse: products with it that count how much of it was read."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from gradproof.errors import DomainError, ShapeError
from gradproof.solvers.design_kernels import (
    combine_dense,
    combine_sparse,
    copy_dense,
    correlate_dense,
    correlate_sparse,
    gather_sparse,
    survey_dense,
    survey_sparse,
)

Array = npt.NDArray[np.floating[Any]]
Indices = npt.NDArray[np.int64]

_MEND = "Mend or leave out these samples; entries beyond 1e150 overflow when squared."


class Design:
    """X, (n, p), by columns. Integers become float64; rows-first arrays and other sparse formats are turned once."""

    def __init__(self, x: Any, where: str = "X") -> None:
        self.is_sparse = sparse.issparse(x)
        matrix: Any = _sparse_columns(x, where) if self.is_sparse else _dense_columns(x, where)
        self.matrix: Any = matrix
        self.shape: tuple[int, int] = matrix.shape
        #: How often the whole matrix was read, in fractions.
        self.passes = 0.0
        self._lengths = np.diff(matrix.indptr) if self.is_sparse else np.zeros(0, dtype=np.int64)
        self._where = where

    def correlate(self, residual: Array, chosen: Indices | None = None) -> Array:
        """Return <x_j, residual> for the chosen columns, or for all."""
        columns = np.arange(self.shape[1]) if chosen is None else chosen
        self.passes += columns.size / max(1, self.shape[1])
        out = np.empty(columns.size)
        if self.is_sparse:
            correlate_sparse(self.matrix.data, self.matrix.indices, self.matrix.indptr, residual, columns, out)
        else:
            correlate_dense(self.matrix.T, residual, columns, out)
        return out

    def survey(self, residual: Array) -> tuple[Array, Array, Array]:
        """Return <x_j, residual>, ||x_j||^2 and the sum of x_j for all columns, in one pass."""
        self.passes += 1
        products, squares, sums = (np.empty(self.shape[1]) for _ in range(3))
        if self.is_sparse:
            survey_sparse(self.matrix.data, self.matrix.indices, self.matrix.indptr, residual, products, squares, sums)
        else:
            survey_dense(self.matrix.T, residual, products, squares, sums)
        if not np.isfinite(squares).all():
            column = int(np.argmax(~np.isfinite(squares)))
            raise DomainError(
                "every entry of X has to be finite", got=f"another in column {column}", where=self._where, remedy=_MEND
            )
        return products, squares, sums

    def copy_columns(self, chosen: Indices, means: Array | None, rows: Array) -> None:
        """Write the chosen columns, less their means if given, as rows, in the precision that these have."""
        self.passes += chosen.size / max(1, self.shape[1])
        if self.is_sparse:
            columns = self.matrix[:, chosen].toarray()
            rows[:] = (columns if means is None else columns - means[chosen]).T
        else:
            copy_dense(self.matrix.T, chosen, np.zeros(0) if means is None else means[chosen], rows)

    def gather(self, chosen: Indices) -> tuple[Array, npt.NDArray[np.integer[Any]], Indices]:
        """Return the entries, the rows and the starts of the chosen columns of a sparse matrix, in copies that lie together."""
        self.passes += chosen.size / max(1, self.shape[1])
        data, indices, starts = self.matrix.data, self.matrix.indices, np.zeros(chosen.size + 1, dtype=np.int64)
        np.cumsum(self._lengths[chosen], out=starts[1:])
        entries, rows = np.empty(starts[-1], dtype=data.dtype), np.empty(starts[-1], dtype=indices.dtype)
        gather_sparse(data, indices, self.matrix.indptr, chosen, starts, entries, rows)
        return entries, rows, starts

    def combine(self, chosen: Indices, beta: Array) -> Array:
        """Return the sum of beta_j x_j over the chosen columns."""
        used = np.flatnonzero(beta)
        self.passes += used.size / max(1, self.shape[1])
        out = np.zeros(self.shape[0])
        if self.is_sparse:
            combine_sparse(self.matrix.data, self.matrix.indices, self.matrix.indptr, chosen[used], beta[used], out)
        else:
            combine_dense(self.matrix.T, chosen[used], beta[used], out)
        return out


def _dense_columns(x: Any, where: str) -> Array:
    array = np.asarray(x)
    if array.dtype.kind not in "biuf":
        raise DomainError("X has to hold real numbers", got=f"dtype {array.dtype}", where=where, remedy="Convert it to float64.")
    if array.ndim != 2:
        raise ShapeError("X needs a row for each sample and a column for each feature", got=f"shape {array.shape}", where=where)
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    return np.asfortranarray(array)


def _sparse_columns(x: Any, where: str) -> Any:
    if x.dtype.kind not in "biuf":
        raise DomainError("X has to hold real numbers", got=f"dtype {x.dtype}", where=where, remedy="Convert it to float64.")
    matrix = sparse.csc_matrix(x)
    return matrix if matrix.dtype in (np.float32, np.float64) else matrix.astype(np.float64)


def target_vector(y: npt.ArrayLike, n: int, where: str) -> Array:
    """Return y as n finite numbers. Raises: DomainError, ShapeError."""
    target = np.asarray(y)
    if target.dtype.kind not in "biuf":
        raise DomainError("y has to hold real numbers", got=f"dtype {target.dtype}", where=where, remedy="Convert it to float64.")
    if target.shape != (n,):
        raise ShapeError(f"y needs shape ({n},)", got=f"{target.shape}", where=where, remedy="One number a sample.")
    if n == 0:
        raise ShapeError("at least one sample is needed", got="none", where=where)
    if not np.isfinite(target).all():
        row = int(np.argmin(np.isfinite(target)))
        raise DomainError(
            "every entry of y has to be finite", got=f"{target[row]} in row {row}", where=where, remedy="Leave it out."
        )
    return target.astype(np.float64)
