"""What makes a class an estimator: scikit-learn's own base where it is installed, the same interface in small where not."""

from __future__ import annotations

import inspect
from typing import Any, Self

from gradproof.tsne.inputs import WHERE, InputError

try:
    from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import validate_data
except ImportError:

    class BaseEstimator:  # type: ignore[no-redef]
        """Parameters by the names of the constructor's arguments."""

        def get_params(self, deep: bool = True) -> dict[str, Any]:
            """Return the parameters by name."""
            return {name: getattr(self, name) for name in self._names()}

        def set_params(self, **parameters: Any) -> Self:
            """Set parameters. Raises: InputError: there is none of this name."""
            for name, value in parameters.items():
                if name not in self._names():
                    raise InputError(f"a parameter of {type(self).__name__} was expected", got=repr(name), where=WHERE)
                setattr(self, name, value)
            return self

        @classmethod
        def _names(cls) -> list[str]:
            return list(inspect.signature(cls).parameters)

        def __repr__(self) -> str:
            defaults = inspect.signature(type(self)).parameters
            changed = {name: value for name, value in self.get_params().items() if value is not defaults[name].default}
            return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in changed.items())})"

    class TransformerMixin:  # type: ignore[no-redef]
        """Nothing to add without scikit-learn."""

    class ClassNamePrefixFeaturesOutMixin:  # type: ignore[no-redef]
        """Nothing to add without scikit-learn."""

    class NotFittedError(ValueError, AttributeError):  # type: ignore[no-redef]
        """The estimator was asked for what only a fitted one has."""

    def validate_data(model: Any, X: Any, *, reset: bool, skip_check_array: bool) -> Any:
        """Remember the number of features when fitted, compare it later."""
        if reset:
            model.n_features_in_ = X.shape[1]
        return X


class AbstractMap(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """An estimator that lays points out in few dimensions."""

    def _remember_features(self, X: Any, table: Any) -> None:
        """Keep the number of features, and their names if X has some."""
        validate_data(self, X if hasattr(X, "columns") else table, reset=True, skip_check_array=True)

    def _compare_features(self, X: Any, table: Any) -> None:
        """Refuse data with other features than those of the fit."""
        validate_data(self, X if hasattr(X, "columns") else table, reset=False, skip_check_array=True)
        if table.shape[1] != self.n_features_in_:
            raise InputError(
                f"X has {table.shape[1]} features, but {type(self).__name__} is expecting {self.n_features_in_} features as input",
                where=WHERE,
            )

    @property
    def _n_features_out(self) -> int:
        return int(self.embedding_.shape[1])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.pairwise = getattr(self, "metric", None) == "precomputed"
        # The map has the precision of the parameter dtype, whatever that of the data.
        tags.transformer_tags.preserves_dtype = []
        return tags


def check_fitted(model: Any, attribute: str) -> None:
    """Raise NotFittedError if the model has no such attribute yet."""
    if not hasattr(model, attribute):
        raise NotFittedError(f"{WHERE}: a fitted estimator was expected, got one that is not fitted yet. Call 'fit' first.")
