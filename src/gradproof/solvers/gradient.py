"""Gradient descent and its momentum: for smooth functions without a penalty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from gradproof.errors import DomainError
from gradproof.prox.checks import Array, positive
from gradproof.solvers.loop import AbstractSolver, State
from gradproof.solvers.problem import Problem, rounding_of

_LOOKS_BACK = 10


@dataclass(slots=True)
class GradientState(State):
    """A point with value and gradient, the step to try next, the last move, and the values that the next may not exceed."""

    step_size: float
    move: Array
    recent: tuple[float, ...] = ()


def _start(problem: Problem, x: Array, step: float | None, name: str) -> GradientState:
    if problem.penalty is not None:
        raise DomainError("a problem without a penalty is needed", got=repr(problem.penalty), where=name, remedy="Use Fista.")
    value, gradient = problem.evaluate(x)
    if not np.isfinite(value):
        raise DomainError("a start with a finite value is needed", got=f"{value}", where=name, remedy="Start elsewhere.")
    return GradientState(x, value, gradient, _first_step(problem, step, name), np.zeros_like(x))


def _first_step(problem: Problem, step: float | None, name: str) -> float:
    if step is not None:
        return float(positive(step, "step", name))
    if problem.lipschitz:
        return 1 / float(positive(problem.lipschitz, "lipschitz", name))
    return 1.0


@dataclass(frozen=True, slots=True)
class GradientDescent(AbstractSolver[GradientState]):
    """x <- x - step gradient.

    Args:     step: None for 1 / lipschitz, or 1 where none is known.  search: 'fixed'; 'backtracking' halves the step until
              the objective falls enough (Armijo) and doubles it again; 'barzilai-borwein' takes the step from the last move,
              and lets the objective rise to the highest of the last ten values, without which that step is no better than others.
    Source:   Barzilai and Borwein 1988; Raydan 1997 for the search.
    """

    step_size: float | None = None
    search: Literal["fixed", "backtracking", "barzilai-borwein"] = "backtracking"
    name = "gradient descent"

    def init(self, problem: Problem, x: Array) -> GradientState:
        """Return the state at the start."""
        if self.search not in ("fixed", "backtracking", "barzilai-borwein"):
            raise DomainError("search has to be fixed, backtracking or barzilai-borwein", got=repr(self.search), where=self.name)
        if self.search == "fixed" and self.step_size is None and not problem.lipschitz:
            raise DomainError("a fixed step needs a size", got="none", where=self.name, remedy="Give step_size or lipschitz.")
        return _start(problem, x, self.step_size, self.name)

    def step(self, problem: Problem, state: GradientState) -> GradientState:
        """Return the next state."""
        assert state.gradient is not None
        assert state.value is not None
        square = float(np.sum(state.gradient**2))
        step = state.step_size
        recent = (*state.recent, state.value)[-_LOOKS_BACK:]
        highest = max(recent) if self.search == "barzilai-borwein" else state.value
        for _ in range(60):
            x = state.x - step * state.gradient
            value, gradient = problem.evaluate(x)
            falls = value <= highest - 1e-4 * step * square
            # Where rounding hides the fall, a step that is not beyond the lowest point of its line goes down (Hager and Zhang 2005).
            is_level = value <= state.value + rounding_of(x, 2e-15) * abs(state.value)
            if self.search == "fixed" or falls or (is_level and float(np.sum(gradient * state.gradient)) >= 0):
                break
            step *= 0.5
        else:
            return GradientState(state.x, state.value, state.gradient, step, np.zeros_like(state.x))
        following = 2 * step if self.search == "backtracking" else step
        if self.search == "barzilai-borwein":
            move, change = x - state.x, gradient - state.gradient
            along = float(np.sum(move * change))
            following = float(np.sum(move * move)) / along if along > 0 else 2 * step
        return GradientState(x, value, gradient, following, x - state.x, recent)


@dataclass(frozen=True, slots=True)
class Momentum(AbstractSolver[GradientState]):
    """move <- momentum * move - step gradient; x <- x + move.

    Args:     step: None for 1 / lipschitz.  momentum: between 0 and 1.  is_nesterov: take the gradient at x + momentum * move
              (Nesterov 1983) rather than at x (Polyak 1964, the heavy ball).
    """

    step_size: float | None = None
    momentum: float = 0.9
    is_nesterov: bool = False
    name = "gradient descent with momentum"

    def init(self, problem: Problem, x: Array) -> GradientState:
        """Return the state at the start."""
        if not 0 <= self.momentum < 1:
            raise DomainError("momentum has to be at least 0 and below 1", got=f"{self.momentum}", where=self.name)
        if self.step_size is None and not problem.lipschitz:
            raise DomainError("a step size is needed", got="none", where=self.name, remedy="Give step_size or lipschitz.")
        return _start(problem, x, self.step_size, self.name)

    def step(self, problem: Problem, state: GradientState) -> GradientState:
        """Return the next state."""
        assert state.gradient is not None
        gradient = state.gradient
        if self.is_nesterov:
            gradient = problem.evaluate(state.x + self.momentum * state.move)[1]
        move = self.momentum * state.move - state.step_size * gradient
        x = state.x + move
        value, following = problem.evaluate(x)
        return GradientState(x, value, following, state.step_size, move)
