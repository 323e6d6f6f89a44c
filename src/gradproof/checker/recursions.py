"""Steps of recursions that a document states: in a claim the next member of the sequence is put in as what the step makes it."""

from __future__ import annotations

from dataclasses import dataclass

from gradproof.checker.sections import PlannedFormula
from gradproof.elaborate.lowering import Lowering
from gradproof.elaborate.names import spoken
from gradproof.elaborate.reading import Reading
from gradproof.elaborate.scope import Step
from gradproof.elaborate.sizes import extent
from gradproof.elaborate.trouble import Trouble
from gradproof.expr.node import Expr, Index
from gradproof.expr.walk import substitute, symbols


@dataclass(frozen=True, slots=True)
class Stepped:
    """Both sides of a claim with the next member of a sequence put in, and how that is told."""

    left: Expr
    right: Expr
    words: str


def through_steps(left: Expr, right: Expr, planned: PlannedFormula, reading: Reading) -> Stepped | None:
    """Return the sides with ``a_{t+1}`` replaced by the right side of its step, or None where no step concerns them.

    A step says nothing of the start, by which a claim may hold too; the words are no sure ones, so nothing is refuted by them.
    """
    free = left.free_indices | right.free_indices
    if len(free) != 1 or not planned.scope.steps:
        return None
    (counter,) = free
    for symbol in sorted(symbols(left) | symbols(right), key=lambda symbol: symbol.name):
        for step in reversed(planned.scope.steps.get(symbol.name, [])):
            read = _read(step, planned, reading, counter) if step.position < planned.position else None
            if read is None:
                continue
            sides = substitute(left, read), substitute(right, read)
            if sides != (left, right):
                return Stepped(*sides, f"the step that was stated for {spoken(symbol.name)} is put in")
    return None


def _read(step: Step, planned: PlannedFormula, reading: Reading, counter: Index) -> dict[Expr, Expr] | None:
    """Return the next member and what the step makes it, over the counter of a claim; None where it cannot be read so."""
    sizes = planned.scope.sizes
    state = sizes.snapshot()
    lowering = Lowering(planned.scope, reading, step.position)
    lowering.announce([step.member, step.made_of])
    try:
        member, made_of = (lowering.scalar(tree, "a step of a recursion") for tree in (step.member, step.made_of))
        counters = tuple(member.free_indices | made_of.free_indices)
        if len(counters) != 1:
            return None
        sizes.unify(extent(counters[0]), extent(counter), "a step of a recursion")
        sizes.settle()
    except Trouble:
        sizes.restore(state)
        return None
    member, made_of = (substitute(sizes.resolve(body), {sizes.resolve(counters[0]): counter}) for body in (member, made_of))
    return {member: made_of}
