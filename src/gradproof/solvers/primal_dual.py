"""Two penalties at once: a smooth function, one penalty with a prox, and another behind a linear map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradproof.prox.checks import Array, positive
from gradproof.prox.conjugate import Conjugate
from gradproof.prox.function import AbstractFunction
from gradproof.solvers.loop import AbstractSolver, State
from gradproof.solvers.problem import Problem


@dataclass(slots=True)
class PrimalDualState(State):
    """The primal point, and the dual one of the second penalty."""

    dual: Array


@dataclass(frozen=True, slots=True)
class CondatVu(AbstractSolver[PrimalDualState]):
    """min_x smooth(x) + penalty(x) + second(K x), the problem having the first two.

    Args:     second: convex, with a prox.  forward, adjoint: x to K x, and its transpose.  norm: a bound of ||K||.
              tau: primal step; by default so that the conditions for convergence hold with equal shares.
    Source:   Condat 2013, Vu 2013: 1 / tau - sigma ||K||^2 >= lipschitz / 2.
    The certificate is the residual of both optimality conditions, relative to the gradient at the start.
    """

    second: AbstractFunction
    forward: Callable[[Array], Array]
    adjoint: Callable[[Array], Array]
    norm: float
    tau: float | None = None
    name = "Condat-Vu"
    is_descent = False

    def init(self, problem: Problem, x: Array) -> PrimalDualState:
        """Return the state at the start."""
        positive(self.norm, "norm", self.name)
        return PrimalDualState(x, None, None, np.zeros_like(np.asarray(self.forward(x), dtype=x.dtype)))

    def residual(self, problem: Problem, state: PrimalDualState, gradient: Array) -> float:
        """Return the distance from both optimality conditions."""
        primal = problem.residual(state.x, gradient + self.adjoint(state.dual))
        dual = state.dual - Conjugate(self.second).prox(state.dual + self.forward(state.x))[0]
        return float(np.hypot(primal, np.linalg.norm(dual)))

    def extra_value(self, state: PrimalDualState) -> float:
        """Return the second penalty; of a constraint that is not met yet the residual tells."""
        value = self.second.value(self.forward(state.x))
        return value if value < np.inf else 0.0

    def steps(self, problem: Problem) -> tuple[float, float]:
        """Return the primal and the dual step."""
        smooth = problem.lipschitz or 0.0
        tau = self.tau if self.tau is not None else 1 / (smooth / 2 + self.norm)
        sigma = (1 / float(positive(tau, "tau", self.name)) - smooth / 2) / self.norm**2
        return tau, float(positive(sigma, "sigma (tau is too large)", self.name))

    def step(self, problem: Problem, state: PrimalDualState) -> PrimalDualState:
        """Return the next state."""
        tau, sigma = self.steps(problem)
        gradient = problem.evaluate(state.x)[1]
        x = problem.prox(state.x - tau * (gradient + self.adjoint(state.dual)), tau)
        dual = Conjugate(self.second).prox(state.dual + sigma * self.forward(2 * x - state.x), sigma)[0]
        return PrimalDualState(x, None, None, dual)
