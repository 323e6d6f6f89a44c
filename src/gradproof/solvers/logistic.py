"""Logistic regression with l1 and l2 penalties."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError
from gradproof.solvers.descent import DenseColumns, Penalty, SparseColumns, descend
from gradproof.solvers.design import Array, Design, Indices, target_vector
from gradproof.solvers.design_kernels import scale_dense
from gradproof.solvers.logistic_kernels import measure_margins
from gradproof.solvers.result import Result, Stopping
from gradproof.solvers.sparse_kernels import scale_sparse
from gradproof.solvers.working_set import REACH, minimize_columns
from gradproof.solvers.working_set_run import GAP, AbstractWorkingSetRun, check_penalties

_WHERE = "minimize_logistic"
_NEWTON_STEPS = 12
_SWEEPS = 500
#: Of the violation, and of that which is wanted: to such shares the quadratic models are solved.
_MODEL, _INSIDE = 0.03, 0.2
_INTERCEPT_STEPS, _LONGEST = 60, 4.0


def minimize_logistic(
    x: Any,
    y: npt.ArrayLike,
    lambda_1: float,
    lambda_2: float = 0.0,
    *,
    fit_intercept: bool = False,
    start: npt.ArrayLike | None = None,
    stopping: Stopping | None = None,
) -> Result:
    """Return the coefficients of logistic regression with an l1 penalty, or an elastic net.

    Formula:  min_(b, c) sum_i log(1 + exp(-y_i (<x_i, b> + c))) + lambda_1 ||b||_1 + lambda_2 / 2 ||b||^2
    Args:     x: (n, p), dense or sparse.  y: (n,), -1 and 1, both.  lambda_1: > 0.  lambda_2: >= 0.
              fit_intercept: whether there is a c (else 0); it is in ``extra['intercept']``.  start: (p,).
    Returns:  a result; its certificate is the duality gap relative to the objective at zero.
    Raises:   DomainError, ShapeError: penalties, labels, a single class, NaN, shapes.
    Source:   proximal Newton steps (Lee, Sun and Saunders 2014) on working sets with gap-safe screening.
    Example:  >>> minimize_logistic([[1.0, 0.0], [-1.0, 0.1]], [1.0, -1.0], 0.5).x.round(1)
              array([1.1, 0. ])
    """
    penalty = check_penalties(lambda_1, lambda_2, False, _WHERE)
    return _Run(
        x if isinstance(x, Design) else Design(x, _WHERE), y, penalty, fit_intercept, stopping or Stopping(), start
    ).result()


def logistic_bound(x: Any, y: npt.ArrayLike, *, fit_intercept: bool = False) -> float:
    """Return the least lambda_1 at which all coefficients are zero, the intercept being at its best."""
    design = x if isinstance(x, Design) else Design(x, _WHERE)
    labels = _labels(y, design.shape[0])
    share = float(np.mean(labels > 0)) if fit_intercept else 0.5
    return float(np.abs(design.correlate(np.where(labels > 0, 1 - share, -share))).max(initial=0.0))


class _Columns:
    """The columns taken up so far; of dense ones a copy that lies together, in single precision: for the second derivatives alone."""

    def __init__(self, design: Design) -> None:
        self._design = design
        self.chosen: Indices = np.zeros(0, dtype=np.int64)
        #: One row a column of a dense X.
        self.rows: Array = np.zeros((0, design.shape[0]), dtype=np.float32)

    def extend(self, added: Indices) -> None:
        """Take up more columns."""
        if added.size == 0:
            return
        if not self._design.is_sparse:
            self._append(added)
        self.chosen = np.concatenate([self.chosen, added])

    def _append(self, added: Indices) -> None:
        old, size = self.chosen.size, self.chosen.size + added.size
        if size > self.rows.shape[0]:
            grown = np.empty((2 * size, self._design.shape[0]), dtype=np.float32)
            grown[:old] = self.rows[:old]
            self.rows = grown
        self._design.copy_columns(added, None, self.rows[old:size])


class _Run(AbstractWorkingSetRun):
    """One solve; ``margin`` is X b + c, the residual minus the gradient of the loss in it."""

    def __init__(
        self,
        design: Design,
        y: npt.ArrayLike,
        penalty: Penalty,
        fit_intercept: bool,
        stopping: Stopping,
        start: npt.ArrayLike | None,
    ) -> None:
        self.labels = _labels(y, design.shape[0])
        self.intercept, self.fit_intercept = 0.0, fit_intercept
        if fit_intercept:
            self.intercept = float(np.log(np.sum(self.labels > 0) / np.sum(self.labels < 0)))
        self.margin: Array = np.full(design.shape[0], self.intercept)
        self.loss, residual = self._look(self.margin)
        products, squares, _ = design.survey(residual)
        super().__init__(design, squares, _Columns(design), penalty, stopping)
        self.begin(residual, products)
        self.energy = design.shape[0] * float(np.log(2))
        self.dual = -np.inf
        if start is not None:
            self.take_start(start, _WHERE)
            self._settle(self.intercept + self._predict(self.beta))
            self.refresh()

    def _predict(self, beta: Array) -> Array:
        return self.design.combine(self.set.chosen, beta)

    def _look(self, margin: Array) -> tuple[float, Array]:
        """Return the loss, and minus its gradient in the margin."""
        residual = np.empty(margin.size)
        return float(measure_margins(self.labels, margin, np.exp(-np.abs(margin)), residual)), residual

    def _settle(self, margin: Array) -> None:
        self.margin = margin
        self.loss, self.residual = self._look(margin)

    def measure(self, slack: Array) -> tuple[float, float]:
        """Return the objective and the gap to the entropy of the residual, scaled until it is dual feasible."""
        objective = self.loss + self.penalty.value(self.beta)
        highest = float(np.max(slack, initial=0.0))
        self.scale = min(1.0, self.penalty.lambda_1 / highest) if highest > 0 else 1.0
        wrong = np.abs(self.residual) * self.scale
        entropy = -float(
            np.sum(wrong * np.log(np.where(wrong > 0, wrong, 1)) + (1 - wrong) * np.log1p(-np.minimum(wrong, 1 - 1e-16)))
        )
        dual = entropy - 0.5 * self.penalty.lambda_2 * self.scale**2 * float(self.beta @ self.beta)
        if self.fit_intercept and abs(self.residual.sum()) > 1e-9 * self.labels.size:
            dual = -np.inf  # the intercept is not at its best, so the residual is not feasible
        self.dual = max(self.dual, dual)
        # The dual is 4-strongly concave in the residual; the ridge part is strongly concave with 1.
        self.radius = float(np.sqrt(max(objective - dual, 0.0) * (0.5 if self.penalty.lambda_2 == 0 else 2.0)))
        return objective, max(objective - self.dual, 0.0) / self.energy

    def solve_inside(self, gap: float) -> None:
        """Take proximal Newton steps for the columns of the set."""
        lambda_1 = self.penalty.lambda_1
        target = lambda_1 * self.aim
        objective = self.loss + self.penalty.value(self.beta)
        for _ in range(_NEWTON_STEPS):
            slope = self.chosen_products(REACH * lambda_1)
            violation = self._violation(slope)
            if violation <= target or time.perf_counter() >= self.deadline:
                break
            curvature = np.abs(self.residual) * (1 - np.abs(self.residual))
            direct = self._solve_sparse if self.design.is_sparse else self._solve_dense
            # The model is right up to the square of the violation: to solve it better is in vain.
            tolerance = max(violation * min(_MODEL, violation / lambda_1), _INSIDE * target)
            wanted, change = direct(curvature, slope, tolerance)
            objective, is_moved = self._search(wanted - self.beta, change, objective)
            if not is_moved:
                break
        self._settle_intercept()

    def _solve_sparse(self, curvature: Array, slope: Array, tolerance: float) -> tuple[Array, float]:
        """Minimize the quadratic model over sparse columns; returns the coefficients and the intercept's change."""
        active = np.flatnonzero((self.beta != 0) | (np.abs(slope) > REACH * self.penalty.lambda_1))
        root = np.sqrt(curvature)
        data, indices, starts = self.design.gather(self.set.chosen[active])
        scaled, squares, across = data.astype(np.float64, copy=False), np.empty(active.size), np.empty(active.size)
        scale_sparse(scaled, indices, starts, root, squares, across)
        center, slope, pull, total = self._eliminated(curvature, slope[active], across)
        columns = SparseColumns(
            scaled, indices, starts, root.size, squares - total * center**2 if center.size else squares, center, total
        )
        old, beta = self.beta[active], self.beta.copy()
        beta[active], _, _ = descend(columns, slope, old, self.penalty, tolerance, _SWEEPS, self.deadline)
        return beta, (pull - float(center @ (beta[active] - old))) if center.size else 0.0

    def _solve_dense(self, curvature: Array, slope: Array, tolerance: float) -> tuple[Array, float]:
        """Do the same over those dense columns that are used or want to be."""
        active = np.flatnonzero((self.beta != 0) | (np.abs(slope) > self.penalty.lambda_1))
        root = np.sqrt(curvature).astype(np.float32)
        rows, squares = np.empty((active.size, root.size), dtype=np.float32), np.empty(active.size)
        scale_dense(self.set.rows, active, root, rows, squares)
        across = rows @ root if self.fit_intercept else np.zeros(0)
        center, slope, pull, total = self._eliminated(curvature, slope[active], across)
        if center.size:
            rows -= np.outer(center, root).astype(np.float32)
            squares -= total * center**2
        old, beta = self.beta[active], self.beta.copy()
        beta[active] = minimize_columns(DenseColumns(rows, squares), slope, old, self.penalty, tolerance, self.deadline)
        return beta, (pull - float(center @ (beta[active] - old))) if center.size else 0.0

    def _eliminated(self, curvature: Array, slope: Array, across: Array) -> tuple[Array, Array, float, float]:
        """Take the best intercept for granted: returns the centers of the columns, the slope, its change and the sum of weights."""
        total = float(curvature.sum())
        if not self.fit_intercept or total <= 0:
            return np.zeros(0), slope, 0.0, total
        pull = float(self.residual.sum()) / total
        return np.asarray(across, dtype=np.float64) / total, slope - across * pull, pull, total

    def _search(self, direction: Array, change: float, objective: float) -> tuple[float, bool]:
        """Move by the longest of the steps 1, 1/2, 1/4 ... that lowers the objective."""
        move = self._predict(direction) + change
        step = 1.0
        for _ in range(30):
            beta, margin = self.beta + step * direction, self.margin + step * move
            loss, residual = self._look(margin)
            found = loss + self.penalty.value(beta)
            if found <= objective:
                self.beta, self.margin, self.intercept = beta, margin, self.intercept + step * change
                self.loss, self.residual = loss, residual
                return found, found < objective
            step *= 0.5
        return objective, False

    def _settle_intercept(self) -> None:
        """Find the best intercept for these coefficients by guarded Newton steps: only then is the residual dual feasible."""
        if not self.fit_intercept:
            return
        low, high = -np.inf, np.inf
        for _ in range(_INTERCEPT_STEPS):
            size, pull = np.abs(self.residual), float(self.residual.sum())
            low, high = (0.0, high) if pull > 0 else (low, 0.0)
            total = float((size * (1 - size)).sum())
            change = float(np.clip(pull / total if total > 0 else np.sign(pull) * _LONGEST, -_LONGEST, _LONGEST))
            # Far away Newton's step flies off; the best change lies between bounds whose slopes have unlike signs.
            if not low <= change <= high:
                change = 0.5 * (low + high)
            self._settle(self.margin + change)
            self.intercept += change
            low, high = low - change, high - change
            if abs(change) <= 1e-15 * (1 + abs(self.intercept)):
                break

    def _violation(self, slope: Array) -> float:
        weight, slope = self.penalty.lambda_1, slope - self.penalty.lambda_2 * self.beta
        away = np.where(self.beta != 0, np.abs(slope - np.sign(self.beta) * weight), np.maximum(np.abs(slope) - weight, 0))
        constant = abs(float(self.residual.sum())) if self.fit_intercept else 0.0
        return max(float(np.max(away, initial=0.0)), constant)

    def describe(self) -> tuple[str, str, float]:
        """Return the names of the solver and the certificate, and the intercept."""
        return "working set, proximal Newton", GAP, self.intercept


def _labels(y: npt.ArrayLike, n: int) -> Array:
    labels = target_vector(y, n, _WHERE)
    if not np.isin(labels, (-1, 1)).all():
        raise DomainError(
            "labels have to be -1 or 1", got=f"{np.unique(labels)[:5].tolist()}", where=_WHERE, remedy="Map both classes."
        )
    if np.all(labels == labels[0]):
        raise DomainError("two classes are needed", got="one", where=_WHERE, remedy="There is nothing to tell apart.")
    return labels
