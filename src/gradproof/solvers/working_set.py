"""The columns that a solver has taken up so far, and the best coefficients for them."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradproof.solvers.descent import DenseColumns, Penalty, SparseColumns, descend
from gradproof.solvers.design import Array, Design, Indices
from gradproof.solvers.gram import minimize_gram

_SPARE = 1.5
_SWEEPS = 2000
_FEWEST = 12
#: Sparse columns whose products are below this share of the limit are left out of the sweeps.
REACH = 0.8
#: The matrix of m columns costs about as much as 0.1 m sweeps over these.
_WORTH = 0.1


class WorkingSet:
    """Columns of X, dense here, centered by ``means`` if there are any.

    They are kept in single precision, which halves the time: the residual and its products with the columns are exact, so
    that the copy only says how far to move, and an error of it counts the less the closer the solution is. Where that
    does not do (nearly equal columns), ``sharpen`` makes it anew in double precision.
    Coefficients are found by descent over the columns, or on their Gram matrix where that is smaller, once the sweeps
    have cost as much as the matrix will.
    """

    def __init__(self, design: Design, means: Array | None, squares: Array) -> None:
        self._design = design
        self._means = means
        self._squares = squares
        self._dtype: Any = np.float32
        self._sweeps = 0
        self.chosen: Indices = np.zeros(0, dtype=np.int64)
        #: One row a column, and rows to spare.
        self._rows: Array = np.zeros((0, design.shape[0]), dtype=self._dtype)
        #: The inner products of the first ``_known`` columns are its leading block.
        self._store: Array = np.zeros((0, 0), dtype=self._dtype)
        self._known = 0

    @property
    def is_sharp(self) -> bool:
        """Whether the columns are kept in double precision."""
        return bool(self._dtype == np.float64)

    @staticmethod
    def negligible(penalty: Penalty) -> float:
        """Return up to which limit a bound does for the slope of a zero coefficient: never, all columns are swept over."""
        return -np.inf

    def gram(self) -> Array:
        """Return the inner products of the chosen columns, as the leading block of a matrix."""
        old, size = self._known, self.chosen.size
        if size > self._store.shape[0]:
            room = int(_SPARE * size) + 16
            store = np.empty((room, room), dtype=self._dtype)
            store[:old, :old] = self._store[:old, :old]
            self._store = store
        if size > old:
            new = self._rows[old:size]
            across = self._rows[:old] @ new.T
            self._store[:old, old:size] = across
            self._store[old:size, :old] = across.T
            self._store[old:size, old:size] = new @ new.T
            self._known = size
        return self._store

    def extend(self, added: Indices) -> None:
        """Take up more columns."""
        if added.size == 0:
            return
        old, size = self.chosen.size, self.chosen.size + added.size
        if size > self._rows.shape[0]:
            rows = np.empty((int(_SPARE * size) + 16, self._design.shape[0]), dtype=self._dtype)
            rows[:old] = self._rows[:old]
            self._rows = rows
        self._design.copy_columns(added, self._means, self._rows[old:size])
        self.chosen = np.concatenate([self.chosen, added])

    def sharpen(self) -> None:
        """Keep the columns in double precision from now on."""
        chosen, self.chosen, self._known = self.chosen, np.zeros(0, dtype=np.int64), 0
        self._dtype = np.float64
        self._rows, self._store = np.zeros((0, self._design.shape[0])), np.zeros((0, 0))
        self.extend(chosen)

    def minimize(
        self, beta: Array, slope: Array, target: Array, penalty: Penalty, tolerance: float, deadline: float = np.inf
    ) -> tuple[Array, Array]:
        """Return the best coefficients of the chosen columns from ``beta`` on, and their residual; slope is that at beta."""
        if self._has_use_for_gram():
            weights = np.full(beta.size, penalty.lambda_1)
            beta = minimize_gram(self.gram(), slope, beta, weights, penalty.lambda_2, penalty.is_positive, tolerance, deadline)
        else:
            columns = DenseColumns(self._rows[: beta.size], self._squares[self.chosen])
            beta, _, sweeps = descend(columns, slope, beta, penalty, tolerance, _SWEEPS, deadline)
            self._sweeps += sweeps
        return beta, target - self.predict(beta)

    def _has_use_for_gram(self) -> bool:
        size = self.chosen.size
        return self.is_sharp or (2 * size <= self._design.shape[0] and self._sweeps > _WORTH * size)

    def predict(self, beta: Array) -> Array:
        """Return the chosen columns times beta, in double precision."""
        return self._design.combine(self.chosen, beta) - _center(self._means, self.chosen, beta)


class SparseSet:
    """Columns of a sparse X, centered by ``means`` if there are any: short as they are, they are swept over in double precision.

    The columns that are used or near to it are copied, so that they lie together: that is quicker than sweeps all over X.
    """

    is_sharp = True

    def __init__(self, design: Design, means: Array | None, squares: Array) -> None:
        self._design = design
        self._means = means
        self._squares = squares
        self.chosen: Indices = np.zeros(0, dtype=np.int64)

    @staticmethod
    def negligible(penalty: Penalty) -> float:
        """Return up to which limit a bound does for the slope of a zero coefficient, as the column is left out."""
        return REACH * penalty.lambda_1

    def extend(self, added: Indices) -> None:
        """Take up more columns."""
        self.chosen = np.concatenate([self.chosen, added])

    def sharpen(self) -> None:
        """Do nothing: the columns are swept over in double precision."""

    def minimize(
        self, beta: Array, slope: Array, target: Array, penalty: Penalty, tolerance: float, deadline: float = np.inf
    ) -> tuple[Array, Array]:
        """Return the best coefficients of the chosen columns from ``beta`` on, and their residual; slope is that at beta."""
        height = slope if penalty.is_positive else np.abs(slope)
        active = np.flatnonzero((beta != 0) | (height > self.negligible(penalty)))
        chosen, n = self.chosen[active], target.size
        data, indices, starts = self._design.gather(chosen)
        center = np.zeros(0) if self._means is None else self._means[chosen]
        columns = SparseColumns(data, indices, starts, n, self._squares[chosen], center, float(n))
        found, _, _ = descend(columns, slope[active], beta[active], penalty, tolerance, _SWEEPS, deadline)
        fit = columns.nothing()
        columns.add(fit, np.flatnonzero(found), found[found != 0])
        beta = np.zeros(beta.size)
        beta[active] = found
        return beta, target - fit[:-1] + _center(self._means, self.chosen, beta)

    def predict(self, beta: Array) -> Array:
        """Return the chosen columns times beta."""
        return self._design.combine(self.chosen, beta) - _center(self._means, self.chosen, beta)


def minimize_columns(
    columns: DenseColumns, slope: Array, start: Array, penalty: Penalty, tolerance: float, deadline: float = np.inf
) -> Array:
    """Return argmin_b ||X (b - start)||^2 / 2 - <slope, b> + penalty(b) for the columns x_j of X.

    Goes on with the Gram matrix of the columns, if that is smaller, when the sweeps have cost as much as it will.
    """
    rows = columns.rows
    size, n = rows.shape
    is_smaller = 2 * size <= n
    most = max(_FEWEST, int(_WORTH * size)) if is_smaller else _SWEEPS
    beta, fit, sweeps = descend(columns, slope, start, penalty, tolerance, most, deadline)
    if sweeps < most or not is_smaller:
        return beta
    weights, slope = np.full(size, penalty.lambda_1), slope - rows @ fit
    return minimize_gram(rows @ rows.T, slope, beta, weights, penalty.lambda_2, penalty.is_positive, tolerance, deadline)


def _center(means: Array | None, chosen: Indices, beta: Array) -> float:
    return 0.0 if means is None else float(means[chosen] @ beta)
