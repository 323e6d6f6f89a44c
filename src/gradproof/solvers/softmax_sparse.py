"""Softmax regression with l1 and l2 penalties: proximal Newton steps for all classes, or class by class where these are too many."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.errors import ShapeError
from gradproof.prox.checks import Array
from gradproof.solvers.descent import Penalty
from gradproof.solvers.design import Indices
from gradproof.solvers.design_kernels import combine_dense, correlate_dense
from gradproof.solvers.gram import minimize_gram
from gradproof.solvers.result import Certificate, History, Reason, Result, Stopping
from gradproof.solvers.softmax_dual import entropy, settle_intercept, softmax_shares
from gradproof.solvers.softmax_kernels import log_sum_of_others
from gradproof.solvers.softmax_loss import SoftmaxLoss
from gradproof.solvers.softmax_newton import ROOM, joint_curvature
from gradproof.solvers.sparse_kernels import descend_sparse_weighted
from gradproof.solvers.working_set_run import GAP, check_penalties

_WHERE = "minimize_sparse_softmax"
_INNER = 0.1
_MODEL = 1e-4
_SWEEPS = 100
_DRIFT = 0.2
_FIRST = 20
_COARSE = 1e-2
_THINNED, _MANY = 4, 2000
#: How often a model may be damped in one step, by which share of its diagonal at first, and below which step it is.
_DAMPINGS, _LEAST, _SHORT = 10, 1e-4, 0.2


def minimize_sparse_softmax(
    x: Any,
    labels: npt.ArrayLike,
    lambda_1: float,
    lambda_2: float = 0.0,
    *,
    is_positive: bool = False,
    classes: int | None = None,
    fit_intercept: bool = True,
    sample_weight: npt.ArrayLike | None = None,
    start: npt.ArrayLike | None = None,
    stopping: Stopping | None = None,
) -> Result:
    """Return the coefficients of softmax regression with an l1 penalty, or an elastic net, (classes, d).

    Formula:  min_(W, b) sum_i w_i (logsumexp(W x_i + b) - (W x_i + b)_(y_i)) + lambda_1 ||W||_1 + lambda_2 / 2 ||W||^2
              (over W >= 0 if is_positive)
    Args:     x: (n, d), dense or sparse.  labels: (n,), whole numbers from 0.  lambda_1: > 0, or is_positive and lambda_2 > 0.
              fit_intercept: whether there is a b, which is not penalized; it is in ``extra['intercept']``.  start: (classes, d).
    Returns:  a result; its certificate is the duality gap relative to the objective at zero.
    Raises:   DomainError, ShapeError: penalties, labels, a single class, NaN, shapes.
    Source:   proximal Newton steps (Lee, Sun and Saunders 2014) in the coefficients that are used or want to be; where these
              are too many for their matrix, for one class after the other (Friedman, Hastie and Tibshirani 2010): with the
              other classes held, the loss is that of two classes with offsets.
    Example:  >>> minimize_sparse_softmax([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]], [0, 1, 2], 0.5).x.round(2)[:, 1]
              array([0., 0., 0.])
    """
    penalty = check_penalties(lambda_1, lambda_2, is_positive and lambda_2 > 0, _WHERE)._replace(is_positive=is_positive)
    loss = SoftmaxLoss(x, labels, classes, sample_weight)
    return _Run(loss, penalty, fit_intercept, start, stopping or Stopping(max_iterations=500)).result()


@dataclass(slots=True)
class _Curvature:
    """The second derivatives of one class at weights of a while ago, for some columns."""

    columns: Indices
    weights: Array
    matrix: Array


class _Run:
    """One solve: rounds over the classes; scores and gradient are exact at the start of each."""

    def __init__(self, loss: SoftmaxLoss, penalty: Penalty, fit_intercept: bool, start: Any, stopping: Stopping) -> None:
        self.began, self.history, self.stopping = time.perf_counter(), History(), stopping
        self.loss, self.penalty, self.fit_intercept = loss, penalty, fit_intercept
        shape = (loss.classes, loss.x.shape[1])
        self.w = np.zeros(shape) if start is None else np.array(start, dtype=np.float64)
        if self.w.shape != shape:
            raise ShapeError(f"start needs shape {shape}", got=f"{self.w.shape}", where=_WHERE)
        if penalty.is_positive:
            self.w = np.maximum(self.w, 0)
        self.b: Array = np.zeros(loss.classes)
        self.zero = max(float(loss.weights.sum()) * float(np.log(loss.classes)), float(np.finfo(np.float64).tiny))
        self.columns: Any = loss.x.tocsc() if loss.is_sparse else np.ascontiguousarray(loss.x.T, dtype=np.float32)
        #: Taken off the columns of the model, so that the constants hardly matter to the other coefficients.
        self.means = np.asarray(loss.x.mean(axis=0), dtype=np.float64).ravel() if fit_intercept else np.zeros(shape[1])
        self.damping = 0.0
        self.kept: dict[int, _Curvature] = {}
        self.plain = self._predict(self.w)
        self.dual = -np.inf
        self.truth = np.zeros((loss.x.shape[0], loss.classes))
        self.truth[np.arange(loss.x.shape[0]), loss.labels] = 1

    def result(self) -> Result:
        """Run to the end."""
        reason: Reason = "iterations"
        best = (np.inf, np.inf, self.w, self.b, 0)
        try:
            for iteration in range(self.stopping.max_iterations + 1):
                objective, gap = self._measure()
                seconds = time.perf_counter() - self.began
                self.history.add(iteration, seconds, objective, gap)
                best = (objective, gap, self.w.copy(), self.b.copy(), iteration)
                if gap <= self.stopping.tolerance:
                    reason = "converged"
                elif self.stopping.callback is not None and self.stopping.callback(iteration, objective, gap):
                    reason = "stopped"
                elif seconds >= self.stopping.max_seconds:
                    reason = "seconds"
                elif iteration < self.stopping.max_iterations:
                    self._round()
                    continue
                break
        except KeyboardInterrupt:
            reason = "interrupted"
        objective, gap, w, b, iteration = best
        return Result(
            x=w, objective=objective, certificate=Certificate(GAP, gap, self.stopping.tolerance),
            solver="proximal Newton", reason=reason, iterations=iteration,
            seconds=time.perf_counter() - self.began, history=self.history.arrays(), passes=float(self.loss.passes),
            extra={"intercept": b, "support": int(np.count_nonzero(w))},
        )  # fmt: skip

    def _measure(self) -> tuple[float, float]:
        """Bring scores, residual and gradient up to date; return the objective and the relative gap."""
        loss, penalty = self.loss, self.penalty
        if self.fit_intercept:
            self.b = settle_intercept(self.plain, self.b, loss.labels, loss.weights)
        scores = self.plain + self.b
        shares, tops = softmax_shares(scores)
        self.shares = shares
        residual = (self.truth - shares) * loss.weights[:, None]
        self.residual = residual
        self.slope = np.asarray((loss.x.T @ residual).T)
        loss.passes += 1
        own = np.take_along_axis(scores, loss.labels[:, None], axis=1)[:, 0]
        ridge = 0.5 * penalty.lambda_2 * float(np.sum(self.w**2))
        objective = float(loss.weights @ (tops - own)) + penalty.lambda_1 * float(np.abs(self.w).sum()) + ridge
        slack = self.slope if penalty.is_positive else np.abs(self.slope)
        self.violation = self._violation()
        scales = {min(1.0, penalty.lambda_1 / max(float(slack.max(initial=0.0)), 1e-300))}
        if penalty.lambda_2:
            scales |= {1.0}
        for scale in scales:
            value = entropy(shares, loss.labels, loss.weights, scale)
            if penalty.lambda_2:
                value -= float(np.sum(np.maximum(scale * slack - penalty.lambda_1, 0) ** 2)) / (2 * penalty.lambda_2)
            self.dual = max(self.dual, value)
        # The dual wants the residuals of each class to sum to zero: what is left of that is counted by the size of b.
        left = float(np.abs(residual.sum(axis=0)).sum()) * (1 + float(np.abs(self.b).max())) if self.fit_intercept else 0.0
        self.objective, self.gap = objective, (max(objective - self.dual, 0.0) + left) / self.zero
        return self.objective, self.gap

    def _predict(self, w: Array) -> Array:
        self.loss.passes += 1
        return np.asarray(self.loss.x @ w.T)

    def _violation(self) -> float:
        """Return the largest violation of the optimality conditions."""
        slope, weight = self.slope - self.penalty.lambda_2 * self.w, self.penalty.lambda_1
        outside = np.maximum((slope if self.penalty.is_positive else np.abs(slope)) - weight, 0)
        return float(np.where(self.w != 0, np.abs(slope - weight * np.sign(self.w)), outside).max(initial=0.0))

    def _round(self) -> None:
        """Take one proximal Newton step in the coefficients of all classes, or one for each class."""
        owners, features = self._active()
        n = self.loss.x.shape[0]
        is_thin = self.gap >= _COARSE and not self.loss.is_sparse and n >= _MANY
        for rows in (_THINNED, 1) if is_thin else (1,):
            if owners.size * (n // rows) <= ROOM and self._step_jointly(owners, features, slice(None, None, rows)):
                return
        self.scores, self.residual = np.asfortranarray(self.plain + self.b), np.asfortranarray(self.residual)
        for c in range(self.loss.classes):
            active = np.flatnonzero((self.w[c] != 0) | (self._slack()[c] > self.penalty.lambda_1))
            others = np.empty(self.scores.shape[0])
            log_sum_of_others(self.scores, c, others)
            self._step(c, active, self.scores[:, c] - others)
        self.plain = self._predict(self.w)

    def _slack(self) -> Array:
        return self.slope if self.penalty.is_positive else np.abs(self.slope)

    def _active(self) -> tuple[Indices, Indices]:
        """Return classes and features of the coefficients that are used, and of those that want most to be."""
        is_used, slack = self.w != 0, self._slack()
        is_new = ~is_used & (slack > self.penalty.lambda_1)
        room = max(_FIRST * self.loss.classes, 2 * int(np.count_nonzero(is_used)))
        if np.count_nonzero(is_new) > room:
            is_new &= slack >= np.partition(slack[is_new], -room)[-room]
        owners, features = np.nonzero(is_used | is_new)
        return owners, features

    def _step_jointly(self, owners: Indices, features: Indices, sample: slice) -> bool:
        """Minimize the quadratic model of the chosen coefficients and the intercept, on a sample of the rows; then search along."""
        k, penalty = self.loss.classes, self.penalty
        rows = self.columns[:, features].toarray().T.astype(np.float32) if self.loss.is_sparse else self.columns[features, sample]
        slope, old, weights = self.slope[owners, features], self.w[owners, features], np.full(owners.size, penalty.lambda_1)
        if self.fit_intercept:
            rows = rows - self.means[features, None].astype(np.float32)
            slope = slope - self.means[features] * self.residual.sum(axis=0)[owners]
            order = np.argsort(np.concatenate([owners, np.arange(k)]), kind="stable")
            rows = np.concatenate([rows, np.ones((k, rows.shape[1]), dtype=np.float32)])[order]
            slope = np.concatenate([slope, self.residual.sum(axis=0)])[order]
            old, weights = np.concatenate([old, self.b])[order], np.concatenate([weights, np.zeros(k)])[order]
            owners = np.concatenate([owners, np.arange(k)])[order]
            features = np.concatenate([features, np.full(k, self.w.shape[1])])[order]
        factor = self.loss.x.shape[0] / rows.shape[1]
        matrix = joint_curvature(rows, owners, self.shares[sample], factor * self.loss.weights[sample])
        matrix.flat[:: owners.size + 1] *= np.float32(1 + 1e-5)
        is_constant = features == self.w.shape[1]
        ridge = np.where(is_constant, 0.0, penalty.lambda_2)
        matrix.flat[:: owners.size + 1] += ridge.astype(np.float32)
        size = float(np.trace(matrix)) / max(owners.size, 1)
        for _ in range(_DAMPINGS):
            if self.damping:
                matrix.flat[:: owners.size + 1] += np.float32(self.damping * size)
            wanted = self._model(matrix, slope - ridge * old, old, weights, is_constant)
            w, b = np.zeros_like(self.w), np.zeros(k)
            w[owners[~is_constant], features[~is_constant]] = (wanted - old)[~is_constant]
            b[owners[is_constant]] = (wanted - old)[is_constant]
            step = self._search(w, b - w @ self.means)
            # A model of columns that are nearly dependent sees no end of its valley: it is held back until its steps do.
            if step >= _SHORT:
                self.damping = 0.25 * self.damping if self.damping > _LEAST else 0.0
                return True
            self.damping = max(4 * self.damping, _LEAST)
            if step:
                return True
        return False

    def _model(self, matrix: Array, slope: Array, old: Array, weights: Array, is_constant: npt.NDArray[np.bool_]) -> Array:
        """Minimize the quadratic model; a constant may have any sign, which only plain coordinate descent would forbid."""
        tolerance = _MODEL * self.violation
        if not self.penalty.is_positive or not is_constant.any():
            return minimize_gram(matrix, slope, old, weights, 0.0, self.penalty.is_positive, tolerance)
        # Over W >= 0 the constants are left to settle_intercept.
        free = np.flatnonzero(~is_constant)
        wanted = old.copy()
        wanted[free] = minimize_gram(matrix[np.ix_(free, free)], slope[free], old[free], weights[free], 0.0, True, tolerance)
        return wanted

    def _search(self, w: Array, b: Array) -> float:
        """Move by the longest of the steps 1, 1/2, 1/4 ... that lowers the objective enough. Returns: the step, zero for none."""
        move = self._predict(w)
        expected = float(np.sum(self.slope * w)) + float(self.residual.sum(axis=0) @ b)
        expected -= self._penalty((self.w + w).ravel()) - self._penalty(self.w.ravel())
        step = 1.0
        for _ in range(20):
            scores = self.plain + step * move + (self.b + step * b)
            _, tops = softmax_shares(scores)
            own = np.take_along_axis(scores, self.loss.labels[:, None], axis=1)[:, 0]
            coefficients = self.w + step * w
            found = float(self.loss.weights @ (tops - own)) + self._penalty(coefficients.ravel())
            if found <= self.objective - 1e-4 * step * expected + 1e-14 * abs(self.objective):
                self.w, self.b, self.plain = coefficients, self.b + step * b, self.plain + step * move
                return step
            step *= 0.5
        return 0.0

    def _step(self, c: int, active: Indices, margin: Array) -> None:
        """Minimize the quadratic model of class c against the others, whose log-odds are ``margin``; then search along."""
        weights, truth = self.loss.weights, self.truth[:, c]
        share = 0.5 * (1 + np.tanh(0.5 * margin))
        residual, curvature = weights * (truth - share), weights * share * (1 - share)
        solve = self._sweep if self.loss.is_sparse else self._solve_gram
        wanted, constant = solve(c, active, residual, curvature)
        old, before = self.w[c, active], np.logaddexp(0, margin)
        direction = wanted - old
        move = self._combine(active, direction) + constant
        step, pull = 1.0, float(weights @ (truth * move))
        expected = float(residual @ move) - self._penalty(wanted) + self._penalty(old)
        for _ in range(20):
            beta = wanted if step == 1.0 else old + step * direction
            rise = float(weights @ (np.logaddexp(0, margin + step * move) - before)) - step * pull
            if rise + self._penalty(beta) - self._penalty(old) <= -1e-4 * step * expected:
                self.w[c, active] = beta
                self.b[c] += step * constant
                self.scores[:, c] += step * move
                return
            step *= 0.5
            self.kept.pop(c, None)

    def _penalty(self, beta: Array) -> float:
        return self.penalty.lambda_1 * float(np.abs(beta).sum()) + 0.5 * self.penalty.lambda_2 * float(beta @ beta)

    def _combine(self, active: Indices, beta: Array) -> Array:
        if self.loss.is_sparse:
            return np.asarray(self.columns[:, active] @ beta)
        out = np.zeros(self.columns.shape[1])
        used = np.flatnonzero(beta)
        combine_dense(self.columns, active[used], beta[used], out)
        return out

    def _sweep(self, c: int, active: Indices, residual: Array, curvature: Array) -> tuple[Array, float]:
        """Solve by coordinate descent on sparse columns; returns the coefficients and the intercept's change."""
        columns, beta = self.columns[:, active], self.w[c, active].copy()
        constant = descend_sparse_weighted(
            columns.data, np.empty(columns.nnz), columns.indices, columns.indptr, curvature, residual.copy(), beta,
            self.penalty.lambda_1, self.penalty.lambda_2, self.penalty.is_positive, self.fit_intercept, _SWEEPS,
            _INNER * self.violation,
        )  # fmt: skip
        return beta, float(constant)

    def _solve_gram(self, c: int, active: Indices, residual: Array, curvature: Array) -> tuple[Array, float]:
        """Do the same by the matrix of second derivatives, the intercept eliminated."""
        change = np.empty(active.size)
        correlate_dense(self.columns, residual - self.residual[:, c], active, change)
        slope = self.slope[c, active] + change
        weights = np.full(active.size, self.penalty.lambda_1)
        matrix, total = self._curvature(c, active, curvature), float(curvature.sum())
        share, pull = np.zeros(active.size), 0.0
        if self.fit_intercept and total > 0:
            across = np.empty(active.size)
            correlate_dense(self.columns, curvature, active, across)
            share, pull = -across / total, float(residual.sum()) / total
            matrix = matrix - (np.outer(across, across) / total).astype(np.float32)
            slope = slope - across * pull
        old = self.w[c, active]
        penalty, tolerance = self.penalty, _INNER * self.violation
        wanted = minimize_gram(matrix, slope, old, weights, penalty.lambda_2, penalty.is_positive, tolerance)
        return wanted, float(share @ (wanted - old)) + pull

    def _curvature(self, c: int, active: Indices, weights: Array) -> Array:
        """Return X' diag(weights) X for the active columns, or that of weights that were close to these."""
        kept = self.kept.get(c)
        is_fit = kept is not None and float(np.abs(weights - kept.weights).sum()) <= _DRIFT * float(kept.weights.sum())
        if kept is None or not is_fit or not np.isin(active, kept.columns).all():
            rows = self.columns[active] * np.sqrt(weights).astype(np.float32)
            kept = self.kept[c] = _Curvature(active, weights, rows @ rows.T)
        place = np.searchsorted(kept.columns, active)
        return np.ascontiguousarray(kept.matrix[np.ix_(place, place)])
