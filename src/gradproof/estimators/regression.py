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

from gradproof.estimators.parameters import checked_positive, checked_share, stopping_of
from gradproof.estimators.paths import DomainValueError, falling, followed
from gradproof.solvers.accumulation import Accumulated
from gradproof.solvers.design import Design
from gradproof.solvers.elastic_net import ElasticNetSolver
from gradproof.solvers.group_lasso import group_lasso_bound, minimize_group_lasso
from gradproof.solvers.path import Path
from gradproof.solvers.result import Result, Stopping

Array = npt.NDArray[np.floating[Any]]
_SPARSE = ("csr", "csc")


def report(result: Result, model: Any) -> None:
    """Keep what the result says of itself on the model, and warn if it fell short."""
    model.certificate_ = result.certificate
    model.result_ = result
    model.n_iter_ = max(1, result.iterations)
    if not result.is_converged:
        warnings.warn(f"{type(model).__name__}: {result.certificate}. {_advice(result)}", ConvergenceWarning, stacklevel=3)


def _advice(result: Result) -> str:
    return result.advice.replace("max_iterations", "max_iter").replace("the tolerance", "tol")


class AbstractLinearRegressor(RegressorMixin, BaseEstimator):
    """A linear model: ``coef_``, ``intercept_``, ``certificate_``, ``result_``, and ``path_``, the results of all penalties on the way."""

    tol: float
    max_iter: int
    fit_intercept: bool
    alphas: int | Sequence[float] | None

    def fit(self, X: Any, y: Any) -> Self:
        """Fit the model. Returns: itself."""
        x, target = self._validated(X, y, is_first=True)
        self._rows: Accumulated | None = None
        path, result = self._path(x, target, target.size, self.fit_intercept)
        self.path_, self.coef_, self.intercept_ = path, result.x, float(result.extra["intercept"])
        report(result, self)
        return self

    def partial_fit(self, X: Any, y: Any) -> Self:
        """Fit the model to these samples and all earlier ones of ``partial_fit``, as ``fit`` would: they are kept as a triangle.

        The triangle has a row and a column for each feature. ``fit`` begins anew.
        Returns: itself.
        """
        rows: Accumulated | None = getattr(self, "_rows", None)
        x, target = self._validated(X, y, is_first=rows is None)
        if rows is None:
            rows = Accumulated(x.shape[1], is_centered=self.fit_intercept)
        rows.add(x, target)
        self._rows = rows
        path, result = self._path(*rows.rows, rows.count, False)
        self.path_, self.coef_, self.intercept_ = path, result.x, rows.intercept(result.x)
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

    def _validated(self, X: Any, y: Any, *, is_first: bool) -> tuple[Any, Array]:
        x, target = validate_data(
            self, X, y, accept_sparse=_SPARSE, dtype=[np.float64, np.float32], y_numeric=True, reset=is_first
        )  # fmt: skip
        return x, np.asarray(target, dtype=np.float64)

    def _stopping(self) -> Stopping:
        return stopping_of(self)

    @abstractmethod
    def _path(self, x: Any, y: Array, count: int, fit_intercept: bool) -> tuple[Path, Result]:
        """Return the results for ``count`` samples along the penalties, and the one of the model."""


class ElasticNet(AbstractLinearRegressor):
    """min ||y - X b - c||^2 / (2 n) + alpha l1_ratio ||b||_1 + alpha (1 - l1_ratio) / 2 ||b||^2.

    Args:     alpha: > 0.  l1_ratio: above 0, at most 1.  positive: b >= 0.  tol: the duality gap relative to the objective at zero.
              alphas: what else to fit on the way to alpha, each from the last: values, or how many, from the least alpha without any
              coefficient down; the results are in ``path_``, whose ``lambdas`` are the alphas.
    """

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        l1_ratio: float = 0.5,
        fit_intercept: bool = True,
        positive: bool = False,
        alphas: int | Sequence[float] | None = None,
        tol: float = 1e-6,
        max_iter: int = 1000,
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.positive = positive
        self.alphas = alphas
        self.tol = tol
        self.max_iter = max_iter

    def _ratio(self) -> float:
        return checked_share(self.l1_ratio, "l1_ratio", type(self).__name__)

    def _path(self, x: Any, y: Array, count: int, fit_intercept: bool) -> tuple[Path, Result]:
        where, ratio, alpha = type(self).__name__, self._ratio(), checked_positive(self.alpha, "alpha", type(self).__name__)
        solver = ElasticNetSolver(x, y, fit_intercept=fit_intercept)
        values = falling(self.alphas, alpha, lambda: solver.lambda_max(self.positive) / (count * ratio), x.shape[1], where)

        def solve(value: float, last: Result | None) -> Result:
            weight, start = value * count, None if last is None else last.x
            return solver.solve(weight * ratio, weight * (1 - ratio), self.positive, start, self._stopping())

        return followed(values, alpha, solve)


class Lasso(ElasticNet):
    """min ||y - X b - c||^2 / (2 n) + alpha ||b||_1.

    Args:     alpha: > 0.  positive: b >= 0.  tol: the duality gap relative to the objective at zero.  alphas: as in ElasticNet.
    """

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        positive: bool = False,
        alphas: int | Sequence[float] | None = None,
        tol: float = 1e-6,
        max_iter: int = 1000,
    ) -> None:
        super().__init__(
            alpha, l1_ratio=1.0, fit_intercept=fit_intercept, positive=positive, alphas=alphas, tol=tol, max_iter=max_iter
        )

    def _ratio(self) -> float:
        return 1.0


class NonNegativeLeastSquares(AbstractLinearRegressor):
    """min ||y - X b - c||^2 over b >= 0.

    Args:     tol: the largest violation of the optimality conditions relative to that at zero.
              alphas: penalties alpha n ||b||_1 to fit on the way to none: values, or how many; the results are in ``path_``.
    """

    def __init__(
        self, *, fit_intercept: bool = True, alphas: int | Sequence[float] | None = None, tol: float = 1e-6, max_iter: int = 1000
    ) -> None:
        self.fit_intercept = fit_intercept
        self.alphas = alphas
        self.tol = tol
        self.max_iter = max_iter

    def _path(self, x: Any, y: Array, count: int, fit_intercept: bool) -> tuple[Path, Result]:
        solver = ElasticNetSolver(x, y, fit_intercept=fit_intercept)
        where = type(self).__name__
        values = falling(self.alphas, 0.0, lambda: solver.lambda_max(True) / count, x.shape[1], where)

        def solve(value: float, last: Result | None) -> Result:
            return solver.solve(value * count, 0.0, True, None if last is None else last.x, self._stopping())

        return followed(values, 0.0, solve)


class GroupLasso(AbstractLinearRegressor):
    """min ||y - X b - c||^2 / (2 n) + alpha sum_g w_g ||b_g||_2.

    Args:     groups: index arrays, each column in exactly one; or the size of equal groups.  alpha: > 0.
              weights: the w_g; by default the square roots of the group sizes.  tol: the duality gap relative to the objective at zero.
              alphas: as in ElasticNet.
    """

    def __init__(
        self,
        groups: int | Sequence[npt.ArrayLike] = 1,
        *,
        alpha: float = 1.0,
        weights: npt.ArrayLike | None = None,
        fit_intercept: bool = True,
        alphas: int | Sequence[float] | None = None,
        tol: float = 1e-6,
        max_iter: int = 1000,
    ) -> None:
        self.groups = groups
        self.alpha = alpha
        self.weights = weights
        self.fit_intercept = fit_intercept
        self.alphas = alphas
        self.tol = tol
        self.max_iter = max_iter

    def _groups(self, columns: int) -> list[npt.NDArray[np.int64]]:
        if not isinstance(self.groups, int | np.integer):
            return [np.asarray(group, dtype=np.int64) for group in self.groups]
        size = int(self.groups)
        if size < 1:
            raise DomainValueError("groups need at least one column each", got=f"{size}", where="GroupLasso")
        return [np.arange(first, min(first + size, columns)) for first in range(0, columns, size)]

    def _path(self, x: Any, y: Array, count: int, fit_intercept: bool) -> tuple[Path, Result]:
        design, groups, alpha = (
            Design(x, "GroupLasso"),
            self._groups(x.shape[1]),
            checked_positive(self.alpha, "alpha", "GroupLasso"),
        )
        options: dict[str, Any] = {"weights": self.weights, "fit_intercept": fit_intercept}
        values = falling(
            self.alphas, alpha, lambda: group_lasso_bound(design, y, groups, **options) / count, x.shape[1], "GroupLasso"
        )

        def solve(value: float, last: Result | None) -> Result:
            start = None if last is None else last.x
            return minimize_group_lasso(design, y, groups, value * count, start=start, stopping=self._stopping(), **options)

        return followed(values, alpha, solve)
