"""The cross-entropy of softmax."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError, ShapeError
from gradproof.prox.checks import Array, has_rank, tolerance
from gradproof.prox.function import AbstractFunction
from gradproof.prox.logistic import x_log_x
from gradproof.prox.roots import log_linear_root
from gradproof.prox.traits import Traits

_STEPS = 200


@dataclass(frozen=True, eq=False)
class CrossEntropy(AbstractFunction):
    """f(X) = sum_i logsumexp(X_i) - X_(i, y_i): softmax regression, X the scores of n samples and k classes.

    Prox:     row by row the z with z_j + gamma softmax(z)_j = x_j + gamma [j = y].
    Args:     labels: (n,), whole numbers from 0 to k - 1.
    Source:   the prox has z_j + gamma softmax(z)_j = x_j + gamma [j = y]; each sample is one equation in its logsumexp.
    Example:  >>> CrossEntropy([0]).gradient([[0.0, 0.0]])[0]
              array([[-0.5,  0.5]])
    """

    labels: npt.ArrayLike
    _traits = Traits(is_smooth=True)

    def __post_init__(self) -> None:
        labels = np.asarray(self.labels)
        if labels.ndim != 1 or labels.dtype.kind not in "iu" or (labels < 0).any():
            raise DomainError(
                "labels have to be whole numbers from 0 on",
                got=f"{labels!r:.60}",
                where="CrossEntropy",
                remedy="Number the classes.",
            )
        object.__setattr__(self, "labels", labels)

    @property
    def _classes(self) -> npt.NDArray[np.integer]:
        return np.asarray(self.labels)

    @property
    def smoothness(self) -> float:
        """Return 1/2."""
        return 0.5

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        has_rank(x, 2, name, where)
        least = int(self._classes.max(initial=-1)) + 1
        if x.shape[0] != self._classes.size or x.shape[1] < least:
            raise ShapeError(
                f"{name} needs {self._classes.size} rows and at least {least} columns", got=f"{x.shape}", where=where,
                remedy="One row a sample, one column a class.",
            )  # fmt: skip

    def _truth(self, x: Array) -> Array:
        truth = np.zeros_like(x)
        truth[np.arange(x.shape[0]), self._classes] = 1
        return truth

    def _value(self, x: Array) -> float:
        top = x.max(axis=1, keepdims=True)
        logs = top[:, 0] + np.log(np.exp(x - top).sum(axis=1))
        return float((logs - x[np.arange(x.shape[0]), self._classes]).sum(dtype=np.float64))

    def _gradient(self, x: Array) -> Array:
        powers = np.exp(x - x.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True) - self._truth(x))

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        return float(np.linalg.norm(self._gradient(x) - v))

    def _prox(self, x: Array, gamma: Array) -> Array:
        step = float(gamma)
        c = x.astype(np.float64) + step * self._truth(x)
        # With s the logsumexp of z and p_j = exp(z_j - s): step p_j + log p_j = c_j - s. The sum of p falls as s grows.
        low, high = c.max(axis=1) - step, c.max(axis=1) + np.log(x.shape[1])
        for _ in range(_STEPS):
            s = 0.5 * (low + high)
            with np.errstate(over="ignore"):
                is_above = log_linear_root(c - s[:, None], step).sum(axis=1) > 1
            low, high = np.where(is_above, s, low), np.where(is_above, high, s)
            if (high - low <= 4 * np.finfo(np.float64).eps * (1 + np.abs(s))).all():
                break
        return np.asarray(c - step * log_linear_root(c - 0.5 * (low + high)[:, None], step)).astype(x.dtype)

    def _conjugate_value(self, y: Array) -> float:
        shares, slack = y + self._truth(y), tolerance(y)
        if (shares < -slack).any() or (np.abs(shares.sum(axis=1) - 1) > slack * y.shape[1]).any():
            return np.inf
        return float(x_log_x(np.maximum(shares, 0)).sum(dtype=np.float64))

    def _naive_prox(self, x: Array, gamma: Array) -> Array:
        """Take plain gradient steps: the problem is strongly convex."""
        start, step = x.astype(np.float64), float(gamma)
        z = start.copy()
        rate = 1 / (self.smoothness + 1 / step)
        for _ in range(int(200 * (1 + step))):
            z -= rate * (self._gradient(z) + (z - start) / step)
        return z.astype(x.dtype)
