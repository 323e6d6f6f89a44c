"""The loop that drives every first-order solver: init, step, terminate, postprocess."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from gradproof.prox.checks import Array, float_array
from gradproof.solvers.problem import Problem, fair_scale, gradient_scale
from gradproof.solvers.result import Certificate, History, Reason, Result, Stopping

_CHECK_EVERY = 10
_BOTTOMLESS = 1e20


@dataclass(slots=True)
class State:
    """Where a solver is. value and gradient are those of the smooth part at x, or None if it was not evaluated there."""

    x: Array
    value: float | None
    gradient: Array | None


S = TypeVar("S", bound=State)


class AbstractSolver(ABC, Generic[S]):
    """A way to go from one point to the next."""

    name: str
    #: Whether the objective falls, so that the lowest point met is the best; else that with the best certificate is.
    is_descent = True

    def residual(self, problem: Problem, state: S, gradient: Array) -> float:
        """Return how far the state is from the optimality conditions."""
        return problem.residual(state.x, gradient)

    def extra_value(self, state: S) -> float:
        """Return what the objective has besides the smooth part and the penalty."""
        return 0.0

    @abstractmethod
    def init(self, problem: Problem, x: Array) -> S:
        """Return the state at the start."""

    @abstractmethod
    def step(self, problem: Problem, state: S) -> S:
        """Return the next state."""


def minimize(problem: Problem, start: npt.ArrayLike, solver: AbstractSolver[Any], stopping: Stopping | None = None) -> Result:
    """Return the minimizer of a smooth function plus a penalty.

    Args:     start: where to begin.  solver: such as Fista().  stopping: tolerance of the certificate, bounds.
    Returns:  the best point met. Its certificate is the relative duality gap if the problem has one, else the distance of
              minus the gradient from the subgradients of the penalty, relative to the gradient at the start.
    Raises:   DomainError: the start is not finite, or outside the domain of the smooth part.
    Example:  >>> import numpy as np
              >>> from gradproof.prox import L1
              >>> from gradproof.solvers.proximal import Fista
              >>> problem = Problem(lambda x: (0.5 * float(np.sum((x - 3) ** 2)), x - 3), L1(1.0), lipschitz=1.0)
              >>> minimize(problem, [0.0, 0.0], Fista()).x
              array([2., 2.])
    """
    return _Loop(problem, float_array(start, "start", "minimize"), solver, stopping or Stopping(max_iterations=10_000)).run()


class _Loop:
    def __init__(self, problem: Problem, start: Array, solver: AbstractSolver[Any], stopping: Stopping) -> None:
        self.problem, self.solver, self.stopping = problem, solver, stopping
        self.began = time.perf_counter()
        self.history = History()
        self.start = start
        self.state: State = solver.init(problem, start.copy())
        value, gradient = problem.evaluate(self.state.x)
        # Where the smooth part is flat at the start, there is nothing to compare with: the residual counts as it is.
        self.scale = problem.scale or gradient_scale(problem, self.state.x, value, gradient)
        self.first = abs(value)
        self.best, self.best_objective, self.best_certificate = self.state.x, np.inf, np.inf
        self.extra: dict[str, Any] = {}

    def run(self) -> Result:
        """Step until something says stop."""
        reason: Reason = "iterations"
        iteration = 0
        try:
            for iteration in range(self.stopping.max_iterations + 1):
                is_last = iteration == self.stopping.max_iterations
                found = self._terminate(iteration, is_last)
                if found is not None:
                    reason = found
                    break
                if is_last:
                    break
                before = self.state.x
                with np.errstate(over="ignore", invalid="ignore"):
                    self.state = self.solver.step(self.problem, self.state)
                trouble = self._trouble(before)
                if trouble is not None:
                    self._measure(iteration + 1)
                    reason = "converged" if trouble == "stalled" and self.best_certificate <= self.stopping.tolerance else trouble
                    break
        except KeyboardInterrupt:
            reason = "interrupted"
        return self._postprocess(reason, iteration)

    def _terminate(self, iteration: int, is_last: bool) -> Reason | None:
        seconds = time.perf_counter() - self.began
        is_late = seconds >= self.stopping.max_seconds
        # The first step is looked at too: where the smooth part is a squared distance, it is the last.
        if self.state.gradient is None and iteration > 1 and iteration % _CHECK_EVERY and not (is_late or is_last):
            return None
        objective, certificate = self._measure(iteration)
        if certificate <= self.stopping.tolerance:
            certificate = self._compared_fairly(certificate)
        if certificate <= self.stopping.tolerance:
            return "converged"
        if objective < -_BOTTOMLESS * (1 + self.first):
            return self._unbounded()
        if self.stopping.callback is not None and self.stopping.callback(iteration, objective, certificate):
            return "stopped"
        return "seconds" if is_late else None

    def _compared_fairly(self, certificate: float) -> float:
        """Return the certificate that is met, relative to less where the start was steep beyond comparison."""
        if self.problem.gap is not None or self.problem.scale is not None:
            return certificate
        scale = fair_scale(self.problem, self.start, self.state.x, self.scale)
        factor, self.scale = self.scale / scale, scale
        self.history.rescale(factor)
        self.best_certificate *= factor
        return certificate * factor

    def _measure(self, iteration: int) -> tuple[float, float]:
        """Evaluate the state, write it down, and keep it if it is the best."""
        x, value, gradient = self.state.x, self.state.value, self.state.gradient
        if not np.isfinite(x).all():
            return np.inf, np.inf
        if value is None or gradient is None:
            value, gradient = self.problem.evaluate(x)
        objective = value + self.problem.penalty_value(x) + self.solver.extra_value(self.state)
        if not np.isfinite(objective) or not np.isfinite(gradient).all():
            return objective, np.inf
        gap = self.problem.gap
        with np.errstate(over="ignore", invalid="ignore"):
            certificate = gap(x) if gap is not None else self.solver.residual(self.problem, self.state, gradient) / self.scale
        certificate = certificate if np.isfinite(certificate) else np.inf
        self.history.add(iteration, time.perf_counter() - self.began, objective, certificate)
        is_better = objective <= self.best_objective if self.solver.is_descent else certificate <= self.best_certificate
        if certificate <= self.stopping.tolerance or is_better:
            self.best, self.best_objective, self.best_certificate = x, objective, certificate
        return objective, certificate

    def _trouble(self, before: Array) -> Reason | None:
        x = self.state.x
        if not np.isfinite(x).all() or (self.state.value is not None and not self.state.value < np.inf):
            return "diverged"
        if self.state.value is not None and self.state.value < -_BOTTOMLESS * (1 + self.first):
            return self._unbounded()
        if np.array_equal(x, before) and self.state.gradient is not None:
            return "stalled"
        return None

    def _unbounded(self) -> Reason:
        self.extra["direction"] = self.state.x / float(np.linalg.norm(self.state.x))
        return "unbounded"

    def _postprocess(self, reason: Reason, iteration: int) -> Result:
        kind = "relative duality gap" if self.problem.gap is not None else "KKT residual relative to the gradient at the start"
        return Result(
            x=self.best,
            objective=self.best_objective,
            certificate=Certificate(kind, self.best_certificate, self.stopping.tolerance),
            solver=self.solver.name,
            reason=reason,
            iterations=iteration,
            seconds=time.perf_counter() - self.began,
            history=self.history.arrays(),
            extra=self.extra,
        )
