"""Logistic and softmax regression, as scikit-learn names their parameters."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import Any, Self, cast

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from gradproof.estimators.blocks import fit_blocks
from gradproof.estimators.parameters import check_labels, checked_positive, checked_share, stopping_of
from gradproof.estimators.paths import DomainValueError, falling, followed, strengths
from gradproof.estimators.regression import report
from gradproof.solvers.design import Design
from gradproof.solvers.distributed import is_blocked
from gradproof.solvers.logistic import logistic_bound, minimize_logistic
from gradproof.solvers.path import Path
from gradproof.solvers.result import Result
from gradproof.solvers.softmax import minimize_softmax
from gradproof.solvers.softmax_bound import softmax_bound
from gradproof.solvers.softmax_plain import minimize_plain_softmax
from gradproof.solvers.softmax_proximal import Structure, minimize_structured_softmax
from gradproof.solvers.softmax_sparse import minimize_sparse_softmax
from gradproof.solvers.streaming import Stream, StreamPenalty

Array = npt.NDArray[np.floating[Any]]
_SPARSE = ("csr", "csc")


class AbstractLinearClassifier(ClassifierMixin, BaseEstimator):
    """A linear classifier: ``coef_``, ``intercept_``, ``classes_``, ``certificate_``, ``result_``, and ``path_``, the results on the way."""

    C: float
    Cs: int | Sequence[float] | None
    tol: float
    fit_intercept: bool

    def _validated(self, X: Any, y: Any) -> tuple[Any, npt.NDArray[np.int64]]:
        x, target = validate_data(self, X, y, accept_sparse=_SPARSE, dtype=[np.float64, np.float32])
        check_labels(target, type(self).__name__)
        self.classes_, codes = np.unique(target, return_inverse=True)
        if len(self.classes_) < 2:
            raise DomainValueError("at least two classes are needed", got="1 class", where=type(self).__name__)
        self._check_parameters()
        return x, codes.astype(np.int64)

    def _check_parameters(self) -> None:
        checked_positive(self.C, "C", type(self).__name__)

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Take one pass over more samples, from the coefficients of ``fit`` or earlier passes on. Returns: itself.

        The penalty counts once for all samples so far; ``certificate_`` says how far the last samples are from their optimality
        conditions, and no warning is given: more samples bring it down.
        Args:     classes: all labels that will come; needed in the first call unless the model is fitted.
        """
        is_first = not hasattr(self, "coef_")
        x, target = validate_data(self, X, y, accept_sparse=_SPARSE, dtype=[np.float64, np.float32], reset=is_first)
        check_labels(target, type(self).__name__)
        self._check_parameters()
        codes = self._codes(target, classes, is_first)
        weights = _check_sample_weight(sample_weight, x, dtype=np.float64, ensure_non_negative=True)
        if is_first:
            rows = self._rows()
            self.coef_: Array = np.zeros((rows, x.shape[1]))
            self.intercept_: Array = np.zeros(rows)
        if getattr(self, "_stream", None) is None:
            self._stream: Stream | None = Stream(self.coef_, self.intercept_, fit_intercept=self.fit_intercept)
            self.n_iter_ = 0
        assert self._stream is not None
        self.certificate_ = self._stream.add(x, codes, weights, self._stream_penalty(), self.tol)
        self.coef_, self.intercept_ = self._stream.w, self._stream.b
        self.n_iter_ += 1
        return self

    def _codes(self, target: Any, classes: Any, is_first: bool) -> npt.NDArray[np.int64]:
        """Return the numbers of the classes of labels."""
        where = type(self).__name__
        if is_first:
            if classes is None:
                raise DomainValueError(
                    "the first partial_fit needs the classes", got="None", where=where, remedy="Give all labels."
                )
            found = np.unique(classes)
            if found.size < 2:
                raise DomainValueError("at least two classes are needed", got=f"{found.size} class", where=where)
            self.classes_ = found
            self._check_classes()
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise DomainValueError(f"the classes have to stay {self.classes_}", got=f"{np.unique(classes)}", where=where)
        codes = np.searchsorted(self.classes_, target)
        wrong = self.classes_[np.minimum(codes, len(self.classes_) - 1)] != target
        if wrong.any():
            got = f"{target[int(np.argmax(wrong))]!r}"
            raise DomainValueError(
                f"labels among {self.classes_} were expected", got=got, where=where, remedy="Give all classes first."
            )
        return np.asarray(codes, dtype=np.int64)

    def _check_classes(self) -> None:
        """Raises: DomainValueError: the model does not take so many classes."""

    @abstractmethod
    def _rows(self) -> int:
        """Return how many rows the coefficients have."""

    @abstractmethod
    def _stream_penalty(self) -> StreamPenalty:
        """Return the penalty for ``partial_fit``."""

    def _keep(self, path: Path, result: Result) -> None:
        """Keep what a fit found."""
        self._stream = None
        self.path_ = path
        report(result, self)

    def _scores(self, X: Any) -> Array:
        check_is_fitted(self)
        x = validate_data(self, X, accept_sparse=_SPARSE, dtype=[np.float64, np.float32], reset=False)
        return np.asarray(x @ self.coef_.T + self.intercept_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class SoftmaxRegression(AbstractLinearClassifier):
    """min sum_i w_i cross-entropy(softmax(W x_i + b), y_i) + penalty(W) / C, for any number of classes.

    Args:     C: > 0; the larger, the weaker the penalty.
              penalty: 'l2' (||W||^2 / 2), 'l1' (the sum of the sizes), 'elasticnet' (l1_ratio of l1 and 1 - l1_ratio of l2),
              'group' (sum_j ||W_j||_2, over the features), 'nuclear' (the sum of the singular values), None.
              l1_ratio: from 0 to 1, for 'elasticnet'.  positive: W >= 0, for 'l1' and 'elasticnet' with l1_ratio above 0.
              tol: the duality gap relative to the objective at zero; without penalty the gradient relative to that at zero.
              Cs: what else to fit on the way to C, each from the last: values, or how many, from the largest C without any coefficient
              up (with 'l2' the one at which none is above 1); the results are in ``path_``, whose ``lambdas`` are 1 / C.
    """

    def __init__(
        self,
        C: float = 1.0,
        *,
        penalty: str | None = "l2",
        l1_ratio: float = 0.5,
        positive: bool = False,
        fit_intercept: bool = True,
        Cs: int | Sequence[float] | None = None,
        tol: float = 1e-8,
        max_iter: int = 5000,
    ) -> None:
        self.C = C
        self.penalty = penalty
        self.l1_ratio = l1_ratio
        self.positive = positive
        self.fit_intercept = fit_intercept
        self.Cs = Cs
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the model; a Dask array is fitted on its cluster. Returns: itself."""
        if is_blocked(X):
            return self._fit_blocks(X, y, sample_weight)
        x, codes = self._validated(X, y)
        weights = None if sample_weight is None else _check_sample_weight(sample_weight, x, dtype=np.float64)
        options: dict[str, Any] = {"classes": len(self.classes_), "fit_intercept": self.fit_intercept, "sample_weight": weights}
        ratio = self._ratio()

        def largest() -> float:
            kind = str(self.penalty) if ratio is None else "l1"
            return softmax_bound(x, codes, kind, is_positive=self.positive, **options) / (ratio or 1.0)

        wanted, size = None if self.penalty is None else strengths(self.Cs, "SoftmaxRegression"), len(self.classes_) * x.shape[1]
        values = falling(wanted, 1 / self.C, largest, size, "SoftmaxRegression")
        stopping = stopping_of(self)
        path, result = followed(
            values, 1 / self.C, lambda value, last: self._solve(x, codes, value, last, {**options, "stopping": stopping})
        )
        self.coef_, self.intercept_ = result.x, np.asarray(result.extra["intercept"])
        self._keep(path, result)
        return self

    def _fit_blocks(self, X: Any, y: Any, sample_weight: Any) -> Self:
        self._check_parameters()
        if self.penalty != "l2":
            raise DomainValueError("a Dask array goes with penalty 'l2'", got=f"{self.penalty!r}", where="SoftmaxRegression")
        if self.positive or self.Cs is not None:
            raise DomainValueError(
                "a Dask array goes with one C and coefficients of any sign", got=f"positive={self.positive}, Cs={self.Cs}",
                where="SoftmaxRegression", remedy="Leave positive and Cs at their defaults.",
            )  # fmt: skip
        self.classes_, result = fit_blocks(X, y, sample_weight, 1 / self.C, self.fit_intercept, stopping_of(self))
        self.n_features_in_ = int(X.shape[1])
        self.coef_, self.intercept_ = result.x, np.asarray(result.extra["intercept"])
        self._keep(Path(np.array([1 / self.C]), (result,)), result)
        return self

    def _ratio(self) -> float | None:
        """Return the share of the l1 norm in the penalty, None where it is none of the elastic net's."""
        if self.penalty not in ("l1", "l2", "elasticnet", "group", "nuclear", None):
            raise DomainValueError(
                "penalty has to be 'l1', 'l2', 'elasticnet', 'group', 'nuclear' or None", got=f"{self.penalty!r}",
                where="SoftmaxRegression",
            )  # fmt: skip
        ratio: float | None = {"l1": 1.0, "l2": 0.0}.get(str(self.penalty))
        if self.penalty == "elasticnet":
            ratio = checked_share(self.l1_ratio, "l1_ratio", "SoftmaxRegression", may_be_zero=True)
        if self.positive and not ratio:
            raise DomainValueError(
                "positive goes with 'l1' and 'elasticnet'", got=f"penalty {self.penalty!r}", where="SoftmaxRegression",
                remedy="Take penalty='elasticnet' with an l1_ratio above 0.",
            )  # fmt: skip
        return ratio

    def _solve(self, x: Any, codes: npt.NDArray[np.int64], weight: float, last: Result | None, options: dict[str, Any]) -> Result:
        """Solve for a weight of the penalty, from the last result on."""
        ratio = self._ratio()
        start = None if last is None else (last.x, last.extra["intercept"])
        if ratio:
            first = None if last is None else last.x
            weights = ratio * weight, (1 - ratio) * weight
            return minimize_sparse_softmax(x, codes, *weights, is_positive=self.positive, start=first, **options)
        if ratio is not None:
            return minimize_softmax(x, codes, weight, start=start, **options)
        if self.penalty is None:
            return minimize_plain_softmax(x, codes, start=start, **options)
        return minimize_structured_softmax(x, codes, weight, cast(Structure, self.penalty), start=start, **options)

    def _rows(self) -> int:
        return len(self.classes_)

    def _stream_penalty(self) -> StreamPenalty:
        ratio, weight = self._ratio(), 1 / self.C
        if self.penalty == "nuclear":
            raise DomainValueError(
                "partial_fit takes a penalty other than the nuclear norm",
                got="'nuclear'",
                where="SoftmaxRegression",
                remedy="Use fit.",
            )
        if ratio is None:
            return StreamPenalty(groups=weight if self.penalty == "group" else 0.0)
        return StreamPenalty(ratio * weight, (1 - ratio) * weight, is_positive=self.positive)

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
              tol: the duality gap relative to the objective at zero.  Cs: as in SoftmaxRegression.
    """

    def __init__(
        self,
        C: float = 1.0,
        *,
        l1_ratio: float = 1.0,
        fit_intercept: bool = True,
        Cs: int | Sequence[float] | None = None,
        tol: float = 1e-6,
        max_iter: int = 1000,
    ) -> None:
        self.C = C
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.Cs = Cs
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, X: Any, y: Any) -> Self:
        """Fit the model. Returns: itself."""
        x, codes = self._validated(X, y)
        self._check_classes()
        ratio, signs, design = self._ratio(), 2.0 * codes - 1.0, Design(x, "LogisticRegression")
        wanted = strengths(self.Cs, "LogisticRegression")
        largest = partial(logistic_bound, design, signs, fit_intercept=self.fit_intercept)
        values = falling(wanted, 1 / self.C, lambda: largest() / ratio, x.shape[1], "LogisticRegression")

        def solve(value: float, last: Result | None) -> Result:
            return minimize_logistic(
                design, signs, ratio * value, (1 - ratio) * value, fit_intercept=self.fit_intercept,
                start=None if last is None else last.x, stopping=stopping_of(self),
            )  # fmt: skip

        path, result = followed(values, 1 / self.C, solve)
        self.coef_, self.intercept_ = result.x[None, :], np.array([float(result.extra["intercept"])])
        self._keep(path, result)
        return self

    def _ratio(self) -> float:
        return checked_share(self.l1_ratio, "l1_ratio", "LogisticRegression")

    def _check_classes(self) -> None:
        if len(self.classes_) > 2:
            raise DomainValueError(
                "Only binary classification is supported. Two classes are needed", got=f"{len(self.classes_)}", where="LogisticRegression",
                remedy="Use SoftmaxRegression.",
            )  # fmt: skip

    def _rows(self) -> int:
        return 1

    def _stream_penalty(self) -> StreamPenalty:
        return StreamPenalty(self._ratio() / self.C, (1 - self._ratio()) / self.C)

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
