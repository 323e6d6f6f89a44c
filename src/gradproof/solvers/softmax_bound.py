"""The weight of a penalty from which on softmax regression has no coefficients."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.solvers.softmax_loss import SoftmaxLoss


def softmax_bound(
    x: Any,
    labels: npt.ArrayLike,
    kind: str,
    *,
    classes: int | None = None,
    fit_intercept: bool = True,
    sample_weight: npt.ArrayLike | None = None,
    is_positive: bool = False,
) -> float:
    """Return the dual norm of the gradient at W = 0, the intercept being at its best.

    Args:     kind: 'group' (over the classes), 'nuclear', or anything else for the l1 norm.  The rest as in minimize_softmax.
    """
    loss = SoftmaxLoss(x, labels, classes, sample_weight)
    counts = np.bincount(loss.labels, loss.weights, loss.classes)
    shares = counts / counts.sum() if fit_intercept and counts.sum() > 0 else np.full(loss.classes, 1 / loss.classes)
    # In the limit a class without samples has an intercept of minus infinity.
    intercept = np.log(np.maximum(shares, np.finfo(np.float64).tiny))
    slope = -loss.evaluate(np.zeros((loss.classes, loss.x.shape[1])), intercept)[1]
    if kind == "group":
        return float(np.linalg.norm(slope, axis=0).max(initial=0.0))
    if kind == "nuclear":
        return float(np.linalg.norm(slope, 2))
    return float((slope if is_positive else np.abs(slope)).max(initial=0.0))
