"""Logistic and softmax regression, as scikit-learn names their parameters."""

from __future__ import annotations

from typing import Any, Self, cast

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from gradproof.errors import DomainError
from gradproof.estimators.blocks import fit_blocks
from gradproof.estimators.regression import report
from gradproof.solvers.distributed import is_blocked
from gradproof.solvers.logistic import minimize_logistic
from gradproof.solvers.result import Result, Stopping
from gradproof.solvers.softmax import minimize_softmax
from gradproof.solvers.softmax_plain import minimize_plain_softmax
from gradproof.solvers.softmax_proximal import Structure, minimize_structured_softmax
from gradproof.solvers.softmax_sparse import minimize_sparse_softmax

Array = npt.NDArray[np.floating[Any]]
_SPARSE = ("csr", "csc")


class AbstractLinearClassifier(ClassifierMixin, BaseEstimator):
    """A linear classifier: ``coef_``, ``intercept_``, ``classes_``, ``certificate_``, ``result_``."""

    C: float

    def _validated(self, X: Any, y: Any) -> tuple[Any, npt.NDArray[np.int64]]:
        x, target = validate_data(self, X, y, accept_sparse=_SPARSE, dtype=[np.float64, np.float32])
        check_classification_targets(target)
        self.classes_, codes = np.unique(target, return_inverse=True)
        if len(self.classes_) < 2:
            raise DomainValueError("at least two classes are needed", got="1 class", where=type(self).__name__)
        self._check_parameters()
        return x, codes.astype(np.int64)

    def _check_parameters(self) -> None:
        if not (np.isfinite(self.C) and self.C > 0):
            raise DomainValueError("C has to be positive", got=f"{self.C}", where=type(self).__name__)

    def _scores(self, X: Any) -> Array:
        check_is_fitted(self)
        x = validate_data(self, X, accept_sparse=_SPARSE, dtype=[np.float64, np.float32], reset=False)
        return np.asarray(x @ self.coef_.T + self.intercept_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class DomainValueError(DomainError, ValueError):
    """A DomainError that scikit-learn recognizes as a ValueError."""


class SoftmaxRegression(AbstractLinearClassifier):
    """min sum_i w_i cross-entropy(softmax(W x_i + b), y_i) + penalty(W) / C, for any number of classes.

    Args:     C: > 0; the larger, the weaker the penalty.
              penalty: 'l2' (||W||^2 / 2), 'l1' (the sum of the sizes), 'elasticnet' (l1_ratio of l1 and 1 - l1_ratio of l2),
              'group' (sum_j ||W_j||_2, over the features), 'nuclear' (the sum of the singular values), None.
              l1_ratio: from 0 to 1, for 'elasticnet'.  positive: W >= 0, for 'l1' and 'elasticnet' with l1_ratio above 0.
              tol: the duality gap relative to the objective at zero; without penalty the gradient relative to that at zero.
    """

    def __init__(
        self,
        C: float = 1.0,
        *,
        penalty: str | None = "l2",
        l1_ratio: float = 0.5,
        positive: bool = False,
        fit_intercept: bool = True,
        tol: float = 1e-8,
        max_iter: int = 5000,
    ) -> None:
        self.C = C
        self.penalty = penalty
        self.l1_ratio = l1_ratio
        self.positive = positive
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the model; a Dask array is fitted on its cluster. Returns: itself."""
        if is_blocked(X):
            return self._fit_blocks(X, y, sample_weight)
        x, codes = self._validated(X, y)
        weights = None if sample_weight is None else _check_sample_weight(sample_weight, x, dtype=np.float64)
        options: dict[str, Any] = {
            "classes": len(self.classes_),
            "fit_intercept": self.fit_intercept,
            "sample_weight": weights,
            "stopping": Stopping(self.tol, self.max_iter),
        }
        result = self._solve(x, codes, options)
        self.coef_, self.intercept_ = result.x, np.asarray(result.extra["intercept"])
        report(result, self)
        return self

    def _fit_blocks(self, X: Any, y: Any, sample_weight: Any) -> Self:
        self._check_parameters()
        if self.penalty != "l2":
            raise DomainValueError("a Dask array goes with penalty 'l2'", got=f"{self.penalty!r}", where="SoftmaxRegression")
        self.classes_, result = fit_blocks(X, y, sample_weight, 1 / self.C, self.fit_intercept, Stopping(self.tol, self.max_iter))
        self.n_features_in_ = int(X.shape[1])
        self.coef_, self.intercept_ = result.x, np.asarray(result.extra["intercept"])
        report(result, self)
        return self

    def _solve(self, x: Any, codes: npt.NDArray[np.int64], options: dict[str, Any]) -> Result:
        ratio = {"l1": 1.0, "l2": 0.0, "elasticnet": self.l1_ratio}.get(str(self.penalty))
        if ratio is not None and not 0 <= ratio <= 1:
            raise DomainValueError("l1_ratio has to be from 0 to 1", got=f"{ratio}", where="SoftmaxRegression")
        if self.positive and not ratio:
            raise DomainValueError(
                "positive goes with 'l1' and 'elasticnet'", got=f"penalty {self.penalty!r}", where="SoftmaxRegression",
                remedy="Take penalty='elasticnet' with an l1_ratio above 0.",
            )  # fmt: skip
        if ratio:
            return minimize_sparse_softmax(x, codes, ratio / self.C, (1 - ratio) / self.C, is_positive=self.positive, **options)
        if ratio is not None:
            return minimize_softmax(x, codes, 1 / self.C, **options)
        if self.penalty is None:
            return minimize_plain_softmax(x, codes, **options)
        if self.penalty in ("group", "nuclear"):
            return minimize_structured_softmax(x, codes, 1 / self.C, cast(Structure, self.penalty), **options)
        raise DomainValueError(
            "penalty has to be 'l1', 'l2', 'elasticnet', 'group', 'nuclear' or None",
            got=f"{self.penalty!r}",
            where="SoftmaxRegression",
        )

    def decision_function(self, X: Any) -> Array:
        """Return the scores: (n, classes), or for two classes their difference, (n,)."""
        scores = self._scores(X)
        return np.asarray(scores[:, 1] - scores[:, 0]) if len(self.classes_) == 2 else scores

    def predict_proba(self, X: Any) -> Array:
        """Return the probabilities, (n, classes)."""
        scores = self._scores(X)
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    def predict(self, X: Any) -> Any:
        """Return the most probable classes, (n,)."""
        best = np.argmax(self._scores(X), axis=1)
        return self.classes_[best]


class LogisticRegression(AbstractLinearClassifier):
    """min sum_i log(1 + exp(-y_i (<x_i, b> + c))) + l1_ratio / C ||b||_1 + (1 - l1_ratio) / (2 C) ||b||^2, for two classes.

    Args:     C: > 0; the larger, the weaker the penalty.  l1_ratio: above 0, at most 1 (for 0 use SoftmaxRegression).
              tol: the duality gap relative to the objective at zero.
    """

    def __init__(
        self,
        C: float = 1.0,
        *,
        l1_ratio: float = 1.0,
        fit_intercept: bool = True,
        tol: float = 1e-6,
        max_iter: int = 1000,
    ) -> None:
        self.C = C
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, X: Any, y: Any) -> Self:
        """Fit the model. Returns: itself."""
        x, codes = self._validated(X, y)
        if len(self.classes_) > 2:
            raise DomainValueError(
                "Only binary classification is supported. Two classes are needed", got=f"{len(self.classes_)}", where="LogisticRegression",
                remedy="Use SoftmaxRegression.",
            )  # fmt: skip
        if not 0 < self.l1_ratio <= 1:
            raise DomainValueError("l1_ratio has to be above 0 and at most 1", got=f"{self.l1_ratio}", where="LogisticRegression")
        result = minimize_logistic(
            x, 2.0 * codes - 1.0, self.l1_ratio / self.C, (1 - self.l1_ratio) / self.C, fit_intercept=self.fit_intercept,
            stopping=Stopping(self.tol, self.max_iter),
        )  # fmt: skip
        self.coef_, self.intercept_ = result.x[None, :], np.array([float(result.extra["intercept"])])
        report(result, self)
        return self

    def decision_function(self, X: Any) -> Array:
        """Return the scores of the second class, (n,)."""
        return np.asarray(self._scores(X)[:, 0])

    def predict_proba(self, X: Any) -> Array:
        """Return the probabilities, (n, 2)."""
        second = 0.5 * (1 + np.tanh(0.5 * self.decision_function(X)))
        return np.column_stack([1 - second, second])

    def predict(self, X: Any) -> Any:
        """Return the more probable classes, (n,)."""
        second = (self.decision_function(X) > 0).astype(int)
        return self.classes_[second]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags
