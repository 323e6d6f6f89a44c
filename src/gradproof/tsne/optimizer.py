"""Gradient descent with momentum and gains through the phases of t-SNE: exaggerated affinities first, then as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from gradproof.tsne.interrupts import Interrupts
from gradproof.tsne.objective import Objective
from gradproof.tsne.update_loops import advance, center

Array = npt.NDArray[np.floating[Any]]
Callback = Callable[[int, float, Array], Any]
Reason = Literal["max_iter", "tol", "callback", "interrupted"]

MOMENTUM = 0.8
LONGEST_STEP = 5.0
#: KL is measured, callbacks are called and tol is compared every so many iterations.
REPORT_EVERY = 50
_LEARN_EVERY = 10
_DOF_BOUNDS = (0.1, 100.0)
_DOF_STEP = 0.1


@dataclass(frozen=True, slots=True)
class Phase:
    """So many iterations with one exaggeration and one learning rate."""

    iterations: int
    exaggeration: float
    learning_rate: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where the optimizer ended: KL there, how many iterations it took, why it stopped."""

    divergence: float
    iterations: int
    reason: Reason


def optimize(
    objective: Objective, points: Array, phases: Sequence[Phase], *, tol: float = 0.0, callbacks: Sequence[Callback] = (),
    learns_dof: bool = False, seed: int = 0,
) -> Outcome:  # fmt: skip
    """Move the points in place to less KL.

    Args:     tol: the last phase ends where KL falls by less than this in REPORT_EVERY iterations; 0 for never.
              callbacks: called with (iteration, KL, points); True ends the run. The points are not to be kept or changed.
    """
    run = _Run(objective, points, tol, callbacks, learns_dof, seed)
    reason: Reason = "max_iter"
    with Interrupts() as interrupts:
        try:
            for number, phase in enumerate(phases):
                ended = run.go_through(phase, number == len(phases) - 1, interrupts)
                if ended is not None:
                    reason = ended
                    break
        except KeyboardInterrupt:
            reason = "interrupted"
    divergence = objective.divergence(points, objective.gradient(points, 1.0, run.gradient))
    return Outcome(divergence, run.iteration, reason)


class _Run:
    """The state of a run; a phase starts with no velocity and gains of 1."""

    def __init__(
        self, objective: Objective, points: Array, tol: float, callbacks: Sequence[Callback], learns_dof: bool, seed: int
    ) -> None:
        self.objective = objective
        self.points = points
        self.tol = tol
        self.callbacks = callbacks
        self.learns_dof = learns_dof
        self.seed = seed
        self.gradient = np.zeros_like(points)
        self.iteration = 0
        self._last_divergence = np.inf

    def go_through(self, phase: Phase, is_last: bool, interrupts: Interrupts) -> Reason | None:
        """Run a phase; return why the run ends, or None to go on."""
        velocity, gains = np.zeros_like(self.points), np.ones_like(self.points)
        self._last_divergence = np.inf
        for _ in range(phase.iterations):
            normalizer = self.objective.gradient(self.points, phase.exaggeration, self.gradient)
            if self.iteration % REPORT_EVERY == 0 and self.iteration > 0:
                ended = self._report(normalizer, is_last)
                if ended is not None:
                    return ended
            self._advance(phase.learning_rate, velocity, gains)
            self.iteration += 1
            if self.learns_dof and is_last and self.iteration % _LEARN_EVERY == 0:
                self._learn_dof()
            if interrupts.is_requested:
                return "interrupted"
        return None

    def _advance(self, rate: float, velocity: Array, gains: Array) -> None:
        real, team = self.points.dtype.type, self.objective.team
        sums = np.zeros((team.threads, self.points.shape[1]))
        team.run(
            advance,
            len(self.points),
            self.points,
            self.gradient,
            velocity,
            gains,
            real(rate),
            real(MOMENTUM),
            real(LONGEST_STEP),
            sums,
        )
        team.run(center, len(self.points), self.points, (sums.sum(axis=0) / len(self.points)).astype(self.points.dtype))

    def _report(self, normalizer: float, is_last: bool) -> Reason | None:
        if not self.callbacks and not (self.tol > 0 and is_last):
            return None
        divergence = self.objective.divergence(self.points, normalizer)
        for callback in self.callbacks:
            if callback(self.iteration, divergence, self.points):
                return "callback"
        if is_last and self._last_divergence - divergence < self.tol:
            return "tol"
        self._last_divergence = divergence
        return None

    def _learn_dof(self) -> None:
        """Take a step in log dof down the slope of KL, of at most a tenth."""
        repulsion = self.objective.repulsion
        slope = repulsion.dof * self.objective.slope_by_dof(self.points, self.seed + self.iteration)
        step = float(np.clip(-slope, -_DOF_STEP, _DOF_STEP))
        repulsion.dof = float(np.clip(repulsion.dof * np.exp(step), *_DOF_BOUNDS))
