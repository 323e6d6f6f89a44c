"""The top-k error, at once or batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError, ShapeError
from gradproof.metrics.kernels import Counts
from gradproof.metrics.ranks import Labels, Ranks, Ties, check_ties, count_ranks, score_table

Floats = npt.NDArray[np.float64]


@overload
def top_k_error(
    scores: npt.ArrayLike,
    labels: Labels,
    k: int = 1,
    *,
    ties: Ties = ...,
    sample_weight: npt.ArrayLike | None = None,
    threads: int = 1,
) -> float: ...
@overload
def top_k_error(
    scores: npt.ArrayLike,
    labels: Labels,
    k: Sequence[int],
    *,
    ties: Ties = ...,
    sample_weight: npt.ArrayLike | None = None,
    threads: int = 1,
) -> Floats: ...
def top_k_error(
    scores: npt.ArrayLike,
    labels: Labels,
    k: int | Sequence[int] = 1,
    *,
    ties: Ties = "optimistic",
    sample_weight: npt.ArrayLike | None = None,
    threads: int = 1,
) -> float | Floats:
    """Return the share of the samples whose true class is not among the k classes with the highest scores.

    Formula:  mean_i [rank_i >= k], rank_i = #{j : scores[i, j] > scores[i, label_i]}
    Args:     scores: (n, classes), any real dtype; infinities are ordered as numbers are.
              labels: (n,) class numbers. For several true classes a list of lists, or zeros and ones in the shape of the
              scores; the best of them counts.
              k: a number from 1 to the number of classes, or a sequence of them.
              ties: 'optimistic' ranks as above; 'pessimistic' puts tied classes before the true one; 'expected' breaks
              ties at random and returns the mean; 'strict' raises where a tie decides.
              sample_weight: (n,), >= 0.  threads: how many may be used.
    Returns:  a float; for a sequence of k an array of them.
    Raises:   DomainError: a NaN, a label out of range (the message names the row), k out of range, no samples.
              ShapeError: shapes that do not fit.
    Example:  >>> top_k_error([[0.1, 0.7, 0.2], [0.5, 0.2, 0.3]], [2, 0], k=[1, 2])
              array([0.5, 0. ])
    """
    counter = TopKError(k, ties=ties)
    counter.update(scores, labels, sample_weight=sample_weight, threads=threads)
    return counter.result()


def top_k_error_per_class(
    scores: npt.ArrayLike, labels: Labels, k: int = 1, *, ties: Ties = "optimistic", sample_weight: npt.ArrayLike | None = None
) -> Floats:
    """Return the top-k error among the samples of every class; NaN for a class without samples.

    Example:  >>> top_k_error_per_class([[0.1, 0.9], [0.6, 0.4], [0.8, 0.2]], [1, 1, 0])
              array([0. , 0.5])
    """
    counter = TopKError(k, ties=ties)
    counter.update(scores, labels, sample_weight=sample_weight)
    errors: Floats = counter.per_class()[0]
    return errors


class TopKError:
    """The top-k error of a stream of batches.

    Args:     k, ties: as in top_k_error.
    Example:  >>> error = TopKError(k=1)
              >>> error.update([[0.1, 0.9], [0.6, 0.4]], [1, 1])
              >>> error.update([[0.8, 0.2]], [0])
              >>> round(error.result(), 6), error.samples
              (0.333333, 3)
    """

    def __init__(self, k: int | Sequence[int] = 1, *, ties: Ties = "optimistic") -> None:
        check_ties(ties)
        self.ties: Ties = ties
        self._is_single = not isinstance(k, Sequence | np.ndarray) or (isinstance(k, np.ndarray) and k.ndim == 0)
        self.k = tuple(_positive_integer(entry) for entry in ([np.asarray(k)[()]] if self._is_single else k))  # type: ignore[union-attr]
        if not self.k:
            raise DomainError("at least one k is needed", got="none", where="top_k_error")
        self.samples = 0
        self.classes: int | None = None
        #: For every k, how many samples so far a tie decides: a hit or a miss according to ``ties``.
        self.decided_by_ties = [0] * len(self.k)
        self._weight = 0.0
        self._missed = np.zeros(len(self.k))
        self._class_weight: Floats | None = None
        self._class_missed: Floats | None = None

    def update(
        self, scores: npt.ArrayLike, labels: Labels, *, sample_weight: npt.ArrayLike | None = None, threads: int = 1
    ) -> None:
        """Count one more batch; a batch that is refused leaves the counts as they were."""
        table = score_table(scores)
        self._check_classes(table.shape[1])
        ranks = count_ranks(table, labels, threads, first_row=self.samples)
        weights = _weights(sample_weight, table.shape[0], self.samples)
        misses = np.stack([ranks.misses(k, self.ties) for k in self.k])
        self._count(ranks, misses, weights)
        self._count_by_class(ranks.labels, misses, weights, table.shape[1])

    def _check_classes(self, classes: int) -> None:
        if self.classes not in (None, classes):
            raise ShapeError(f"scores need {self.classes} columns as before", got=f"{classes}", where="top_k_error")
        if max(self.k) > classes:
            raise DomainError(
                f"k has to be at most the number of classes, {classes}", got=f"{max(self.k)}", where="top_k_error",
                remedy="With all classes among the k no sample is a miss.",
            )  # fmt: skip

    def _count(self, ranks: Ranks, misses: Floats, weights: Floats) -> None:
        self._missed += misses @ weights
        self._weight += float(weights.sum())
        self.samples += weights.size
        self.decided_by_ties = [before + ranks.decided_by_ties(k) for before, k in zip(self.decided_by_ties, self.k, strict=True)]

    def _count_by_class(self, labels: Counts | None, misses: Floats, weights: Floats, classes: int) -> None:
        self.classes = classes
        if self._class_weight is None or self._class_missed is None:
            self._class_weight, self._class_missed = np.zeros(classes), np.zeros((len(self.k), classes))
        if labels is None:
            # With several true classes a sample has no class of its own.
            self._class_weight = np.full(classes, np.nan)
            return
        self._class_weight += np.bincount(labels, weights, classes)
        for row, missed in enumerate(misses):
            self._class_missed[row] += np.bincount(labels, missed * weights, classes)

    def merge(self, other: TopKError) -> None:
        """Add what another counter has seen, such as that of another process."""
        if (other.k, other.ties) != (self.k, self.ties):
            raise DomainError("counters of the same k and ties are needed", got=f"{other.k}, {other.ties}", where="TopKError.merge")
        if other.classes is None:
            return
        self._check_classes(other.classes)
        self.classes = other.classes
        self.samples += other.samples
        self._weight += other._weight
        self._missed += other._missed
        self.decided_by_ties = [a + b for a, b in zip(self.decided_by_ties, other.decided_by_ties, strict=True)]
        assert other._class_weight is not None
        assert other._class_missed is not None
        if self._class_weight is None or self._class_missed is None:
            self._class_weight, self._class_missed = other._class_weight.copy(), other._class_missed.copy()
        else:
            self._class_weight += other._class_weight
            self._class_missed += other._class_missed

    def result(self) -> float | Floats:
        """Return the error so far. Raises: DomainError: nothing was counted yet."""
        if self._weight <= 0:
            raise DomainError("at least one sample of positive weight is needed", got="none", where="top_k_error")
        errors = self._missed / self._weight
        return float(errors[0]) if self._is_single else errors

    def per_class(self) -> Floats:
        """Return the error among the samples of each class, (number of k, classes); NaN for a class without samples."""
        if self._class_weight is None or self._class_missed is None or np.isnan(self._class_weight).any():
            raise DomainError("samples with one true class are needed", got="none or several", where="TopKError.per_class")
        with np.errstate(invalid="ignore"):
            return np.where(self._class_weight > 0, self._class_missed / self._class_weight, np.nan)


def _positive_integer(k: object) -> int:
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise DomainError("k has to be a whole number of at least 1", got=repr(k), where="top_k_error")
    return int(k)


def _weights(sample_weight: npt.ArrayLike | None, n: int, first_row: int) -> Floats:
    if sample_weight is None:
        return np.ones(n)
    weights = np.asarray(sample_weight)
    if weights.dtype.kind not in "biuf":
        raise DomainError(
            "weights have to be real numbers", got=f"dtype {weights.dtype}", where="top_k_error", remedy="Convert them."
        )
    weights = weights.astype(np.float64)
    if weights.shape != (n,):
        raise ShapeError(f"sample_weight needs shape ({n},)", got=f"{weights.shape}", where="top_k_error")
    bad = np.flatnonzero(~((weights >= 0) & np.isfinite(weights)))
    if bad.size:
        raise DomainError(
            "weights have to be at least 0", got=f"{weights[bad[0]]} in row {first_row + int(bad[0])}", where="top_k_error"
        )
    if n and weights.max() > np.finfo(np.float64).max / n:
        raise DomainError(
            "weights need a finite sum", got=f"weights up to {weights.max():.3g}", where="top_k_error", remedy="Scale them."
        )
    return weights
