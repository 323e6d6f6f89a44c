"""Enclosures to any requested digits: the precision rises until they are reached."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from flint import arb, fmpq

from gradproof.evaluate.bindings import Bindings, NotRational, Undecidable, Undetermined
from gradproof.evaluate.evaluator import Table, evaluate
from gradproof.evaluate.fields import Balls, Exact, set_precision
from gradproof.expr.node import Expr

_BITS = (128, 256, 512, 1024, 2048)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of two tables side by side."""

    place: dict[str, int]
    left: arb
    right: arb


def enclose(root: Expr, bindings: Bindings, digits: int = 30, decimals: str = "interval") -> Table:
    """Return the values of an expression as balls with so many correct digits, or as narrow as its intervals allow.

    Raises: Undecidable: there is no value to compute, or a comparison stays undetermined.
    """
    table: Table | None = None
    width: float | None = None
    for bits in _BITS:
        set_precision(bits)
        try:
            table = evaluate(root, bindings, Balls(decimals=decimals))
        except Undetermined as open_question:
            if bits == _BITS[-1]:
                raise Undecidable(f"a comparison that cannot be decided: {open_question}") from None
            continue
        except OverflowError:
            raise Undecidable("a number that is too large") from None
        reached = min((value.rel_accuracy_bits() for value in table.entries.ravel() if value != 0), default=bits)
        if reached >= digits * 3.33 or (width is not None and reached <= width + 8):
            break
        width = reached
    assert table is not None
    return table


def exact_value(root: Expr, bindings: Bindings) -> fmpq | None:
    """Return the value as a rational where exact arithmetic reaches it, else None."""
    try:
        table = evaluate(root, bindings, Exact())
    except (NotRational, Undecidable):
        return None
    return table.entries[()] if not table.axes else None


def paired(left: Table, right: Table) -> Iterator[Entry]:
    """Yield the entries of two tables over the same indices, each with its place."""
    axes = list(left.axes) + [axis for axis in right.axes if axis not in left.axes]
    lengths: dict[object, int] = {}
    for table in (left, right):
        lengths.update(zip(table.axes, table.entries.shape, strict=True))
    starts = {axis: int(axis.lower.value) if hasattr(axis.lower, "value") else 1 for axis in axes}
    for place in np.ndindex(*(lengths[axis] for axis in axes)):
        at = dict(zip(axes, place, strict=True))
        mine = left.entries[tuple(at[axis] for axis in left.axes)]
        other = right.entries[tuple(at[axis] for axis in right.axes)]
        yield Entry({axis.name: step + starts[axis] for axis, step in at.items()}, mine, other)


def are_disjoint(left: arb, right: arb) -> bool:
    """Tell whether two balls have no point in common."""
    return left.is_finite() and right.is_finite() and not left.overlaps(right)


def to_decimal(ball: arb, digits: int = 12) -> str:
    """Return a ball as a decimal with only digits that are certain."""
    if ball.is_exact() and ball.is_integer():
        return str(ball.unique_fmpz())
    text: str = ball.str(digits, radius=False)
    return text.strip("[]")
