"""What is known of a function: the facts by which a solver is chosen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Traits:
    """Facts about a function f; each is a promise that the law tests hold it to.

    is_convex: f is convex, proper and closed.
    is_smooth: f has a gradient everywhere, and it is Lipschitz.
    is_strongly_convex: f minus some positive multiple of ||x||^2 is convex.
    is_separable: f is a sum over the entries of x; its prox takes one step size per entry.
    is_proximable: ``prox`` is available.
    is_indicator: f is zero on a set and infinite elsewhere.
    is_cone_indicator: and this set is a cone.
    is_positively_homogeneous: f(t x) = t f(x) for t > 0.
    is_finite: f is finite everywhere.
    """

    is_convex: bool = True
    is_smooth: bool = False
    is_strongly_convex: bool = False
    is_separable: bool = False
    is_proximable: bool = True
    is_indicator: bool = False
    is_cone_indicator: bool = False
    is_positively_homogeneous: bool = False
    is_finite: bool = True


NORM = Traits(is_positively_homogeneous=True)
CONVEX_SET = Traits(is_indicator=True, is_finite=False)
CONVEX_CONE = Traits(is_indicator=True, is_cone_indicator=True, is_positively_homogeneous=True, is_finite=False)
