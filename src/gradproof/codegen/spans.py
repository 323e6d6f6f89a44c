"""Sums over spans whose ends move with the position, as adaptive pooling has them, and what flows back from these.

Along each axis the span of position ``k`` holds the places ``first(k) .. last(k)``; both hang on sizes and on ``k`` alone:

    positions   sum(u=first(k)..last(k), X[u]), also max and min      each span under a function
    places      sum_k G[k] [first(k) <= r] [r <= last(k)]             the spans that a place is in
    tops        the same with [X[r] = m[k]]                           only where a place has the maximum of the span
"""

from __future__ import annotations

from dataclasses import dataclass

from gradproof.codegen.affine import split
from gradproof.codegen.loop_ends import has_data, separate
from gradproof.expr.build import add, multiply, number, reduce, subtract
from gradproof.expr.node import Compare, Element, Expr, Index, Number, Reduce, fresh_index
from gradproof.expr.walk import postorder, substitute


@dataclass(frozen=True, slots=True)
class Span:
    """The places ``first .. last`` of each position, counted as the places are."""

    place: Index
    position: Index
    first: Expr
    last: Expr

    @property
    def ends(self) -> tuple[Expr, Expr]:
        """Where each span begins, counted from zero, and where it ends, which it does not reach."""
        return subtract(self.first, self.place.lower), add(subtract(self.last, self.place.lower), number(1))


@dataclass(frozen=True, slots=True)
class Spans:
    """What is computed over spans: ``operation`` is 'sum', 'max' or 'min' of ``image``, 'into' or 'tops' where ``result`` flows back.

    With ``tops``, the maxima of the spans, only places of ``image`` count that have them.
    """

    operation: str
    links: tuple[Span, ...]
    image: Expr | None = None
    result: Expr | None = None
    tops: Expr | None = None

    @property
    def parts(self) -> tuple[Expr, ...]:
        """What has to be computed before."""
        ends = [end for link in self.links for end in link.ends]
        return tuple(part for part in (self.image, self.result, self.tops, *ends) if part is not None)

    def batch(self, *parts: Expr | None) -> tuple[Index, ...]:
        """Return the axes of some parts that are neither places nor positions."""
        own = {index for link in self.links for index in (link.place, link.position)}
        free = {index for part in parts if part is not None for index in part.free_indices}
        return tuple(sorted(free - own, key=lambda index: index.uid))


def spans_of(node: Expr) -> Spans | None:
    """Return what a node is over spans whose ends move, None where it is nothing of the kind."""
    match node:
        case Reduce("sum" | "max" | "min", indices, _, None) if any(_moves(index) for index in indices):
            return _over(node)
        case Reduce("sum", indices, _, None) if not any(_moves(index) for index in indices):
            return _into(node)
    return None


def _moves(index: Index) -> bool:
    return bool(index.lower.free_indices or index.upper.free_indices)


# Over spans -------------------------------------------------------------------------------------------------------------


def _over(node: Reduce) -> Spans | None:
    moving = [index for index in node.indices if _moves(index)]
    rest = tuple(index for index in node.indices if index not in moving)
    links: list[Span] = []
    for index in moving:
        around = index.lower.free_indices | index.upper.free_indices
        place = _whole_axis(index, node.body)
        if len(around) != 1 or place is None or has_data(index.lower) or has_data(index.upper):
            return None
        links.append(Span(place, next(iter(around)), index.lower, index.upper))
    positions = {link.position for link in links}
    body = substitute(node.body, {index: link.place for index, link in zip(moving, links, strict=True)})
    if len(positions) < len(links) or positions & (set(node.indices) | body.free_indices):
        return None
    return Spans(node.operation, tuple(links), image=reduce(node.operation, rest, body) if rest else body)


def _whole_axis(index: Index, body: Expr) -> Index | None:
    """Return an index over the whole of the one axis that another stands at, None where it stands at different ones, or in a sum."""
    found: set[tuple[Expr, int]] = set()
    for node in postorder(body):
        if isinstance(node, Element):
            for place, axis in zip(node.indices, node.symbol.axes, strict=True):
                if place is index:
                    found.add((axis.size, axis.origin))
                elif index in place.free_indices:
                    return None
    if len(found) != 1:
        return None
    (size, origin) = found.pop()
    return fresh_index(index.name, number(origin), add(size, number(origin - 1)))


# Back from spans --------------------------------------------------------------------------------------------------------


def _into(node: Reduce) -> Spans | None:
    factors, conditions = split(node.body, None)
    tests = separate(conditions)
    links: list[Span] = []
    for position in node.indices:
        ends = [(test, end) for test in tests if (end := _end(test, position)) is not None]
        firsts, lasts = ([end for _, end in ends if end[1] is is_last] for is_last in (False, True))
        if len(firsts) != 1 or len(lasts) != 1 or firsts[0][0] is not lasts[0][0]:
            return None
        tests = [test for test in tests if test not in [own for own, _ in ends]]
        links.append(Span(firsts[0][0], position, firsts[0][2], lasts[0][2]))
    places = {link.place for link in links}
    result = multiply(*factors)
    if len(places) < len(links) or places & result.free_indices or len(tests) > 1:
        return None
    if not all(isinstance(place.lower, Number) and not place.upper.free_indices for place in places):
        return None
    if not tests:
        return Spans("into", tuple(links), result=result)
    sides = _sides(tests[0], places, set(node.indices))
    return None if sides is None else Spans("tops", tuple(links), image=sides[0], result=result, tops=sides[1])


def _end(test: Expr, position: Index) -> tuple[Index, bool, Expr] | None:
    """Return the place that a condition keeps within the span of a position: whether at its last end, and that end."""
    if not isinstance(test, Compare) or test.relation not in ("<=", ">=") or has_data(test):
        return None
    small, large = (test.left, test.right) if test.relation == "<=" else (test.right, test.left)
    for place, end, is_last in ((small, large, True), (large, small, False)):
        if isinstance(place, Index) and place is not position and end.free_indices == {position} and end is not position:
            return place, is_last, end
    return None


def _sides(test: Expr, places: set[Index], positions: set[Index]) -> tuple[Expr, Expr] | None:
    """Return the image and the maxima that a condition compares."""
    if not (isinstance(test, Compare) and test.relation == "="):
        return None
    for image, tops in ((test.left, test.right), (test.right, test.left)):
        is_image = places <= image.free_indices and not positions & image.free_indices
        if is_image and positions <= tops.free_indices and not places & tops.free_indices:
            return image, tops
    return None


def positions_of(spans: Spans) -> tuple[Index, ...]:
    """Return the positions, axis by axis."""
    return tuple(link.position for link in spans.links)


def places_of(spans: Spans) -> tuple[Index, ...]:
    """Return the places, axis by axis."""
    return tuple(link.place for link in spans.links)
