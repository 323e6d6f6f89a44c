"""Least squares with a group lasso penalty."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError, ShapeError
from gradproof.prox.groups import L21
from gradproof.solvers.design import Array, Design, Indices, target_vector
from gradproof.solvers.group_kernels import sweep_groups
from gradproof.solvers.problem import largest_eigenvalue
from gradproof.solvers.result import Certificate, History, Reason, Result, Stopping
from gradproof.solvers.working_set import WorkingSet

_WHERE = "minimize_group_lasso"
_FIRST = 20
_SWEEPS, _BETWEEN_LOOKS = 1000, 20
#: Entries of the Gram matrix that the sweeps between two looks at the clock may go over: about 0.05 s.
_ENTRIES_BETWEEN_LOOKS = 50_000_000
#: The size from which on all eigenvalues of a group's matrix take longer than power steps to the largest.
_SMALL_GROUP = 200


def minimize_group_lasso(
    x: Any,
    y: npt.ArrayLike,
    groups: Sequence[npt.ArrayLike],
    lambda_: float,
    *,
    weights: npt.ArrayLike | None = None,
    fit_intercept: bool = False,
    start: npt.ArrayLike | None = None,
    stopping: Stopping | None = None,
) -> Result:
    """Return the coefficients of least squares with a group lasso penalty.

    Formula:  min_b ||y - X b||^2 / 2 + lambda sum_g w_g ||b_g||_2
    Args:     x: (n, p), dense or sparse.  y: (n,).  groups: index arrays; each column is in exactly one.
              lambda_: > 0.  weights: the w_g, > 0; by default the square roots of the group sizes.  start: (p,).
    Returns:  a result; its certificate is the duality gap relative to the objective at zero.
    Raises:   DomainError: groups overlap, penalties, NaN. ShapeError: a column is in no group, shapes.
    Source:   working sets of groups, block coordinate descent on their Gram matrix, gap-safe screening (Ndiaye et al. 2017).
    Example:  >>> minimize_group_lasso([[1.0, 0.0], [0.0, 1.0]], [3.0, 4.0], [[0, 1]], 1.0, weights=[1.0]).x.round(6)
              array([2.4, 3.2])
    """
    penalty = L21(groups, 1.0, weights)
    run = _Run(x if isinstance(x, Design) else Design(x, _WHERE), y, penalty, lambda_, fit_intercept, stopping or Stopping())
    if start is not None:
        run.take_start(start)
    return run.result()


def group_lasso_bound(
    x: Any,
    y: npt.ArrayLike,
    groups: Sequence[npt.ArrayLike],
    *,
    weights: npt.ArrayLike | None = None,
    fit_intercept: bool = False,
) -> float:
    """Return the least lambda at which all coefficients are zero: max_g ||X_g' y||_2 / w_g, y centered if there is an intercept."""
    penalty = L21(groups, 1.0, weights)
    design = x if isinstance(x, Design) else Design(x, _WHERE)
    target = target_vector(y, design.shape[0], _WHERE)
    products = design.correlate(target - target.mean() if fit_intercept else target)
    sizes = [np.linalg.norm(products[np.asarray(group, dtype=np.int64)]) for group in penalty.groups]
    return float(np.max(np.array(sizes) / np.asarray(penalty.weights, dtype=np.float64), initial=0.0))


