"""Softmax regression with a squared l2 penalty."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.linalg import cholesky, solve_triangular

from gradproof.errors import DomainError, ShapeError
from gradproof.prox.checks import Array, check_memory, float_array, nonnegative, positive
from gradproof.solvers.problem import Problem
from gradproof.solvers.result import Certificate, Result, Stopping
from gradproof.solvers.second_order import minimize_lbfgs
from gradproof.solvers.softmax_dual import settle_intercept
from gradproof.solvers.softmax_kernels import softmax_loss

_WHERE = "minimize_softmax"
_LARGEST_ENTRY = 1e150
_WIDEST = 3000
_ROUNDS = 4
#: Scores, shares, residuals and truth are held at a time.
_TABLES = 4
_REMEDY = "Take fewer samples at a time, or fewer classes."


class SoftmaxLoss:
    """sum_i w_i (logsumexp(z_i) - z_(i, y_i)) with z = X W' + b, and its gradients in W and b.

    Args:     x: (n, d), dense or sparse.  labels: (n,), 0 to classes - 1.  sample_weight: (n,), >= 0.
    """

    def __init__(
        self, x: Any, labels: npt.ArrayLike, classes: int | None = None, sample_weight: npt.ArrayLike | None = None
    ) -> None:
        self.is_sparse = sparse.issparse(x)
        self.x: Any = _sparse_table(x) if self.is_sparse else _table(x)
        self.labels, self.classes = _labels(labels, self.x.shape[0], classes)
        n = self.x.shape[0]
        check_memory(
            _TABLES * (n + self.x.shape[1]) * self.classes, f"scores of {n} samples in {self.classes} classes", _WHERE, _REMEDY
        )
        weights = (
            np.ones(n)
            if sample_weight is None
            else np.asarray(nonnegative(sample_weight, "sample_weight", _WHERE), dtype=np.float64)
        )
        if weights.shape != (n,):
            raise ShapeError(f"sample_weight needs shape ({n},)", got=str(weights.shape), where=_WHERE)
        self.weights = weights
        #: How often the data was read.
        self.passes = 0

    def evaluate(self, coefficients: Array, intercept: Array) -> tuple[float, Array, Array]:
        """Return the loss and its gradients in the coefficients, (classes, d), and in the intercept."""
        self.passes += 1
        if self.is_sparse:
            return self._evaluate_sparse(coefficients, intercept)
        # An odd number of classes gets a row of zeros: the kernel takes them in pairs.
        padded = np.zeros((self.classes + self.classes % 2, self.x.shape[1]))
        padded[: self.classes] = coefficients
        gradient, slope = np.empty_like(padded), np.empty(self.classes)
        loss = softmax_loss(self.x, padded, intercept, self.labels, self.weights, gradient, slope)
        return float(loss), gradient[: self.classes], slope

    def _evaluate_sparse(self, coefficients: Array, intercept: Array) -> tuple[float, Array, Array]:
        z = self.x @ coefficients.T + intercept
        top = z.max(axis=1, keepdims=True)
        powers = np.exp(z - top)
        totals = powers.sum(axis=1)
        rows = np.arange(z.shape[0])
        loss = float(self.weights @ (np.log(totals) + top[:, 0] - z[rows, self.labels]))
        shares = powers / totals[:, None]
        shares[rows, self.labels] -= 1
        shares *= self.weights[:, None]
        return loss, np.asarray((self.x.T @ shares).T), shares.sum(axis=0)


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
        self.root: Array | None = None
        self.center: Array = np.zeros(loss.x.shape[1])
        self.gaps: list[float] = []
        self.zero = max(float(loss.weights.sum()) * float(np.log(loss.classes)), float(np.finfo(np.float64).tiny))

    def _curvature(self) -> tuple[Array | None, Array]:
        """Return the Cholesky factor of X' X / 4 + lambda_2 I with columns centered, and the centers, unless X is wide or sparse."""
        x, d = self.loss.x, self.loss.x.shape[1]
        total = float(self.loss.weights.sum())
        center = np.asarray(x.T @ self.loss.weights).ravel() / total if self.fit_intercept and total > 0 else np.zeros(d)
        if self.loss.is_sparse or d > min(_WIDEST, x.shape[0]):
            return None, np.zeros(d)
        rows = x if np.all(self.loss.weights == 1) else x * np.sqrt(self.loss.weights)[:, None]
        gram = np.asarray(rows.T @ rows, dtype=np.float64) - total * np.outer(center, center)
        gram = 0.25 * gram
        gram.flat[:: d + 1] += self.lambda_2 + 1e-12 * float(np.trace(gram)) / max(d, 1)
        return np.asarray(cholesky(gram, overwrite_a=True, check_finite=False)), center

    def _coefficients(self, point: Array) -> tuple[Array, Array]:
        """Return W and b for coordinates: W = V R^-T, and b moved so that V alone leaves the mean scores as they are."""
        rows, shift = point[:, :-1], point[:, -1] if self.fit_intercept else np.zeros(point.shape[0])
        w = rows if self.root is None else solve_triangular(self.root, rows.T, check_finite=False).T
        scale = np.sqrt(0.25 * self.loss.weights.sum()) or 1.0
        return np.ascontiguousarray(w), shift / scale - (w @ self.center if self.fit_intercept else 0.0)

    def evaluate(self, point: Array) -> tuple[float, Array]:
        """Return objective and gradient in the coordinates; keeps the certificate of the point."""
        w, b = self._coefficients(point)
        value, gradient, slope = self.loss.evaluate(w, b)
        objective = value + 0.5 * self.lambda_2 * float(np.sum(w * w))
        gradient = gradient + self.lambda_2 * w
        gap = float(np.sum(gradient**2)) / (2 * self.lambda_2)
        estimate = gap
        if self.fit_intercept:
            # The dual wants the slope to be zero: counted by the size of b it is a bound, over the curvature an estimate.
            estimate += 2 * self.loss.classes * float(np.sum(slope**2)) / float(self.loss.weights.sum())
            gap += float(np.abs(slope).sum()) * (1 + float(np.abs(b).max()))
            gradient = gradient - np.outer(slope, self.center)
        self.seen = _Seen(w, b, gap / self.zero, estimate / self.zero)
        if self.root is not None:
            gradient = solve_triangular(self.root, gradient.T, trans="T", check_finite=False).T
        scale = np.sqrt(0.25 * self.loss.weights.sum()) or 1.0
        return objective, np.column_stack([gradient, slope / scale if self.fit_intercept else np.zeros(slope.size)])

    def _point(self, start: tuple[npt.ArrayLike, npt.ArrayLike] | None) -> Array:
        """Return the coordinates of W and b."""
        w, b = started(start, self.loss)
        rows = w if self.root is None else w @ self.root.T
        scale = np.sqrt(0.25 * self.loss.weights.sum()) or 1.0
        shift = scale * (b + w @ self.center) if self.fit_intercept else np.zeros_like(b)
        return np.column_stack([rows, shift])

    def result(self, start: tuple[npt.ArrayLike, npt.ArrayLike] | None) -> Result:
        """Run L-BFGS until the gap is small enough."""
        rounds: list[Result] = []
        try:
            self.root, self.center = self._curvature()
        except KeyboardInterrupt:
            return self._postprocess(rounds, self.evaluate(self._point(start))[0])
        point = self._point(start)
        for _ in range(_ROUNDS):
            rounds.append(
                minimize_lbfgs(Problem(self.evaluate), point, self._inner(sum(run.iterations for run in rounds)), memory=30)
            )
            point = rounds[-1].x
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
        scale = np.sqrt(0.25 * weights.sum()) or 1.0
        moved = point.copy()
        moved[:, -1] = scale * (b + w @ self.center)
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
            solver="L-BFGS" if self.root is None else "L-BFGS, preconditioned",
            reason="converged" if gap <= self.stopping.tolerance else last,
            iterations=sum(run.iterations for run in rounds),
            seconds=time.perf_counter() - self.began,
            history=history,
            passes=float(self.loss.passes),
            extra={"intercept": self.seen.intercept},
        )


