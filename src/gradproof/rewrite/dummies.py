"""Canonical names for bound indices: classes by simple invariants, then the least of the namings within the classes.

A name is an index with a negative uid; nested binders take the next uids, so that no name is captured.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations, product
from math import factorial, prod

from gradproof.expr.build import subtract
from gradproof.expr.node import Add, Apply, Call, Element, Expr, Index, Multiply, Power, Reduce, TensorEntry
from gradproof.expr.walk import postorder
from gradproof.rewrite.rule import GiveUp

_MOST_NAMINGS = 120
Signature = tuple[object, ...]


def fresh_uid(free: frozenset[Index], bound: Sequence[Index]) -> int:
    """Return the first uid, counting down, that no canonical index free in a body has."""
    taken = [-index.uid for index in free if index.uid < 0 and index not in bound]
    return -1 - max(taken, default=0)


def namings(group: Sequence[Index], body: Expr) -> Iterator[dict[Expr, Expr]]:
    """Yield the namings to choose from: one order for each permutation within the classes of alike indices."""
    classes = _classes(group, body)
    if prod(factorial(len(members)) for members in classes) > _MOST_NAMINGS:
        raise GiveUp("a sum over too many indices that are alike")
    first = fresh_uid(body.free_indices, group)
    for orders in product(*(permutations(members) for members in classes)):
        ordered = [index for order in orders for index in order]
        yield {index: Index("_", first - place, index.lower, index.upper) for place, index in enumerate(ordered)}


def _classes(group: Sequence[Index], body: Expr) -> list[list[Index]]:
    if len(group) == 1:
        return [list(group)]
    factors = body.factors if isinstance(body, Multiply) else (body,)
    colours = {index: _signature(index, factors, {}) for index in group}
    colours = {index: _signature(index, factors, colours) for index in group}
    classes: dict[str, list[Index]] = {}
    for index in group:
        classes.setdefault(repr(colours[index]), []).append(index)
    return [classes[key] for key in sorted(classes)]


def _signature(index: Index, factors: Sequence[Expr], colours: dict[Index, Signature]) -> Signature:
    uses = [_use(index, factor, colours) for factor in factors if index in factor.free_indices]
    return (subtract(index.upper, index.lower).digest, tuple(sorted(uses, key=repr)))


def _use(index: Index, factor: Expr, colours: dict[Index, Signature]) -> Signature:
    """Describe how a factor uses an index, in a way that no naming changes."""
    base, exponent = (factor.base, factor.exponent.digest) if isinstance(factor, Power) else (factor, b"")
    others = sorted(repr(colours[other]) for other in base.free_indices if other in colours and other is not index)
    match base:
        case Element(symbol, indices) if not symbol.properties & {"symmetric", "posdef"}:
            places = tuple(place for place, part in enumerate(indices) if index in part.free_indices)
            return (exponent, "element", symbol.name, places, others)
        case Element(symbol):
            return (exponent, "element", symbol.name, (), others)
        case Call(name) | Apply(name) | Reduce(name) | TensorEntry(name):
            return (exponent, type(base).__name__, name, (), others)
        case _:
            return (exponent, type(base).__name__, "", (), others)


def offset(index: Index, body: Expr) -> int | None:
    """Return the least constant that is added to an index in the subscripts of a body, None where it is in none."""
    found: list[int] = []
    for node in postorder(body):
        if index not in node.free_indices:
            continue
        parts: tuple[Expr, ...] = ()
        match node:
            case Element(_, indices):
                parts = indices
            case Call(_, arguments):
                parts = arguments
            case TensorEntry(_, _, _, at):
                parts = at
        found.extend(step for part in parts if (step := _constant_beside(index, part)) is not None)
    return min(found, default=None)


def _constant_beside(index: Index, part: Expr) -> int | None:
    if part is index:
        return 0
    if not isinstance(part, Add) or index not in part.terms or part.weights[part.terms.index(index)] != 1:
        return None
    for term, weight in zip(part.terms, part.weights, strict=True):
        if not term.free_indices and type(term).__name__ == "Number":
            return int(weight) if weight.denominator == 1 else None
    return 0
