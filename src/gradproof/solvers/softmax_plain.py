"""Softmax regression without a penalty."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from gradproof.prox.checks import Array
from gradproof.solvers.problem import Problem
from gradproof.solvers.result import Reason, Result, Stopping
from gradproof.solvers.second_order import minimize_lbfgs
from gradproof.solvers.separation import Direction, direction_of_descent
from gradproof.solvers.softmax_coordinates import Coordinates
from gradproof.solvers.softmax_loss import SoftmaxLoss, started
from gradproof.solvers.softmax_polish import polished

_KIND = "gradient relative to that at zero"
_BEFORE = 1e3
_CLOSE = 1e-4


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
    Returns:  a result; its certificate is the norm of the gradient relative to that at zero, in coordinates in which the curvature is
              level, so that the units of the features do not count. Classes that can be told apart have no minimizer: the
              coefficients grow until the gradient is small enough, the reason is 'unattained', and ``extra['direction']`` is W and b
              along which the loss falls from everywhere. Where some samples stay undecided this is found up to a few million
              samples times features times squared classes.
    Raises:   DomainError, ShapeError: labels, a single class, NaN, shapes.
    Source:   L-BFGS; Albert and Anderson 1984 on when a minimizer exists.
    Example:  >>> minimize_plain_softmax([[0.0], [0.0], [1.0], [1.0]], [0, 1, 0, 1]).x.round(6) + 0.0
              array([[0.],
                     [0.]])
    """
    loss = SoftmaxLoss(x, labels, classes, sample_weight)
    return _Run(loss, fit_intercept, stopping or Stopping(1e-6, 5000)).result(start)


class _Run:
    """One solve; ``on_the_way`` is the last point whose gradient was that many times larger than the one asked for."""

    def __init__(self, loss: SoftmaxLoss, fit_intercept: bool, stopping: Stopping) -> None:
        self.loss, self.fit_intercept, self.stopping = loss, fit_intercept, stopping
        self.coordinates = Coordinates(loss.x, loss.weights, 0.0, fit_intercept=fit_intercept, is_sparse=loss.is_sparse)
        self.on_the_way: Direction = np.zeros((loss.classes, loss.x.shape[1])), np.zeros(loss.classes)
        self.scale = 1.0
        # The certificate is relative to the gradient at zero, wherever the start is.
        self.scale = float(np.linalg.norm(self.evaluate(self.coordinates.point(*self.on_the_way))[1])) or 1.0

    def evaluate(self, point: Array) -> tuple[float, Array]:
        """Return the loss and its gradient in the coordinates."""
        w, b = self.coordinates.coefficients(point)
        value, gradient, slope = self.loss.evaluate(w, b)
        gradient = self.coordinates.gradient(gradient, slope)
        if float(np.linalg.norm(gradient)) > _BEFORE * self.stopping.tolerance * self.scale:
            self.on_the_way = w, b
        return value, gradient

    def result(self, start: tuple[npt.ArrayLike, npt.ArrayLike] | None) -> Result:
        """Run L-BFGS, and see whether there is a minimizer."""
        begin = self.coordinates.point(*started(start, self.loss))
        found = minimize_lbfgs(Problem(self.evaluate, scale=self.scale), begin, self.stopping, memory=30)
        point, found = self._polished(found)
        w, b = self.coordinates.coefficients(point)
        direction = None if found.reason == "interrupted" else self._direction(w, b)
        return replace(
            found,
            x=w,
            reason=found.reason if direction is None else "unattained",
            certificate=replace(found.certificate, kind=_KIND),
            passes=float(self.loss.passes),
            extra={**found.extra, "intercept": b, **({} if direction is None else {"direction": direction})},
        )

    def _polished(self, found: Result) -> tuple[Array, Result]:
        """Take Newton steps as long as they shrink the gradient: near the end the loss itself stands still within rounding."""
        gradient, tolerance = self.evaluate(found.x)[1], self.stopping.tolerance
        if found.reason != "stalled" or float(np.linalg.norm(gradient)) > _CLOSE * self.scale:
            return found.x, found
        point, gradient = polished(self.loss, self.coordinates, self.evaluate, found.x, gradient)
        size = float(np.linalg.norm(gradient)) / self.scale
        reason: Reason = "converged" if size <= tolerance else "stalled"
        certificate = replace(found.certificate, value=size)
        return point, replace(found, objective=self.evaluate(point)[0], reason=reason, certificate=certificate)

    def _direction(self, w: Array, b: Array) -> Direction | None:
        """Return a direction in W and b along which the loss falls for ever."""
        # Samples without weight decide nothing.
        counted = self.loss.weights > 0
        x, labels = self.loss.x[counted], self.loss.labels[counted]

        def scores(coefficients: Array, intercept: Array) -> Array:
            self.loss.passes += 1
            return np.asarray(x @ coefficients.T) + intercept

        return direction_of_descent(scores, (self.on_the_way, (w, b)), lambda: self._units(x), labels, self._back)

    def _units(self, x: Any) -> Array:
        """Return the features in units of their spread, and a constant."""
        centered = (x.toarray() if sparse.issparse(x) else x) - self.coordinates.center
        constant = np.ones((len(centered), 1)) if self.fit_intercept else np.zeros((len(centered), 0))
        unit = self.coordinates.sizes / self.coordinates.scale
        return np.hstack([centered / unit, constant])

    def _back(self, direction: Array) -> Direction:
        d = self.coordinates.sizes.size
        w = direction[:, :d] / (self.coordinates.sizes / self.coordinates.scale)
        return w, direction[:, d] - w @ self.coordinates.center if self.fit_intercept else np.zeros(len(w))
