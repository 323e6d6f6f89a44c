"""What a first-order solver minimizes: a smooth function, and a penalty with a prox."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradproof.errors import DomainError
from gradproof.prox.checks import Array
from gradproof.prox.function import AbstractFunction

_NEGLIGIBLE, _ASIDE = 1e-8, 1e-2
#: How much steeper a start may be than the neighbours of a solution for the solution to be measured by it.
_STEEPER, _FAIR = 1e4, 1e2
Smooth = Callable[[Array], tuple[float, Array]]


@dataclass(frozen=True, slots=True)
class Problem:
    """min_x smooth(x) + penalty(x).

    smooth: returns value and gradient at x.  penalty: None for none.  lipschitz: a Lipschitz constant of the gradient.
    gap: returns the relative duality gap at x, where the dual is known; else the KKT residual is the certificate.
    scale: what the KKT residual is relative to; None for the gradient at the start.
    """

    smooth: Smooth
    penalty: AbstractFunction | None = None
    lipschitz: float | None = None
    gap: Callable[[Array], float] | None = None
    scale: float | None = None

    def evaluate(self, x: Array) -> tuple[float, Array]:
        """Return value and gradient of the smooth part. Raises: DomainError: the gradient has another shape than x."""
        value, gradient = self.smooth(x)
        array = np.asarray(gradient)
        if array.shape != x.shape:
            raise DomainError(f"the gradient has to have the shape of x, {x.shape}", got=str(array.shape), where="Problem")
        return float(value), array

    def prox(self, x: Array, gamma: float) -> Array:
        """Return the proximal point of the penalty."""
        return x if self.penalty is None else self.penalty.prox(x, gamma)[0]

    def penalty_value(self, x: Array) -> float:
        """Return the value of the penalty."""
        return 0.0 if self.penalty is None else self.penalty.value(x)

    def residual(self, x: Array, gradient: Array, step: float | None = None) -> float:
        """Return how far minus the gradient is from the subgradients of the penalty: zero at a stationary point.

        A penalty that is not convex has points with many subgradients that are no minimum of anything, such as zero for the number of
        nonzeros; there a proximal step (of 1 / lipschitz, or of the size given) has to stay where it is as well.
        """
        if self.penalty is None:
            return float(np.linalg.norm(gradient))
        distance = self.penalty.subdifferential_distance(x, -gradient)
        length = step or (1 / self.lipschitz if self.lipschitz else None)
        if self.penalty.traits.is_convex or length is None or not np.isfinite(distance):
            return distance
        return max(distance, float(np.linalg.norm(x - self.prox(x - length * gradient, length))) / length)


def gradient_scale(problem: Problem, start: Array, value: float, gradient: Array) -> float:
    """Return the norm of the gradient at the start; where that is nothing but rounding, its norm close by."""
    size = float(np.linalg.norm(gradient))
    if size > _NEGLIGIBLE * (1 + abs(value)):
        return size
    near = _slope_nearby(problem, start)
    return near if 0 < near < np.inf and size <= _NEGLIGIBLE * near else size or 1.0


def fair_scale(problem: Problem, start: Array, x: Array, scale: float) -> float:
    """Return what the residual at a solution x is relative to: less than the gradient at a start that was steep beyond comparison.

    A share of the slope of exp(10 x) at x = 5 says nothing of a minimum near zero. Only starts further out than the solution are such:
    where a descent leads outwards, as towards an infimum that is not attained, every point is less steep than the one before.
    """
    near = _slope_nearby(problem, x) if float(np.linalg.norm(x)) < float(np.linalg.norm(start)) else 0.0
    return _FAIR * near if near > 0 and _STEEPER * near < scale else scale


def _slope_nearby(problem: Problem, x: Array) -> float:
    aside = _ASIDE * (1 + float(np.linalg.norm(x))) * np.random.default_rng(0).standard_normal(x.shape)
    with np.errstate(all="ignore"):
        return float(np.linalg.norm(problem.evaluate((x + aside).astype(x.dtype))[1]))


def rounding_of(x: Array, share: float) -> float:
    """Return the share of a value that rounding may hide: as given in double precision, no less than that of x."""
    return max(share, 8 * float(np.finfo(x.dtype).eps))


def largest_eigenvalue(apply: Callable[[Array], Array], size: int, iterations: int = 200) -> float:
    """Return an upper estimate of the largest eigenvalue of a symmetric positive semidefinite operator by power steps."""
    vector: Array = np.random.default_rng(0).standard_normal(size)
    value = 0.0
    for _ in range(iterations):
        length = float(np.linalg.norm(vector))
        if length == 0:
            return 0.0
        vector = vector / length
        image = apply(vector)
        found = max(float(vector @ image), 0.0)
        if abs(found - value) <= 1e-4 * found:
            # The power method comes from below; the residual says how much may be missing.
            return found + float(np.linalg.norm(image - found * vector))
        value, vector = found, image
    return value * 1.01
