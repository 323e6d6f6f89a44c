"""Weighted sums of sorted entries: the largest entry, sums of the largest, the l-inf norm, SLOPE."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError
from gradproof.prox.checks import Array, count, fits, float_array, nonnegative, tolerance
from gradproof.prox.kernels import isotonic_decreasing
from gradproof.prox.naive import project_by_halfspaces
from gradproof.prox.norms import AbstractNorm
from gradproof.prox.traits import NORM


class AbstractOrderedSum(AbstractNorm):
    """f(x) = sum_i w_i t_(i), w decreasing and t the sorted entries (signed) or sizes (unsigned) of x.

    It is the support function of all points whose sorted partial sums stay below those of w: its prox is a
    monotone regression of the sorted entries minus gamma w.
    """

    _traits = NORM
    _is_signed = False

    def _weights_for(self, size: int) -> Array:
        raise NotImplementedError

    def _value(self, x: Array) -> float:
        entries = x.ravel() if self._is_signed else np.abs(x).ravel()
        return float(np.sort(entries)[::-1].astype(np.float64) @ self._weights_for(x.size))

    def _prox(self, x: Array, gamma: Array) -> Array:
        return ordered_prox(x, float(gamma) * self._weights_for(x.size), self._is_signed)

    def _dual_norm(self, y: Array) -> float:
        sums, bounds = self._partial_sums(y)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = np.where(sums <= 0, 0, sums / bounds)
        return float(ratios.max(initial=0.0))

    def _partial_sums(self, y: Array) -> tuple[Array, Array]:
        entries = y.ravel() if self._is_signed else np.abs(y).ravel()
        return np.cumsum(np.sort(entries)[::-1].astype(np.float64)), np.cumsum(self._weights_for(y.size))

    def _conjugate_value(self, y: Array) -> float:
        if y.size == 0:
            return 0.0
        sums, bounds = self._partial_sums(y)
        slack = tolerance(y) * (1 + float(np.abs(y).sum()) + float(bounds[-1]))
        if (sums > bounds + slack).any() or (self._is_signed and abs(sums[-1] - bounds[-1]) > slack):
            return np.inf
        return 0.0

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        """Sum over groups of equal entries: within one, v has to stay below the group's own weights."""
        weights = self._weights_for(x.size)
        entries, slopes = x.ravel(), v.ravel()
        if not self._is_signed:
            entries, slopes = np.abs(entries), np.where(entries == 0, np.abs(slopes), np.sign(entries) * slopes)
        order = np.argsort(-entries, kind="stable")
        entries, slopes = entries[order], slopes[order]
        slack = tolerance(x) * (1 + float(entries[:1].max(initial=0.0)))
        starts = np.flatnonzero(np.diff(entries, prepend=np.inf) < -slack)
        square = 0.0
        for start, end in zip(starts, [*starts[1:], x.size], strict=True):
            is_signed = self._is_signed or bool(entries[start] > slack)
            # The distance to a set is the prox of its support function.
            square += float(np.sum(ordered_prox(slopes[start:end], weights[start:end], is_signed).astype(np.float64) ** 2))
        return float(np.sqrt(square))

    def _naive_prox(self, x: Array, gamma: Array) -> Array:
        """Solve the monotone regression by halfspaces z_i <= z_(i-1), and z_n >= 0 for sizes."""
        entries = x.ravel() if self._is_signed else np.abs(x).ravel()
        order = np.argsort(-entries, kind="stable")
        normals = -np.eye(x.size) + np.eye(x.size, k=1)
        if self._is_signed:
            normals = normals[:-1]
        target = entries[order].astype(np.float64) - float(gamma) * self._weights_for(x.size)
        sorted_point = project_by_halfspaces(normals, np.zeros(len(normals)), target)
        point = np.empty(x.size)
        point[order] = sorted_point
        signed = point if self._is_signed else np.sign(x.ravel()) * point
        return signed.reshape(x.shape).astype(x.dtype)


