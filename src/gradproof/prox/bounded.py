"""A separable function on a box: the sum of two terms that has a closed form, such as l1 plus nonnegative."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError
from gradproof.prox.box import Box
from gradproof.prox.checks import Array, tolerance
from gradproof.prox.l1 import L1
from gradproof.prox.separable import AbstractSeparable
from gradproof.prox.traits import Traits

_HALVINGS, _FAR = 120, 1e9


@dataclass(frozen=True, eq=False)
class Bounded(AbstractSeparable):
    """f(x) where lower <= x <= upper, infinite elsewhere; f convex and a sum over entries.

    Prox:     min(max(prox_{gamma f}(x), lower), upper).
    Args:     f: the function.  lower, upper: numbers or arrays in the shape of x; may be infinite.
    Source:   Yu 2013: on a line, the prox of the sum is the prox of f, clipped.
    Example:  >>> Bounded(L1(), 0.0, np.inf).prox([3.0, -3.0, 0.5])[0]
              array([2., 0., 0.])
    """

    f: AbstractSeparable
    lower: npt.ArrayLike = 0.0
    upper: npt.ArrayLike = np.inf

    def __post_init__(self) -> None:
        if not (isinstance(self.f, AbstractSeparable) and self.f.traits.is_convex):
            raise DomainError(
                "a convex sum over entries is needed", got=repr(self.f), where="Bounded",
                remedy="Solve with two terms that are not smooth instead.",
            )  # fmt: skip
        object.__setattr__(self, "_box", Box(self.lower, self.upper))

    @property
    def box(self) -> Box:
        """The indicator of the bounds."""
        box: Box = self.__dict__["_box"]
        return box

    @property
    def traits(self) -> Traits:
        """What both terms have in common; strong convexity is that of f."""
        known, bounds = self.f.traits, self.box.traits
        is_homogeneous = known.is_positively_homogeneous and bounds.is_positively_homogeneous
        return Traits(
            is_strongly_convex=known.is_strongly_convex,
            is_separable=True,
            is_indicator=known.is_indicator,
            is_cone_indicator=known.is_cone_indicator and bounds.is_cone_indicator,
            is_positively_homogeneous=is_homogeneous,
            is_finite=False,
        )

    @property
    def strong_convexity(self) -> float:
        """That of f."""
        return self.f.strong_convexity

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        self.f._check_shape(x, name, where)
        self.box._check_shape(x, name, where)

    def _terms(self, x: Array) -> Array:
        return np.asarray(self.f._terms(x) + self.box._terms(x))

    def _prox(self, x: Array, gamma: Array) -> Array:
        return self.box._prox(self.f._prox(x, gamma), gamma)

    def _slopes(self, x: Array) -> tuple[Array, Array]:
        low, high = self.f._slopes(x)
        box_low, box_high = self.box._slopes(x)
        return low + box_low, high + box_high

    def _conjugate_terms(self, y: Array) -> Array:
        """Return sup_t t y - w |t| between the bounds: the better end, or zero where it lies between them; of another f it is searched."""
        if not isinstance(self.f, L1):
            return self._searched(y)
        weight = np.asarray(self.f.lambda_)
        low, high = np.asarray(self.lower, dtype=np.float64), np.asarray(self.upper, dtype=np.float64)
        slack = tolerance(y) * (1 + weight)
        up, down = y - weight, y + weight

        def gain(t: Array) -> Array:
            slope = np.where(t > 0, np.where(np.abs(up) <= slack, 0, up), np.where(np.abs(down) <= slack, 0, down))
            with np.errstate(invalid="ignore"):
                return np.where((t == 0) | (slope == 0), 0.0, t * slope)

        ends = np.maximum(gain(np.broadcast_to(low, y.shape)), gain(np.broadcast_to(high, y.shape)))
        return np.where((low <= 0) & (high >= 0), np.maximum(ends, 0), ends)

    def _searched(self, y: Array) -> Array:
        """Return sup_t t y - phi(t) between the bounds: halve the stretch on which the slope of phi passes y."""
        low, high = (np.broadcast_to(np.asarray(end, dtype=np.float64), y.shape) for end in (self.lower, self.upper))
        low, high, slope = np.maximum(low, -_FAR), np.minimum(high, _FAR), y.astype(np.float64)
        ends = low, high
        with np.errstate(all="ignore"):
            for _ in range(_HALVINGS):
                middle = 0.5 * (low + high)
                is_below = self.f._slopes(middle)[0] < slope
                low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
            best = np.maximum(*(t * slope - self.f._terms(t) for t in (low, high)))
            # Where the best point runs off to where no bound is, the supremum is a limit or infinite.
            is_endless = ((high >= ends[1]) & (np.asarray(self.upper) == np.inf)) | (
                (low <= ends[0]) & (np.asarray(self.lower) == -np.inf)
            )
            further = np.maximum(
                *(t * slope - self.f._terms(t) for t in (np.where(is_endless, 2 * low, low), np.where(is_endless, 2 * high, high)))
            )
        return np.where(is_endless & (further > best + 1e-6 * (1 + np.abs(best))), np.inf, best)


def nonnegative_l1(lambda_: npt.ArrayLike = 1.0) -> Bounded:
    """Return lambda ||x||_1 on x >= 0."""
    return Bounded(L1(lambda_), 0.0, np.inf)
