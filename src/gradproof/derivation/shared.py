"""Names for what a long expression holds more than once: the derivative of a deep chain is short as a list of definitions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gradproof.expr.node import Element, Expr, Symbol
from gradproof.expr.walk import children, postorder, rebuild, symbols


def shared_parts(root: Expr) -> tuple[Expr, ...]:
    """Return the scalar parts that stand at more than one place, inner ones first."""
    uses: Counter[Expr] = Counter()
    order = list(postorder(root))
    for node in order:
        uses.update(children(node))
    return tuple(
        node for node in order if uses[node] > 1 and children(node) and not node.free_indices and not isinstance(node, Element)
    )


def with_shared_parts(root: Expr, shared: Sequence[Expr]) -> tuple[Expr, tuple[tuple[str, Expr], ...]]:
    """Return an expression with names for its shared parts, and each name with its part, earlier names used in it."""
    taken = {symbol.name for symbol in symbols(root)} if shared else set()
    wanted = frozenset(shared)
    changed: dict[Expr, Expr] = {}
    named: list[tuple[str, Expr]] = []
    for node in postorder(root) if shared else ():
        parts = tuple(changed[part] for part in children(node))
        new = node if parts == children(node) else rebuild(node, parts)
        if node in wanted:
            name = _free(len(named) + 1, taken)
            named.append((name, new))
            new = Symbol(name)
        changed[node] = new
    return changed.get(root, root), tuple(named)


def _free(count: int, taken: set[str]) -> str:
    name = f"t{count}"
    while name in taken:
        name += "_"
    return name