def started(start: tuple[npt.ArrayLike, npt.ArrayLike] | None, loss: SoftmaxLoss) -> tuple[Array, Array]:
    """Return W and b to begin with, zero by default. Raises: DomainError, ShapeError."""
    shapes = (loss.classes, loss.x.shape[1]), (loss.classes,)
    if start is None:
        return np.zeros(shapes[0]), np.zeros(shapes[1])
    w, b = (float_array(part, "start", _WHERE).astype(np.float64) for part in start)
    if (w.shape, b.shape) != shapes:
        raise ShapeError(f"start needs the shapes {shapes[0]} and {shapes[1]}", got=f"{w.shape} and {b.shape}", where=_WHERE)
    return w, b


def _table(x: Any) -> Array:
    table = float_array(x, "X", _WHERE)
    if table.ndim != 2:
        raise ShapeError("X needs a row for each sample and a column for each feature", got=f"shape {table.shape}", where=_WHERE)
    _check_size(table)
    return np.ascontiguousarray(table)


def _sparse_table(x: Any) -> Any:
    table = sparse.csr_matrix(x, dtype=np.float64)
    _check_size(float_array(table.data, "X", _WHERE))
    return table


def _check_size(entries: Array) -> None:
    largest = max(-float(entries.min()), float(entries.max())) if entries.size else 0.0
    if largest > _LARGEST_ENTRY:
        raise DomainError(
            f"entries of X up to {_LARGEST_ENTRY:.0e} were expected", got=f"{largest:.3g}", where=_WHERE,
            remedy="Scale the data: their squares overflow.",
        )  # fmt: skip


def _labels(labels: npt.ArrayLike, n: int, classes: int | None) -> tuple[npt.NDArray[np.int64], int]:
    array = np.asarray(labels)
    if array.shape != (n,):
        raise ShapeError(f"labels need shape ({n},)", got=str(array.shape), where=_WHERE, remedy="One class number a sample.")
    if n == 0:
        raise ShapeError("at least one sample is needed", got="none", where=_WHERE)
    if array.dtype.kind not in "iu" or (array < 0).any():
        raise DomainError("labels have to be whole numbers from 0", got=f"{array[:5]}", where=_WHERE, remedy="Number the classes.")
    found = int(array.max()) + 1
    if classes is not None and found > classes:
        raise DomainError(f"labels have to be below {classes}", got=f"{found - 1}", where=_WHERE)
    if (classes or found) < 2 or np.all(array == array[0]):
        raise DomainError("two classes are needed", got="one", where=_WHERE, remedy="There is nothing to tell apart.")
    return array.astype(np.int64), classes or found
