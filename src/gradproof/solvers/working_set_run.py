"""The loop of every working-set solver: certify, screen, take up the worst violators, solve for these."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError, ShapeError
from gradproof.solvers.descent import Penalty
from gradproof.solvers.design import Array, Design, Indices
from gradproof.solvers.design_kernels import screen
from gradproof.solvers.lazy_products import LazyProducts
from gradproof.solvers.result import Certificate, History, Reason, Result, Stopping

GAP = "duality gap relative to the objective at zero"
_FIRST = 100
_SHARE = 0.4
#: So large a share of the dense columns costs little beside a pass over all of them.
_SHARE_DENSE = 0.1
#: Of sparse columns, which cost little, this share at a time, or this multiple of those in use, but not fewer than so many.
_SHARE_SPARSE, _GROWTH_SPARSE, _FIRST_SPARSE = 0.125, 4, 800
#: Penalties on the way to a small one: so much smaller each, and none that is so close to it.
_FALL, _NEAR = 3.0, 1.5
#: Inside, the violation falls to this share of that of the whole.
INNER = 0.1
#: It is between these (the second relative to the tolerance).
_LOOSEST, _EXACTEST = 0.3, 0.01
#: This share of the excess that the tolerance allows is surely enough.
_ENOUGH = 0.3


class AbstractWorkingSetRun(ABC):
    """One solve: init, then step until terminate, then postprocess.

    ``products`` are <x_j, residual> for the columns in ``alive``, where the residual is minus the gradient of the loss, or
    bounds of them below lambda_1. A subclass keeps ``scale``, which makes that gradient dual feasible, and ``radius``, of a
    ball around it that holds the dual optimum.
    """

    def __init__(self, design: Design, squares: Array, chosen: Any, penalty: Penalty, stopping: Stopping) -> None:
        self.began = time.perf_counter()
        self.design, self.squares, self.set, self.penalty, self.stopping = design, squares, chosen, penalty, stopping
        self.deadline = self.began + stopping.max_seconds
        self.norms = np.sqrt(squares)
        self.reaches = np.sqrt(squares + penalty.lambda_2) if penalty.lambda_2 else self.norms
        self.history = History()
        self.beta: Array = np.zeros(self.set.chosen.size)
        self.alive: Indices = np.flatnonzero(squares > 0)
        self.residual: Array
        self.products: Array
        self.is_chosen = np.zeros(squares.size, dtype=bool)
        self.is_chosen[self.set.chosen] = True
        self.lazy: LazyProducts
        self.scale, self.radius = 1.0, np.inf
        #: The l1 penalty of the step: that which is wanted, or a larger one on the way to it.
        self.level = np.inf
        #: By how much the largest product exceeds lambda_1, relative to that at zero if lambda_1 = 0.
        self.excess = np.inf
        #: How exactly to solve inside: the largest violation of the optimality conditions relative to the level.
        self.aim = _LOOSEST

    @abstractmethod
    def measure(self, slack: Array) -> tuple[float, float]:
        """Return the objective and the certificate."""

    @abstractmethod
    def solve_inside(self, gap: float) -> None:
        """Solve for the columns of the set; changes beta and the residual."""

    @abstractmethod
    def describe(self) -> tuple[str, str, float]:
        """Return the names of the solver and the certificate, and the intercept."""

    def take_start(self, start: npt.ArrayLike, where: str) -> None:
        """Begin with the given coefficients of all columns."""
        array = np.asarray(start, dtype=np.float64)
        if array.shape != (self.design.shape[1],):
            raise ShapeError(f"start needs shape ({self.design.shape[1]},)", got=f"{array.shape}", where=where)
        array = np.where(self.squares > 0, array, 0.0)  # columns of zeros predict nothing, and cost
        self._extend(np.setdiff1d(np.flatnonzero(array), self.set.chosen))
        self.beta = array[self.set.chosen]

    def coefficients(self) -> Array:
        """Return the coefficients of all columns."""
        beta = np.zeros(self.design.shape[1])
        beta[self.set.chosen] = self.beta
        return beta

    def result(self) -> Result:
        """Run to the end."""
        reason: Reason = "iterations"
        iteration, objective, gap = 0, np.inf, np.inf
        try:
            for iteration in range(self.stopping.max_iterations + 1):
                slack = self._slack()
                objective, gap = self.measure(slack)
                seconds = time.perf_counter() - self.began
                self.history.add(iteration, seconds, objective, gap)
                found = self._terminate(iteration, seconds, objective, gap)
                if found is not None:
                    reason = found
                    break
                self._step(slack, gap)
        except KeyboardInterrupt:
            reason = "interrupted"
        return self._postprocess(reason, iteration, objective, gap)

    def _slack(self) -> Array:
        """Return |<x_j, r>| (signed if coefficients are nonnegative), the ridge counted, for the columns still alive."""
        products = self.products
        if self.penalty.lambda_2:
            products = products - self.penalty.lambda_2 * self.coefficients()[self.alive]
        return products if self.penalty.is_positive else np.abs(products)

    def _terminate(self, iteration: int, seconds: float, objective: float, gap: float) -> Reason | None:
        if gap <= self.stopping.tolerance:
            return "converged"
        if self.stopping.callback is not None and self.stopping.callback(iteration, objective, gap):
            return "stopped"
        return "seconds" if seconds >= self.stopping.max_seconds else None

    def _step(self, slack: Array, gap: float) -> None:
        wanted, highest = self.penalty, float(np.max(slack, initial=0.0))
        self.level = self._next_level(slack, highest)
        self.excess = highest / self.level - 1 if self.level else gap
        above = self.alive[(slack > self.level) & ~self.is_chosen[self.alive]] if self.level > wanted.lambda_1 else None
        worst = self._pick(*self._screen(slack))
        added = worst if above is None else above
        self.aim = self._aim(gap, added.size)
        self._extend(added)
        self.beta = np.concatenate([self.beta, np.zeros(self.set.chosen.size - self.beta.size)])
        self.penalty = wanted._replace(lambda_1=self.level)
        try:
            self.solve_inside(gap)
        finally:
            self.penalty = wanted
        self.refresh()

    def _aim(self, gap: float, added: int) -> float:
        """Return how exactly to solve; near the end the gap is proportional to the excess, which says what excess is enough."""
        tolerance = self.stopping.tolerance
        enough = _ENOUGH * tolerance / gap if self.level <= self.penalty.lambda_1 else 0.0
        return min(_LOOSEST, max(self.excess * max(self.share(added), enough), _EXACTEST * tolerance))

    def share(self, added: int) -> float:
        """Return to what share of the violation to solve when so many columns are new."""
        return INNER

    def _next_level(self, slack: Array, highest: float) -> float:
        """Return the l1 penalty to solve for next: of sparse columns larger ones first, so that few are taken up in vain."""
        wanted = self.penalty.lambda_1
        if not (self.design.is_sparse and wanted > 0) or self.level <= wanted:
            return wanted
        level = min(self.level, highest) / _FALL
        room = self._room_sparse()
        if room < slack.size:
            level = min(level, float(np.partition(slack, slack.size - room)[slack.size - room]))
        return level if level > _NEAR * wanted else wanted

    def _extend(self, added: Indices) -> None:
        self.set.extend(added)
        self.is_chosen[added] = True

    def begin(self, residual: Array, products: Array) -> None:
        """Set the residual of all-zero coefficients and its products with all columns."""
        self.residual, self.products = residual, products[self.alive]
        self.lazy = LazyProducts(self.design, self.norms, residual, products)

    def refresh(self) -> None:
        """Bring the products up to date."""
        self.products = self._read(self.alive, self.penalty.lambda_1)

    def chosen_products(self, limit: float = -np.inf) -> Array:
        """Return <x_j, residual> for the columns of the set; for those without a coefficient it may be a bound up to the limit."""
        return self._read(self.set.chosen, limit)

    def _read(self, columns: Indices, limit: float) -> Array:
        is_used = np.zeros(self.squares.size, dtype=np.bool_)
        is_used[self.set.chosen[self.beta != 0]] = True
        return self.lazy.refresh(self.residual, columns, is_used, limit, self.penalty.is_positive)

    def _screen(self, slack: Array) -> tuple[Indices, Array]:
        """Drop the columns that cannot be used; returns new ones that violate their dual constraint, and how far that is away."""
        candidates, distances = np.empty(self.alive.size, dtype=np.int64), np.empty(self.alive.size)
        left, found = screen(
            self.alive, self.products, slack, self.norms, self.reaches, self.is_chosen, self.penalty.lambda_1, self.scale, self.radius,
            candidates, distances,
        )  # fmt: skip
        self.alive, self.products = self.alive[:left], self.products[:left]
        return candidates[:found], distances[:found]

    def _pick(self, candidates: Indices, distances: Array) -> Indices:
        """Return the worst candidates; sparse columns cost little, so many at a time."""
        room = self._room_sparse() if self.design.is_sparse else self._room(int(np.count_nonzero(self.beta)))
        if candidates.size > room:
            candidates = np.sort(candidates[np.argpartition(distances, room - 1)[:room]])
        return candidates

    def _room_sparse(self) -> int:
        used = int(np.count_nonzero(self.beta))
        return max(_FIRST_SPARSE, _GROWTH_SPARSE * used, int(_SHARE_SPARSE * self.design.shape[1]))

    def _room(self, support: int) -> int:
        """Return how many dense columns to take up: as many as are used, but fewer where few more can be (support <= n)."""
        n, p = self.design.shape
        return max(_FIRST, int(_SHARE_DENSE * p), min(support, int(_SHARE * (n - support))))

    def _postprocess(self, reason: Reason, iteration: int, objective: float, gap: float) -> Result:
        solver, kind, intercept = self.describe()
        beta = self.coefficients()
        screened = self.design.shape[1] - self.alive.size
        return Result(
            x=beta,
            objective=objective,
            certificate=Certificate(kind, gap, self.stopping.tolerance),
            solver=solver,
            reason=reason,
            iterations=iteration,
            seconds=time.perf_counter() - self.began,
            history=self.history.arrays(),
            passes=self.design.passes,
            extra={"intercept": intercept, "support": int(np.count_nonzero(beta)), "screened": screened},
        )


def check_penalties(lambda_1: float, lambda_2: float, is_positive: bool, where: str) -> Penalty:
    """Return the penalty. Raises: DomainError: a weight is negative or no number, or there is no penalty at all."""
    for name, value in (("lambda_1", lambda_1), ("lambda_2", lambda_2)):
        if not (np.isfinite(value) and value >= 0):
            raise DomainError(f"{name} has to be a number of at least 0", got=f"{value}", where=where)
    if lambda_1 == 0 and not is_positive:
        raise DomainError("lambda_1 > 0 is needed", got="0", where=where, remedy="Solve without the l1 term by Newton's method.")
    return Penalty(float(lambda_1), float(lambda_2), is_positive)
