"""The check of a derivative: against central differences in ball arithmetic, at random points off the kinks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, ctx, fmpq

from gradproof.evaluate.bindings import Bindings, Undecidable
from gradproof.evaluate.enclose import Entry, enclose, paired
from gradproof.evaluate.fields import boxed
from gradproof.evaluate.instances import instance
from gradproof.evaluate.tables import Table
from gradproof.expr.build import multiply
from gradproof.expr.node import Element, Expr, Index, Symbol
from gradproof.expr.walk import symbols
from gradproof.rewrite.delta import sum_without_deltas

#: Points at which a derivative is compared, and the step and the digits of the comparison.
POINTS = 20
_STEP = Fraction(1, 10**12)
_DIGITS = 40
_BITS = 256
_AGREES = 1e-9
#: Slopes to the left and to the right that differ by more are those of a kink: it has no derivative to compare with.
_KINK = 1e-6


@dataclass(frozen=True, slots=True)
class Verification:
    """What the check found: at how many ``points``, the largest relative error, and whether that is agreement."""

    points: int
    largest_error: float
    agrees: bool

    def __str__(self) -> str:
        if not self.points:
            return "not checked: no random point has a value"
        verb = "agrees" if self.agrees else "DISAGREES"
        return f"{verb} with central differences at {self.points} random points, largest relative error {self.largest_error:.1e}"


def verify(
    value: Expr, derivative: Expr, wrt: Symbol, at: Sequence[Index], points: int = POINTS, direction: Symbol | None = None
) -> Verification:
    """Compare a derivative with ``(f(x + h d) - f(x - h d)) / 2h`` in a random direction d at random points.

    Args: at: the indices of ``derivative`` that run over the entries of ``wrt``.
          direction: where ``derivative`` is a derivative along a direction already, the symbol of that direction.
    """
    along = derivative
    if direction is None:
        direction = Symbol(f"direction_{wrt.name}", wrt.axes)
        along = along_direction(derivative, direction, at)
    wanted = symbols(value) | symbols(along) | {wrt, direction}
    checked, largest = 0, 0.0
    for number in range(points):
        try:
            bindings = instance(wanted, seed=11, number=number, positive=number % 2 == 1)
            error = _error(value, along, wrt, direction, bindings)
        except Undecidable:
            continue
        if error is not None:
            checked += 1
            largest = max(largest, error)
    return Verification(checked, largest, largest < _AGREES)


def along_direction(derivative: Expr, direction: Symbol, at: Sequence[Index]) -> Expr:
    """Return ``sum_at derivative[at] direction[at]``."""
    product = multiply(derivative, Element(direction, tuple(at)) if at else direction)
    return sum_without_deltas(tuple(at), product) if at else product


def _error(value: Expr, along: Expr, wrt: Symbol, direction: Symbol, bindings: Bindings) -> float | None:
    point, way = bindings.value(wrt), bindings.value(direction)
    ahead = enclose(value, bindings.with_values({wrt.name: _moved(point, way, _STEP)}), _DIGITS)
    behind = enclose(value, bindings.with_values({wrt.name: _moved(point, way, -_STEP)}), _DIGITS)
    exact = enclose(along, bindings, _DIGITS)
    found: list[float] = []
    with ctx.workprec(_BITS):
        width = arb(fmpq(2 * _STEP.numerator, _STEP.denominator))
        differences = boxed(ahead.entries) - boxed(behind.entries)
        quotients = Table(ahead.axes, boxed(differences / width), ahead.starts)
        for entry in paired(quotients, exact):
            if not (entry.left.is_finite() and entry.right.is_finite()):
                return None
            found.append(_relative(entry))
    largest = max(found, default=0.0)
    return None if largest >= _AGREES and _is_kink(ahead, enclose(value, bindings, _DIGITS), behind) else largest


def _is_kink(ahead: Table, here: Table, behind: Table) -> bool:
    """Tell whether a value bends or jumps between three points that lie a step apart."""
    with ctx.workprec(_BITS):
        step = arb(fmpq(_STEP.numerator, _STEP.denominator))
        right = Table(ahead.axes, boxed((boxed(ahead.entries) - boxed(here.entries)) / step), ahead.starts)
        left = Table(ahead.axes, boxed((boxed(here.entries) - boxed(behind.entries)) / step), ahead.starts)
        return any(_relative(entry) > _KINK for entry in paired(left, right))


def _relative(entry: Entry) -> float:
    size = max(abs(float(entry.left.mid())), abs(float(entry.right.mid())), 1.0)
    return float(abs((entry.left - entry.right).mid())) / size


def _moved(point: Any, way: Any, step: Fraction) -> Any:
    shift = fmpq(step.numerator, step.denominator)
    if isinstance(point, np.ndarray | list | tuple):
        return np.asarray(point, dtype=object) + np.asarray(way, dtype=object) * shift
    return point + way * shift
