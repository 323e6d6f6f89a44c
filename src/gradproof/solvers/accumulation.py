"""Least squares over data that comes in parts: all that it asks of the rows so far, in as many rows as there are columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse

from gradproof.errors import ShapeError
from gradproof.prox.checks import Array, check_memory
from gradproof.solvers.design import Design, target_vector

_WHERE = "Accumulated"
_ROWS = 2048


class Accumulated:
    """Rows of (X, y) seen so far, as a triangle R with R'R = (X, y)'(X, y), of centered columns if there is an intercept.

    ||y - X b||^2 is the same for (X, y) and for the triangle, up to rounding of the size of the data, not of its square.
    Source:   QR by blocks of rows (Golub and Van Loan 2013, 5.2); means as in Chan, Golub and LeVeque 1983.
    """

    def __init__(self, columns: int, *, is_centered: bool) -> None:
        check_memory(3 * (columns + 1) ** 2, f"a triangle of {columns} columns", _WHERE, "Use fit, or fewer columns.")
        self.count, self.is_centered = 0, is_centered
        self.means: Array = np.zeros(columns + 1)
        self._triangle: Array = np.zeros((0, columns + 1))

    def add(self, x: Any, y: npt.ArrayLike) -> None:
        """Take up more rows. Raises: DomainError, ShapeError: NaN, shapes."""
        design = Design(x, _WHERE)
        target = target_vector(y, design.shape[0], _WHERE)
        if design.shape[1] != self.means.size - 1:
            raise ShapeError(f"X needs {self.means.size - 1} columns", got=f"{design.shape[1]}", where=_WHERE)
        rows = design.matrix.tocsr() if design.is_sparse else design.matrix
        for first in range(0, target.size, _ROWS):
            part = rows[first : first + _ROWS]
            dense = part.toarray() if sparse.issparse(part) else part
            self._merge(np.column_stack([dense, target[first : first + _ROWS]]).astype(np.float64))

    def _merge(self, rows: Array) -> None:
        stacked = [self._triangle, rows]
        if self.is_centered:
            means, total = rows.mean(axis=0), self.count + rows.shape[0]
            gap = means - self.means
            stacked = [self._triangle, rows - means, np.sqrt(self.count * rows.shape[0] / total) * gap[None, :]]
            self.means = self.means + gap * (rows.shape[0] / total)
        self.count += rows.shape[0]
        self._triangle = linalg.qr(np.concatenate(stacked), mode="r", overwrite_a=True)[0][: self.means.size]

    @property
    def rows(self) -> tuple[Array, Array]:
        """X and y of a problem with the same least squares, without intercept."""
        return np.asfortranarray(self._triangle[:, :-1]), np.ascontiguousarray(self._triangle[:, -1])

    def intercept(self, coefficients: Array) -> float:
        """Return the best intercept for coefficients."""
        return float(self.means[-1] - self.means[:-1] @ coefficients)
