"""Rows that go on: ``f &= a \\\\ &= b``, ``f &= a \\\\ &\\quad + b``."""

from __future__ import annotations

from dataclasses import replace

from gradproof.reader.presentation import Adjacent, Chain, Hole, Infix, Listing, Place, Prefix, Rows, Tree, Words
from gradproof.reader.vocabulary import POWERS


class RowList:
    """The rows read so far. The links of a chain that goes on over many rows are gathered in a list and joined once."""

    def __init__(self) -> None:
        self.rows: list[Tree] = []
        self._links: list[tuple[str, Tree]] = []
        self._notes: list[str] = []

    def append(self, row: Tree, *, is_carried: bool) -> None:
        """Add a row; one that begins with a relation or (carried) an infix sign goes on with the row before it."""
        if self.rows and isinstance(self.rows[-1], Chain) and isinstance(row, Chain) and row.first is None:
            self._links += row.links
            self._notes += row.notes or ("",) * len(row.links)
            return
        self._settle()
        joined = _joined(self.rows[-1], row, is_carried) if self.rows else None
        if joined is None:
            self.rows.append(row)
        else:
            self.rows[-1] = joined

    def pop(self) -> Tree | None:
        """Take the last row away."""
        self._settle()
        return self.rows.pop() if self.rows else None

    def tree(self) -> Tree | None:
        """Return the rows as one tree."""
        self._settle()
        if len(self.rows) < 2:
            return self.rows[0] if self.rows else None
        return Rows(tuple(self.rows), Place(self.rows[0].place.start, self.rows[-1].place.end))

    def _settle(self) -> None:
        if not self._links:
            return
        last = self.rows[-1]
        assert isinstance(last, Chain)
        notes = (*(last.notes or ("",) * len(last.links)), *self._notes)
        place = Place(last.place.start, self._links[-1][1].place.end)
        self.rows[-1] = Chain(last.first, (*last.links, *self._links), place, notes if any(notes) else ())
        self._links, self._notes = [], []


def _joined(last: Tree, row: Tree, is_carried: bool) -> Tree | None:
    place = Place(last.place.start, row.place.end)
    match last, row:
        case _, Listing(items):
            head = _joined(last, items[0], is_carried)
            return None if head is None else replace(row, items=(head, *items[1:]), place=place)
        case _, Adjacent((Chain(None) as first, *rest)) if rest and isinstance(rest[0], Words):
            head = _joined(last, first, is_carried)
            return None if head is None else Adjacent((head, *rest), place)
        case Listing(items), _:
            tail = _joined(items[-1], row, is_carried)
            return None if tail is None else replace(last, items=(*items[:-1], tail), place=place)
        case Chain(first, links, _, notes), Chain(None, more, _, further):
            joined = _notes(links, notes) + _notes(more, further) if notes or further else ()
            return Chain(first, links + more, place, joined)
        case _, Chain(None, links, _, notes):
            return Chain(last, links, place, notes)
        case _ if is_carried:
            return _carried(last, row)
        case _:
            return None


def _notes(links: tuple[tuple[str, Tree], ...], notes: tuple[str, ...]) -> tuple[str, ...]:
    return notes or ("",) * len(links)


def _carried(last: Tree, row: Tree) -> Tree | None:
    """Put a row that begins with an infix sign behind the last term of the row before it; a row with a relation stays."""
    if not isinstance(last, Chain):
        return None if isinstance(last, Words | Adjacent) else _added(last, row)
    relation, right = last.links[-1]
    added = _added(right, row)
    if added is None:
        return None
    return replace(last, links=(*last.links[:-1], (relation, added)), place=Place(last.place.start, row.place.end))


def _added(left: Tree, row: Tree) -> Tree | None:
    spine: list[Infix] = []
    node = row
    while isinstance(node, Infix):
        spine.append(node)
        node = node.left
    place = Place(left.place.start, node.place.end)
    match node:
        case Prefix(("+" | "-" | "±" | "∓") as sign, operand):
            result: Tree = Infix(sign, left, operand, place, sign)
        case Hole("", _) if spine and node.reason.startswith("nothing stands before"):
            result = left
        case _:
            return None
    for infix in reversed(spine):
        result = _behind(result, infix)
    return result


def _behind(left: Tree, infix: Infix) -> Infix:
    """Put an infix sign with its right side behind a tree: a product sign binds the last term of a sum alone."""
    if isinstance(left, Infix) and POWERS[left.operator] < POWERS[infix.operator]:
        return replace(left, right=_behind(left.right, infix), place=Place(left.place.start, infix.place.end))
    return replace(infix, left=left, place=Place(left.place.start, infix.place.end))
