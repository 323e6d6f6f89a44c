"""The calculus of shifts and factors: how value, prox, traits and conjugate follow the argument and the function."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError
from gradproof.prox.checks import Array, fits, float_array, has_rank, positive, tolerance
from gradproof.prox.function import AbstractFunction
from gradproof.prox.traits import Traits

#: The roundings that an entry may be off by after a shift.
_NEAR = 4


@dataclass(frozen=True, eq=False)
class Translate(AbstractFunction):
    """f(x - b).

    Prox:     b + prox_{gamma f}(x - b).
    Args:     f: the function.  b: a number or an array in the shape of x.
    Source:   Beck 2017, Theorem 6.11 and Table 4.1.
    Example:  >>> from gradproof.prox.l1 import L1
              >>> Translate(L1(), 2.0).prox([5.0, 2.5])[0]
              array([4., 2.])
    """

    f: AbstractFunction
    b: npt.ArrayLike

    def __post_init__(self) -> None:
        object.__setattr__(self, "b", float_array(self.b, "b", "Translate"))

    def _moved(self, x: Array) -> Array:
        return np.asarray(x - np.asarray(self.b)).astype(x.dtype)

    @property
    def traits(self) -> Traits:
        """The facts of f that a shift keeps: not those about cones."""
        return without_homogeneity(self.f.traits)

    @property
    def smoothness(self) -> float:
        """That of f."""
        return self.f.smoothness

    @property
    def strong_convexity(self) -> float:
        """That of f."""
        return self.f.strong_convexity

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        if np.ndim(self.b):
            fits(x, np.shape(self.b), name, where)

    def _value(self, x: Array) -> float:
        return _value_beside(self.f, self._moved(x), float(np.max(np.abs(x), initial=0.0)))

    def _prox(self, x: Array, gamma: Array) -> Array:
        return np.asarray(self.f.prox(self._moved(x), gamma)[0] + np.asarray(self.b)).astype(x.dtype)

    def _gradient(self, x: Array) -> Array:
        return self.f.gradient(self._moved(x))[0]

    def _conjugate_value(self, y: Array) -> float:
        return self.f.conjugate_value(y) + float(np.sum(y * np.asarray(self.b)))

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        moved = self._moved(x)
        traits = self.f.traits
        if traits.is_convex and traits.is_proximable:
            # The shift leaves a kink by rounding; entries that lie that close to where v is a subgradient are there.
            near = self.f.prox(moved + v)[0]
            slack = _NEAR * np.finfo(x.dtype).eps * (np.abs(x) + np.abs(np.asarray(self.b)) + np.abs(v))
            is_near = np.abs(near - moved) <= slack
            if traits.is_separable or is_near.all():
                moved = np.where(is_near, near, moved).astype(x.dtype)
        return self.f.subdifferential_distance(moved, v)

    def _naive_prox(self, x: Array, gamma: Array) -> Array:
        return np.asarray(self.f.naive_prox(self._moved(x), gamma) + np.asarray(self.b))


@dataclass(frozen=True, eq=False)
class Tilt(AbstractFunction):
    """f(x) + <a, x> + constant.

    Prox:     prox_{gamma f}(x - gamma a).
    Args:     f: the function.  a: a number or an array in the shape of x.  constant: a number.
    Source:   Beck 2017, Theorem 6.13.
    Example:  >>> from gradproof.prox.l1 import L1
              >>> Tilt(L1(), 0.5).prox([5.0, 0.0])[0]
              array([3.5, 0. ])
    """

    f: AbstractFunction
    a: npt.ArrayLike
    constant: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "a", float_array(self.a, "a", "Tilt"))
        object.__setattr__(self, "constant", float(float_array(self.constant, "constant", "Tilt")))

    @property
    def _slope(self) -> Array:
        return np.asarray(self.a)

    @property
    def traits(self) -> Traits:
        """The facts of f that a linear term keeps."""
        kept = self.f.traits
        return Traits(
            is_convex=kept.is_convex,
            is_smooth=kept.is_smooth,
            is_strongly_convex=kept.is_strongly_convex,
            is_separable=kept.is_separable,
            is_proximable=kept.is_proximable,
            is_positively_homogeneous=kept.is_positively_homogeneous and self.constant == 0,
            is_finite=kept.is_finite,
        )

    @property
    def smoothness(self) -> float:
        """That of f."""
        return self.f.smoothness

    @property
    def strong_convexity(self) -> float:
        """That of f."""
        return self.f.strong_convexity

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        if self._slope.ndim:
            fits(x, self._slope.shape, name, where)

    def _value(self, x: Array) -> float:
        return self.f.value(x) + float(np.sum(self._slope * x)) + self.constant

    def _prox(self, x: Array, gamma: Array) -> Array:
        return self.f.prox((x - gamma * self._slope).astype(x.dtype), gamma)[0]

    def _gradient(self, x: Array) -> Array:
        return (self.f.gradient(x)[0] + self._slope).astype(x.dtype)

    def _conjugate_value(self, y: Array) -> float:
        return self.f.conjugate_value((y - self._slope).astype(y.dtype)) - self.constant

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        return self.f.subdifferential_distance(x, (v - self._slope).astype(v.dtype))

    def _naive_prox(self, x: Array, gamma: Array) -> Array:
        return self.f.naive_prox((x - gamma * self._slope).astype(x.dtype), gamma)


@dataclass(frozen=True, eq=False)
class Scale(AbstractFunction):
    """c f(x).

    Prox:     prox_{gamma c f}(x).
    Args:     f: the function.  c: > 0.
    Source:   Beck 2017, Theorem 6.12 and Table 4.1.
    Example:  >>> from gradproof.prox.l1 import L1
              >>> Scale(L1(), 2.0).prox([5.0, 1.0])[0]
              array([3., 0.])
    """

    f: AbstractFunction
    c: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "c", positive(self.c, "c", "Scale"))

    @property
    def traits(self) -> Traits:
        """Those of f."""
        return self.f.traits

    @property
    def smoothness(self) -> float:
        """c times that of f."""
        return self.c * self.f.smoothness

    @property
    def strong_convexity(self) -> float:
        """c times that of f."""
        return self.c * self.f.strong_convexity

    def _value(self, x: Array) -> float:
        return self.c * self.f.value(x)

    def _prox(self, x: Array, gamma: Array) -> Array:
        return self.f.prox(x, self.c * gamma)[0]

    def _gradient(self, x: Array) -> Array:
        return (self.c * self.f.gradient(x)[0]).astype(x.dtype)

    def _conjugate_value(self, y: Array) -> float:
        return self.c * self.f.conjugate_value((y / self.c).astype(y.dtype))

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        return self.c * self.f.subdifferential_distance(x, (v / self.c).astype(v.dtype))

    def _naive_prox(self, x: Array, gamma: Array) -> Array:
        return self.f.naive_prox(x, self.c * gamma)


@dataclass(frozen=True, eq=False)
class PrecomposeDiagonal(AbstractFunction):
    """f(d x), entry by entry.

    Prox:     prox_{gamma d^2 f}(d x) / d.
    Args:     f: the function.  d: a number other than zero; for a separable f also an array in the shape of x.
    Source:   Beck 2017, Theorem 6.11: the step of entry i becomes gamma d_i^2.
    Example:  >>> from gradproof.prox.l1 import L1
              >>> PrecomposeDiagonal(L1(), [2.0, -1.0]).prox([5.0, 3.0])[0]
              array([3., 2.])
    """

    f: AbstractFunction
    d: npt.ArrayLike

    def __post_init__(self) -> None:
        d = float_array(self.d, "d", "PrecomposeDiagonal")
        if not np.all(d):
            raise DomainError(
                "factors other than zero are needed", got="a zero", where="PrecomposeDiagonal", remedy="Drop these entries."
            )
        if d.ndim and not self.f.traits.is_separable:
            raise DomainError(
                "one factor for all entries is needed, because f is not a sum over entries", got=f"shape {d.shape}",
                where="PrecomposeDiagonal", remedy="Give a number.",
            )  # fmt: skip
        object.__setattr__(self, "d", d)

    @property
    def _factors(self) -> Array:
        return np.asarray(self.d)

    @property
    def traits(self) -> Traits:
        """Those of f."""
        return self.f.traits

    @property
    def smoothness(self) -> float:
        """That of f times the largest square of a factor."""
        return self.f.smoothness * float(np.max(self._factors**2))

    @property
    def strong_convexity(self) -> float:
        """That of f times the smallest square of a factor."""
        return self.f.strong_convexity * float(np.min(self._factors**2))

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        if self._factors.ndim:
            fits(x, self._factors.shape, name, where)

    def _stretched(self, x: Array) -> Array:
        return (self._factors * x).astype(x.dtype)

    def _value(self, x: Array) -> float:
        return self.f.value(self._stretched(x))

    def _prox(self, x: Array, gamma: Array) -> Array:
        point = self.f.prox(self._stretched(x), gamma * self._factors**2)[0]
        return (point / self._factors).astype(x.dtype)

    def _gradient(self, x: Array) -> Array:
        return self._stretched(self.f.gradient(self._stretched(x))[0])

    def _conjugate_value(self, y: Array) -> float:
        return self.f.conjugate_value((y / self._factors).astype(y.dtype))

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        if self._factors.ndim == 0:
            return float(abs(self._factors)) * self.f.subdifferential_distance(
                self._stretched(x), (v / self._factors).astype(v.dtype)
            )
        return float(np.linalg.norm(x - self._prox((x + v).astype(x.dtype), np.ones((), dtype=x.dtype))))

    def _naive_prox(self, x: Array, gamma: Array) -> Array:
        point = self.f.naive_prox(self._stretched(x), gamma * self._factors**2)
        return (point / self._factors).astype(x.dtype)


@dataclass(frozen=True, eq=False)
class PrecomposeOrthogonal(AbstractFunction):
    """f(Q x) with Q' Q = I = Q Q'.

    Prox:     Q' prox_{gamma f}(Q x).
    Args:     f: the function.  matrix: Q, square and orthogonal.
    Raises:   DomainError: Q is not orthogonal.
    Source:   Beck 2017, Theorem 6.15.
    Example:  >>> from gradproof.prox.l1 import L1
              >>> PrecomposeOrthogonal(L1(), [[0.0, 1.0], [1.0, 0.0]]).prox([5.0, 0.5])[0]
              array([4., 0.])
    """

    f: AbstractFunction
    matrix: npt.ArrayLike

    def __post_init__(self) -> None:
        matrix = float_array(self.matrix, "matrix", "PrecomposeOrthogonal")
        has_rank(matrix, 2, "matrix", "PrecomposeOrthogonal")
        n = matrix.shape[0]
        if matrix.shape != (n, n) or np.abs(matrix @ matrix.T - np.eye(n)).max(initial=0.0) > 10 * tolerance(matrix):
            raise DomainError(
                "an orthogonal matrix is needed", got="another", where="PrecomposeOrthogonal", remedy="Take Q of its QR."
            )
        object.__setattr__(self, "matrix", matrix)

    @property
    def _q(self) -> Array:
        return np.asarray(self.matrix)

    @property
    def traits(self) -> Traits:
        """Those of f, but a rotation mixes the entries."""
        kept = self.f.traits
        return Traits(
            is_convex=kept.is_convex,
            is_smooth=kept.is_smooth,
            is_strongly_convex=kept.is_strongly_convex,
            is_proximable=kept.is_proximable,
            is_indicator=kept.is_indicator,
            is_cone_indicator=kept.is_cone_indicator,
            is_positively_homogeneous=kept.is_positively_homogeneous,
            is_finite=kept.is_finite,
        )

    @property
    def smoothness(self) -> float:
        """That of f."""
        return self.f.smoothness

    @property
    def strong_convexity(self) -> float:
        """That of f."""
        return self.f.strong_convexity

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        fits(x, (self._q.shape[1],), name, where)

    def _turned(self, x: Array) -> Array:
        return (self._q @ x).astype(x.dtype)

    def _value(self, x: Array) -> float:
        return _value_beside(self.f, self._turned(x), float(np.max(np.abs(x), initial=0.0)))

    def _value_at_prox(self, point: Array) -> float:
        return 0.0 if self.traits.is_indicator else self._value(point)

    def _prox(self, x: Array, gamma: Array) -> Array:
        return (self._q.T @ self.f.prox(self._turned(x), gamma)[0]).astype(x.dtype)

    def _gradient(self, x: Array) -> Array:
        return (self._q.T @ self.f.gradient(self._turned(x))[0]).astype(x.dtype)

    def _conjugate_value(self, y: Array) -> float:
        return self.f.conjugate_value(self._turned(y))

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        return float(np.linalg.norm(x - self._prox((x + v).astype(x.dtype), np.ones((), dtype=x.dtype))))

    def _naive_prox(self, x: Array, gamma: Array) -> Array:
        return (self._q.T @ self.f.naive_prox(self._turned(x), gamma)).astype(x.dtype)


def _value_beside(f: AbstractFunction, point: Array, size: float) -> float:
    """Return f at a point that was computed from numbers of a size: where rounding put it beside the domain, at the edge."""
    value = f.value(point)
    if value < np.inf or not f.traits.is_proximable:
        return value
    size += 1 + float(np.max(np.abs(point), initial=0.0))
    # A proximal step as short as the rounding goes back to the edge.
    near, value_near = f.prox(point, float(np.finfo(point.dtype).eps) * size)
    return value_near if np.max(np.abs(near - point), initial=0.0) <= tolerance(point) * size else np.inf


def without_homogeneity(traits: Traits) -> Traits:
    """Return traits that hold wherever the origin is moved to."""
    return Traits(
        is_convex=traits.is_convex,
        is_smooth=traits.is_smooth,
        is_strongly_convex=traits.is_strongly_convex,
        is_separable=traits.is_separable,
        is_proximable=traits.is_proximable,
        is_indicator=traits.is_indicator,
        is_finite=traits.is_finite,
    )
