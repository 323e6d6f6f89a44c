"""Softmax regression with a squared l2 penalty."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.prox.checks import Array, positive
from gradproof.solvers.problem import Problem
from gradproof.solvers.result import Certificate, Result, Stopping
from gradproof.solvers.second_order import minimize_lbfgs
from gradproof.solvers.softmax_coordinates import Coordinates
from gradproof.solvers.softmax_dual import settle_intercept
from gradproof.solvers.softmax_loss import SoftmaxLoss, started
from gradproof.solvers.softmax_polish import polished

_WHERE = "minimize_softmax"
_ROUNDS = 4
#: So close to its end a run that stalled is finished by Newton steps.
_FINE = 1e6


def minimize_softmax(
    x: Any,
    labels: npt.ArrayLike,
    lambda_2: float,
    *,
    classes: int | None = None,
    fit_intercept: bool = True,
    sample_weight: npt.ArrayLike | None = None,
    start: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    stopping: Stopping | None = None,
) -> Result:
    """Return the coefficients of softmax regression, (classes, d).

    Formula:  min_(W, b) sum_i w_i (logsumexp(W x_i + b) - (W x_i + b)_(y_i)) + lambda_2 / 2 ||W||^2
    Args:     x: (n, d), dense or sparse.  labels: (n,), whole numbers from 0.  lambda_2: > 0.
              fit_intercept: whether there is a b, which is not penalized; it is in ``extra['intercept']``.
              start: W, (classes, d), and b, (classes,).
    Returns:  a result; its certificate is the duality gap relative to the objective at zero, ||gradient||^2 / (2 lambda_2),
              with the gradient in b, which the dual wants to be zero, counted by the size of b.
    Raises:   DomainError, ShapeError: penalties, labels, a single class, NaN, shapes.
    Source:   L-BFGS in coordinates in which the curvature bound of Boehning 1992, X' X / 4, is the identity.
    Example:  >>> result = minimize_softmax([[0.0], [1.0], [2.0]], [0, 1, 2], 0.1)
              >>> result.is_converged, result.x.shape
              (True, (3, 1))
    """
    loss = SoftmaxLoss(x, labels, classes, sample_weight)
    return _Run(
        loss, float(positive(lambda_2, "lambda_2", _WHERE)), fit_intercept, stopping or Stopping(max_iterations=2000)
    ).result(start)


@dataclass(frozen=True, slots=True)
class _Seen:
    """The last point that was evaluated, with a bound of its gap and an estimate."""

    coefficients: Array
    intercept: Array
    gap: float
    estimate: float


class _Run:
    def __init__(self, loss: SoftmaxLoss, lambda_2: float, fit_intercept: bool, stopping: Stopping) -> None:
        self.began = time.perf_counter()
        self.loss, self.lambda_2, self.fit_intercept, self.stopping = loss, lambda_2, fit_intercept, stopping
        self.center: Array = np.zeros(loss.x.shape[1])
        self.gaps: list[float] = []
        self.zero = max(float(loss.weights.sum()) * float(np.log(loss.classes)), float(np.finfo(np.float64).tiny))

    def evaluate(self, point: Array) -> tuple[float, Array]:
        """Return objective and gradient in the coordinates."""
        w, b = self.coordinates.coefficients(point)
        objective, gradient, slope = self._look(w, b)
        return objective, self.coordinates.gradient(gradient, slope)

    def _look(self, w: Array, b: Array) -> tuple[float, Array, Array]:
        """Return the objective and its gradients; keeps the certificate of the point."""
        value, gradient, slope = self.loss.evaluate(w, b)
        objective = value + 0.5 * self.lambda_2 * float(np.sum(w * w))
        gradient = gradient + self.lambda_2 * w
        gap = float(np.sum(gradient**2)) / (2 * self.lambda_2)
        estimate = gap
        if self.fit_intercept:
            # The dual wants the slope to be zero: counted by the size of b it is a bound, over the curvature an estimate of what
            # is left with the best b.
            centered = gradient - np.outer(slope, self.center)
            estimate = float(np.sum(centered**2)) / (2 * self.lambda_2) + 2 * self.loss.classes * float(np.sum(slope**2)) / float(
                self.loss.weights.sum()
            )
            gap += float(np.abs(slope).sum()) * (1 + float(np.abs(b).max()))
        self.seen = _Seen(w, b, gap / self.zero, estimate / self.zero)
        return objective, gradient, slope

    def result(self, start: tuple[npt.ArrayLike, npt.ArrayLike] | None) -> Result:
        """Run L-BFGS until the gap is small enough."""
        rounds: list[Result] = []
        w, b = started(start, self.loss)
        first = w, b if self.fit_intercept else np.zeros_like(b)
        try:
            self.coordinates = Coordinates(
                self.loss.x, self.loss.weights, self.lambda_2, fit_intercept=self.fit_intercept, is_sparse=self.loss.is_sparse
            )
        except KeyboardInterrupt:
            return self._postprocess(rounds, self._look(*first)[0])
        self.center = self.coordinates.center
        point = self.coordinates.point(*first)
        for _ in range(_ROUNDS):
            rounds.append(
                minimize_lbfgs(Problem(self.evaluate), point, self._inner(sum(run.iterations for run in rounds)), memory=30)
            )
            point = rounds[-1].x
            objective, gradient = self.evaluate(point)
            if (
                rounds[-1].reason == "stalled"
                and _FINE * self.stopping.tolerance > self.seen.estimate > 0.5 * self.stopping.tolerance
            ):
                point, _ = polished(self.loss, self.coordinates, self.evaluate, point, gradient, self.lambda_2)
                objective, _ = self.evaluate(point)
            if self.fit_intercept and self.seen.estimate <= self.stopping.tolerance:
                point = self._settle(point)
                objective, _ = self.evaluate(point)
            if self.seen.gap <= self.stopping.tolerance or rounds[-1].reason not in ("stopped", "stalled"):
                break
        return self._postprocess(rounds, objective)

    def _inner(self, done: int) -> Stopping:
        """Return the bounds of the next run: L-BFGS looks at the gradient, we at the gap."""
        callback, limits = self.stopping.callback, self.stopping
        left = limits.max_seconds - (time.perf_counter() - self.began)

        def watch(iteration: int, objective: float, _: float) -> bool:
            self.gaps.append(self.seen.gap)
            is_close = self.seen.estimate <= 0.5 * limits.tolerance
            return is_close or (callback is not None and bool(callback(done + iteration, objective, self.seen.gap)))

        return Stopping(1e-15, max(limits.max_iterations - done, 1), left, watch)

    def _settle(self, point: Array) -> Array:
        """Find the best intercept for the coefficients."""
        w, weights = self.seen.coefficients, self.loss.weights
        self.loss.passes += 1
        b = settle_intercept(np.asarray(self.loss.x @ w.T), self.seen.intercept, self.loss.labels, weights)
        moved = point.copy()
        moved[:, -1] = self.coordinates.point(w, b)[:, -1]
        return moved

    def _postprocess(self, rounds: list[Result], objective: float) -> Result:
        gap = self.seen.gap
        last = rounds[-1].reason if rounds else "interrupted"
        history = {name: np.concatenate([run.history[name] for run in rounds]) for name in (rounds[0].history if rounds else ())}
        history["certificate"] = np.array(self.gaps)
        history["iteration"] = np.arange(1, len(self.gaps) + 1, dtype=np.float64)
        return Result(
            x=self.seen.coefficients,
            objective=objective,
            certificate=Certificate("duality gap relative to the objective at zero", gap, self.stopping.tolerance),
            solver="L-BFGS, preconditioned",
            reason="converged" if gap <= self.stopping.tolerance else last,
            iterations=sum(run.iterations for run in rounds),
            seconds=time.perf_counter() - self.began,
            history=history,
            passes=float(self.loss.passes),
            extra={"intercept": self.seen.intercept},
        )
