"""Central differences in ball arithmetic: the referee of every derivative."""

from flint import arb, ctx, fmpq

from gradproof.evaluate.bindings import Bindings
from gradproof.evaluate.evaluator import evaluate
from gradproof.evaluate.fields import Balls
from gradproof.expr.node import Expr, Symbol

STEP = fmpq(1, 2**60)
BITS = 400


def value(root: Expr, bindings: Bindings, **changes: object) -> arb:
    """Return the value at 400 bits."""
    with ctx.workprec(BITS):
        return evaluate(root, bindings.with_values(changes), Balls()).entries[()]


def slope(root: Expr, bindings: Bindings, symbol: Symbol, place: tuple[int, ...] | None = None) -> arb:
    """Return the central difference by a scalar, or by the entry at ``place`` of a tensor, with some 30 digits."""
    ends = []
    for step in (STEP, -STEP):
        ends.append(value(root, bindings, **{symbol.name: _moved(bindings.value(symbol), step, place)}))
    with ctx.workprec(BITS):
        return (ends[0] - ends[1]) / (2 * arb(STEP))


def is_kink(root: Expr, bindings: Bindings, symbol: Symbol, place: tuple[int, ...] | None = None) -> bool:
    """Tell whether the slopes to the left and to the right are different, or not known."""
    moved = [value(root, bindings, **{symbol.name: _moved(bindings.value(symbol), step, place)}) for step in (STEP, -STEP)]
    with ctx.workprec(BITS):
        here = value(root, bindings)
        return not is_close((moved[0] - here) / arb(STEP), (here - moved[1]) / arb(STEP), 10)


def _moved(centre: object, step: fmpq, place: tuple[int, ...] | None) -> object:
    if place is None:
        return centre + step
    moved = centre.copy()
    moved[place] = moved[place] + step
    return moved


def is_close(mine: arb, other: arb, digits: int = 15) -> bool:
    """Tell whether two balls agree to so many digits, absolutely below 1 and relatively above."""
    with ctx.workprec(BITS):
        return mine.is_finite() and other.is_finite() and bool(abs(mine - other) < arb(10) ** -digits * (1 + abs(other)))
