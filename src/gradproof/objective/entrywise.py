"""Sums of one function over the entries of a variable, recognised by the values of that function, however it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize

from gradproof import prox
from gradproof.expr.build import number
from gradproof.expr.node import Axis, Element, Symbol, fresh_index
from gradproof.expr.walk import transform
from gradproof.objective.pieces import Piece
from gradproof.objective.program import compiled
from gradproof.objective.statement import Statement
from gradproof.prox.function import AbstractFunction

Array = npt.NDArray[np.floating[Any]]
Curve = Callable[[Array], Array]
_SIZES = np.concatenate([[0.0], np.logspace(-4, 4, 161)])
_FAR = 1e8
_TOLERANCE = 1e-9


def penalty_of(piece: Piece, statement: Statement) -> AbstractFunction | None:
    """Return the function of the catalogue that an 'entrywise' piece is, up to a constant; None where it is none of them."""
    curve = _curve(piece, statement)
    values = curve(_SIZES)
    if not np.isfinite(values).all() or not np.allclose(values, curve(-_SIZES), rtol=_TOLERANCE, atol=0):
        return None
    base = float(values[0])

    def raised(t: Array) -> Array:
        return curve(t) - base

    with np.errstate(all="ignore"):
        for candidate in _candidates(raised):
            if np.allclose(_values(candidate), values - base, rtol=_TOLERANCE, atol=_TOLERANCE * float(np.abs(values).max())):
                return candidate
    return None


def _curve(piece: Piece, statement: Statement) -> Curve:
    """Return the function of one entry, weight included, on arrays of points."""
    (body,), weight = piece.parts, float(compiled(piece.weight)(statement.values))

    def curve(points: Array) -> Array:
        size = number(points.size)
        stand_in = Symbol("t_", (Axis(size),))
        place = fresh_index("p", number(1), size)
        moved = transform(body, lambda node: Element(stand_in, (place,)) if node is piece.inner else node)
        with np.errstate(all="ignore"):
            return weight * np.broadcast_to(compiled(moved, (place,))({**statement.values, "t_": points}), points.shape)

    return curve


def _values(function: AbstractFunction) -> Array:
    return np.array([function.value(np.array([size])) for size in _SIZES])


def _candidates(curve: Curve) -> Iterator[AbstractFunction]:
    """Yield the functions that the values of a curve at a few places would make it."""
    one, two, thousand, far = (float(value) for value in curve(np.array([1.0, 2.0, 1000.0, _FAR])))
    if not one > 0:
        return
    power = np.log2(two / one)
    if 0 < power < 1:
        yield prox.RootPower(one, float(power))
    ratio = thousand / one

    def excess(log_epsilon: float) -> float:
        epsilon = np.exp(log_epsilon)
        return float(np.log1p(1000 / epsilon) / np.log1p(1 / epsilon) - ratio)

    if 1 < ratio < 1000 and excess(-30.0) < 0 < excess(30.0):
        epsilon = float(np.exp(optimize.brentq(excess, -30.0, 30.0, xtol=1e-14)))
        yield prox.LogSum(one / float(np.log1p(1 / epsilon)), epsilon)
    yield from _plateaus(curve, far)


def _plateaus(curve: Curve, top: float) -> Iterator[AbstractFunction]:
    """Yield MCP and SCAD with the slope at zero, the bend in the middle and the height of a curve."""
    rough = float(curve(np.array([1e-7]))[0]) / 1e-7
    if not (rough > 0 and np.isfinite(top) and top > 0):
        return
    middle = top / rough
    short = 0.05 * middle
    first, second = (float(value) for value in curve(np.array([short, 2 * short])))
    yield prox.MCP(
        (4 * first - second) / (2 * short), (2 * short * short) / (2 * first - second) / 2 if 2 * first > second else 1.0
    )
    slope = first / short
    middle, width = top / slope, 0.02 * top / slope
    below, at, above = (float(value) for value in curve(np.array([middle - width, middle, middle + width])))
    bend = -(below - 2 * at + above) / width**2
    share = 2 * top * bend / slope**2
    if share > 1:
        a = (share + 1) / (share - 1)
        weight = slope**2 * (a + 1) / (2 * top)
        if a > 2 and weight > 0:
            yield prox.Scale(prox.SCAD(slope / weight, float(a)), weight)
