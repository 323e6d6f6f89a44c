"""Linear classifiers over samples that come in parts: proximal steps whose lengths the data sets, one pass each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from gradproof.prox.checks import Array
from gradproof.solvers.result import Certificate
from gradproof.solvers.softmax_dual import softmax_shares

_BATCH = 8
_RATE = 2.0
#: Below it a size counts as nothing: its square is still a number.
_TINY = 1e-150
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class StreamPenalty:
    """lambda_1 ||W||_1 + lambda_2 / 2 ||W||^2 + groups sum_j ||W_j||_2, over W >= 0 if is_positive."""

    lambda_1: float = 0.0
    lambda_2: float = 0.0
    groups: float = 0.0
    is_positive: bool = False

    def over(self, total: float) -> StreamPenalty:
        """Return the share of one sample among so many."""
        return StreamPenalty(self.lambda_1 / total, self.lambda_2 / total, self.groups / total, self.is_positive)

    def prox(self, w: Array, steps: Array) -> Array:
        """Return the proximal point with a step of its own for each feature."""
        shrunk = np.maximum(w - steps * self.lambda_1, 0)
        if not self.is_positive:
            shrunk -= np.maximum(-w - steps * self.lambda_1, 0)
        if self.groups:
            lengths = np.linalg.norm(shrunk, axis=0)
            shrunk *= np.maximum(1 - steps * self.groups / np.maximum(lengths, _TINY), 0)
        return np.asarray(shrunk / (1 + steps * self.lambda_2))


class Stream:
    """Coefficients that follow the samples: one row of W for each class, or one row in all for two classes.

    Formula:  the mean of the losses of all samples so far, plus the penalty over their number
    Source:   adaptive proximal steps (Duchi, Hazan and Singer 2011) with normalized features (Ross, Mineiro and Langford 2013): the size
              of a feature, and that of all together, is seen in the data, so that no rate is to be chosen.
    """

    def __init__(self, coefficients: Array, intercept: Array, *, fit_intercept: bool) -> None:
        self.w, self.b, self.fit_intercept = coefficients.copy(), intercept.copy(), fit_intercept
        d = coefficients.shape[1]
        self.scales, self.squares, self.constant = np.zeros(d), np.zeros(d), 0.0
        self.norms, self.seen, self.count = 0.0, 0.0, 0

    def add(self, x: Any, labels: Labels, weights: Array, penalty: StreamPenalty, tolerance: float) -> Certificate:
        """Take one pass over more samples, in their order. Returns: how far these samples are from their optimality conditions."""
        rows = x.tocsr() if sparse.issparse(x) else x
        for first in range(0, labels.size, _BATCH):
            part = slice(first, first + _BATCH)
            self._step(rows[part], labels[part], weights[part], penalty)
        return self._certify(rows, labels, weights, penalty, tolerance)

    def _residual(self, scores: Array, labels: Labels) -> Array:
        """Return the gradient of the loss in the scores."""
        if scores.shape[1] == 1:
            return np.asarray(0.5 * (1 + np.tanh(0.5 * scores)) - labels[:, None])
        shares, _ = softmax_shares(scores)
        shares[np.arange(labels.size), labels] -= 1
        return shares

    def _step(self, x: Any, labels: Labels, weights: Array, penalty: StreamPenalty) -> None:
        total = float(weights.sum())
        if total <= 0:
            return
        self.seen += total
        self.count += labels.size
        self._take_sizes(x)
        slope, constant = self._slopes(self.w, self.b, x, labels, weights / total)
        known = self._known()
        self.squares += np.sum((slope / known) ** 2, axis=0)
        size = _RATE * np.sqrt(self.count / max(self.norms, _TINY))
        steps = size / (known**2 * np.sqrt(np.where(self.squares > 0, self.squares, 1.0)))
        self.w = penalty.over(self.seen).prox(self.w - steps * slope, steps)
        self.constant += float(constant @ constant)
        self.b = self.b - _RATE * constant / np.sqrt(max(self.constant, _TINY))

    def _take_sizes(self, x: Any) -> None:
        """Bring the largest size of each feature up to date, and that of all rows together, each feature in its own unit."""
        squares = x.multiply(x) if sparse.issparse(x) else x * x
        largest = squares.max(axis=0)
        largest = largest.toarray().ravel() if sparse.issparse(largest) else largest
        self.scales = np.maximum(self.scales, np.sqrt(largest))
        sums = np.asarray(squares.sum(axis=0)).ravel()
        self.norms += float(np.sum(sums / self._known() ** 2))

    def _known(self) -> Array:
        """Return the sizes of the features, one for those that were zero so far: they have no gradient either."""
        return np.where(self.scales > _TINY, self.scales, 1.0)

    def _slopes(self, w: Array, b: Array, x: Any, labels: Labels, weights: Array) -> tuple[Array, Array]:
        """Return the gradient of the weighted loss in W and b."""
        residual = self._residual(np.asarray(x @ w.T) + b, labels) * weights[:, None]
        constant = residual.sum(axis=0) if self.fit_intercept else np.zeros(b.size)
        return np.asarray((x.T @ residual).T), constant

    def _certify(self, x: Any, labels: Labels, weights: Array, penalty: StreamPenalty, tolerance: float) -> Certificate:
        weights = weights / max(float(weights.sum()), _TINY)
        steps = 1 / self._known() ** 2
        share, found = penalty.over(max(self.seen, _TINY)), []
        for w, b in ((self.w, self.b), (np.zeros_like(self.w), np.zeros_like(self.b))):
            slope, constant = self._slopes(w, b, x, labels, weights)
            moved = self.scales * (w - share.prox(w - steps * slope, steps))
            found.append(float(np.sqrt(np.sum(moved**2) + constant @ constant)))
        value = found[0] / found[1] if found[1] > 0 else 0.0
        return Certificate("proximal residual on the last samples relative to that at zero", value, tolerance)
