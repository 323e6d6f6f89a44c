"""Least squares with penalties, as scikit-learn names them: lasso, elastic net, group lasso, nonnegative coefficients."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted, validate_data

from gradproof.errors import DomainError
from gradproof.solvers.elastic_net import ElasticNetSolver
from gradproof.solvers.group_lasso import minimize_group_lasso
from gradproof.solvers.path import Path, elastic_net_path
from gradproof.solvers.result import Result, Stopping

Array = npt.NDArray[np.floating[Any]]
_SPARSE = ("csr", "csc")


def report(result: Result, model: Any) -> None:
    """Keep what the result says of itself on the model, and warn if it fell short."""
    model.certificate_ = result.certificate
    model.result_ = result
    model.n_iter_ = max(1, result.iterations)
    if not result.is_converged:
        warnings.warn(f"{type(model).__name__}: {result.certificate}. {result.advice}", ConvergenceWarning, stacklevel=3)


class AbstractLinearRegressor(RegressorMixin, BaseEstimator):
    """A linear model: ``coef_``, ``intercept_``, ``certificate_``, ``result_``."""

    tol: float
    max_iter: int
    fit_intercept: bool

    def fit(self, X: Any, y: Any) -> Self:
        """Fit the model. Returns: itself."""
        x, target = validate_data(self, X, y, accept_sparse=_SPARSE, dtype=[np.float64, np.float32], y_numeric=True)
        result = self._solve(x, np.asarray(target, dtype=np.float64), Stopping(self.tol, self.max_iter))
        self.coef_, self.intercept_ = result.x, float(result.extra["intercept"])
        report(result, self)
        return self

    def predict(self, X: Any) -> Array:
        """Return the predictions, (n,)."""
        check_is_fitted(self)
        x = validate_data(self, X, accept_sparse=_SPARSE, dtype=[np.float64, np.float32], reset=False)
        return np.asarray(x @ self.coef_ + self.intercept_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    @abstractmethod
    def _solve(self, x: Any, y: Array, stopping: Stopping) -> Result: ...


class ElasticNet(AbstractLinearRegressor):
    """min ||y - X b - c||^2 / (2 n) + alpha l1_ratio ||b||_1 + alpha (1 - l1_ratio) / 2 ||b||^2.

    Args:     alpha: > 0.  l1_ratio: above 0, at most 1.  positive: b >= 0.  tol: the duality gap relative to the objective at zero.
    """

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        l1_ratio: float = 0.5,
        fit_intercept: bool = True,
        positive: bool = False,
        tol: float = 1e-6,
        max_iter: int = 1000,
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.positive = positive
        self.tol = tol
        self.max_iter = max_iter

    def _ratio(self) -> float:
        if not 0 < self.l1_ratio <= 1:
            raise DomainError("l1_ratio has to be above 0 and at most 1", got=f"{self.l1_ratio}", where=type(self).__name__)
        return self.l1_ratio

    def _solve(self, x: Any, y: Array, stopping: Stopping) -> Result:
        weight, ratio = self.alpha * y.size, self._ratio()
        solver = ElasticNetSolver(x, y, fit_intercept=self.fit_intercept)
        return solver.solve(weight * ratio, weight * (1 - ratio), self.positive, None, stopping)

    def path(self, X: Any, y: Any, alphas: int | Sequence[float] = 100, eps: float = 1e-3) -> Path:
        """Return the results along falling alphas, each from the last; ``lambdas`` of it are n alpha l1_ratio."""
        x, target = validate_data(self, X, y, accept_sparse=_SPARSE, dtype=[np.float64, np.float32], y_numeric=True)
        n, ratio = target.size, self._ratio()
        lambdas: Any = alphas if isinstance(alphas, int | np.integer) else np.asarray(alphas, dtype=np.float64) * n * ratio
        ridge = self.alpha * n * (1 - ratio)
        stopping = Stopping(self.tol, self.max_iter)
        return elastic_net_path(
            x, np.asarray(target, dtype=np.float64), lambdas, ratio=eps, lambda_2=ridge, is_positive=self.positive,
            fit_intercept=self.fit_intercept, stopping=stopping,
        )  # fmt: skip


class Lasso(ElasticNet):
    """min ||y - X b - c||^2 / (2 n) + alpha ||b||_1.

    Args:     alpha: > 0.  positive: b >= 0.  tol: the duality gap relative to the objective at zero.
    """

    def __init__(
        self, alpha: float = 1.0, *, fit_intercept: bool = True, positive: bool = False, tol: float = 1e-6, max_iter: int = 1000
    ) -> None:
        super().__init__(alpha, l1_ratio=1.0, fit_intercept=fit_intercept, positive=positive, tol=tol, max_iter=max_iter)

    def _ratio(self) -> float:
        return 1.0


class NonNegativeLeastSquares(AbstractLinearRegressor):
    """min ||y - X b - c||^2 over b >= 0.

    Args:     tol: the largest violation of the optimality conditions relative to that at zero.
    """

    def __init__(self, *, fit_intercept: bool = True, tol: float = 1e-6, max_iter: int = 1000) -> None:
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter

    def _solve(self, x: Any, y: Array, stopping: Stopping) -> Result:
        return ElasticNetSolver(x, y, fit_intercept=self.fit_intercept).solve(0.0, 0.0, True, None, stopping)


class GroupLasso(AbstractLinearRegressor):
    """min ||y - X b - c||^2 / (2 n) + alpha sum_g w_g ||b_g||_2.

    Args:     groups: index arrays, each column in exactly one; or the size of equal groups.  alpha: > 0.
              weights: the w_g; by default the square roots of the group sizes.  tol: the duality gap relative to the objective at zero.
    """

    def __init__(
        self,
        groups: int | Sequence[npt.ArrayLike] = 1,
        *,
        alpha: float = 1.0,
        weights: npt.ArrayLike | None = None,
        fit_intercept: bool = True,
        tol: float = 1e-6,
        max_iter: int = 1000,
    ) -> None:
        self.groups = groups
        self.alpha = alpha
        self.weights = weights
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter

    def _solve(self, x: Any, y: Array, stopping: Stopping) -> Result:
        groups: Any = self.groups
        if isinstance(groups, int | np.integer):
            if groups < 1:
                raise DomainError("groups need at least one column each", got=f"{groups}", where="GroupLasso")
            groups = [np.arange(first, min(first + groups, x.shape[1])) for first in range(0, x.shape[1], int(groups))]
        return minimize_group_lasso(
            x, y, groups, self.alpha * y.size, weights=self.weights, fit_intercept=self.fit_intercept, stopping=stopping
        )
