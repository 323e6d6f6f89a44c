"""Setting apart the stages of a formula while it is lowered: layers, what goes into them, and parts that have a name.

Put into one another, the windows of layers upon layers would be computed again and again; stage by stage each is computed once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gradproof.elaborate.sizes import extent
from gradproof.elaborate.value import Value
from gradproof.expr.build import ONE
from gradproof.expr.node import Axis, Element, Expr, Reduce, Symbol
from gradproof.expr.walk import contains
from gradproof.reader.plain.source import Source
from gradproof.reader.presentation import Place


@dataclass(frozen=True, slots=True)
class Entry:
    """A stage that was set apart: its symbol, what it stands for, where that was written and how it reads."""

    symbol: Symbol
    value: Value
    place: Place
    text: str
    head: str


@dataclass
class StageBook:
    """The stages in the order in which they were set apart; ``taken`` are the names that mean something else."""

    source: Source
    taken: set[str]
    found: list[Entry] = field(default_factory=list)

    def set_apart(self, value: Value, name: str, place: Place) -> Value:
        """Return a value as a stage that is called like its function, or as it is where it is no stage.

        No stage: an entry, a number, part of a sum around it.
        """
        return self._entered(value, self._free(name), place)

    def _entered(self, value: Value, name: str, place: Place, letters: Sequence[str] = ()) -> Value:
        if not _is_stage(value):
            return value
        symbol = Symbol(name, tuple(Axis(extent(axis)) for axis in value.axes))
        self.taken.add(symbol.name)
        head = f"{name}[{', '.join(letters)}]" if letters else name
        self.found.append(Entry(symbol, value, place, self.text_of(place), head))
        return Value(Element(symbol, value.axes), value.axes, value.is_row)

    def named(self, value: Value, name: str, place: Place, letters: Sequence[str]) -> Value:
        """Return a value as a stage under the user's own name; the layer that it just came from has no other."""
        body, axes = value.body, value.axes
        if self.found and isinstance(body, Element) and body.symbol is self.found[-1].symbol and body.indices == axes:
            value = self.found.pop().value
        return self._entered(value, name, place, letters)

    def text_of(self, place: Place) -> str:
        """Return what was written at a place, with the names of the stages that were set apart inside."""
        text, end = "", place.start
        inside = (entry for entry in self.found if place.start <= entry.place.start and entry.place.end <= place.end)
        for entry in sorted(inside, key=lambda entry: (entry.place.start, -entry.place.end)):
            if entry.place.start >= end:
                text += self.source.text[end : entry.place.start] + entry.symbol.name
                end = entry.place.end
        return " ".join((text + self.source.text[end : place.end]).split())

    def _free(self, name: str) -> str:
        count = 1
        while f"{name}_{count}" in self.taken:
            count += 1
        return f"{name}_{count}"


def has_layers_within(values: Iterable[Value]) -> bool:
    """Tell whether what goes into a layer is itself made of sums or windows."""
    return any(value.rank and contains(value.body, lambda node: isinstance(node, Reduce)) for value in values)


def _is_stage(value: Value) -> bool:
    body: Expr = value.body
    is_entry = isinstance(body, Element) and body.indices == value.axes
    is_whole = body.free_indices <= set(value.axes) and all(axis.lower is ONE for axis in value.axes)
    return value.rank > 0 and is_whole and not is_entry
