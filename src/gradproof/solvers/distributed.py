"""Softmax regression on a Dask array: loss and gradient block by block on the cluster, added up in a tree."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from importlib import import_module
from typing import Any

import numpy as np
from scipy import sparse
from scipy.linalg import cholesky, solve_triangular

from gradproof.errors import DomainError, ShapeError, UnsupportedError
from gradproof.prox.checks import Array, positive
from gradproof.solvers.loop import minimize as run_loop
from gradproof.solvers.problem import Problem
from gradproof.solvers.quasi_newton import QuasiNewton
from gradproof.solvers.result import Result, Stopping

_WHERE = "minimize_softmax_blocks"
_WIDEST = 3000
_ATTEMPTS = 6
#: What the errors are called by which the cluster says that it lost data with a worker.
_LOST = frozenset({"KilledWorker", "CancelledError", "FutureCancelledError", "FuturesCancelledError", "CommClosedError"})
_KIND = "duality gap relative to the objective at zero"


def is_blocked(x: Any) -> bool:
    """Tell whether something is a Dask array, without importing Dask."""
    return type(x).__module__.split(".")[0] == "dask" and hasattr(x, "to_delayed") and hasattr(x, "chunks")


def minimize_softmax_blocks(
    x: Any,
    labels: Any,
    lambda_2: float,
    *,
    classes: int,
    fit_intercept: bool = True,
    sample_weight: Any = None,
    stopping: Stopping | None = None,
) -> Result:
    """Return the coefficients of softmax regression, (classes, d), the samples being spread over a cluster.

    Formula:  min_(W, b) sum_i w_i (logsumexp(W x_i + b) - (W x_i + b)_(y_i)) + lambda_2 / 2 ||W||^2
    Args:     x: Dask array (n, d), of arrays or SciPy sparse matrices.
              labels: Dask or NumPy array (n,), whole numbers from 0 to classes - 1.  lambda_2: > 0.
              sample_weight: (n,), >= 0.
    Returns:  a result as minimize_softmax gives; a worker that is lost costs time, not the result.
              Data that is to stay in the memory of the workers has to be persisted before (``x = x.persist()``).
    Raises:   DomainError, ShapeError: penalties, labels, NaN, shapes. UnsupportedError: Dask is not installed.
    Source:   each gradient is one task a block, added up in pairs; L-BFGS in coordinates that level the curvature runs at home.
    """
    blocks = _Blocks(x, labels, sample_weight, classes)
    weight = float(positive(lambda_2, "lambda_2", _WHERE))
    return _Run(blocks, weight, fit_intercept).result(stopping or Stopping(max_iterations=2000))


@dataclass(frozen=True, slots=True)
class Survey:
    """What one pass over a block tells: sums of weights, of rows, of their products, and what is wrong with it."""

    weight: float
    rows: Array
    products: Array
    trouble: str

    def __add__(self, other: Survey) -> Survey:
        return Survey(
            self.weight + other.weight, self.rows + other.rows, self.products + other.products, self.trouble or other.trouble
        )


def survey_block(x: Any, labels: Any, weights: Any, classes: int, number: int) -> Survey:
    """Return what one pass over a block tells."""
    x = _block(x)
    entries = x.data if sparse.issparse(x) else x
    trouble = "" if np.isfinite(entries).all() else f"NaN or infinity in block {number} of X"
    if (labels != np.round(labels)).any() or (labels < 0).any() or (labels >= classes).any():
        trouble = f"another label in block {number}"
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        trouble = f"a weight that is negative or no number in block {number}"
    rows = x.multiply(weights[:, None]).tocsr() if sparse.issparse(x) else x * weights[:, None]
    products = _dense(rows.T @ x) if x.shape[1] <= _WIDEST else np.zeros((0, 0))
    return Survey(float(weights.sum()), np.asarray(rows.sum(axis=0)).ravel(), products, trouble)


def _block(x: Any) -> Any:
    """Return the samples of a block in double precision, sparse ones by rows."""
    return sparse.csr_matrix(x, dtype=np.float64) if sparse.issparse(x) else np.asarray(x, dtype=np.float64)


def _dense(table: Any) -> Array:
    return np.asarray(table.toarray() if sparse.issparse(table) else table)


@dataclass(frozen=True, slots=True)
class Share:
    """The loss of some samples with its gradients in the coefficients and in the intercept."""

    loss: float
    gradient: Array
    slope: Array

    def __add__(self, other: Share) -> Share:
        return Share(self.loss + other.loss, self.gradient + other.gradient, self.slope + other.slope)


def share_of_block(x: Any, labels: Any, weights: Any, coefficients: Array, intercept: Array) -> Share:
    """Return loss and gradients of a block."""
    x, rows = _block(x), np.arange(x.shape[0])
    z = np.asarray(x @ coefficients.T) + intercept
    top = z.max(axis=1, keepdims=True)
    powers = np.exp(z - top)
    totals = powers.sum(axis=1)
    codes = np.asarray(labels, dtype=np.int64)
    loss = float(weights @ (np.log(totals) + top[:, 0] - z[rows, codes]))
    away = powers / totals[:, None]
    away[rows, codes] -= 1
    away *= weights[:, None]
    gradient = np.asarray((x.T @ away).T) if sparse.issparse(x) else away.T @ x
    return Share(loss, gradient, away.sum(axis=0))


class _Blocks:
    """The samples as tasks of the cluster, and sums over all blocks: every sum carries the whole way to its data, so a loss is made good."""

    def __init__(self, x: Any, labels: Any, sample_weight: Any, classes: int) -> None:
        self._dask = _dask()
        if x.ndim != 2 or 0 in x.shape:
            raise ShapeError("X needs a row for each sample and a column for each feature", got=f"shape {x.shape}", where=_WHERE)
        if x.dtype.kind not in "biuf":
            raise DomainError("X has to hold real numbers", got=f"dtype {x.dtype}", where=_WHERE, remedy="Convert it to float64.")
        x = x.compute_chunk_sizes() if np.isnan(x.shape[0]) else x
        x = x.rechunk({1: -1})
        rows = x.chunks[0]
        weights = np.ones(x.shape[0]) if sample_weight is None else sample_weight
        columns = [self._column(values, rows, name) for values, name in ((labels, "labels"), (weights, "sample_weight"))]
        self.shape, self.classes, self.passes = x.shape, classes, 0
        self._blocks = list(zip(*(part.to_delayed().ravel() for part in (x, *columns)), strict=True))

    @property
    def count(self) -> int:
        """How many blocks there are."""
        return len(self._blocks)

    def _column(self, values: Any, rows: Sequence[int], name: str) -> Any:
        n = int(sum(rows))
        array = self._dask.array.asarray(values)
        if array.ndim == 1 and np.isnan(array.shape[0]):
            array = array.compute_chunk_sizes()
        if array.shape != (n,):
            raise ShapeError(f"{name} need shape ({n},)", got=str(array.shape), where=_WHERE, remedy="One number a sample.")
        return array.rechunk((tuple(rows),))

    def total(self, of_block: Callable[..., Any], *arguments: Any, is_numbered: bool = False) -> Any:
        """Return the sum of what a function gives for every block, added in pairs, pairs of pairs, and so on."""
        self.passes += 1
        for attempt in range(_ATTEMPTS):
            found = self._attempt(of_block, arguments, is_numbered, is_last=attempt == _ATTEMPTS - 1)
            if found is not None:
                return found
        raise AssertionError("the last attempt returns or raises")

    def _attempt(self, of_block: Callable[..., Any], arguments: Sequence[Any], is_numbered: bool, *, is_last: bool) -> Any:
        try:
            return self._dask.compute(self._tree(of_block, arguments, is_numbered))[0]
        except Exception as error:
            if type(error).__name__ not in _LOST or is_last:
                raise
            return None

    def _tree(self, of_block: Callable[..., Any], arguments: Sequence[Any], is_numbered: bool) -> Any:
        task = self._dask.delayed(of_block, pure=False)
        given = [self._dask.delayed(argument) for argument in arguments]
        parts = [task(*block, *given, *((number,) if is_numbered else ())) for number, block in enumerate(self._blocks)]
        plus = self._dask.delayed(_plus, pure=False)
        while len(parts) > 1:
            pairs = [parts[place : place + 2] for place in range(0, len(parts), 2)]
            parts = [plus(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
        return parts[0]


def _dask() -> Any:
    try:
        import_module("dask.array")
        return import_module("dask")
    except ImportError:
        raise UnsupportedError("Dask is needed", where=_WHERE, remedy="Install gradproof[dask].") from None


def _plus(left: Any, right: Any) -> Any:
    return reduce(lambda a, b: a + b, (left, right))


class _Run:
    """L-BFGS in coordinates in which X' X / 4 + lambda_2 I is the identity, and their way back."""

    def __init__(self, blocks: _Blocks, lambda_2: float, fit_intercept: bool) -> None:
        self.blocks, self.lambda_2, self.fit_intercept = blocks, lambda_2, fit_intercept
        survey = blocks.total(survey_block, blocks.classes, is_numbered=True)
        if survey.trouble:
            raise DomainError(
                f"finite numbers and labels from 0 to {blocks.classes - 1} were expected", got=survey.trouble, where=_WHERE,
                remedy="Mend or leave out these samples.",
            )  # fmt: skip
        if not survey.weight > 0:
            raise DomainError("a sample of positive weight is needed", got="none", where=_WHERE)
        self.weight = survey.weight
        self.center = survey.rows / survey.weight if fit_intercept else np.zeros(blocks.shape[1])
        self.root = self._root(survey)
        self.zero = survey.weight * float(np.log(blocks.classes))
        self.seen: tuple[Array, Array, Array, float] | None = None

    def _root(self, survey: Survey) -> Array | None:
        d = self.blocks.shape[1]
        if not survey.products.size:
            self.center = np.zeros(d)
            return None
        gram = 0.25 * (survey.products - survey.weight * np.outer(self.center, self.center))
        gram.flat[:: d + 1] += self.lambda_2 + 1e-12 * float(np.trace(gram)) / d
        return np.asarray(cholesky(gram, check_finite=False))

    def coefficients(self, point: Array) -> tuple[Array, Array]:
        """Return W and b for coordinates."""
        rows = point[:, :-1]
        w = rows if self.root is None else solve_triangular(self.root, rows.T, check_finite=False).T
        shift = point[:, -1] / np.sqrt(0.25 * self.weight) - w @ self.center
        return np.ascontiguousarray(w), shift if self.fit_intercept else np.zeros(len(w))

    def evaluate(self, point: Array) -> tuple[float, Array]:
        """Return objective and gradient in the coordinates; keeps the certificate of the point."""
        w, b = self.coefficients(point)
        share = self.blocks.total(share_of_block, w, b)
        objective = share.loss + 0.5 * self.lambda_2 * float(np.sum(w * w))
        gradient = share.gradient + self.lambda_2 * w
        gap = float(np.sum(gradient**2)) / (2 * self.lambda_2)
        if self.fit_intercept:
            gap += float(np.abs(share.slope).sum()) * (1 + float(np.abs(b).max()))
            gradient = gradient - np.outer(share.slope, self.center)
        self.seen = (point.copy(), w, b, gap / self.zero)
        if self.root is not None:
            gradient = solve_triangular(self.root, gradient.T, trans="T", check_finite=False).T
        slope = share.slope / np.sqrt(0.25 * self.weight) if self.fit_intercept else np.zeros(len(w))
        return objective, np.column_stack([gradient, slope])

    def gap(self, point: Array) -> float:
        """Return the duality gap at a point relative to the objective at zero."""
        if self.seen is None or not np.array_equal(self.seen[0], point):
            self.evaluate(point)
        assert self.seen is not None
        return self.seen[3]

    def result(self, stopping: Stopping) -> Result:
        """Run L-BFGS until the gap is small enough."""
        began = time.perf_counter()
        start = np.zeros((self.blocks.classes, self.blocks.shape[1] + 1))
        found = run_loop(Problem(self.evaluate, gap=self.gap), start, QuasiNewton(memory=30), stopping)
        w, b = self.coefficients(found.x)
        return replace(
            found, x=w, certificate=replace(found.certificate, kind=_KIND), solver="L-BFGS on blocks", passes=float(self.blocks.passes),
            seconds=time.perf_counter() - began, extra={**found.extra, "intercept": b, "blocks": self.blocks.count},
        )  # fmt: skip
