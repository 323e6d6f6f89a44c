"""Names for the indices of an expression: every index that is alive has a name of its own."""

from __future__ import annotations

from gradproof.expr.node import Expr, Index
from gradproof.expr.walk import postorder, symbols

_LETTERS = ("i", "j", "k", "l", "m", "n", "p", "q", "r", "s", "t", "u", "v")


def index_names(root: Expr) -> dict[Expr, str]:
    """Return a name for each index below ``root``; free indices keep theirs, bound ones give way."""
    found = [node for node in postorder(root) if isinstance(node, Index)]
    found.sort(key=lambda index: (index not in root.free_indices, index.uid))
    taken = {symbol.name for symbol in symbols(root)}
    names: dict[Expr, str] = {}
    for index in found:
        name = _free_name(index.name, taken)
        taken.add(name)
        names[index] = name
    return names


def _free_name(wanted: str, taken: set[str]) -> str:
    if wanted not in taken and wanted != "_":
        return wanted
    for letter in _LETTERS:
        if letter not in taken:
            return letter
    count = 1
    while f"{wanted}{count}" in taken:
        count += 1
    return f"{wanted}{count}"
