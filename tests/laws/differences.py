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
        centre = bindings.value(symbol)
        if place is None:
            moved = centre + step
        else:
            moved = centre.copy()
            moved[place] = moved[place] + step
        ends.append(value(root, bindings, **{symbol.name: moved}))
    with ctx.workprec(BITS):
        return (ends[0] - ends[1]) / (2 * arb(STEP))


def is_close(mine: arb, other: arb, digits: int = 15) -> bool:
    """Tell whether two balls agree to so many digits, absolutely below 1 and relatively above."""
    with ctx.workprec(BITS):
        return mine.is_finite() and other.is_finite() and bool(abs(mine - other) < arb(10) ** -digits * (1 + abs(other)))
