"""The augmented Lagrangian: general constraints, and convex terms behind smooth maps, as a sequence of smooth problems."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError
from gradproof.prox.checks import Array, float_array
from gradproof.prox.function import AbstractFunction
from gradproof.solvers.loop import minimize as run_loop
from gradproof.solvers.panoc import Panoc
from gradproof.solvers.problem import Problem, fair_scale, gradient_scale
from gradproof.solvers.quasi_newton import QuasiNewton
from gradproof.solvers.result import Certificate, History, Reason, Result, Stopping

KIND = "KKT residual, the gradient relative to that at the start, the constraints relative to their size"
_DISTANCE = "distance of the nearest point that was found from the constraints"
_INNER_ITERATIONS = 5000
_LOOSEST = 1e-2
_TIGHTEN = 0.1
_PROGRESS = 0.25
_GROWTH = 8.0
_STEEPEST = 1e12
_CALM = 6


@dataclass(frozen=True, slots=True)
class Coupling:
    """function(map(x)): a constraint where the function is the indicator of a set.

    Args:     function: convex, with a prox.  map: x to an array, smooth.  adjoint: x and an array in the shape of map(x) to the
              transposed Jacobian at x times that array.
    """

    function: AbstractFunction
    map: Callable[[Array], Array]
    adjoint: Callable[[Array, Array], Array]


def minimize_augmented(problem: Problem, coupling: Coupling, start: npt.ArrayLike, stopping: Stopping | None = None) -> Result:
    """Return the minimizer of a smooth function plus a penalty plus a convex function behind a smooth map.

    Formula:  min_x smooth(x) + penalty(x) + h(c(x)); with h the indicator of {0} this is c(x) = 0, of {c <= 0} it is c(x) <= 0
    Args:     problem: the first two.  coupling: h and c.  start: where to begin.
    Returns:  a result; its certificate is the larger of the distance from 0 = gradient + J(x)' y + a subgradient of the penalty,
              relative to the gradient at the start, of ||c(x) - p|| / (1 + ||p||), y being a subgradient of h at p, and of what
              that costs, |<y, c(x) - p>| / (1 + |objective|).
              ``extra['multipliers']`` is y; ``extra['violation']`` is the largest entry of |c(x) - p|.
    Raises:   DomainError: h is not convex, or the start has no finite value.
    Source:   Rockafellar 1976; Birgin and Martinez 2014, algorithm 4.1, with h's Moreau envelope in place of squares as in
              Dhingra, Khong and Jovanovic 2019. The inner problems are solved by L-BFGS or PANOC.
    Example:  >>> from gradproof.prox import Box
              >>> squares = Problem(lambda x: (float(x @ x) / 2, x), lipschitz=1.0)
              >>> sum_is_one = Coupling(Box(0.0, 0.0), lambda x: np.array([x.sum() - 1]), lambda x, y: np.full(2, y[0]))
              >>> minimize_augmented(squares, sum_is_one, [0.0, 0.0]).x.round(6)
              array([0.5, 0.5])
    """
    if not (coupling.function.traits.is_convex and coupling.function.traits.is_proximable):
        raise DomainError("a convex function with a prox is needed", got=repr(coupling.function), where="augmented Lagrangian")
    begin = float_array(start, "start", "augmented Lagrangian")
    return _Outer(problem, coupling, begin, stopping or Stopping(max_iterations=100_000)).run()


class _Outer:
    """Multipliers and the weight of the squares; each inner problem is solved more exactly than the last."""

    def __init__(self, problem: Problem, coupling: Coupling, start: Array, stopping: Stopping) -> None:
        self.kind = KIND
        self.problem, self.coupling, self.stopping = problem, coupling, stopping
        self.began, self.history = time.perf_counter(), History()
        self.start = self.x = problem.prox(start, 1.0) if problem.penalty_value(start) == np.inf else start
        value, gradient = problem.evaluate(self.x)
        if not np.isfinite(value):
            raise DomainError("a start with a finite value is needed", got=f"{value}", where="augmented Lagrangian")
        self.scale = gradient_scale(problem, self.x, value, gradient)
        image = np.asarray(coupling.map(self.x))
        self.multipliers = np.zeros_like(image)
        apart = float(np.sum((image - coupling.function.prox(image)[0]) ** 2))
        self.rho = float(np.clip(10 * max(1.0, abs(value)) / max(1.0, 0.5 * apart), 1e-3, 1e4))
        self.steepest = self.rho * _STEEPEST
        self.inner_tolerance, self.apart, self.calm, self.iterations = max(_LOOSEST, stopping.tolerance), np.inf, 0, 0
        self.best, self.best_certificate, self.best_objective = self.x, np.inf, np.inf
        self.extra: dict[str, Any] = {"multipliers": self.multipliers, "violation": np.inf}

    def run(self) -> Result:
        """Solve inner problems until the certificate is met, or something else says stop."""
        reason: Reason | None = None
        try:
            self._look()
            while reason is None:
                reason = self._step()
        except KeyboardInterrupt:
            reason = "interrupted"
        return Result(
            x=self.best, objective=self.best_objective, certificate=Certificate(self.kind, self.best_certificate, self.stopping.tolerance),
            solver="augmented Lagrangian", reason=reason, iterations=self.iterations,
            seconds=time.perf_counter() - self.began, history=self.history.arrays(), extra=self.extra,
        )  # fmt: skip

    def _look(self) -> None:
        """Write down the start, with the multipliers that the squares give it; the first inner problem does without any."""
        image = np.asarray(self.coupling.map(self.x))
        point, self.multipliers = self._envelope()[1](image)
        self._measure(image, point)
        self.multipliers = np.zeros_like(image)

    def _step(self) -> Reason | None:
        left = self.stopping.max_seconds - (time.perf_counter() - self.began)
        room = min(_INNER_ITERATIONS, self.stopping.max_iterations - self.iterations)
        if left <= 0 or room <= 0:
            return "seconds" if left <= 0 else "iterations"
        smooth, scaled = self._envelope()
        inner = replace(self.problem, smooth=smooth, lipschitz=None, gap=None, scale=self.scale)
        found = _minimize_inner(inner, self.x, Stopping(self.inner_tolerance, room, left, self._watch))
        self.iterations += max(1, found.iterations)
        if found.reason in ("unbounded", "diverged"):
            return self._steeper_from_the_start(found)
        self.x = found.x
        image = np.asarray(self.coupling.map(self.x))
        point, self.multipliers = scaled(image)
        certificate, apart = self._measure(image, point)
        if found.reason in ("interrupted", "stopped"):
            return found.reason
        return self._judge(certificate, apart, image, point)

    def _envelope(self) -> tuple[Callable[[Array], tuple[float, Array]], Callable[[Array], tuple[Array, Array]]]:
        """Return the smooth part with the Moreau envelope of h at c(x) + y / rho; and p and the new y for a c(x)."""
        function, rho, shift = self.coupling.function, self.rho, self.multipliers / self.rho

        def scaled(image: Array) -> tuple[Array, Array]:
            moved = image + shift
            point = function.prox(moved, 1 / rho)[0]
            return point, rho * (moved - point)

        def smooth(x: Array) -> tuple[float, Array]:
            value, gradient = self.problem.evaluate(x)
            image = np.asarray(self.coupling.map(x))
            if not np.isfinite(value) or not np.isfinite(image).all():
                return np.inf, gradient
            moved = image + shift
            point, own = function.prox(moved, 1 / rho)
            away = moved - point
            total = value + own + 0.5 * rho * float(np.sum(away**2))
            return total, gradient + self.coupling.adjoint(x, rho * away)

        return smooth, scaled

    def _measure(self, image: Array, point: Array) -> tuple[float, float]:
        """Return the certificate of the point, and the part of the constraints in it; keep the point if it is the best."""
        value, gradient = self.problem.evaluate(self.x)
        slope = gradient + self.coupling.adjoint(self.x, self.multipliers)
        objective = value + self.problem.penalty_value(self.x) + self.coupling.function.value(point)
        # To first order, what meeting the constraints exactly would cost.
        price = abs(float(np.sum(self.multipliers * (image - point)))) / (1 + abs(objective))
        apart = max(float(np.linalg.norm(image - point)) / (1 + float(np.linalg.norm(point))), price)
        certificate = max(self.problem.residual(self.x, slope) / self.scale, apart)
        self.history.add(self.iterations, time.perf_counter() - self.began, objective, certificate)
        if certificate <= self.best_certificate:
            self.best, self.best_certificate, self.best_objective = self.x, certificate, objective
            violation = float(np.abs(image - point).max(initial=0.0))
            self.extra |= {"multipliers": self.multipliers, "violation": violation}
        return certificate, apart

    def _judge(self, certificate: float, apart: float, image: Array, point: Array) -> Reason | None:
        if certificate <= self.stopping.tolerance:
            scale = fair_scale(self.problem, self.start, self.x, self.scale)
            if scale == self.scale:
                return "converged"
            self.best_certificate, self.scale = np.inf, scale
            return None
        is_as_exact = self.inner_tolerance <= 0.5 * self.stopping.tolerance
        self.calm = self.calm + 1 if is_as_exact and apart <= self.stopping.tolerance else 0
        if self.calm >= _CALM:
            return "stalled"
        if apart > self.stopping.tolerance and apart > _PROGRESS * self.apart:
            if self.rho >= self.steepest:
                # The squares weigh everything, and still the constraints are not met: this is as near as one comes from here.
                return self._infeasible(image, point) if self.coupling.function.traits.is_indicator else "stalled"
            self.rho *= _GROWTH
        self.apart = apart
        self.inner_tolerance = max(self.inner_tolerance * _TIGHTEN, 0.3 * self.stopping.tolerance)
        return None

    def _infeasible(self, image: Array, point: Array) -> Reason:
        """Keep the last point, which the heaviest squares have brought as near to the constraints as one comes from the start."""
        self.kind, self.best, self.best_certificate = _DISTANCE, self.x, float(np.linalg.norm(image - point))
        self.extra["violation"] = float(np.abs(image - point).max())
        return "infeasible"

    def _steeper_from_the_start(self, found: Result) -> Reason | None:
        """The inner problem has no minimum: heavier squares may give it one."""
        if self.rho >= self.steepest:
            self.extra |= {name: value for name, value in found.extra.items() if name == "direction"}
            return found.reason
        self.rho *= _GROWTH**2
        self.x, self.multipliers = self.start, np.zeros_like(self.multipliers)
        return None

    def _watch(self, iteration: int, objective: float, certificate: float) -> bool | None:
        callback = self.stopping.callback
        return None if callback is None else callback(self.iterations + iteration, objective, certificate)


def _minimize_inner(problem: Problem, start: Array, stopping: Stopping) -> Result:
    """Return the minimizer of an inner problem: by L-BFGS where it has no penalty, else by PANOC."""
    return run_loop(problem, start, QuasiNewton() if problem.penalty is None else Panoc(), stopping)
