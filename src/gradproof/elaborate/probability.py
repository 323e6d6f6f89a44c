"""Expectation, variance, covariance and probability: opaque operators whose laws the proofs know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradproof.elaborate.conditions import RELATIONS
from gradproof.elaborate.names import spoken
from gradproof.elaborate.references import reference_of
from gradproof.elaborate.trouble import Unreadable
from gradproof.elaborate.value import Value, scalar
from gradproof.expr.node import Compare, Expr, Operator, Symbol
from gradproof.expr.walk import symbols
from gradproof.reader.presentation import Chain, Fenced, Listing, Name, Scripted, Tree

if TYPE_CHECKING:
    from gradproof.elaborate.lowering import Lowering

_KINDS = {
    "Var": "variance",
    "var": "variance",
    "Variance": "variance",
    "Cov": "covariance",
    "cov": "covariance",
}
_PROBABILITIES = frozenset({"P", "Pr", "p", "q"})


def application(lowering: Lowering, rest: tuple[Tree, ...]) -> tuple[Value, tuple[Tree, ...]] | None:
    """Apply an operator of probability at the head of ``rest`` to the fence behind it."""
    if len(rest) < 2:
        return None
    fence = rest[1].base if isinstance(rest[1], Scripted) else rest[1]
    if not isinstance(fence, Fenced) or fence.opening not in "([" or fence.body is None:
        return None
    found = _operator(lowering, rest[0], fence)
    if found is None:
        return None
    value = scalar(found)
    if isinstance(rest[1], Scripted):
        if rest[1].sub is not None or rest[1].sup is None:
            raise Unreadable("U110", "no rule for a subscript of an expectation")
        value = lowering.power(value, rest[1].sup)
    return value, rest[2:]


def scripted(lowering: Lowering, tree: Scripted) -> Value | None:
    """Operators of probability take a fence behind them; scripts alone make none."""
    del lowering, tree
    return None


def _operator(lowering: Lowering, head: Tree, fence: Fenced) -> Expr | None:
    name = head.base if isinstance(head, Scripted) else head
    if not isinstance(name, Name) or name.accents or name.primes:
        return None
    assert fence.body is not None
    if name.text == "E" and (name.font in ("blackboard", "roman") or fence.opening == "["):
        return _expectation(lowering, head, fence.body)
    if name.text in _KINDS and name.font == "roman":
        return _moment(lowering, _KINDS[name.text], fence.body)
    if name.text in _PROBABILITIES and _is_probability(lowering, name, fence):
        return _probability(lowering, head, name, fence.body)
    return None


def _expectation(lowering: Lowering, head: Tree, body: Tree) -> Expr:
    if isinstance(head, Scripted) and head.sup is not None:
        raise Unreadable("U110", "no rule for a power of the expectation sign")
    bound: tuple[Expr, ...] = ()
    if isinstance(head, Scripted) and head.sub is not None:
        bound = _bound_variables(lowering, head.sub)
    inside, given = _split(body)
    if len(inside) != 1:
        raise Unreadable("U110", "no rule for the expectation of a list")
    operand = lowering.scalar(inside[0], "the operand of an expectation")
    _tell_random(lowering, (operand,))
    return Operator("expectation", bound, (operand,), tuple(event(lowering, tree) for tree in given))


def _bound_variables(lowering: Lowering, sub: Tree) -> tuple[Expr, ...]:
    head = sub.first if isinstance(sub, Chain) else sub
    names = head.items if isinstance(head, Listing) else (head,)
    found = [lowering.scalar(tree, "the variable of an expectation") for tree in names if tree is not None]
    return tuple(node for node in found if isinstance(node, Symbol))


def _moment(lowering: Lowering, kind: str, body: Tree) -> Expr:
    inside, given = _split(body)
    if given or len(inside) != (2 if kind == "covariance" else 1):
        raise Unreadable("U110", f"no rule for this {kind}")
    operands = tuple(lowering.scalar(tree, f"the operand of a {kind}") for tree in inside)
    _tell_random(lowering, operands)
    return Operator(kind, (), operands)


def _tell_random(lowering: Lowering, operands: tuple[Expr, ...]) -> None:
    """Say which letters are taken for random variables, where there are others beside them."""
    found = {symbol for operand in operands for symbol in symbols(operand) if not symbol.axes}
    random = sorted(symbol.name for symbol in found if "random" in symbol.properties)
    constant = sorted(symbol.name for symbol in found if "random" not in symbol.properties)
    if random and constant:
        words = f"{', '.join(map(spoken, random))} random, {', '.join(map(spoken, constant))} constant"
        lowering.note(f"under an expectation: {words}")


def _is_probability(lowering: Lowering, name: Name, fence: Fenced) -> bool:
    if name.text in ("P", "Pr") and _holds_event(fence.body):
        return True
    if lowering.scope.function(name.text, lowering.position) is not None or lowering.scope.survey.rank(name.text):
        return False
    if name.text in ("P", "Pr") or isinstance(fence.body, Chain):
        return True
    separators = fence.body.separators if isinstance(fence.body, Listing) else ()
    if "|" in separators or ";" in separators:
        return True
    survey = lowering.scope.survey
    return survey.bare.get(name.text, 0) <= survey.applied.get(name.text, 0) and _holds_names(fence.body)


def _holds_event(body: Tree | None) -> bool:
    """Tell whether a relation stands between the parentheses: ``P(X = 1, Y)`` is no function of numbers."""
    return any(isinstance(item, Chain) for item in (body.items if isinstance(body, Listing) else (body,)))


def _holds_names(body: Tree | None) -> bool:
    items = body.items if isinstance(body, Listing) else (body,)
    return all(isinstance(item, Name | Scripted) for item in items)


def _probability(lowering: Lowering, head: Tree, name: Name, body: Tree) -> Expr:
    inside, given = _split(body)
    measure = name.text
    if isinstance(head, Scripted):
        from_label = "".join(leaf.text for leaf in (head.sub,) if isinstance(leaf, Name))
        if head.sup is not None or not from_label:
            raise Unreadable("U110", "no rule for these scripts of a probability")
        measure = f"{measure}_{from_label}"
    events = tuple(event(lowering, tree) for tree in inside)
    conditions = tuple(event(lowering, tree) for tree in given)
    return Operator("probability", (Symbol(measure),), events, conditions)


def _split(body: Tree) -> tuple[list[Tree], list[Tree]]:
    """Split ``A, B | C`` at the bar."""
    if not isinstance(body, Listing):
        return [body], []
    inside: list[Tree] = []
    given: list[Tree] = []
    target = inside
    for position, item in enumerate(body.items):
        if position and body.separators[position - 1] == "|":
            if target is given:
                raise Unreadable("U110", "no rule for two bars in a probability")
            target = given
        target.append(item)
    return inside, given


def event(lowering: Lowering, tree: Tree) -> Expr:
    """Return an event: a relation, or a quantity whose value is meant."""
    if isinstance(tree, Chain) and tree.first is not None and len(tree.links) == 1:
        relation, right = tree.links[0]
        if relation not in RELATIONS:
            raise Unreadable("U110", f"no rule for the event '{relation}'")
        sides = (lowering.scalar(side, "a side of an event") for side in (tree.first, right))
        return Compare(RELATIONS[relation], *sides)
    value = lowering.value(tree)
    if not value.rank:
        return value.body
    read = reference_of(tree) if isinstance(tree, Name | Scripted) else None
    if read is None or read[0].subscripts:
        raise Unreadable("U110", "no rule for the probability of a tensor")
    return Symbol(read[0].key)  # the event that a vector has its value
