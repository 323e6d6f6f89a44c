"""Least squares with l1 and l2 penalties: lasso, elastic net, and both over nonnegative coefficients."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError, ShapeError
from gradproof.solvers.design import Array, Design, Indices
from gradproof.solvers.result import Certificate, History, Reason, Result
from gradproof.solvers.working_set import SparseSet, WorkingSet

_FIRST = 100


@dataclass(frozen=True, slots=True)
class Stopping:
    """When to stop: at the tolerance of the certificate, or after so many iterations or seconds."""

    tolerance: float = 1e-6
    max_iterations: int = 100
    max_seconds: float = np.inf
    callback: Callable[[int, float, float], bool | None] | None = None


def minimize_elastic_net(
    x: Any,
    y: npt.ArrayLike,
    lambda_1: float,
    lambda_2: float = 0.0,
    *,
    is_positive: bool = False,
    fit_intercept: bool = False,
    start: npt.ArrayLike | None = None,
    stopping: Stopping | None = None,
) -> Result:
    """Return the coefficients of least squares with an elastic-net penalty.

    Formula:  min_b ||y - X b||^2 / 2 + lambda_1 ||b||_1 + lambda_2 / 2 ||b||^2   (over b >= 0 if is_positive)
    Args:     x: (n, p), dense or sparse.  y: (n,).  lambda_1, lambda_2: >= 0, with lambda_1 > 0 or is_positive.
              fit_intercept: a constant that is not penalized; it is in ``extra['intercept']``.  start: (p,).
    Returns:  a result; its certificate is the duality gap relative to the objective at zero, or for lambda_1 = 0 the
              largest violation of the optimality conditions relative to that at zero.
    Raises:   DomainError, ShapeError: penalties, NaN, shapes.
    Source:   working sets by distance to the dual constraints (Massias, Gramfort and Salmon 2018), gap-safe screening
              (Ndiaye et al. 2017), and inside the set coordinate descent on the Gram matrix, finished by Cholesky.
    Example:  >>> minimize_elastic_net([[1.0, 0.0], [0.0, 1.0]], [3.0, 0.5], 1.0).x
              array([2., 0.])
    """
    return ElasticNetSolver(x, y, fit_intercept=fit_intercept).solve(lambda_1, lambda_2, is_positive, start, stopping)


class ElasticNetSolver:
    """What all problems with the same data share: products, norms, and the columns met so far."""

    def __init__(self, x: Any, y: npt.ArrayLike, *, fit_intercept: bool = False) -> None:
        self.design = x if isinstance(x, Design) else Design(x, "minimize_elastic_net")
        self.target = _vector(y, self.design.shape[0])
        self._offset = float(self.target.mean()) if fit_intercept and self.target.size else 0.0
        self.target = self.target - self._offset
        self.products, self.squares, sums = self.design.survey(self.target)
        self.means = sums / self.design.shape[0] if fit_intercept else None
        if self.means is not None:
            self.squares = np.maximum(self.squares - self.design.shape[0] * self.means**2, 0)
        self.norms = np.sqrt(self.squares)
        self.energy = 0.5 * float(self.target @ self.target)
        self._set: WorkingSet | SparseSet = (
            SparseSet(self.design, self.means) if self.design.is_sparse else WorkingSet(self.design, self.means)
        )

    def lambda_max(self, is_positive: bool = False) -> float:
        """Return the least lambda_1 at which all coefficients are zero."""
        return float(np.max(self.products if is_positive else np.abs(self.products), initial=0.0))

    def solve(
        self,
        lambda_1: float,
        lambda_2: float = 0.0,
        is_positive: bool = False,
        start: npt.ArrayLike | None = None,
        stopping: Stopping | None = None,
    ) -> Result:
        """Solve for one pair of penalties; the columns taken up for earlier ones are used again."""
        _check_penalties(lambda_1, lambda_2, is_positive)
        problem = _Problem(lambda_1, lambda_2, is_positive)
        return _Run(self, problem, stopping or Stopping(), start).result()


@dataclass(frozen=True, slots=True)
class _Problem:
    lambda_1: float
    lambda_2: float
    is_positive: bool


class _Run:
    """One solve: init, then step until terminate, then postprocess."""

    def __init__(self, data: ElasticNetSolver, problem: _Problem, stopping: Stopping, start: npt.ArrayLike | None) -> None:
        self.data, self.problem, self.stopping = data, problem, stopping
        self.began = time.perf_counter()
        self.set = data._set
        self.history = History()
        self.beta = np.zeros(self.set.chosen.size)
        self.alive: Indices = np.flatnonzero(data.squares > 0)
        self.residual: Array = data.target
        self.products = data.products[self.alive]
        self.dual = -np.inf
        if start is not None:
            self._take_start(np.asarray(start, dtype=np.float64))
        elif self.set.chosen.size:
            self._solve_inside(1e-3)
            self.products = data.design.correlate(self.residual, self.alive)

    def _take_start(self, start: Array) -> None:
        if start.shape != (self.data.design.shape[1],):
            raise ShapeError(
                f"start needs shape ({self.data.design.shape[1]},)", got=f"{start.shape}", where="minimize_elastic_net"
            )
        used = np.flatnonzero(start)
        self.set.extend(np.setdiff1d(used, self.set.chosen))
        self.beta = start[self.set.chosen]
        if used.size:
            self.residual = self.data.target - self.set.predict(self.beta)
            self.products = self.data.design.correlate(self.residual, self.alive)

    def result(self) -> Result:
        reason: Reason = "iterations"
        iteration, objective, gap = 0, np.inf, np.inf
        try:
            for iteration in range(self.stopping.max_iterations + 1):
                slack = self._slack()
                objective, gap = self._measure(slack)
                seconds = time.perf_counter() - self.began
                self.history.add(iteration, seconds, objective, gap)
                found = self._terminate(iteration, seconds, objective, gap)
                if found is not None:
                    reason = found
                    break
                self._step(slack, gap)
        except KeyboardInterrupt:
            reason = "interrupted"
        return self._postprocess(reason, iteration, objective, gap)

    def _slack(self) -> Array:
        """Return |<x_j, r>| (signed if coefficients are nonnegative), the ridge counted, for the columns still alive."""
        products = self.products
        if self.problem.lambda_2:
            products = products - self.problem.lambda_2 * self._dense()[self.alive]
        return products if self.problem.is_positive else np.abs(products)

    def _dense(self) -> Array:
        beta = np.zeros(self.data.design.shape[1])
        beta[self.set.chosen] = self.beta
        return beta

    def _measure(self, slack: Array) -> tuple[float, float]:
        """Return the objective and the certificate: with a penalty the residual, scaled until it is dual feasible."""
        problem, square = self.problem, float(self.residual @ self.residual)
        ridge = problem.lambda_2 * float(self.beta @ self.beta)
        objective = 0.5 * (square + ridge) + problem.lambda_1 * float(np.abs(self.beta).sum())
        if problem.lambda_1 == 0:
            return objective, self._violation(slack)
        highest = float(np.max(slack, initial=0.0))
        # Best multiple of the residual among the feasible ones.
        along, size = float(self.residual @ self.data.target), square + ridge
        scale = min(problem.lambda_1 / highest if highest > 0 else np.inf, along / size if size > 0 else 1.0)
        self.scale = max(scale, 0.0)
        dual = self.scale * along - 0.5 * self.scale**2 * size
        self.dual = max(self.dual, dual)
        self.gap = objective - dual
        return objective, max(objective - self.dual, 0.0) / self.data.energy if self.data.energy > 0 else 0.0

    def _violation(self, slack: Array) -> float:
        largest = self.data.lambda_max(self.problem.is_positive)
        if largest <= 0:
            return 0.0
        used = self._dense()[self.alive] > 0
        return float(np.max(np.where(used, np.abs(slack), np.maximum(slack, 0)), initial=0.0)) / largest

    def _terminate(self, iteration: int, seconds: float, objective: float, gap: float) -> Reason | None:
        if gap <= self.stopping.tolerance:
            return "converged"
        if self.stopping.callback is not None and self.stopping.callback(iteration, objective, gap):
            return "stopped"
        return "seconds" if seconds >= self.stopping.max_seconds else None

    def _step(self, slack: Array, gap: float) -> None:
        keep = self._safe(slack)
        ranking = (self.problem.lambda_1 - self.scale * slack if self.problem.lambda_1 else -slack) / self.data.norms[self.alive]
        ranking, slack, self.alive = ranking[keep], slack[keep], self.alive[keep]
        self.set.extend(self._pick(ranking, slack))
        self.beta = np.concatenate([self.beta, np.zeros(self.set.chosen.size - self.beta.size)])
        self._solve_inside(gap)
        self.products = self.data.design.correlate(self.residual, self.alive)

    def _safe(self, slack: Array) -> npt.NDArray[np.bool_]:
        """Return which columns may still be used: the optimum lies in a ball around the dual point."""
        if self.problem.lambda_1 == 0:
            return np.ones(self.alive.size, dtype=bool)
        radius = np.sqrt(2 * max(self.gap, 0.0))
        norms = np.sqrt(self.data.squares[self.alive] + self.problem.lambda_2)
        may_be_used = self.scale * slack + radius * norms >= self.problem.lambda_1
        return may_be_used | np.isin(self.alive, self.set.chosen[self.beta != 0])

    def _pick(self, ranking: Array, slack: Array) -> Indices:
        """Return columns that are not yet in the set and violate their dual constraint most, at most half as many as are in use."""
        is_new = ~np.isin(self.alive, self.set.chosen)
        support = int(np.count_nonzero(self.beta))
        is_new &= slack > self.problem.lambda_1 * (1 + 1e-9)
        room = max(_FIRST, support // 2)
        candidates, order = self.alive[is_new], ranking[is_new]
        if candidates.size > room:
            candidates = candidates[np.argpartition(order, room - 1)[:room]]
        return np.sort(candidates)

    def _solve_inside(self, gap: float) -> None:
        problem = self.problem
        scale = problem.lambda_1 or self.data.lambda_max(problem.is_positive)
        tolerance = scale * min(1e-2, 0.3 * max(min(gap, 1.0), self.stopping.tolerance))
        self.beta, self.residual = self.set.minimize(
            self.beta, self.data, (problem.lambda_1, problem.lambda_2, problem.is_positive), tolerance
        )

    def _postprocess(self, reason: Reason, iteration: int, objective: float, gap: float) -> Result:
        problem, beta = self.problem, self._dense()
        kind = "duality gap relative to the objective at zero" if problem.lambda_1 else "KKT residual relative to zero's"
        intercept = self.data._offset - (float(self.data.means @ beta) if self.data.means is not None else 0.0)
        return Result(
            x=beta,
            objective=objective,
            certificate=Certificate(kind, gap, self.stopping.tolerance),
            solver="working set, Gram coordinate descent, Cholesky",
            reason=reason,
            iterations=iteration,
            seconds=time.perf_counter() - self.began,
            history=self.history.arrays(),
            passes=self.data.design.passes,
            extra={
                "intercept": intercept,
                "support": int(np.count_nonzero(beta)),
                "screened": self.data.design.shape[1] - self.alive.size,
            },
        )


def _vector(y: npt.ArrayLike, n: int) -> Array:
    target = np.asarray(y)
    if target.dtype.kind not in "biuf":
        raise DomainError("y has to hold real numbers", got=f"dtype {target.dtype}", where="minimize_elastic_net")
    if target.shape != (n,):
        raise ShapeError(
            f"y needs shape ({n},)", got=f"{target.shape}", where="minimize_elastic_net", remedy="One number a sample."
        )
    if not np.isfinite(target).all():
        raise DomainError(
            "every entry of y has to be finite", got=f"{target[~np.isfinite(target)][0]}", where="minimize_elastic_net"
        )
    return target.astype(np.float64)


def _check_penalties(lambda_1: float, lambda_2: float, is_positive: bool) -> None:
    for name, value in (("lambda_1", lambda_1), ("lambda_2", lambda_2)):
        if not (np.isfinite(value) and value >= 0):
            raise DomainError(f"{name} has to be a number of at least 0", got=f"{value}", where="minimize_elastic_net")
    if lambda_1 == 0 and not is_positive:
        raise DomainError(
            "lambda_1 > 0 is needed",
            got="0",
            where="minimize_elastic_net",
            remedy="Without it, solve the normal equations (ridge).",
        )
