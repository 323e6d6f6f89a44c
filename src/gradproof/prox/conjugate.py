"""The conjugate, the Moreau envelope, and a quadratic added: three sides of one coin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError
from gradproof.prox.checks import Array, fits, float_array, positive
from gradproof.prox.function import AbstractFunction
from gradproof.prox.shifted import without_homogeneity
from gradproof.prox.traits import Traits

#: From where on a point is far from its proximal point, how close it is fetched at a time, and how often.
_FAR, _NEAREST, _REFINEMENTS = 1e-4, 1e-14, 8


def _require_convex(f: AbstractFunction, where: str) -> None:
    if not f.traits.is_convex:
        raise DomainError("a convex function is needed", got=repr(f), where=where, remedy="Use f itself.")


@dataclass(frozen=True, eq=False)
class Conjugate(AbstractFunction):
    """f*(y) = sup_x <x, y> - f(x), f convex and closed.

    Prox:     y - gamma prox_{f / gamma}(y / gamma).
    Source:   Moreau 1965: prox_{gamma f*}(y) = y - gamma prox_{f / gamma}(y / gamma).
    Example:  >>> from gradproof.prox.l1 import L1
              >>> Conjugate(L1(1.0)).prox([3.0, 0.5])[0]
              array([1. , 0.5])
    """

    f: AbstractFunction

    def __post_init__(self) -> None:
        _require_convex(self.f, "Conjugate")

    @property
    def traits(self) -> Traits:
        """A positively homogeneous f has an indicator for its conjugate, and the other way round; so have cones."""
        known = self.f.traits
        return Traits(
            is_smooth=known.is_strongly_convex,
            is_strongly_convex=known.is_smooth,
            is_separable=known.is_separable,
            is_proximable=known.is_proximable,
            is_indicator=known.is_positively_homogeneous,
            is_cone_indicator=known.is_cone_indicator,
            is_positively_homogeneous=known.is_indicator,
            is_finite=known.is_strongly_convex,
        )

    @property
    def smoothness(self) -> float:
        """One over the strong convexity of f."""
        return 1 / self.f.strong_convexity if self.f.strong_convexity > 0 else np.inf

    @property
    def strong_convexity(self) -> float:
        """One over the smoothness of f."""
        return 1 / self.f.smoothness if 0 < self.f.smoothness < np.inf else 0.0

    def _value(self, x: Array) -> float:
        return self.f.conjugate_value(x)

    def _prox(self, x: Array, gamma: Array) -> Array:
        place, step = x, gamma
        point = self._difference(place, step)
        for _ in range(_REFINEMENTS):
            away = float(np.linalg.norm(place - point))
            share = max(float(np.linalg.norm(point)) / away, _NEAREST) if away > 0 else 1.0
            if share > _FAR:
                break
            # The difference of large numbers is inexact; every place on the way back from x has the same proximal point.
            place, step = point + share * (place - point), share * step
            point = self._difference(place, step)
        return point

    def _difference(self, x: Array, gamma: Array) -> Array:
        return (x - gamma * self.f.prox((x / gamma).astype(x.dtype), 1 / gamma)[0]).astype(x.dtype)

    def _value_at_prox(self, point: Array) -> float:
        return 0.0 if self.traits.is_indicator else self._value(point)

    def _gradient(self, x: Array) -> Array:
        if not self.traits.is_smooth:
            return super()._gradient(x)
        # The gradient is the maximizer of <x, y> - f(x), of which f's own prox knows nothing but a fixed point.
        return _maximizer(self.f, x)

    def _conjugate_value(self, y: Array) -> float:
        return self.f.value(y)

    def _naive_prox(self, x: Array, gamma: Array) -> Array:
        return (x - gamma * self.f.naive_prox((x / gamma).astype(x.dtype), 1 / gamma)).astype(x.dtype)


def _maximizer(f: AbstractFunction, y: Array) -> Array:
    """Return argmax_x <x, y> - f(x) for a strongly convex f by proximal steps, which contract."""
    gamma = 64 / f.strong_convexity
    x: Array = np.zeros(y.shape)
    for _ in range(200):
        moved = f.prox(x + gamma * y.astype(np.float64), gamma)[0]
        if np.abs(moved - x).max(initial=0.0) <= 1e-15 * (1 + np.abs(x).max(initial=0.0)):
            x = moved
            break
        x = moved
    return x.astype(y.dtype)


@dataclass(frozen=True, eq=False)
class MoreauEnvelope(AbstractFunction):
    """e(x) = min_z f(z) + ||z - x||^2 / (2 mu): a smooth lower bound of f with the same minimizers, f convex.

    Prox:     x + gamma / (mu + gamma) (prox_{(mu + gamma) f}(x) - x).
    Args:     f: the function.  mu: > 0; the smaller, the closer to f.
    Source:   Beck 2017, Theorem 6.60 and Corollary 6.64.
    Example:  >>> from gradproof.prox.l1 import L1
              >>> MoreauEnvelope(L1(), 1.0).value([3.0, 0.5])
              2.625
    """

    f: AbstractFunction
    mu: float = 1.0

    def __post_init__(self) -> None:
        _require_convex(self.f, "MoreauEnvelope")
        object.__setattr__(self, "mu", positive(self.mu, "mu", "MoreauEnvelope"))

    @property
    def traits(self) -> Traits:
        """Smooth and finite, whatever f is."""
        known = self.f.traits
        return Traits(is_smooth=True, is_strongly_convex=known.is_strongly_convex, is_separable=known.is_separable)

    @property
    def smoothness(self) -> float:
        """1 / mu."""
        return 1 / self.mu

    @property
    def strong_convexity(self) -> float:
        """That of f, softened: s / (1 + mu s)."""
        return self.f.strong_convexity / (1 + self.mu * self.f.strong_convexity)

    def _value(self, x: Array) -> float:
        point, value = self.f.prox(x, self.mu)
        return value + float(np.sum((x - point).astype(np.float64) ** 2)) / (2 * self.mu)

    def _gradient(self, x: Array) -> Array:
        return ((x - self.f.prox(x, self.mu)[0]) / self.mu).astype(x.dtype)

    def _prox(self, x: Array, gamma: Array) -> Array:
        point = self.f.prox(x, (self.mu + gamma).astype(x.dtype))[0]
        return ((self.mu * x + gamma * point) / (self.mu + gamma)).astype(x.dtype)

    def _conjugate_value(self, y: Array) -> float:
        return self.f.conjugate_value(y) + 0.5 * self.mu * float(np.sum(y.astype(np.float64) ** 2))

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        return float(np.linalg.norm(self._gradient(x) - v))

    def _naive_prox(self, x: Array, gamma: Array) -> Array:
        """Take gradient steps with the naive prox of f: the problem is strongly convex."""
        z = x.astype(np.float64)
        step = np.asarray(gamma, dtype=np.float64)
        rate = 1 / (1 / self.mu + 1 / step)
        for _ in range(int(40 * (1 + float(np.max(step)) / self.mu))):
            slope = (z - self.f.naive_prox(z, self.mu)) / self.mu
            moved = z - rate * (slope + (z - x) / step)
            if np.abs(moved - z).max(initial=0.0) < 1e-12:
                break
            z = moved
        return z.astype(x.dtype)


@dataclass(frozen=True, eq=False)
class PlusQuadratic(AbstractFunction):
    """f(x) + rho / 2 ||x - center||^2.

    Prox:     prox_{g f}((x + gamma rho center) / (1 + gamma rho)), where g = gamma / (1 + gamma rho).
    Args:     f: the function.  rho: > 0.  center: a number or an array in the shape of x.
    Source:   Beck 2017, Theorem 6.13; the conjugate is the Moreau envelope of f*.
    Example:  >>> from gradproof.prox.l1 import L1
              >>> PlusQuadratic(L1(), 1.0).prox([5.0, 0.5])[0]
              array([2., 0.])
    """

    f: AbstractFunction
    rho: float = 1.0
    center: npt.ArrayLike = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "rho", positive(self.rho, "rho", "PlusQuadratic"))
        object.__setattr__(self, "center", float_array(self.center, "center", "PlusQuadratic"))

    @property
    def _middle(self) -> Array:
        return np.asarray(self.center)

    @property
    def traits(self) -> Traits:
        """Strongly convex if f is convex; no longer homogeneous, nor an indicator."""
        known = without_homogeneity(self.f.traits)
        return Traits(
            is_convex=known.is_convex,
            is_smooth=known.is_smooth,
            is_strongly_convex=known.is_convex,
            is_separable=known.is_separable,
            is_proximable=known.is_proximable,
            is_finite=known.is_finite,
        )

    @property
    def smoothness(self) -> float:
        """That of f plus rho."""
        return self.f.smoothness + self.rho

    @property
    def strong_convexity(self) -> float:
        """That of f plus rho."""
        return self.f.strong_convexity + self.rho if self.f.traits.is_convex else 0.0

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        if self._middle.ndim:
            fits(x, self._middle.shape, name, where)

    def _value(self, x: Array) -> float:
        return self.f.value(x) + 0.5 * self.rho * float(np.sum((x - self._middle).astype(np.float64) ** 2))

    def _merged(self, x: Array, gamma: Array) -> tuple[Array, Array]:
        """Return the one square that both squares make: its center and its step."""
        weight = gamma * self.rho
        return ((x + weight * self._middle) / (1 + weight)).astype(x.dtype), gamma / (1 + weight)

    def _prox(self, x: Array, gamma: Array) -> Array:
        return self.f.prox(*self._merged(x, gamma))[0]

    def _gradient(self, x: Array) -> Array:
        return (self.f.gradient(x)[0] + self.rho * (x - self._middle)).astype(x.dtype)

    def _conjugate_value(self, y: Array) -> float:
        # sup <x, y> - f(x) - rho/2 ||x - c||^2 is attained at the prox of c + y / rho with step 1 / rho.
        point, value = self.f.prox((self._middle + y / self.rho).astype(y.dtype), 1 / self.rho)
        return float(np.sum(point * y)) - value - 0.5 * self.rho * float(np.sum((point - self._middle).astype(np.float64) ** 2))

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        return self.f.subdifferential_distance(x, (v - self.rho * (x - self._middle)).astype(v.dtype))

    def _naive_prox(self, x: Array, gamma: Array) -> Array:
        return self.f.naive_prox(*self._merged(x, gamma))
