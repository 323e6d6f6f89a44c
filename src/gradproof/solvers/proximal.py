"""Proximal gradient descent (ISTA) and its accelerated form (FISTA)."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from gradproof.errors import DomainError
from gradproof.prox.checks import Array, positive
from gradproof.solvers.loop import AbstractSolver, State
from gradproof.solvers.problem import Problem, rounding_of


@dataclass(slots=True)
class ProximalState(State):
    """A point; the point from which the next step goes out, with its momentum; and the step size."""

    ahead: Array
    t: float
    step_size: float


def _forward_backward(problem: Problem, at: Array, step: float, is_search: bool) -> tuple[Array, float]:
    """Return prox(at - step gradient), and the step, halved until the quadratic model bounds the smooth part from above."""
    value, gradient = problem.evaluate(at)
    if not (np.isfinite(value) and np.isfinite(gradient).all()):
        return at, step
    rounding = rounding_of(at, 1e-13)
    for _ in range(60):
        x = problem.prox(at - step * gradient, step)
        if not is_search:
            break
        move = x - at
        bound = value + float(np.sum(gradient * move)) + float(np.sum(move * move)) / (2 * step)
        found = problem.evaluate(x)[0]
        if found <= bound + rounding * abs(bound):
            break
        step *= 0.5
    return x, step


def _check(problem: Problem, x: Array, step: float | None, name: str) -> float:
    if problem.penalty is not None and not problem.penalty.traits.is_proximable:
        raise DomainError("a penalty with a prox is needed", got=repr(problem.penalty), where=name, remedy="Split it in two.")
    if not np.isfinite(problem.evaluate(x)[0]):
        raise DomainError("a start with a finite value is needed", got="another", where=name, remedy="Start elsewhere.")
    if step is not None:
        return float(positive(step, "step_size", name))
    return 1 / float(positive(problem.lipschitz, "lipschitz", name)) if problem.lipschitz else 1.0


@dataclass(frozen=True, slots=True)
class Ista(AbstractSolver[ProximalState]):
    """x <- prox_{step penalty}(x - step gradient).

    Args:     step_size: None for 1 / lipschitz.  line_search: None searches where no Lipschitz constant is known.
    Source:   Beck and Teboulle 2009.
    """

    step_size: float | None = None
    line_search: bool | None = None
    name = "ISTA"

    def init(self, problem: Problem, x: Array) -> ProximalState:
        """Return the state at the start."""
        return ProximalState(x, None, None, x, 1.0, _check(problem, x, self.step_size, self.name))

    def residual(self, problem: Problem, state: ProximalState, gradient: Array) -> float:
        """Return how far the state is from the optimality conditions."""
        return problem.residual(state.x, gradient, state.step_size)

    def step(self, problem: Problem, state: ProximalState) -> ProximalState:
        """Return the next state."""
        x, step = _forward_backward(problem, state.x, state.step_size, _searches(self, problem))
        return ProximalState(x, None, None, x, 1.0, step)


@dataclass(frozen=True, slots=True)
class Fista(AbstractSolver[ProximalState]):
    """ISTA from a point ahead of x, where the last move points to.

    Args:     step_size: None for 1 / lipschitz.  line_search: None searches where no Lipschitz constant is known.
              restart: forget the momentum when it points uphill.
    Source:   Beck and Teboulle 2009; O'Donoghue and Candes 2015 for the restart.
    """

    step_size: float | None = None
    line_search: bool | None = None
    restart: bool = True
    name = "FISTA"

    def init(self, problem: Problem, x: Array) -> ProximalState:
        """Return the state at the start."""
        return ProximalState(x, None, None, x, 1.0, _check(problem, x, self.step_size, self.name))

    def residual(self, problem: Problem, state: ProximalState, gradient: Array) -> float:
        """Return how far the state is from the optimality conditions."""
        return problem.residual(state.x, gradient, state.step_size)

    def step(self, problem: Problem, state: ProximalState) -> ProximalState:
        """Return the next state."""
        x, step = _forward_backward(problem, state.ahead, state.step_size, _searches(self, problem))
        move = x - state.x
        t = 0.5 * (1 + sqrt(1 + 4 * state.t * state.t))
        if self.restart and float(np.sum((state.ahead - x) * move)) > 0:
            return ProximalState(x, None, None, x, 1.0, step)
        return ProximalState(x, None, None, x + (state.t - 1) / t * move, t, step)


def _searches(solver: Ista | Fista, problem: Problem) -> bool:
    if solver.line_search is not None:
        return solver.line_search
    return solver.step_size is None and not problem.lipschitz
