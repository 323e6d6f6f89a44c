"""Variables that stand in subscripts: in ``w_{y_n}`` the entries of y are numbers of rows of w."""

from __future__ import annotations

from gradproof.expr.node import Element, Expr, Number, Symbol
from gradproof.expr.walk import postorder
from gradproof.printer.text import to_text


def counters(root: Expr) -> dict[Symbol, Symbol]:
    """Return the variables that stand as subscripts, each as whole numbers from 1 to the length of the axis that they count.

    A variable of which something was declared is left as it is, and so is one that counts axes of different lengths.
    """
    lengths: dict[Symbol, set[Expr]] = {}
    for node in postorder(root):
        if not isinstance(node, Element):
            continue
        for place, axis in zip(node.indices, node.symbol.axes, strict=False):
            symbol = place.symbol if isinstance(place, Element) else place
            if isinstance(symbol, Symbol) and not symbol.properties and axis.origin == 1:
                lengths.setdefault(symbol, set()).add(axis.size)
    counted = {symbol: sizes.pop() for symbol, sizes in lengths.items() if len(sizes) == 1}
    return {
        symbol: Symbol(symbol.name, symbol.axes, frozenset({f"index:{to_text(size)}"}))
        for symbol, size in counted.items()
        if isinstance(size, Symbol | Number)
    }


def told(found: dict[Symbol, Symbol]) -> list[str]:
    """Say what was taken for a number of an entry."""
    return [f"{symbol.name} holds numbers of entries, from 1 on: it stands in subscripts" for symbol in found]
