"""Which kind each part of a formula has: relations narrow sets of kinds until letters decide what they leave open."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gradproof.formula.kinds import ANY, KINDS, Relation, is_settled


@dataclass(frozen=True, slots=True)
class Tie:
    """A relation between places; ``complain`` makes the error that its failure is, from the sets before."""

    relation: Relation
    places: tuple[int, ...]
    complain: Callable[[tuple[int, ...]], Exception]


class Contradiction(Exception):
    """No kinds are left for a tie."""

    def __init__(self, tie: Tie, masks: tuple[int, ...]) -> None:
        self.tie = tie
        self.masks = masks
        super().__init__("no kinds fit")


class Inference:
    """Sets of kinds by place, narrowed by ties. A choice that leads to a contradiction leaves no trace."""

    def __init__(self) -> None:
        self.masks: list[int] = []
        self.ties: list[Tie] = []
        self.strict: set[int] = set()
        self._watchers: list[list[int]] = []
        self._trail: list[tuple[int, int]] = []

    def place(self, mask: int = ANY) -> int:
        """Return a new place."""
        self.masks.append(mask)
        self._watchers.append([])
        return len(self.masks) - 1

    def tie(self, relation: Relation, places: Iterable[int], complain: Callable[[tuple[int, ...]], Exception]) -> None:
        """Add a relation between places."""
        entry = Tie(relation, tuple(places), complain)
        for place in set(entry.places):
            self._watchers[place].append(len(self.ties))
        self.ties.append(entry)

    def settle(self) -> None:
        """Narrow by all ties, then hold each to its strict sense where that is possible, in the order in which they were made.

        Raises: the error of the first tie for which no kinds are left.
        """
        try:
            self._narrow(deque(range(len(self.ties))))
        except Contradiction as found:
            raise found.tie.complain(found.masks) from None

    def prefer(self, wanted: Callable[[Tie], bool]) -> None:
        """Hold ties to their strict sense, one after the other, wherever that leaves no contradiction."""
        for number, tie in enumerate(self.ties):
            if number in self.strict or not wanted(tie) or all(is_settled(self.masks[place]) for place in tie.places):
                continue
            self.strict.add(number)
            if not self._holds(deque([number])):
                self.strict.discard(number)

    def choose(self, choices: Iterable[tuple[int, int]]) -> bool:
        """Narrow places to kinds, all or none; tell whether that was possible."""
        mark = len(self._trail)
        touched: deque[int] = deque()
        for place, mask in choices:
            if not self.masks[place] & mask:
                self._undo(mark)
                return False
            self._set(place, self.masks[place] & mask, touched)
        return self._holds(touched, mark)

    def decide(self, place: int, order: Iterable[int]) -> None:
        """Give a place the first kind of the order that fits.

        Raises: the error of a tie: none fits.
        """
        if is_settled(self.masks[place]) or any(self.choose([(place, kind)]) for kind in (*order, *KINDS)):
            return
        touched: deque[int] = deque()
        self._set(place, self.masks[place] & -self.masks[place], touched)
        try:
            self._narrow(touched)
        except Contradiction as found:
            raise found.tie.complain(found.masks) from None

    def _holds(self, queue: deque[int], mark: int | None = None) -> bool:
        start = len(self._trail) if mark is None else mark
        try:
            self._narrow(queue)
        except Contradiction:
            self._undo(start)
            return False
        return True

    def _narrow(self, queue: deque[int]) -> None:
        waiting = set(queue)
        while queue:
            number = queue.popleft()
            waiting.discard(number)
            tie = self.ties[number]
            before = tuple(self.masks[place] for place in tie.places)
            after = _narrowed(tie, before, number in self.strict)
            if not all(after):
                raise Contradiction(tie, before)
            touched: deque[int] = deque()
            for place, mask in zip(tie.places, after, strict=True):
                mask &= self.masks[place]
                if not mask:
                    raise Contradiction(tie, before)
                self._set(place, mask, touched)
            for other in touched:
                if other != number and other not in waiting:
                    waiting.add(other)
                    queue.append(other)

    def _set(self, place: int, mask: int, touched: deque[int]) -> None:
        if mask != self.masks[place]:
            self._trail.append((place, self.masks[place]))
            self.masks[place] = mask
            touched.extend(self._watchers[place])

    def _undo(self, mark: int) -> None:
        while len(self._trail) > mark:
            place, mask = self._trail.pop()
            self.masks[place] = mask


def _narrowed(tie: Tie, masks: tuple[int, ...], is_strict: bool) -> list[int]:
    """Return the sets of kinds that a tie leaves; a place that stands in it twice has one kind in both."""
    twice = [place for place in set(tie.places) if tie.places.count(place) > 1]
    if not twice:
        return tie.relation.narrowed(masks, is_strict)
    found = [0] * len(masks)
    shared = masks[tie.places.index(twice[0])]
    for kind in KINDS:
        if kind & shared:
            fixed = [kind if place == twice[0] else mask for place, mask in zip(tie.places, masks, strict=True)]
            option = tie.relation.narrowed(fixed, is_strict)
            if all(option):
                found = [mask | more for mask, more in zip(found, option, strict=True)]
    return found