def ordered_prox(x: Array, weights: Array, is_signed: bool) -> Array:
    """Return argmin_z ||z - x||^2 / 2 + sum_i weights_i t_(i), t the sorted entries or sizes of z."""
    entries = x.ravel() if is_signed else np.abs(x).ravel()
    order = np.argsort(-entries, kind="stable")
    fitted = isotonic_decreasing(entries[order].astype(np.float64) - weights)
    point = np.empty(x.size)
    point[order] = fitted
    if not is_signed:
        point = np.sign(x.ravel()) * np.maximum(point, 0)
    return point.reshape(x.shape).astype(x.dtype)


@dataclass(frozen=True, eq=False)
class LInf(AbstractOrderedSum):
    """f(x) = lambda max_i |x_i|.

    Prox:     sign(x) min(|x|, t), where t >= 0 makes sum_i max(|x_i| - t, 0) = gamma lambda, t = 0 if none does.
    Args:     lambda_: >= 0.
    Source:   Beck 2017, Example 6.48.
    Example:  >>> LInf(1.0).prox([3.0, -2.5, 1.0])[0]
              array([ 2.25, -2.25,  1.  ])
    """

    lambda_: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "lambda_", nonnegative(self.lambda_, "lambda_", type(self).__name__))

    def _weights_for(self, size: int) -> Array:
        weights = np.zeros(size)
        weights[:1] = self.lambda_
        return weights


@dataclass(frozen=True, eq=False)
class Max(LInf):
    """f(x) = lambda max_i x_i.

    Prox:     min(x, t), where t makes sum_i max(x_i - t, 0) = gamma lambda.
    Args:     lambda_: >= 0.
    Source:   Parikh and Boyd 2014, section 6.4.1.
    Example:  >>> Max(1.0).prox([3.0, 2.5, -4.0])[0]
              array([ 2.25,  2.25, -4.  ])
    """

    _is_signed = True


@dataclass(frozen=True, eq=False)
class SumOfLargest(AbstractOrderedSum):
    """f(x) = lambda times the sum of the k largest entries of x.

    Prox:     x - z, z the nearest point to x with entries in [0, gamma lambda] and the sum k gamma lambda.
    Args:     k: a whole number, >= 1; all entries if there are fewer.  lambda_: >= 0.
    Source:   Beck 2017, Example 6.51.
    Example:  >>> SumOfLargest(2, 1.0).prox([3.0, 2.0, 1.5])[0]
              array([2.  , 1.25, 1.25])
    """

    k: int
    lambda_: float = 1.0
    _is_signed = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", count(self.k, "k", "SumOfLargest", least=1))
        object.__setattr__(self, "lambda_", nonnegative(self.lambda_, "lambda_", "SumOfLargest"))

    def _weights_for(self, size: int) -> Array:
        weights = np.zeros(size)
        weights[: self.k] = self.lambda_
        return weights


@dataclass(frozen=True, eq=False)
class Slope(AbstractOrderedSum):
    """f(x) = sum_i weights_i |x|_(i), |x|_(1) >= |x|_(2) >= ...; also called ordered weighted l1 (OWL).

    Prox:     sign(x) z, z the decreasing regression of the sorted |x| - gamma weights, clipped at 0 and put back in order.
    Args:     weights: decreasing, >= 0, one for every entry of x.
    Source:   Bogdan et al. 2015, Annals of Applied Statistics 9.
    Example:  >>> Slope([2.0, 1.0]).prox([3.0, -2.5])[0]
              array([ 1.25, -1.25])
    """

    weights: npt.ArrayLike

    def __post_init__(self) -> None:
        weights = float_array(self.weights, "weights", "Slope")
        if weights.ndim != 1 or (weights < 0).any() or (np.diff(weights) > 0).any():
            raise DomainError("weights have to be decreasing and at least 0", got=f"{weights}", where="Slope", remedy="Sort them.")
        object.__setattr__(self, "weights", weights)

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        if x.size != np.size(self.weights):
            fits(x, np.shape(self.weights), name, where)

    def _weights_for(self, size: int) -> Array:
        return np.asarray(self.weights)
