"""The loss of softmax regression with its gradients, on checked data."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from gradproof.errors import DomainError, ShapeError
from gradproof.prox.checks import Array, check_memory, float_array, nonnegative
from gradproof.solvers.softmax_kernels import softmax_loss

_WHERE = "minimize_softmax"
_LARGEST_ENTRY = 1e150
#: Scores, shares, residuals and truth are held at a time.
_TABLES = 4
_REMEDY = "Take fewer samples at a time, or fewer classes."


class SoftmaxLoss:
    """sum_i w_i (logsumexp(z_i) - z_(i, y_i)) with z = X W' + b, and its gradients in W and b.

    Args:     x: (n, d), dense or sparse.  labels: (n,), 0 to classes - 1.  sample_weight: (n,), >= 0.
    """

    def __init__(
        self, x: Any, labels: npt.ArrayLike, classes: int | None = None, sample_weight: npt.ArrayLike | None = None
    ) -> None:
        self.is_sparse = sparse.issparse(x)
        self.x: Any = _sparse_table(x) if self.is_sparse else _table(x)
        self.labels, self.classes = _labels(labels, self.x.shape[0], classes)
        n = self.x.shape[0]
        check_memory(
            _TABLES * (n + self.x.shape[1]) * self.classes, f"scores of {n} samples in {self.classes} classes", _WHERE, _REMEDY
        )
        weights = (
            np.ones(n)
            if sample_weight is None
            else np.asarray(nonnegative(sample_weight, "sample_weight", _WHERE), dtype=np.float64)
        )
        if weights.shape != (n,):
            raise ShapeError(f"sample_weight needs shape ({n},)", got=str(weights.shape), where=_WHERE)
        self.weights = weights
        #: How often the data was read.
        self.passes = 0

    def evaluate(self, coefficients: Array, intercept: Array) -> tuple[float, Array, Array]:
        """Return the loss and its gradients in the coefficients, (classes, d), and in the intercept."""
        self.passes += 1
        if self.is_sparse:
            return self._evaluate_sparse(coefficients, intercept)
        # An odd number of classes gets a row of zeros: the kernel takes them in pairs.
        padded = np.zeros((self.classes + self.classes % 2, self.x.shape[1]))
        padded[: self.classes] = coefficients
        gradient, slope = np.empty_like(padded), np.empty(self.classes)
        loss = softmax_loss(self.x, padded, intercept, self.labels, self.weights, gradient, slope)
        return float(loss), gradient[: self.classes], slope

    def _evaluate_sparse(self, coefficients: Array, intercept: Array) -> tuple[float, Array, Array]:
        z = self.x @ coefficients.T + intercept
        top = z.max(axis=1, keepdims=True)
        powers = np.exp(z - top)
        totals = powers.sum(axis=1)
        rows = np.arange(z.shape[0])
        loss = float(self.weights @ (np.log(totals) + top[:, 0] - z[rows, self.labels]))
        shares = powers / totals[:, None]
        shares[rows, self.labels] -= 1
        shares *= self.weights[:, None]
        return loss, np.asarray((self.x.T @ shares).T), shares.sum(axis=0)


def started(start: tuple[npt.ArrayLike, npt.ArrayLike] | None, loss: SoftmaxLoss) -> tuple[Array, Array]:
    """Return W and b to begin with, zero by default. Raises: DomainError, ShapeError."""
    shapes = (loss.classes, loss.x.shape[1]), (loss.classes,)
    if start is None:
        return np.zeros(shapes[0]), np.zeros(shapes[1])
    w, b = (float_array(part, "start", _WHERE).astype(np.float64) for part in start)
    if (w.shape, b.shape) != shapes:
        raise ShapeError(f"start needs the shapes {shapes[0]} and {shapes[1]}", got=f"{w.shape} and {b.shape}", where=_WHERE)
    return w, b


def _table(x: Any) -> Array:
    table = float_array(x, "X", _WHERE)
    if table.ndim != 2:
        raise ShapeError("X needs a row for each sample and a column for each feature", got=f"shape {table.shape}", where=_WHERE)
    _check_size(table)
    return np.ascontiguousarray(table)


def _sparse_table(x: Any) -> Any:
    table = sparse.csr_matrix(x, dtype=np.float64)
    _check_size(float_array(table.data, "X", _WHERE))
    return table


def _check_size(entries: Array) -> None:
    largest = max(-float(entries.min()), float(entries.max())) if entries.size else 0.0
    if largest > _LARGEST_ENTRY:
        raise DomainError(
            f"entries of X up to {_LARGEST_ENTRY:.0e} were expected", got=f"{largest:.3g}", where=_WHERE,
            remedy="Scale the data: their squares overflow.",
        )  # fmt: skip


def _labels(labels: npt.ArrayLike, n: int, classes: int | None) -> tuple[npt.NDArray[np.int64], int]:
    array = np.asarray(labels)
    if array.shape != (n,):
        raise ShapeError(f"labels need shape ({n},)", got=str(array.shape), where=_WHERE, remedy="One class number a sample.")
    if n == 0:
        raise ShapeError("at least one sample is needed", got="none", where=_WHERE)
    if array.dtype.kind not in "iu" or (array < 0).any():
        raise DomainError("labels have to be whole numbers from 0", got=f"{array[:5]}", where=_WHERE, remedy="Number the classes.")
    found = int(array.max()) + 1
    if classes is not None and found > classes:
        raise DomainError(f"labels have to be below {classes}", got=f"{found - 1}", where=_WHERE)
    if (classes or found) < 2 or np.all(array == array[0]):
        raise DomainError("two classes are needed", got="one", where=_WHERE, remedy="There is nothing to tell apart.")
    return array.astype(np.int64), classes or found
