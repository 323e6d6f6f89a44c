"""Setting apart the stages of a formula while it is lowered: layers, what goes into them, and parts that have a name.

Put into one another, the windows of layers upon layers would be computed again and again; stage by stage each is computed once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from gradproof.elaborate.sizes import extent
from gradproof.elaborate.value import Value
from gradproof.expr.build import ONE
from gradproof.expr.node import Axis, Element, Expr, Reduce, Symbol
from gradproof.expr.walk import contains


@dataclass
class StageBook:
    """The stages in the order in which they were set apart; ``taken`` are the names that mean something else."""

    taken: set[str]
    found: list[tuple[Symbol, Value]] = field(default_factory=list)

    def set_apart(self, value: Value, name: str, *, is_own: bool = False) -> Value:
        """Return a value as a stage under a name, or as it is where it is no stage: an entry, a number, part of a sum around it.

        Args: is_own: the name is the user's own and stays as it is.
        """
        if not _is_stage(value):
            return value
        symbol = Symbol(name if is_own else self._free(name), tuple(Axis(extent(axis)) for axis in value.axes))
        self.taken.add(symbol.name)
        self.found.append((symbol, value))
        return Value(Element(symbol, value.axes), value.axes, value.is_row)

    def named(self, value: Value, name: str) -> Value:
        """Return a value as a stage under the user's own name; the layer that it just came from has no other."""
        body, axes = value.body, value.axes
        if self.found and isinstance(body, Element) and body.symbol is self.found[-1][0] and body.indices == axes:
            value = self.found.pop()[1]
        return self.set_apart(value, name, is_own=True)

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
