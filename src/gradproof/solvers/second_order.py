"""Newton's method with Cholesky, and L-BFGS: few steps for smooth functions."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from gradproof.errors import DomainError
from gradproof.prox.box import Box
from gradproof.prox.checks import Array, float_array
from gradproof.solvers.loop import AbstractSolver, State
from gradproof.solvers.problem import Problem, fair_scale, gradient_scale, rounding_of
from gradproof.solvers.result import Certificate, History, Reason, Result, Stopping


@dataclass(frozen=True, slots=True)
class NewtonCholesky(AbstractSolver[State]):
    """x <- x - t (H + shift I)^-1 gradient, t found by backtracking; the shift makes the matrix positive definite.

    Args:     hessian: returns the matrix of second derivatives at x, (n, n).
    Source:   Nocedal and Wright 2006, algorithms 3.2 and 3.3.
    """

    hessian: Callable[[Array], Array]
    name = "Newton-Cholesky"

    def init(self, problem: Problem, x: Array) -> State:
        """Return the state at the start."""
        if problem.penalty is not None or x.ndim != 1:
            raise DomainError("a vector and no penalty are needed", got="another problem", where=self.name, remedy="Use Fista.")
        return State(x, *problem.evaluate(x))

    def step(self, problem: Problem, state: State) -> State:
        """Return the next state."""
        assert state.gradient is not None
        assert state.value is not None
        direction = -_solve_shifted(np.asarray(self.hessian(state.x)), state.gradient)
        slope, t, rounding = float(direction @ state.gradient), 1.0, rounding_of(state.x, 1e-12)
        for _ in range(60):
            x = state.x + t * direction
            value, gradient = problem.evaluate(x)
            # Near the end the decrease drowns in rounding; there a gradient that shrinks is as good.
            is_level = value <= state.value + rounding * abs(state.value)
            shrinks = float(np.linalg.norm(gradient)) < float(np.linalg.norm(state.gradient))
            if value <= state.value + 1e-4 * t * slope or (t == 1.0 and is_level and shrinks):
                return State(x, value, gradient)
            t *= 0.5
        return state


def _solve_shifted(matrix: Array, gradient: Array) -> Array:
    """Solve with the matrix, or with one that has enough added to its diagonal to be positive definite."""
    shift, scale = 0.0, max(float(np.abs(matrix).max(initial=0.0)), 1e-300)
    for _ in range(60):
        try:
            shifted = matrix + shift * np.eye(gradient.size, dtype=matrix.dtype)
            return np.asarray(cho_solve(cho_factor(shifted, check_finite=False), gradient, check_finite=False))
        except LinAlgError:
            shift = max(10 * shift, 1e-8 * scale)
    return gradient


def minimize_lbfgs(problem: Problem, start: npt.ArrayLike, stopping: Stopping | None = None, memory: int = 20) -> Result:
    """Return the minimizer of a smooth function, over a box where the penalty is one, by L-BFGS(-B) of SciPy.

    Args:     memory: how many moves the model of the curvature remembers.
    Returns:  a result; its certificate is the KKT residual relative to the gradient at the start.
    Raises:   DomainError: the penalty is no box.
    Source:   Byrd, Lu, Nocedal and Zhu 1995.
    """
    if problem.penalty is not None and not isinstance(problem.penalty, Box):
        raise DomainError("no penalty, or a Box, is needed", got=repr(problem.penalty), where="L-BFGS", remedy="Use Fista.")
    stop = stopping or Stopping(max_iterations=10_000)
    return _Lbfgs(problem, float_array(start, "start", "L-BFGS").astype(np.float64), stop, memory).run()


class _Done(Exception):
    """Raised inside SciPy's loop to leave it."""


class _Lbfgs:
    def __init__(self, problem: Problem, start: Array, stopping: Stopping, memory: int) -> None:
        self.problem, self.start, self.stopping, self.memory = problem, problem.prox(start, 1.0), stopping, memory
        self.began, self.history = time.perf_counter(), History()
        value, gradient = problem.evaluate(self.start)
        self.scale = problem.scale or gradient_scale(problem, self.start, value, gradient)
        self.best, self.objective, self.certificate = self.start, value, problem.residual(self.start, gradient) / self.scale
        self.iterations, self.reason = 0, "stalled"
        self.history.add(0, time.perf_counter() - self.began, value, self.certificate)

    def run(self) -> Result:
        """Run SciPy's loop, restarted where its line search gives up early."""
        try:
            for _ in range(5):
                if self._is_met():
                    self.reason = "converged"
                    break
                if not self.stopping.max_iterations:
                    self.reason = "iterations"
                    break
                before = self.objective
                self._call()
                if self.objective >= before:
                    break
        except _Done:
            pass
        except KeyboardInterrupt:
            self.reason = "interrupted"
        reason: Reason = self.reason  # type: ignore[assignment]
        kind = "KKT residual relative to the gradient at the start"
        return Result(
            x=self.best, objective=self.objective, certificate=Certificate(kind, self.certificate, self.stopping.tolerance),
            solver="L-BFGS", reason=reason, iterations=self.iterations, seconds=time.perf_counter() - self.began,
            history=self.history.arrays(),
        )  # fmt: skip

    def _call(self) -> None:
        shape = self.best.shape
        bounds = None
        if isinstance(self.problem.penalty, Box):
            ends = (
                np.broadcast_to(np.asarray(end), shape).ravel() for end in (self.problem.penalty.lower, self.problem.penalty.upper)
            )
            bounds = optimize.Bounds(*ends)

        def evaluate(flat: Array) -> tuple[float, Array]:
            value, gradient = self.problem.evaluate(flat.reshape(shape))
            self._last = (flat.copy(), value, gradient)
            return value, np.asarray(gradient, dtype=np.float64).ravel()

        options = {"maxiter": self.stopping.max_iterations, "maxfun": 10**9, "maxcor": self.memory, "ftol": 0.0, "gtol": 0.0}
        optimize.minimize(
            evaluate, self.best.ravel(), jac=True, method="L-BFGS-B", bounds=bounds, options=options, callback=self._watch
        )

    def _watch(self, flat: Array) -> None:
        x = flat.reshape(self.best.shape).copy()
        known, value, gradient = self._last
        if not np.array_equal(known, flat):
            value, gradient = self.problem.evaluate(x)
        self.iterations += 1
        certificate, seconds = self.problem.residual(x, np.asarray(gradient)) / self.scale, time.perf_counter() - self.began
        self.history.add(self.iterations, seconds, value, certificate)
        self.best, self.objective, self.certificate = x, value, certificate
        callback = self.stopping.callback
        if self._is_met():
            self._leave("converged")
        if self.iterations >= self.stopping.max_iterations:
            self._leave("iterations")
        if seconds >= self.stopping.max_seconds:
            self._leave("seconds")
        if callback is not None and callback(self.iterations, value, certificate):
            self._leave("stopped")

    def _is_met(self) -> bool:
        """Tell whether the certificate is met, also after a look at whether it compares the point with what it may."""
        if self.certificate > self.stopping.tolerance:
            return False
        scale = fair_scale(self.problem, self.start, self.best, self.scale)
        self.certificate *= self.scale / scale
        self.history.rescale(self.scale / scale)
        self.scale = scale
        return self.certificate <= self.stopping.tolerance

    def _leave(self, reason: Reason) -> None:
        self.reason = reason
        raise _Done
