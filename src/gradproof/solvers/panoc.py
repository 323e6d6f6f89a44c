"""PANOC: proximal gradient steps, sped up by quasi-Newton directions wherever these make more progress."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradproof.errors import DomainError
from gradproof.prox.checks import Array, count, positive
from gradproof.solvers.loop import AbstractSolver, State
from gradproof.solvers.problem import Problem, rounding_of
from gradproof.solvers.quasi_newton import CurvatureMemory

_SHARE = 0.95
_HALVINGS = 60
_FEWEST = 1e-12
_ROUNDING = 1e-10
_NEARER = 0.9
_SHORTEST = 1e-100


@dataclass(slots=True)
class PanocState(State):
    """The proximal point x, reached from ``at``; the step, the envelope there, and the memory of the curvature."""

    at: Array
    residual: Array
    step_size: float
    envelope: float
    memory: CurvatureMemory


@dataclass(frozen=True, slots=True)
class Panoc(AbstractSolver[PanocState]):
    """x <- prox_{step penalty}(at - step gradient), at moved by a quasi-Newton direction of that map's residual.

    The forward-backward envelope decides how much of the direction is taken; it falls with every step, so the method
    converges to a stationary point also where smooth part or penalty are not convex. Points outside the domain of the smooth
    part count as infinitely high.

    Args:     step_size: None for 0.95 / lipschitz, or a guess that is halved where it is too long.
              memory: how many moves the model of the curvature remembers.
    Source:   Stella, Themelis, Sopasakis and Patrinos 2017, algorithm 1.
    """

    step_size: float | None = None
    memory: int = 15
    name = "PANOC"

    def init(self, problem: Problem, x: Array) -> PanocState:
        """Return the state at the start."""
        if problem.penalty is not None and not problem.penalty.traits.is_proximable:
            raise DomainError(
                "a penalty with a prox is needed", got=repr(problem.penalty), where=self.name, remedy="Split it in two."
            )
        count(self.memory, "memory", self.name, 1)
        value, gradient = problem.evaluate(x)
        if not np.isfinite(value) or not np.isfinite(gradient).all():
            raise DomainError("a start with a finite value is needed", got="another", where=self.name, remedy="Start elsewhere.")
        step = self._first_step(problem, x, gradient)
        return _forward_backward(problem, x, value, gradient, step, CurvatureMemory(self.memory))

    def _first_step(self, problem: Problem, x: Array, gradient: Array) -> float:
        if self.step_size is not None:
            return float(positive(self.step_size, "step_size", self.name))
        if problem.lipschitz:
            return _SHARE / float(positive(problem.lipschitz, "lipschitz", self.name))
        # The curvature along the steepest way, seen from a short move.
        slope = float(np.linalg.norm(gradient))
        width = 1e-6 * (1 + float(np.linalg.norm(x)))
        if slope == 0:
            return 1.0
        change = problem.evaluate(x - width / slope * gradient)[1] - gradient
        curvature = float(np.linalg.norm(change)) / width
        return _SHARE / curvature if np.isfinite(curvature) and curvature > 1e-8 * slope else 1.0 / (1 + slope)

    def residual(self, problem: Problem, state: PanocState, gradient: Array) -> float:
        """Return how far the state is from the optimality conditions."""
        return problem.residual(state.x, gradient, state.step_size)

    def step(self, problem: Problem, state: PanocState) -> PanocState:
        """Return the next state."""
        if state.step_size < _SHORTEST:
            # The curvature grows without end, as at the edge of a domain: there is no way on.
            return state
        direction = -state.memory.solve(state.residual)
        decrease = 0.25 * (1 - _SHARE) / state.step_size * float(np.sum(state.residual**2))
        share = 1.0
        while share > _FEWEST:
            # Between the proximal point and the whole of the direction.
            at = state.at - (1 - share) * state.residual + share * direction
            value, gradient = problem.evaluate(at)
            if np.isfinite(value) and np.isfinite(gradient).all():
                found = _forward_backward(problem, at, value, gradient, state.step_size, state.memory)
                if found.envelope <= state.envelope - decrease or _is_level_and_nearer(state, found):
                    return _remember(state, found)
            share = 0.5 * share if share > 1e-3 else 0.0
        assert state.value is not None
        assert state.gradient is not None
        found = _forward_backward(problem, state.x, state.value, state.gradient, state.step_size, state.memory)
        return _remember(state, found)


def _is_level_and_nearer(state: PanocState, found: PanocState) -> bool:
    """Tell whether rounding hides the fall of the envelope, and the residual shows the progress."""
    is_level = found.envelope <= state.envelope + rounding_of(state.x, _ROUNDING) * abs(state.envelope)
    return is_level and float(np.sum(found.residual**2)) < _NEARER * float(np.sum(state.residual**2))


def _remember(state: PanocState, found: PanocState) -> PanocState:
    if found.step_size != state.step_size:
        # The residual is another function now: pairs of the old one do not belong to it.
        state.memory.clear()
    else:
        state.memory.add(found.at - state.at, found.residual - state.residual)
    return found


def _forward_backward(
    problem: Problem, at: Array, value: float, gradient: Array, step: float, memory: CurvatureMemory
) -> PanocState:
    """Return the state after a proximal step, its step size halved until the quadratic model bounds the smooth part."""
    for _ in range(_HALVINGS):
        x = problem.prox(at - step * gradient, step)
        residual = at - x
        square, along = float(np.sum(residual**2)), float(np.sum(gradient * residual))
        after, slope = problem.evaluate(x)
        bound = value - along + _SHARE * square / (2 * step)
        is_bounded = after <= bound
        if not is_bounded and after <= bound + rounding_of(at, _ROUNDING) * (abs(bound) + abs(value)):
            # Values that rounding makes equal tell nothing; the gradients still tell the curvature (Hager and Zhang 2005).
            is_bounded = float(np.sum((gradient - slope) * residual)) <= _SHARE * square / step
        if is_bounded and np.isfinite(slope).all():
            break
        step *= 0.5
    envelope = value - along + square / (2 * step) + problem.penalty_value(x)
    return PanocState(x, after, slope, at, residual, step, envelope, memory)
