"""L-BFGS: the inverse curvature that the last moves imply, and the method that steps by it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from gradproof.errors import DomainError
from gradproof.prox.checks import Array, count
from gradproof.solvers.loop import AbstractSolver, State
from gradproof.solvers.problem import Problem, rounding_of

_LEAST_CURVATURE = 1e-12
_SEARCH_STEPS = 50
_DECREASE = 1e-4
_CURVATURE = 0.9
_ROUNDING = 1e-10


class CurvatureMemory:
    """Pairs of a move s and the change y that it made, the last few of them.

    Source: Nocedal and Wright 2006, algorithm 7.4 (two loops over the pairs).
    """

    def __init__(self, length: int) -> None:
        self._pairs: deque[tuple[Array, Array, float]] = deque(maxlen=length)

    def add(self, move: Array, change: Array) -> None:
        """Take up a pair; one along which the curvature is not positive tells nothing."""
        along = float(np.vdot(move, change))
        if along > _LEAST_CURVATURE * float(np.vdot(move, move)) and np.isfinite(along):
            self._pairs.append((move, change, along))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is remembered."""
        return not self._pairs

    def clear(self) -> None:
        """Forget all pairs."""
        self._pairs.clear()

    def solve(self, right: Array) -> Array:
        """Return the inverse of the curvature times an array."""
        out = right.copy()
        shares = []
        for move, change, along in reversed(self._pairs):
            share = float(np.vdot(move, out)) / along
            shares.append(share)
            out -= share * change
        if self._pairs:
            _, change, along = self._pairs[-1]
            out *= along / float(np.vdot(change, change))
        for (move, change, along), share in zip(self._pairs, reversed(shares), strict=True):
            out += (share - float(np.vdot(change, out)) / along) * move
        return out


@dataclass(slots=True)
class QuasiNewtonState(State):
    """A point with value and gradient, and the memory of the curvature."""

    memory: CurvatureMemory


@dataclass(frozen=True, slots=True)
class QuasiNewton(AbstractSolver[QuasiNewtonState]):
    """x <- x - t B gradient, B the inverse curvature that the last moves imply; t by bisection to the weak Wolfe conditions.

    Points outside the domain of the function count as infinitely high, so the search turns back from its edge.

    Args:     memory: how many moves are remembered.
    Source:   Nocedal and Wright 2006, algorithm 7.5; Lewis and Overton 2013 for the search.
    """

    memory: int = 20
    name = "L-BFGS"

    def init(self, problem: Problem, x: Array) -> QuasiNewtonState:
        """Return the state at the start."""
        if problem.penalty is not None:
            raise DomainError(
                "a problem without a penalty is needed", got=repr(problem.penalty), where=self.name, remedy="Use Panoc."
            )
        value, gradient = problem.evaluate(x)
        if not np.isfinite(value):
            raise DomainError("a start with a finite value is needed", got=f"{value}", where=self.name, remedy="Start elsewhere.")
        return QuasiNewtonState(x, value, gradient, CurvatureMemory(count(self.memory, "memory", self.name, 1)))

    def step(self, problem: Problem, state: QuasiNewtonState) -> QuasiNewtonState:
        """Return the next state; the same point where no lower one is found."""
        found = self._search(problem, state)
        if found is None and not state.memory.is_empty:
            # A memory that misleads is worse than none: once more along the steepest way.
            state.memory.clear()
            found = self._search(problem, state)
        return found or state

    def _search(self, problem: Problem, state: QuasiNewtonState) -> QuasiNewtonState | None:
        assert state.value is not None
        assert state.gradient is not None
        direction = -state.memory.solve(state.gradient)
        slope = float(np.vdot(direction, state.gradient))
        if not slope < 0:
            return None
        low, high = 0.0, np.inf
        t = 1.0 if not state.memory.is_empty else min(1.0, (1 + float(np.linalg.norm(state.x))) / float(np.linalg.norm(direction)))
        best: QuasiNewtonState | None = None
        for _ in range(_SEARCH_STEPS):
            x = state.x + t * direction
            value, gradient = problem.evaluate(x)
            along = float(np.vdot(direction, gradient))
            if not (np.isfinite(value) and np.isfinite(gradient).all()) or not _falls(state, value, along, t, slope):
                high = t
            else:
                best = QuasiNewtonState(x, value, gradient, state.memory)
                if along >= _CURVATURE * slope:
                    break
                low = t
            t = 0.5 * (low + high) if np.isfinite(high) else 2 * t
        if best is not None:
            assert best.gradient is not None
            state.memory.add(best.x - state.x, best.gradient - state.gradient)
        return best


def _falls(state: QuasiNewtonState, value: float, along: float, t: float, slope: float) -> bool:
    """Tell whether a value is low enough; where rounding hides the fall, whether the slope there still shows one."""
    assert state.value is not None
    if value <= state.value + _DECREASE * t * slope:
        return True
    is_level = value <= state.value + rounding_of(state.x, _ROUNDING) * abs(state.value)
    return is_level and along <= (2 * _DECREASE - 1) * slope
