"""Proximal Newton steps: the smooth part by its quadratic model, the penalty as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradproof.errors import DomainError
from gradproof.prox.checks import Array
from gradproof.solvers.loop import AbstractSolver, State
from gradproof.solvers.loop import minimize as run_loop
from gradproof.solvers.panoc import Panoc
from gradproof.solvers.problem import Problem, rounding_of
from gradproof.solvers.result import Stopping

_INNER_ITERATIONS = 500
_LOOSEST, _TIGHTEST = 0.1, 1e-12


@dataclass(slots=True)
class ProxNewtonState(State):
    """The point, and how far from the optimality conditions it is: the next model is solved the more exactly the less that is."""

    residual: float


@dataclass(frozen=True, slots=True)
class ProxNewton(AbstractSolver[ProxNewtonState]):
    """x <- x + t (z - x), z minimizing <gradient, z - x> + (z - x)' H (z - x) / 2 + penalty(z), t found by backtracking.

    Args:     hessian: returns the matrix of second derivatives at x, positive semidefinite, (n, n).
    Source:   Lee, Sun and Saunders 2014: the model is solved to a share of the residual, which keeps the fast convergence.
    """

    hessian: Callable[[Array], Array]
    name = "proximal Newton"

    def init(self, problem: Problem, x: Array) -> ProxNewtonState:
        """Return the state at the start, moved into the domain of the penalty."""
        if x.ndim != 1:
            raise DomainError("a vector is needed", got=f"shape {x.shape}", where=self.name, remedy="Flatten it.")
        start = problem.prox(x, 1.0) if problem.penalty_value(x) == np.inf else x
        value, gradient = problem.evaluate(start)
        if not np.isfinite(value):
            raise DomainError("a start with a finite value is needed", got=f"{value}", where=self.name, remedy="Start elsewhere.")
        return ProxNewtonState(start, value, gradient, problem.residual(start, gradient))

    def step(self, problem: Problem, state: ProxNewtonState) -> ProxNewtonState:
        """Return the next state."""
        assert state.gradient is not None
        assert state.value is not None
        target = self._model_minimizer(problem, state)
        move = target - state.x
        before, ahead = problem.penalty_value(state.x), problem.penalty_value(target)
        slope = float(state.gradient @ move) + ahead - before
        t, level = 1.0, rounding_of(state.x, 1e-14) * abs(state.value + before)
        for _ in range(60):
            x = state.x + t * move
            value, gradient = problem.evaluate(x)
            if value + problem.penalty_value(x) <= state.value + before + 1e-4 * t * slope + level:
                return ProxNewtonState(x, value, gradient, problem.residual(x, gradient))
            t *= 0.5
        return state

    def _model_minimizer(self, problem: Problem, state: ProxNewtonState) -> Array:
        matrix, x, slope = np.asarray(self.hessian(state.x)), state.x, state.gradient
        assert slope is not None

        def model(z: Array) -> tuple[float, Array]:
            move = z - x
            bent = matrix @ move
            return float(slope @ move) + 0.5 * float(move @ bent), slope + bent

        scale = float(np.linalg.norm(slope)) or 1.0
        share = min(_LOOSEST, np.sqrt(state.residual / scale))
        tolerance = max(share * state.residual / scale, _TIGHTEST)
        return run_loop(Problem(model, problem.penalty), x, Panoc(), Stopping(tolerance, _INNER_ITERATIONS)).x
