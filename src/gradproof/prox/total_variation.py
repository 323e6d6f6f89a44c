"""Total variation in one and in two dimensions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradproof.prox.checks import Array, has_rank, nonnegative, tolerance
from gradproof.prox.function import AbstractFunction
from gradproof.prox.kernels import smooth_columns, total_variation_prox
from gradproof.prox.norms import divide
from gradproof.prox.traits import NORM

_SWEEPS = 2000


@dataclass(frozen=True, eq=False)
class TotalVariation1D(AbstractFunction):
    """f(x) = lambda sum_i |x_(i+1) - x_i|.

    Prox:     x - D' u, u the minimizer of ||x - D' u|| with |u_i| <= gamma lambda, (D x)_i = x_(i+1) - x_i.
    Args:     lambda_: >= 0.
    Source:   Johnson 2013: exact, in linear time.
    Example:  >>> TotalVariation1D(1.0).prox([0.0, 0.0, 6.0, 6.0])[0]
              array([0.5, 0.5, 5.5, 5.5])
    """

    lambda_: float = 1.0
    _traits = NORM

    def __post_init__(self) -> None:
        object.__setattr__(self, "lambda_", nonnegative(self.lambda_, "lambda_", type(self).__name__))

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        has_rank(x, 1, name, where)

    def _value(self, x: Array) -> float:
        return self.lambda_ * float(np.abs(np.diff(x)).sum(dtype=np.float64))

    def _prox(self, x: Array, gamma: Array) -> Array:
        return total_variation_prox(x.astype(np.float64), float(gamma) * self.lambda_).astype(x.dtype, copy=False)

    def _conjugate_value(self, y: Array) -> float:
        flow = np.cumsum(y.astype(np.float64))
        slack = tolerance(y) * (1 + float(np.abs(y).sum()))
        inside = flow.size == 0 or (abs(flow[-1]) <= slack and float(np.abs(flow).max()) <= self.lambda_ + slack)
        return 0.0 if inside else np.inf

    def _dual_norm(self, y: Array) -> float:
        flow = np.cumsum(y.astype(np.float64))
        if flow.size == 0 or abs(flow[-1]) > tolerance(y) * (1 + float(np.abs(y).sum())):
            return np.inf if flow.size else 0.0
        return divide(float(np.abs(flow[:-1]).max(initial=0.0)), self.lambda_)

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        """A jump fixes the flow between its ends; on a flat stretch the distance is the prox of its own variation."""
        jumps = np.diff(x)
        slack = tolerance(x) * (1 + float(np.abs(x).max(initial=0.0)))
        places = np.flatnonzero(np.abs(jumps) > slack)
        rest = v.astype(np.float64).copy()
        flow = self.lambda_ * np.sign(jumps[places])
        np.subtract.at(rest, places + 1, flow)
        np.add.at(rest, places, flow)
        stretches = np.split(rest, places + 1)
        return float(np.sqrt(sum(float(np.sum(total_variation_prox(part, self.lambda_) ** 2)) for part in stretches)))

    def _naive_prox(self, x: Array, gamma: Array) -> Array:
        """Descend the dual, a box-constrained quadratic, along one coordinate after the other."""
        weight, flow = float(gamma) * self.lambda_, np.zeros(max(x.size - 1, 0))
        point = x.astype(np.float64).copy()
        for _ in range(20000):
            largest = 0.0
            for i in range(flow.size):
                moved = float(np.clip(flow[i] + 0.5 * (point[i + 1] - point[i]), -weight, weight))
                change = moved - flow[i]
                flow[i] = moved
                point[i] += change
                point[i + 1] -= change
                largest = max(largest, abs(change))
            if largest < 1e-14:
                break
        return point.astype(x.dtype)


@dataclass(frozen=True, eq=False)
class TotalVariation2D(AbstractFunction):
    """f(X) = lambda (sum |X_(i+1,j) - X_(i,j)| + sum |X_(i,j+1) - X_(i,j)|): the anisotropic total variation.

    Prox:     x - D' u, u the minimizer of ||x - D' u|| with |u_i| <= gamma lambda, D x all differences of neighbours.
    Args:     lambda_: >= 0.
    Source:   Barbero and Sra 2018: Dykstra's splitting into rows and columns, each solved exactly.
    Example:  >>> TotalVariation2D(0.5).prox([[0.0, 4.0], [0.0, 4.0]])[0]
              array([[0.5, 3.5],
                     [0.5, 3.5]])
    """

    lambda_: float = 1.0
    _traits = NORM

    def __post_init__(self) -> None:
        object.__setattr__(self, "lambda_", nonnegative(self.lambda_, "lambda_", type(self).__name__))

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        has_rank(x, 2, name, where)

    def _value(self, x: Array) -> float:
        return self.lambda_ * float(np.abs(np.diff(x, axis=0)).sum() + np.abs(np.diff(x, axis=1)).sum())

    def _prox(self, x: Array, gamma: Array) -> Array:
        weight = float(gamma) * self.lambda_
        of_rows, of_columns = np.zeros(x.shape), np.zeros(x.shape)
        rows: Array = x.astype(np.float64)
        # Each half step leaves what it took away behind, to be given back before the next: the duals of both terms.
        for _ in range(_SWEEPS):
            columns = smooth_columns(rows + of_columns, weight)
            of_columns += rows - columns
            previous, rows = rows, smooth_columns((columns + of_rows).T, weight).T
            of_rows += columns - rows
            change = np.abs(rows - columns).max(initial=0.0) + np.abs(rows - previous).max(initial=0.0)
            if change <= 1e-13 * np.abs(x).max(initial=0.0):
                break
        return rows.astype(x.dtype, copy=False)

    def _naive_prox(self, x: Array, gamma: Array) -> Array:
        """Descend the dual along one edge of the grid after the other."""
        weight, point = float(gamma) * self.lambda_, x.astype(np.float64).copy()
        height, width = x.shape
        edges = [((i, j), (i + 1, j)) for i in range(height - 1) for j in range(width)]
        edges += [((i, j), (i, j + 1)) for i in range(height) for j in range(width - 1)]
        flow = np.zeros(len(edges))
        for _ in range(20000):
            largest = 0.0
            for number, (start, end) in enumerate(edges):
                moved = float(np.clip(flow[number] + 0.5 * (point[end] - point[start]), -weight, weight))
                change = moved - flow[number]
                flow[number] = moved
                point[start] += change
                point[end] -= change
                largest = max(largest, abs(change))
            if largest < 1e-13:
                break
        return point.astype(x.dtype)
