"""Davis-Yin splitting: a smooth function and two penalties of the same variable, each with a prox."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradproof.errors import DomainError
from gradproof.prox.checks import Array, positive
from gradproof.prox.function import AbstractFunction
from gradproof.solvers.loop import AbstractSolver, State
from gradproof.solvers.problem import Problem


@dataclass(slots=True)
class DavisYinState(State):
    """The point of the first penalty, that of the second, the auxiliary point between them, and the step."""

    second: Array
    between: Array
    step_size: float


@dataclass(frozen=True, slots=True)
class DavisYin(AbstractSolver[DavisYinState]):
    """min_x smooth(x) + penalty(x) + second(x), the problem having the first two.

    Formula:  x = prox_{step penalty}(z);  w = prox_{step second}(2 x - z - step gradient(x));  z <- z + w - x
    Args:     second: convex, with a prox.  step_size: None for 1 / lipschitz, or 1 where the smooth part is affine.
    Source:   Davis and Yin 2017, algorithm 1: converges for steps below 2 / lipschitz.
    The certificate is the distance between both points, over the step and as it is, relative to the gradient at the start:
    (x - w) / step is the sum of a gradient and a subgradient of each penalty.
    """

    second: AbstractFunction
    step_size: float | None = None
    name = "Davis-Yin"
    is_descent = False

    def init(self, problem: Problem, x: Array) -> DavisYinState:
        """Return the state at the start."""
        for penalty in (problem.penalty, self.second):
            if penalty is not None and not (penalty.traits.is_convex and penalty.traits.is_proximable):
                raise DomainError("convex penalties with a prox are needed", got=repr(penalty), where=self.name)
        if self.step_size is None and problem.lipschitz is None:
            raise DomainError("a step size is needed", got="none", where=self.name, remedy="Give step_size or lipschitz.")
        step = self.step_size if self.step_size is not None else 1 / problem.lipschitz if problem.lipschitz else 1.0
        return self._state(problem, x, float(positive(step, "step_size", self.name)))

    def step(self, problem: Problem, state: DavisYinState) -> DavisYinState:
        """Return the next state."""
        return self._state(problem, state.between + state.second - state.x, state.step_size)

    def residual(self, problem: Problem, state: DavisYinState, gradient: Array) -> float:
        """Return how far both optimality conditions are from being met at one point."""
        apart = float(np.linalg.norm(state.x - state.second))
        return apart * (1 + 1 / state.step_size)

    def extra_value(self, state: DavisYinState) -> float:
        """Return the second penalty; of a constraint that is not met yet the residual tells."""
        value = self.second.value(state.x)
        return value if value < np.inf else 0.0

    def _state(self, problem: Problem, between: Array, step: float) -> DavisYinState:
        x = problem.prox(between, step)
        value, gradient = problem.evaluate(x)
        second = self.second.prox(2 * x - between - step * gradient, step)[0]
        return DavisYinState(x, value, gradient, second, between, step)
