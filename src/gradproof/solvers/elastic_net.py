"""Least squares with l1 and l2 penalties: lasso, elastic net, and both over nonnegative coefficients."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.solvers.descent import Penalty
from gradproof.solvers.design import Array, Design, target_vector
from gradproof.solvers.result import Result, Stopping
from gradproof.solvers.working_set import SparseSet, WorkingSet
from gradproof.solvers.working_set_run import GAP, INNER, AbstractWorkingSetRun, check_penalties

_WHERE = "minimize_elastic_net"


def minimize_elastic_net(
    x: Any,
    y: npt.ArrayLike,
    lambda_1: float,
    lambda_2: float = 0.0,
    *,
    is_positive: bool = False,
    fit_intercept: bool = False,
    start: npt.ArrayLike | None = None,
    stopping: Stopping | None = None,
) -> Result:
    """Return the coefficients of least squares with an elastic-net penalty.

    Formula:  min_b ||y - X b||^2 / 2 + lambda_1 ||b||_1 + lambda_2 / 2 ||b||^2   (over b >= 0 if is_positive)
    Args:     x: (n, p), dense or sparse.  y: (n,).  lambda_1, lambda_2: >= 0, with lambda_1 > 0 or is_positive.
              fit_intercept: a constant that is not penalized; it is in ``extra['intercept']``.  start: (p,).
    Returns:  a result; its certificate is the duality gap relative to the objective at zero, or for lambda_1 = 0 the
              largest violation of the optimality conditions relative to that at zero.
    Raises:   DomainError, ShapeError: penalties, NaN, shapes.
    Source:   working sets by distance to the dual constraints (Massias, Gramfort and Salmon 2018), gap-safe screening
              (Ndiaye et al. 2017), and inside the set extrapolated coordinate descent (see descend).
    Example:  >>> minimize_elastic_net([[1.0, 0.0], [0.0, 1.0]], [3.0, 0.5], 1.0).x
              array([2., 0.])
    """
    return ElasticNetSolver(x, y, fit_intercept=fit_intercept).solve(lambda_1, lambda_2, is_positive, start, stopping)


class ElasticNetSolver:
    """What all problems with the same data share: products, norms, and the columns met so far."""

    def __init__(self, x: Any, y: npt.ArrayLike, *, fit_intercept: bool = False) -> None:
        self.design = x if isinstance(x, Design) else Design(x, _WHERE)
        self.target = target_vector(y, self.design.shape[0], _WHERE)
        self.offset = float(self.target.mean()) if fit_intercept and self.target.size else 0.0
        self.target = self.target - self.offset
        self.products, self.squares, sums = self.design.survey(self.target)
        self.means = sums / self.design.shape[0] if fit_intercept else None
        if self.means is not None:
            self.squares = np.maximum(self.squares - self.design.shape[0] * self.means**2, 0)
        self.norms = np.sqrt(self.squares)
        self.energy = 0.5 * float(self.target @ self.target)
        self.set: WorkingSet | SparseSet = (SparseSet if self.design.is_sparse else WorkingSet)(
            self.design, self.means, self.squares
        )

    def lambda_max(self, is_positive: bool = False) -> float:
        """Return the least lambda_1 at which all coefficients are zero."""
        return float(np.max(self.products if is_positive else np.abs(self.products), initial=0.0))

    def solve(
        self,
        lambda_1: float,
        lambda_2: float = 0.0,
        is_positive: bool = False,
        start: npt.ArrayLike | None = None,
        stopping: Stopping | None = None,
    ) -> Result:
        """Solve for one pair of penalties; the columns taken up for earlier ones are used again."""
        penalty = check_penalties(lambda_1, lambda_2, is_positive, _WHERE)
        return _Run(self, penalty, stopping or Stopping(), start).result()


class _Run(AbstractWorkingSetRun):
    """One solve for one pair of penalties."""

    def __init__(self, data: ElasticNetSolver, penalty: Penalty, stopping: Stopping, start: npt.ArrayLike | None) -> None:
        super().__init__(data.design, data.squares, data.set, penalty, stopping)
        self.data = data
        self.begin(data.target, data.products)
        self.dual = -np.inf
        self.objective, self.gap = np.inf, np.inf
        if start is not None:
            self.take_start(start, _WHERE)
            self.residual = data.target - self.set.predict(self.beta)
            self.refresh()
        elif self.set.chosen.size:
            self.aim = 1e-4
            self.solve_inside(1e-3)
            self.refresh()

    def measure(self, slack: Array) -> tuple[float, float]:
        """Return the objective and the certificate: with a penalty the residual, scaled until it is dual feasible."""
        penalty, square = self.penalty, float(self.residual @ self.residual)
        ridge = penalty.lambda_2 * float(self.beta @ self.beta)
        objective = 0.5 * (square + ridge) + penalty.lambda_1 * float(np.abs(self.beta).sum())
        if penalty.lambda_1 == 0:
            return objective, self._violation(slack)
        highest = float(np.max(slack, initial=0.0))
        # Best multiple of the residual among the feasible ones.
        along, size = float(self.residual @ self.data.target), square + ridge
        best = along / size if size > 0 else 1.0
        self.scale = max(min(penalty.lambda_1 / highest if highest > 0 else np.inf, best), 0.0)
        dual = self.scale * along - 0.5 * self.scale**2 * size
        self.dual = max(self.dual, dual)
        self.radius = float(np.sqrt(2 * max(objective - dual, 0.0)))
        return objective, max(objective - self.dual, 0.0) / self.data.energy if self.data.energy > 0 else 0.0

    def _violation(self, slack: Array) -> float:
        largest = self.data.lambda_max(self.penalty.is_positive)
        if largest <= 0:
            return 0.0
        used = self.coefficients()[self.alive] > 0
        return float(np.max(np.where(used, np.abs(slack), np.maximum(slack, 0)), initial=0.0)) / largest

    def solve_inside(self, gap: float) -> None:
        """Solve for the columns of the set, the more exactly the closer the whole is to its end."""
        self._sharpen(gap)
        scale = self.penalty.lambda_1 or self.data.lambda_max(self.penalty.is_positive)
        slope = self.chosen_products(self.set.negligible(self.penalty))
        self.beta, self.residual = self.set.minimize(
            self.beta, slope, self.data.target, self.penalty, scale * self.aim, self.deadline
        )

    def share(self, added: int) -> float:
        """Return to what share of the violation to solve: new columns bring others of about their share, below which it is in vain."""
        return min(INNER, added / max(1, int(np.count_nonzero(self.beta))))

    def _sharpen(self, gap: float) -> None:
        """Take the Gram matrix in double precision if that in single precision leads nowhere any more."""
        objective = self.history.last_objective
        if not self.set.is_sharp and (objective > self.objective or gap > 0.9 * self.gap):
            self.set.sharpen()
        self.objective, self.gap = objective, gap

    def describe(self) -> tuple[str, str, float]:
        """Return the names of the solver and the certificate, and the intercept."""
        kind = GAP if self.penalty.lambda_1 else "KKT residual relative to that at zero"
        center = 0.0 if self.data.means is None else float(self.data.means @ self.coefficients())
        return "working set, extrapolated coordinate descent", kind, self.data.offset - center
