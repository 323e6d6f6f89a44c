"""Coordinate descent over the columns of a penalized least-squares problem, with extrapolation."""

from __future__ import annotations

import time
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from gradproof.solvers.descent_kernels import follow_dense, follow_sparse, sweep_dense, sweep_sparse
from gradproof.solvers.design_kernels import combine_sparse

Array = npt.NDArray[np.floating[Any]]
Indices = npt.NDArray[np.int64]

_MEMORY = 5
_TRAILS = 8
_CLOSE = 0.5


class Penalty(NamedTuple):
    """lambda_1 ||b||_1 + lambda_2 / 2 ||b||^2, over b >= 0 if is_positive."""

    lambda_1: float
    lambda_2: float = 0.0
    is_positive: bool = False

    def value(self, beta: Array) -> float:
        """Return the penalty of coefficients that satisfy the sign."""
        return self.lambda_1 * float(np.abs(beta).sum()) + 0.5 * self.lambda_2 * float(beta @ beta)


class Columns(Protocol):
    """Columns x_j of a matrix X with what descent asks of them; a fit is X times some coefficients, linear in these."""

    def nothing(self) -> Array:
        """Return the fit of zeros."""

    def sweep(self, slope: Array, fit: Array, beta: Array, penalty: Penalty) -> float:
        """Minimize over one coefficient after the other, in place; returns the largest violation met."""

    def follow(self, slope: Array, fit: Array, beta: Array, penalty: Penalty, trail: Trail, tolerance: float) -> tuple[int, bool]:
        """Sweep over those in use until the trail is full or the tolerance is met; returns the sweeps, and whether it was."""

    def add(self, fit: Array, chosen: Indices, beta: Array) -> None:
        """Add the chosen columns times beta to the fit, in place."""

    def energy(self, fit: Array) -> float:
        """Return the squared norm of the fit."""


class DenseColumns(NamedTuple):
    """Columns as the rows of an array; its precision is that of the sweeps."""

    rows: Array
    squares: Array

    def nothing(self) -> Array:
        """Return the fit of zeros."""
        return np.zeros(self.rows.shape[1], dtype=self.rows.dtype)

    def sweep(self, slope: Array, fit: Array, beta: Array, penalty: Penalty) -> float:
        """Minimize over one coefficient after the other, in place."""
        return float(sweep_dense(self.rows, self.squares, slope, fit, beta, *penalty, False))

    def follow(self, slope: Array, fit: Array, beta: Array, penalty: Penalty, trail: Trail, tolerance: float) -> tuple[int, bool]:
        """Sweep over those in use until the trail is full or the tolerance is met."""
        count, is_met = follow_dense(
            (self.rows, self.squares), slope, fit, beta, tuple(penalty), trail.betas, trail.fits, tolerance
        )
        return int(count), bool(is_met)

    def add(self, fit: Array, chosen: Indices, beta: Array) -> None:
        """Add the chosen columns times beta to the fit, in place."""
        fit += beta.astype(fit.dtype) @ self.rows[chosen]

    def energy(self, fit: Array) -> float:
        """Return the squared norm of the fit."""
        return float(np.square(fit, dtype=np.float64).sum())