class _Run:
    """One solve: init, then step until terminate, then postprocess."""

    def __init__(
        self, design: Design, y: npt.ArrayLike, penalty: L21, lambda_: float, fit_intercept: bool, stopping: Stopping
    ) -> None:
        self.began, self.history, self.stopping, self.design = time.perf_counter(), History(), stopping, design
        self.groups: list[Indices] = [np.asarray(group, dtype=np.int64) for group in penalty.groups]
        self.weights = lambda_ * np.asarray(penalty.weights, dtype=np.float64)
        if not (np.isfinite(lambda_) and (self.weights > 0).all()):
            raise DomainError("lambda_ and weights have to be positive", got=f"{lambda_}", where=_WHERE)
        if sum(group.size for group in self.groups) != design.shape[1] or max(int(g.max()) for g in self.groups) >= design.shape[1]:
            raise ShapeError(f"groups have to hold each of the {design.shape[1]} columns", got="others", where=_WHERE)
        target = target_vector(y, design.shape[0], _WHERE)
        self.offset = float(target.mean()) if fit_intercept else 0.0
        self.target = self.residual = target - self.offset
        self.products, squares, sums = design.survey(self.target)
        self.means = sums / design.shape[0] if fit_intercept else None
        if self.means is not None:
            squares = np.maximum(squares - design.shape[0] * self.means**2, 0)
        # The Frobenius norm of a block bounds its largest singular value.
        self.norms = np.sqrt([squares[group].sum() for group in self.groups])
        self.energy = 0.5 * float(self.target @ self.target)
        self.alive = np.flatnonzero(self.norms > 0)
        self.chosen: list[int] = []
        self.peaks: list[float] = []
        self.set = WorkingSet(design, self.means, squares)
        self.beta: Array = np.zeros(0)
        self.dual, self.scale, self.radius = -np.inf, 1.0, np.inf

    def take_start(self, start: npt.ArrayLike) -> None:
        """Begin with the given coefficients of all columns."""
        beta = np.asarray(start, dtype=np.float64)
        if beta.shape != (self.design.shape[1],):
            raise ShapeError(f"start needs shape ({self.design.shape[1]},)", got=f"{beta.shape}", where=_WHERE)
        self._extend([int(g) for g in self.alive if beta[self.groups[g]].any()])
        self.beta = beta[self.set.chosen]
        self.residual = self.target - self.set.predict(self.beta)
        columns = np.concatenate([self.groups[g] for g in self.alive]) if self.alive.size else np.zeros(0, dtype=np.int64)
        self.products[columns] = self.design.correlate(self.residual, columns)

    def result(self) -> Result:
        """Run to the end."""
        reason: Reason = "iterations"
        iteration, objective, gap = 0, np.inf, np.inf
        try:
            for iteration in range(self.stopping.max_iterations + 1):
                sizes = np.array([np.linalg.norm(self.products[self.groups[g]]) for g in self.alive]) / self.weights[self.alive]
                objective, gap = self._measure(sizes)
                seconds = time.perf_counter() - self.began
                self.history.add(iteration, seconds, objective, gap)
                if gap <= self.stopping.tolerance:
                    reason = "converged"
                    break
                if self.stopping.callback is not None and self.stopping.callback(iteration, objective, gap):
                    reason = "stopped"
                    break
                if seconds >= self.stopping.max_seconds:
                    reason = "seconds"
                    break
                self._step(sizes, gap)
        except KeyboardInterrupt:
            reason = "interrupted"
        return self._postprocess(reason, iteration, objective, gap)

    def _measure(self, sizes: Array) -> tuple[float, float]:
        """Return objective and relative gap; sizes are the dual norms of the groups, feasible up to one."""
        square, along = float(self.residual @ self.residual), float(self.residual @ self.target)
        lengths = [float(np.linalg.norm(part)) for part in self._parts()]
        objective = 0.5 * square + float(np.dot(self.weights[self.chosen], lengths)) if self.chosen else 0.5 * square
        highest = float(sizes.max(initial=0.0))
        self.scale = max(min(1 / highest if highest > 0 else np.inf, along / square if square > 0 else 1.0), 0.0)
        dual = self.scale * along - 0.5 * self.scale**2 * square
        self.dual = max(self.dual, dual)
        self.radius = float(np.sqrt(2 * max(objective - dual, 0.0)))
        return objective, max(objective - self.dual, 0.0) / self.energy if self.energy > 0 else 0.0

    def _parts(self) -> list[Array]:
        bounds = np.cumsum([self.groups[g].size for g in self.chosen])[:-1]
        return np.split(self.beta, bounds) if self.chosen else []

    def _step(self, sizes: Array, gap: float) -> None:
        used = {g for g, part in zip(self.chosen, self._parts(), strict=True) if part.any()}
        reach = self.norms[self.alive] / self.weights[self.alive]
        keep = (self.scale * sizes + self.radius * reach >= 1) | np.isin(self.alive, self.chosen)
        self.alive, sizes, reach = self.alive[keep], sizes[keep], reach[keep]
        is_new = ~np.isin(self.alive, self.chosen) & (sizes > 1 + 1e-9)
        ranking = (1 - self.scale * sizes) / reach
        candidates = self.alive[is_new][np.argsort(ranking[is_new])[: max(_FIRST, len(used) // 2)]]
        self._extend([int(g) for g in candidates])
        self._solve_inside(gap)
        columns = np.concatenate([self.groups[g] for g in self.alive]) if self.alive.size else np.zeros(0, dtype=np.int64)
        self.products[columns] = self.design.correlate(self.residual, columns)

    def _extend(self, added: list[int]) -> None:
        if not added:
            return
        self.set.extend(np.concatenate([self.groups[g] for g in added]))
        self.chosen += added
        self.beta = np.concatenate([self.beta, np.zeros(self.set.chosen.size - self.beta.size)])

    def _solve_inside(self, gap: float) -> None:
        sizes = [self.groups[g].size for g in self.chosen]
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        weights, gram = self.weights[self.chosen], self.set.gram()
        blocks = list(itertools.pairwise(starts))
        self.peaks += [_peak(gram[a:b, a:b]) for a, b in blocks[len(self.peaks) :]]
        steps = 1 / np.maximum(self.peaks, 1e-300)
        slope = self.products[self.set.chosen]
        tolerance = float(weights.min()) * min(1e-2, 0.1 * max(gap, self.stopping.tolerance))
        between = max(1, min(_BETWEEN_LOOKS, _ENTRIES_BETWEEN_LOOKS // max(gram.size, 1)))
        for _ in range(_SWEEPS // between):
            moved = sweep_groups(gram, slope, self.beta, starts, weights, steps, between, tolerance)
            if moved <= tolerance or time.perf_counter() - self.began >= self.stopping.max_seconds:
                break
        self.residual = self.target - self.set.predict(self.beta)

    def _postprocess(self, reason: Reason, iteration: int, objective: float, gap: float) -> Result:
        beta = np.zeros(self.design.shape[1])
        beta[self.set.chosen] = self.beta
        center = 0.0 if self.means is None else float(self.means @ beta)
        certificate = Certificate("duality gap relative to the objective at zero", gap, self.stopping.tolerance)
        used = sum(bool(part.any()) for part in self._parts())
        return Result(
            x=beta, objective=objective, certificate=certificate, solver="working set, block coordinate descent", reason=reason,
            iterations=iteration, seconds=time.perf_counter() - self.began, history=self.history.arrays(), passes=self.design.passes,
            extra={"intercept": self.offset - center, "support": used, "screened": len(self.groups) - self.alive.size},
        )  # fmt: skip


def _peak(block: Array) -> float:
    """Return the largest eigenvalue of the matrix of a group, of a large one an upper estimate."""
    if block.shape[0] <= _SMALL_GROUP:
        return float(np.linalg.eigvalsh(block)[-1])
    return largest_eigenvalue(lambda vector: block @ vector, block.shape[0])
