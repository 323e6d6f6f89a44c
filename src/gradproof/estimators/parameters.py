"""Checks of what an estimator was made with, when it is fitted: one clear error for each, which scikit-learn takes for a ValueError."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets

from gradproof.estimators.paths import DomainValueError
from gradproof.solvers.result import Stopping


def checked_positive(value: Any, name: str, where: str) -> float:
    """Return a positive finite number. Raises: DomainValueError: it is none."""
    if not _is_number(value) or not (np.isfinite(value) and value > 0):
        raise DomainValueError(f"{name} has to be positive", got=repr(value), where=where, remedy="Give a finite number above 0.")
    return float(value)


def checked_share(value: Any, name: str, where: str, *, may_be_zero: bool = False) -> float:
    """Return a number from 0 to 1. Raises: DomainValueError: it is none, or it is 0 and may not be."""
    if not _is_number(value) or not 0 <= value <= 1 or (value == 0 and not may_be_zero):
        told = "from 0 to 1" if may_be_zero else "above 0 and at most 1"
        raise DomainValueError(f"{name} has to be {told}", got=repr(value), where=where)
    return float(value)


def stopping_of(model: Any) -> Stopping:
    """Return when the solver of a model stops, by its ``tol`` and ``max_iter``. Raises: DomainValueError: they say nothing."""
    where, tol, most = type(model).__name__, model.tol, model.max_iter
    if not _is_number(tol) or not (np.isfinite(tol) and tol >= 0):
        raise DomainValueError("tol has to be at least 0", got=repr(tol), where=where, remedy="1e-6 is a usual value.")
    if not isinstance(most, Integral) or isinstance(most, bool) or most < 1:
        raise DomainValueError("max_iter has to be a whole number of at least 1", got=repr(most), where=where)
    return Stopping(float(tol), int(most))


def check_labels(labels: Any, where: str) -> None:
    """Raises DomainValueError, ValueError: these are no labels of classes."""
    if np.asarray(labels).dtype == object and not all(isinstance(label, str) for label in labels):
        got = next(repr(label) for label in labels if not isinstance(label, str))
        raise DomainValueError(
            "Unknown label type: labels of one kind, numbers or strings, were expected", got=f"an object array with {got:.40}",
            where=where, remedy="Convert it, for example with y.astype(int).",
        )  # fmt: skip
    check_classification_targets(labels)


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