class SparseColumns(NamedTuple):
    """Compressed columns, each less ``center_j`` times a vector v with ||v||^2 = length, if there are centers."""

    data: Array
    indices: npt.NDArray[np.integer[Any]]
    starts: npt.NDArray[np.integer[Any]]
    size: int
    squares: Array
    center: Array
    length: float

    def nothing(self) -> Array:
        """Return the fit of zeros."""
        return np.zeros(self.size + 1)

    def sweep(self, slope: Array, fit: Array, beta: Array, penalty: Penalty) -> float:
        """Minimize over one coefficient after the other, in place."""
        arguments: Any = (*self._matrix(), slope, fit, beta, *penalty, False)
        return float(sweep_sparse(*arguments))

    def follow(self, slope: Array, fit: Array, beta: Array, penalty: Penalty, trail: Trail, tolerance: float) -> tuple[int, bool]:
        """Sweep over those in use until the trail is full or the tolerance is met."""
        count, is_met = follow_sparse(self._matrix(), slope, fit, beta, tuple(penalty), trail.betas, trail.fits, tolerance)
        return int(count), bool(is_met)

    def _matrix(self) -> tuple[Any, ...]:
        return self.data, self.indices, self.starts, self.center, self.length, self.squares

    def add(self, fit: Array, chosen: Indices, beta: Array) -> None:
        """Add the chosen columns times beta to the fit, in place."""
        combine_sparse(self.data, self.indices, self.starts, chosen, beta, fit)
        if self.center.size:
            fit[-1] += self.length * float(self.center[chosen] @ beta)

    def energy(self, fit: Array) -> float:
        """Return the squared norm of the fit."""
        return float(fit[:-1] @ fit[:-1]) - (float(fit[-1]) ** 2 / self.length if self.center.size else 0.0)


def descend(
    columns: Columns, slope: Array, start: Array, penalty: Penalty, tolerance: float, sweeps: int, deadline: float = np.inf
) -> tuple[Array, Array, int]:
    """Return argmin_b ||X (b - start)||^2 / 2 - <slope, b> + penalty(b), the fit X (b - start), and the sweeps that it took.

    A sweep over all columns is followed by sweeps over those with a coefficient. Every five of them suggest where they lead to
    (Anderson's extrapolation), and that is taken if it is lower.
    Args:     slope: minus the gradient of the quadratic at ``start``.  tolerance: on the largest violation of the optimality
              conditions met in a sweep over all.  sweeps: about so many at most.  deadline: by time.perf_counter().
    Source:   Bertrand and Massias, Anderson acceleration of coordinate descent, 2021.
    """
    beta, fit, count = start.copy(), columns.nothing(), 0
    trail = Trail(beta, fit)

    def objective(b: Array, f: Array) -> float:
        return 0.5 * columns.energy(f) - float(slope @ (b - start)) + penalty.value(b)

    while count < sweeps and time.perf_counter() < deadline:
        count += 1
        if columns.sweep(slope, fit, beta, penalty) <= tolerance:
            break
        for _ in range(_TRAILS):
            trail.restart(beta, fit)
            taken, is_met = columns.follow(slope, fit, beta, penalty, trail, _CLOSE * tolerance)
            count += taken
            if is_met or time.perf_counter() >= deadline:
                break
            found = trail.lead(columns, beta)
            if found is not None and objective(*found) < objective(beta, fit):
                beta[:], fit[:] = found
    return beta, fit, count


class Trail:
    """The last few points of a descent with their fits."""

    def __init__(self, beta: Array, fit: Array) -> None:
        self.betas = np.empty((_MEMORY + 1, beta.size))
        self.fits = np.empty((_MEMORY + 1, fit.size), dtype=fit.dtype)

    def restart(self, beta: Array, fit: Array) -> None:
        """Begin with this point."""
        self.betas[0], self.fits[0] = beta, fit

    def lead(self, columns: Columns, beta: Array) -> tuple[Array, Array] | None:
        """Return the combination of the points whose steps cancel most, entries with another sign than in beta at zero."""
        steps = np.diff(self.betas, axis=0)
        products = steps @ steps.T
        products.flat[:: _MEMORY + 1] += 1e-12 * float(np.trace(products)) + 1e-300
        shares = np.linalg.solve(products, np.ones(_MEMORY))
        total = float(shares.sum())
        if not (np.isfinite(total) and total != 0):
            return None
        shares /= total
        led, fit = shares @ self.betas[1:], shares.astype(self.fits.dtype) @ self.fits[1:]
        flipped = np.flatnonzero(led * beta < 0)
        if flipped.size:
            columns.add(fit, flipped, -led[flipped])
            led[flipped] = 0.0
        return led, fit
