"""Softmax regression without a penalty."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.prox.checks import Array
from gradproof.solvers.problem import Problem
from gradproof.solvers.result import Result, Stopping
from gradproof.solvers.second_order import minimize_lbfgs
from gradproof.solvers.softmax import SoftmaxLoss, started


def minimize_plain_softmax(
    x: Any,
    labels: npt.ArrayLike,
    *,
    classes: int | None = None,
    fit_intercept: bool = True,
    sample_weight: npt.ArrayLike | None = None,
    start: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    stopping: Stopping | None = None,
) -> Result:
    """Return the coefficients of softmax regression, (classes, d), without a penalty.

    Formula:  min_(W, b) sum_i w_i (logsumexp(W x_i + b) - (W x_i + b)_(y_i))
    Args:     x: (n, d), dense or sparse.  labels: (n,), whole numbers from 0.
              fit_intercept: whether there is a b; it is in ``extra['intercept']``.  start: W and b.
    Returns:  a result; its certificate is the norm of the gradient relative to that at zero. Classes that can be told apart
              have no minimizer: then the coefficients grow until the gradient is small enough.
    Raises:   DomainError, ShapeError: labels, a single class, NaN, shapes.
    Source:   L-BFGS.
    Example:  >>> minimize_plain_softmax([[0.0], [0.0], [1.0], [1.0]], [0, 1, 0, 1]).x.round(6) + 0.0
              array([[0.],
                     [0.]])
    """
    loss = SoftmaxLoss(x, labels, classes, sample_weight)
    shape = (loss.classes, loss.x.shape[1] + 1)

    def smooth(flat: Array) -> tuple[float, Array]:
        table = flat.reshape(shape)
        value, gradient, slope = loss.evaluate(
            np.ascontiguousarray(table[:, :-1]), table[:, -1] if fit_intercept else np.zeros(shape[0])
        )
        return value, np.column_stack([gradient, slope if fit_intercept else np.zeros(slope.size)]).ravel()

    # The certificate is relative to the gradient at zero, wherever the start is.
    scale = float(np.linalg.norm(smooth(np.zeros(shape[0] * shape[1]))[1])) or None
    begin = np.column_stack(started(start, loss)).ravel()
    result = minimize_lbfgs(Problem(smooth, scale=scale), begin, stopping or Stopping(1e-6, 5000), memory=30)
    table = result.x.reshape(shape)
    return replace(
        result, x=table[:, :-1].copy(), passes=float(loss.passes), extra={**result.extra, "intercept": table[:, -1].copy()}
    )
