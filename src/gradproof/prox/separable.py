"""Sums over the entries of x: one scalar function decides value, prox, gradient and subdifferential."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from gradproof.prox.checks import Array, tolerance
from gradproof.prox.function import AbstractFunction
from gradproof.prox.naive import minimize_entries


class AbstractSeparable(AbstractFunction):
    """f(x) = sum_i phi_i(x_i).

    An entry defines ``_terms`` (the phi_i), ``_prox`` and ``_slopes``; ``_conjugate_terms`` where there is a closed form.
    """

    @abstractmethod
    def _terms(self, x: Array) -> Array:
        """Return phi_i(x_i) for every entry."""

    @abstractmethod
    def _slopes(self, x: Array) -> tuple[Array, Array]:
        """Return the lowest and the highest subgradient of every phi_i at x_i."""

    def _conjugate_terms(self, y: Array) -> Array:
        self._refuse("conjugate in closed form", "Stop on another certificate than the duality gap.")

    def _value(self, x: Array) -> float:
        return float(self._terms(x).sum(dtype=np.float64))

    def _gradient(self, x: Array) -> Array:
        if not self.traits.is_smooth:
            return super()._gradient(x)
        return self._slopes(x)[0]

    def _conjugate_value(self, y: Array) -> float:
        return float(self._conjugate_terms(y).sum(dtype=np.float64))

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        low, high = self._slopes(x)
        return float(np.linalg.norm(np.maximum(np.maximum(low - v, v - high), 0)))

    def _naive_prox(self, x: Array, gamma: Array) -> Array:
        return minimize_entries(self._terms, x, gamma)


def exceeds(y: Array, limit: Array | float) -> Array:
    """Return infinity where |y| > limit beyond rounding, and zero elsewhere: the conjugate of a multiple of |.|."""
    slack = tolerance(y) * (1 + np.abs(limit))
    return np.where(np.abs(y) > limit + slack, np.inf, 0.0)


def sign_slopes(x: Array, weight: Array | float) -> tuple[Array, Array]:
    """Return the subgradients of weight |x_i|: the sign, and the whole interval at zero."""
    scaled = np.sign(x) * weight
    return np.where(x == 0, -weight, scaled).astype(x.dtype), np.where(x == 0, weight, scaled).astype(x.dtype)


def shrink(x: Array, threshold: Array | float) -> Array:
    """Return x moved towards zero by the threshold: soft thresholding."""
    moved: Array = x - np.clip(x, -threshold, threshold)
    return moved
