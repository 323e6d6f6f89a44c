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
from gradproof.elaborate.value import renamed
from gradproof.expr.build import subtract
from gradproof.expr.node import Element, Expr, Index, Number, Operator, Symbol
from gradproof.expr.walk import substitute, symbols, transform


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


def derivatives_through_steps(left: Expr, right: Expr, planned: PlannedFormula, reading: Reading) -> Stepped | None:
    """Return the sides with ``dh_t / dh_{t-1}`` taken through the step that makes ``h_t``, or None where no step concerns them."""
    recursions = (planned.scope.steps, planned.scope.members)
    steps = {name: found[-1] for table in recursions for name, found in table.items() if found[-1].position < planned.position}
    told: dict[str, None] = {}
    members: set[tuple[Symbol, Expr]] = set()

    def change(node: Expr) -> Expr:
        if not (isinstance(node, Operator) and node.kind == "derivative" and isinstance(node.operands[0], Element)):
            return node
        member = node.operands[0]
        step = steps.get(member.symbol.name)
        made_of = None if step is None else _made_of(step, planned, reading, member)
        if made_of is None:
            return node
        told[spoken(member.symbol.name)] = None
        members.add((member.symbol, member.indices[0]))
        return Operator(node.kind, node.bound, (made_of,), node.parameters)

    def put_in(node: Expr) -> Expr:
        if not isinstance(node, Element) or (node.symbol, node.indices[0]) not in members:
            return node
        return _made_of(steps[node.symbol.name], planned, reading, node) or node

    if not steps:
        return None
    left, right = transform(left, change), transform(right, change)
    left, right = transform(left, put_in), transform(right, put_in)
    return Stepped(left, right, f"the derivative of {', '.join(told)} is that of its step alone") if told else None


def _made_of(step: Step, planned: PlannedFormula, reading: Reading, member: Element) -> Expr | None:
    """Return what a step makes a member of a sequence, an entry of it where it is a tensor; None where it cannot be read so."""
    sizes = planned.scope.sizes
    state = sizes.snapshot()
    lowering = Lowering(planned.scope, reading, step.position)
    lowering.announce([step.member, step.made_of])
    try:
        stated, made_of = lowering.value(step.member), lowering.value(step.made_of)
        if stated.rank != made_of.rank or not isinstance(stated.body, Element) or stated.body.symbol.name != member.symbol.name:
            return None
        for mine, other in zip(stated.axes, made_of.axes, strict=True):
            sizes.unify(extent(mine), extent(other), "a step of a recursion")
        sizes.settle()
    except Trouble:
        sizes.restore(state)
        return None
    body = sizes.resolve(renamed(made_of, stated.axes).body)
    places: dict[Expr, Expr] = {}
    for place, wanted in zip(stated.body.indices, member.indices, strict=False):
        place = sizes.resolve(place)
        for index in place.free_indices:
            if not isinstance(subtract(place, index), Number):
                return None
            places[index] = subtract(wanted, subtract(place, index))
    return substitute(body, places)


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
