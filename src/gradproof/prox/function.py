"""What every entry of the vocabulary is: a function of an array with its value, prox, gradient and conjugate."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, NoReturn

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError, ShapeError, UnsupportedError
from gradproof.prox.checks import Array, float_array, positive
from gradproof.prox.traits import Traits

_NEAR_ZERO = 2e-6
_HALVINGS, _LARGEST = 50, 1e15


class AbstractFunction(ABC):
    """A function f of a float array, with values in (-inf, inf].

    The public methods check their arguments and hand over to the methods with a leading underscore, which an entry
    defines. What an entry does not have raises UnsupportedError.
    """

    _traits: ClassVar[Traits] = Traits()

    @property
    def traits(self) -> Traits:
        """What is known of this function."""
        return self._traits

    @property
    def smoothness(self) -> float:
        """A Lipschitz constant of the gradient; infinite where there is none."""
        return np.inf

    @property
    def strong_convexity(self) -> float:
        """A number mu such that f(x) - mu/2 ||x||^2 is convex; zero unless more is known."""
        return 0.0

    def value(self, x: npt.ArrayLike) -> float:
        """Return f(x); infinite outside the domain."""
        return float(self._value(self._point(x, "x", "value")))

    def prox(self, x: npt.ArrayLike, gamma: npt.ArrayLike = 1.0) -> tuple[Array, float]:
        """Return the proximal point of x, and the value of f there.

        Formula:  prox_{gamma f}(x) = argmin_z f(z) + ||z - x||^2 / (2 gamma)
        Args:     x: float array.  gamma: step size, > 0; for a separable f also an array in the shape of x.
        Returns:  an array in the shape and dtype of x (one of the minimizers if f is not convex), and f of it.
        Raises:   DomainError: gamma <= 0, or x is not finite. ShapeError: x does not fit f.
        """
        point = self._point(x, "x", "prox")
        step = self._step(gamma, point)
        # Squares of large single-precision numbers are none.
        result = self._prox(point.astype(np.float64, copy=False), step.astype(np.float64, copy=False))
        return result.astype(point.dtype, copy=False), float(self._value_at_prox(result))

    def gradient(self, x: npt.ArrayLike) -> tuple[Array, float]:
        """Return the gradient at x, and f(x). Raises: UnsupportedError: f is not smooth."""
        point = self._point(x, "x", "gradient")
        return self._gradient(point), float(self._value(point))

    def conjugate_value(self, y: npt.ArrayLike) -> float:
        """Return the convex conjugate at y.

        Formula:  f*(y) = sup_x <x, y> - f(x)
        Raises:   UnsupportedError: no closed form is known.
        """
        return float(self._conjugate_value(self._point(y, "y", "conjugate_value")))

    def dual_norm(self, y: npt.ArrayLike) -> float:
        """Return the dual norm, or for a seminorm or gauge its polar: infinite where no multiple of f bounds <x, y>.

        Formula:  sup { <x, y> : f(x) <= 1 }, the least t >= 0 for which f*(y / t) is zero
        Raises:   UnsupportedError: f is not convex and positively homogeneous, takes negative values, or is the indicator of a cone.
        """
        point, known = self._point(y, "y", "dual_norm"), self.traits
        is_gauge = known.is_convex and known.is_positively_homogeneous and not known.is_indicator
        if not is_gauge or self._conjugate_value(np.zeros_like(point)) > 0:
            self._refuse("dual norm", "It takes a norm, or another function f >= 0 of which f(t x) = t f(x).")
        return float(self._dual_norm(point))

    def subdifferential_distance(self, x: npt.ArrayLike, v: npt.ArrayLike) -> float:
        """Return how far v is from the subgradients of f at x: zero exactly when v is one of them.

        Formula:  min { ||v - g|| : g in the subdifferential of f at x }
        Returns:  the distance; for a convex f without a closed form ||x - prox_f(x + v)||, which is never larger than it
                  and is zero with it. Infinite where x is outside the domain. For f that is not convex, the limiting
                  subdifferential counts.
        """
        where = f"{type(self).__name__}.subdifferential_distance"
        point = self._point(x, "x", "subdifferential_distance")
        direction = float_array(v, "v", where)
        if direction.shape != point.shape:
            raise ShapeError(f"v has to have the shape of x, {point.shape}", got=str(direction.shape), where=where)
        if self._value(point) == np.inf:
            return np.inf
        return float(self._subdifferential_distance(point, direction))

    def naive_prox(self, x: npt.ArrayLike, gamma: npt.ArrayLike = 1.0) -> Array:
        """Return the proximal point found in a second way, slow and simple: the referee of ``prox`` in the tests."""
        point = self._point(x, "x", "naive_prox")
        return self._naive_prox(point, self._step(gamma, point))

    @abstractmethod
    def _value(self, x: Array) -> float: ...

    def _prox(self, x: Array, gamma: Array) -> Array:
        self._refuse("prox", "Use its gradient, or a smooth approximation.")

    def _value_at_prox(self, point: Array) -> float:
        """Return f at a point that ``_prox`` gave; an indicator needs no second look at it."""
        return self._value(point)

    def _gradient(self, x: Array) -> Array:
        self._refuse("gradient", "Use its prox, or its Moreau envelope.")

    def _conjugate_value(self, y: Array) -> float:
        """A positively homogeneous function has the indicator of its subgradients at zero: those whose proximal point is zero."""
        if not (self.traits.is_convex and self.traits.is_positively_homogeneous and self.traits.is_proximable):
            self._refuse("conjugate in closed form", "Stop on another certificate than the duality gap.")
        size = float(np.linalg.norm(y.astype(np.float64)))
        away = np.linalg.norm(self._prox(y.astype(np.float64), np.ones(())))
        return 0.0 if away <= _NEAR_ZERO * size else np.inf

    def _dual_norm(self, y: Array) -> float:
        if not y.any():
            return 0.0
        low, high = 0.0, float(np.linalg.norm(y.astype(np.float64)))
        while self._conjugate_value(y / high) > 0:
            low, high = high, 4 * high
            if high > _LARGEST:
                return np.inf
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            low, high = (low, middle) if middle > 0 and self._conjugate_value(y / middle) <= 0 else (middle, high)
        return high

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        if not self.traits.is_convex:
            self._refuse("distance to its subdifferential", "Compare a prox step with its start instead.")
        return float(np.linalg.norm(x - self._prox(x + v, np.ones((), dtype=x.dtype))))

    def _naive_prox(self, x: Array, gamma: Array) -> Array:
        self._refuse("naive prox", "Use prox.")

    def _check_shape(self, x: Array, name: str, where: str) -> None:  # noqa: B027
        """Raise ShapeError if an array does not fit the parameters of the function; any shape does by default."""

    def _point(self, x: npt.ArrayLike, name: str, method: str) -> Array:
        where = f"{type(self).__name__}.{method}"
        array = float_array(x, name, where)
        self._check_shape(array, name, where)
        return array

    def _step(self, gamma: npt.ArrayLike, x: Array) -> Array:
        where = f"{type(self).__name__}.prox"
        step = np.asarray(positive(gamma, "gamma", where), dtype=x.dtype)
        if step.ndim == 0:
            return step
        if not self.traits.is_separable:
            raise DomainError(
                "gamma has to be one number, because the function is not a sum over entries", got=f"shape {step.shape}",
                where=where, remedy="Give one step size.",
            )  # fmt: skip
        if step.shape != x.shape:
            raise ShapeError(f"gamma has to have the shape of x, {x.shape}", got=str(step.shape), where=where)
        return step

    def _refuse(self, what: str, remedy: str) -> NoReturn:
        raise UnsupportedError(f"{self!r} has no {what}", where=type(self).__name__, remedy=remedy)
