"""Enclosures to any requested digits: the precision rises until they are reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb, ctx, fmpq

from gradproof.evaluate.bindings import Bindings, NotRational, Undecidable, Undetermined
from gradproof.evaluate.evaluator import Table, evaluate
from gradproof.evaluate.fields import Balls, Exact
from gradproof.expr.node import Expr, Index

_BITS = (128, 256, 512, 1024, 2048, 4096)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of two tables side by side."""

    place: dict[str, int]
    left: Any
    right: Any


def enclose(
    root: Expr,
    bindings: Bindings,
    digits: int = 30,
    decimals: str = "interval",
    indices: Mapping[Index, int] | None = None,
) -> Table:
    """Return the values of an expression as balls with so many correct digits, or as narrow as its intervals allow.

    Args:   decimals: 'interval' takes a printed decimal as one unit of its last digit around it, 'point' as itself.
            indices: values of free indices; the others become the axes of the table.
    Raises: Undecidable: there is no value to compute, or a comparison stays undetermined.
    """
    table: Table | None = None
    width: int | None = None
    for bits in [bits for bits in _BITS if bits >= digits * 3.33 + 16] or _BITS[-1:]:  # fewer would not do
        try:
            with ctx.workprec(bits):
                table = evaluate(root, bindings, Balls(decimals=decimals), indices)
        except Undetermined as open_question:
            if bits == _BITS[-1]:
                raise Undecidable(f"{open_question}: it cannot be decided") from None
            continue
        except (OverflowError, MemoryError):
            raise Undecidable("a number that is too large") from None
        reached = min((value.rel_accuracy_bits() for value in table.entries.ravel() if _is_open(value)), default=bits)
        if reached >= digits * 3.33 or (width is not None and reached <= width + 8):
            break
        width = reached
    assert table is not None
    return table


def _is_open(value: arb) -> bool:
    return value.is_finite() and not value.is_zero()


def enclose_value(
    root: Expr,
    bindings: Bindings,
    digits: int = 30,
    decimals: str = "interval",
    indices: Mapping[Index, int] | None = None,
) -> arb:
    """Return the one value of an expression whose free indices are all given by ``indices``."""
    table = enclose(root, bindings, digits, decimals, indices)
    assert not table.axes, f"free indices without a value: {', '.join(axis.name for axis in table.axes)}"
    ball = table.entries[()]
    assert isinstance(ball, arb)
    return ball


def exact_value(root: Expr, bindings: Bindings) -> fmpq | None:
    """Return the value as a rational where exact arithmetic reaches it, else None."""
    try:
        table = evaluate(root, bindings, Exact())
    except (NotRational, Undecidable):
        return None
    value = table.entries[()] if not table.axes else None
    return value if isinstance(value, fmpq) else None


def paired(left: Table, right: Table) -> Iterator[Entry]:
    """Yield the entries of two tables over the same indices, each with its place."""
    lengths: dict[Index, int] = {}
    starts: dict[Index, int] = {}
    for table in (left, right):
        lengths.update(zip(table.axes, table.entries.shape, strict=True))
        starts.update(zip(table.axes, table.starts, strict=True))
    for place in np.ndindex(*lengths.values()):
        at = dict(zip(lengths, place, strict=True))
        mine = left.entries[tuple(at[axis] for axis in left.axes)]
        other = right.entries[tuple(at[axis] for axis in right.axes)]
        yield Entry({axis.name: step + starts[axis] for axis, step in at.items()}, mine, other)


def are_disjoint(left: arb, right: arb) -> bool:
    """Tell whether two balls have no point in common."""
    return left.is_finite() and right.is_finite() and not left.overlaps(right)


def compare(left: arb, right: arb) -> str:
    """Return 'equal' for two exact balls around one point, 'disjoint', 'overlap', or 'undefined' where one is not finite."""
    if not (left.is_finite() and right.is_finite()):
        return "undefined"
    if (left - right).is_zero():
        return "equal"
    return "overlap" if left.overlaps(right) else "disjoint"


def to_decimal(ball: arb, digits: int = 12) -> str:
    """Return a ball as a decimal with only digits that are certain."""
    whole = ball.unique_fmpz() if ball.is_exact() and ball.is_integer() else None
    if whole is not None:
        return str(whole)
    text: str = ball.str(digits, radius=False)
    return text.strip("[]")
