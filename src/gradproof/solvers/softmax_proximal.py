"""Softmax regression with penalties that tie coefficients together: groups over the classes, the nuclear norm."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError
from gradproof.prox.checks import Array, positive
from gradproof.prox.nuclear import Nuclear
from gradproof.solvers.problem import largest_eigenvalue
from gradproof.solvers.result import Certificate, History, Reason, Result, Stopping
from gradproof.solvers.softmax_dual import entropy, settle_intercept, softmax_shares
from gradproof.solvers.softmax_loss import SoftmaxLoss, started
from gradproof.solvers.working_set_run import GAP

_WHERE = "minimize_structured_softmax"
_CHECK_EVERY = 10
Structure = Literal["group", "nuclear"]


@dataclass(frozen=True)
class _Norm:
    """A norm of W with weight one: value, prox, dual norm."""

    value: Callable[[Array], float]
    prox: Callable[[Array, float], Array]
    dual: Callable[[Array], float]


def _shrink_columns(w: Array, gamma: float) -> Array:
    lengths = np.linalg.norm(w, axis=0)
    return np.asarray(w * np.where(lengths > gamma, 1 - gamma / np.maximum(lengths, gamma), 0))


_NORMS: dict[str, _Norm] = {
    "group": _Norm(
        lambda w: float(np.linalg.norm(w, axis=0).sum()),
        _shrink_columns,
        lambda v: float(np.linalg.norm(v, axis=0).max(initial=0.0)),
    ),
    "nuclear": _Norm(
        lambda w: float(Nuclear(1.0).value(w)),
        lambda w, gamma: Nuclear(1.0).prox(w, gamma)[0],
        lambda v: float(np.linalg.norm(v, 2)),
    ),
}


def minimize_structured_softmax(
    x: Any,
    labels: npt.ArrayLike,
    lambda_: float,
    structure: Structure,
    *,
    classes: int | None = None,
    fit_intercept: bool = True,
    sample_weight: npt.ArrayLike | None = None,
    start: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    stopping: Stopping | None = None,
) -> Result:
    """Return the coefficients of softmax regression, (classes, d), under a norm of their matrix.

    Formula:  min_(W, b) sum_i w_i (logsumexp(W x_i + b) - (W x_i + b)_(y_i)) + lambda ||W||
    Args:     x: (n, d), dense or sparse.  labels: (n,), whole numbers from 0.  lambda_: > 0.
              structure: 'group' for sum_j ||W_j||_2, W_j being the coefficients of feature j in all classes; 'nuclear' for the
              sum of the singular values.
              fit_intercept: whether there is a b, which is not penalized; it is in ``extra['intercept']``.  start: W and b.
    Returns:  a result; its certificate is the duality gap relative to the objective at zero.
    Raises:   DomainError, ShapeError: penalties, labels, a single class, NaN, shapes.
    Source:   FISTA with adaptive restart (O'Donoghue and Candes 2015) on the loss with the best b for each W.
    Example:  >>> minimize_structured_softmax([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]], [0, 1, 2], 0.5, "group").x.any(axis=0)
              array([ True, False])
    """
    if structure not in _NORMS:
        raise DomainError("structure has to be group or nuclear", got=f"{structure!r}", where=_WHERE)
    loss = SoftmaxLoss(x, labels, classes, sample_weight)
    weight = float(positive(lambda_, "lambda_", _WHERE))
    run = _Run(loss, weight, _NORMS[structure], fit_intercept, stopping or Stopping(max_iterations=5000))
    if start is not None:
        run.take_start(*started(start, loss))
    return run.result()


class _Run:
    """One solve. A point W goes with its scores without intercept, so that points between others need no pass."""

    def __init__(self, loss: SoftmaxLoss, lambda_: float, norm: _Norm, fit_intercept: bool, stopping: Stopping) -> None:
        self.began, self.history, self.stopping = time.perf_counter(), History(), stopping
        self.loss, self.lambda_, self.norm, self.fit_intercept = loss, lambda_, norm, fit_intercept
        self.w: Array = np.zeros((loss.classes, loss.x.shape[1]))
        self.scores: Array = np.zeros((loss.x.shape[0], loss.classes))
        self.b: Array = np.zeros(loss.classes)
        self.zero = max(float(loss.weights.sum()) * float(np.log(loss.classes)), float(np.finfo(np.float64).tiny))
        self.dual = -np.inf
        # The curvature is at most half of X' diag(weights) X; mostly it is far below, so the steps begin longer.
        self.bound = 0.5 * self._largest() or 1.0
        self.lipschitz = 0.25 * self.bound

    def take_start(self, w: Array, b: Array) -> None:
        """Begin with the given coefficients and intercept."""
        self.w, self.scores = w, np.asarray(self.loss.x @ w.T)
        self.b = b if self.fit_intercept else np.zeros_like(b)
        self.loss.passes += 1

    def _largest(self) -> float:
        x, weights = self.loss.x, self.loss.weights
        return largest_eigenvalue(lambda v: np.asarray(x.T @ (weights * np.asarray(x @ v))), x.shape[1])

    def result(self) -> Result:
        """Run to the end."""
        reason: Reason = "iterations"
        best = (np.inf, np.inf, self.w, self.b, 0)
        ahead, ahead_scores, t = self.w, self.scores, 1.0
        try:
            for iteration in range(self.stopping.max_iterations + 1):
                is_last = iteration == self.stopping.max_iterations
                if iteration % _CHECK_EVERY == 0 or is_last:
                    objective, gap = self._measure(iteration)
                    if objective <= best[0] or gap <= self.stopping.tolerance:
                        best = (objective, gap, self.w, self.b, iteration)
                    found = self._terminate(iteration, objective, gap)
                    if found is not None or is_last:
                        reason = found or "iterations"
                        break
                before, before_scores = self.w, self.scores
                self._forward_backward(ahead, ahead_scores)
                move = self.w - before
                longer = 0.5 * (1 + np.sqrt(1 + 4 * t * t))
                is_uphill = float(np.sum((ahead - self.w) * move)) > 0
                factor, t = (0.0, 1.0) if is_uphill else ((t - 1) / longer, longer)
                ahead, ahead_scores = self.w + factor * move, self.scores + factor * (self.scores - before_scores)
        except KeyboardInterrupt:
            reason = "interrupted"
        objective, gap, w, b, last = best
        return Result(
            x=w, objective=objective, certificate=Certificate(GAP, gap, self.stopping.tolerance), solver="FISTA with restarts",
            reason=reason, iterations=last, seconds=time.perf_counter() - self.began, history=self.history.arrays(),
            passes=float(self.loss.passes), extra={"intercept": b, "support": int(np.count_nonzero(w.any(axis=0)))},
        )  # fmt: skip

    def _terminate(self, iteration: int, objective: float, gap: float) -> Reason | None:
        if gap <= self.stopping.tolerance:
            return "converged"
        if self.stopping.callback is not None and self.stopping.callback(iteration, objective, gap):
            return "stopped"
        return "seconds" if time.perf_counter() - self.began >= self.stopping.max_seconds else None

    def _evaluate(self, scores: Array) -> tuple[float, Array]:
        """Return the loss with the best intercept, and the residual."""
        loss = self.loss
        if self.fit_intercept:
            self.b = settle_intercept(scores, self.b, loss.labels, loss.weights)
        shares, tops = softmax_shares(scores + self.b)
        rows = np.arange(loss.labels.size)
        value = float(loss.weights @ (tops - scores[rows, loss.labels] - self.b[loss.labels]))
        self.shares = shares.copy()
        shares *= -1
        shares[rows, loss.labels] += 1
        return value, shares * loss.weights[:, None]

    def _forward_backward(self, at: Array, scores: Array) -> None:
        """Take a proximal gradient step from a point, with the curvature raised until its quadratic bounds the loss."""
        value, residual = self._evaluate(scores)
        slope = self._slope(residual)
        self.lipschitz *= 0.95
        while True:
            step = 1 / self.lipschitz
            w = self.norm.prox(at + step * slope, step * self.lambda_)
            found_scores = np.asarray(self.loss.x @ w.T)
            self.loss.passes += 1
            move = w - at
            limit = value - float(np.sum(slope * move)) + 0.5 * self.lipschitz * float(np.sum(move * move))
            if self.lipschitz >= self.bound or self._evaluate(found_scores)[0] <= limit + 1e-13 * abs(limit):
                self.w, self.scores = w, found_scores
                return
            self.lipschitz = min(2 * self.lipschitz, self.bound)

    def _slope(self, residual: Array) -> Array:
        self.loss.passes += 1
        return np.asarray((self.loss.x.T @ residual).T)

    def _measure(self, iteration: int) -> tuple[float, float]:
        value, residual = self._evaluate(self.scores)
        objective = value + self.lambda_ * self.norm.value(self.w)
        highest = self.norm.dual(self._slope(residual))
        scale = min(1.0, self.lambda_ / highest) if highest > 0 else 1.0
        self.dual = max(self.dual, entropy(self.shares, self.loss.labels, self.loss.weights, scale))
        # The dual wants the residuals of each class to sum to zero: what is left of that is counted by the size of b.
        left = float(np.abs(residual.sum(axis=0)).sum()) * (1 + float(np.abs(self.b).max())) if self.fit_intercept else 0.0
        gap = (max(objective - self.dual, 0.0) + left) / self.zero
        self.history.add(iteration, time.perf_counter() - self.began, objective, gap)
        return objective, gap
