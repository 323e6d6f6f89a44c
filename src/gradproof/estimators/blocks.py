"""Softmax regression fitted to a Dask array, on the cluster that holds it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from gradproof.errors import DomainError
from gradproof.estimators.parameters import check_labels
from gradproof.estimators.paths import DomainValueError
from gradproof.solvers.distributed import minimize_softmax_blocks
from gradproof.solvers.result import Result, Stopping


def fit_blocks(X: Any, y: Any, weights: Any, penalty: float, fit_intercept: bool, stopping: Stopping) -> tuple[Any, Result]:
    """Return the classes in their order, and the result of softmax regression on the blocks of X.

    Raises: DomainError: there are fewer than two classes, or labels that are none.
    """
    blocked: Any = import_module("dask.array")
    labels = blocked.asarray(y)
    classes = np.asarray(blocked.unique(labels).compute())
    if classes.dtype.kind == "f" and not np.isfinite(classes).all():
        raise DomainValueError(
            "labels have to be finite", got="NaN or infinity", where="SoftmaxRegression", remedy="Leave them out."
        )
    # Labels of which nearly all differ would be suspected of being no classes.
    check_labels(np.repeat(classes, 2), "SoftmaxRegression")
    if classes.size < 2:
        raise DomainError("at least two classes are needed", got=f"{classes.size}", where="SoftmaxRegression")
    codes = labels.map_blocks(lambda block: np.searchsorted(classes, block), dtype=np.int64)
    result = minimize_softmax_blocks(
        X, codes, penalty, classes=classes.size, fit_intercept=fit_intercept, sample_weight=weights, stopping=stopping
    )
    return classes, result
