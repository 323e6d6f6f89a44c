"""Which entries of a maximum or minimum can be equal at more than isolated points."""

from __future__ import annotations

from gradproof.expr.build import sum_over
from gradproof.expr.catalogue import FUNCTIONS
from gradproof.expr.node import Apply, Element, Expr, Index, Iverson, Piecewise, Reduce, Symbol, TensorEntry, fresh_index
from gradproof.expr.walk import children, postorder, substitute
from gradproof.rewrite.collect import collected

#: The property of a symbol whose entries follow from others: those of a layer's output tie where its input repeats itself.
DERIVED = "derived"


def entries_tie(node: Reduce) -> bool:
    """Tell whether entries of a maximum may tie at whole regions of points, as those of ``max_i (relu(x_i) + a)`` do.

    They do not where each entry is smooth and has a variable of its own (``max_k z_k``, ``max_i exp(z_i)/sum_j exp(z_j)``). Where no such
    variable is found they may: a derivative in which the tied entries share is right there too, only longer.
    """
    bound = frozenset(node.indices)
    body = _inside(collected(node.body))  # in x_i / x_i nothing varies
    varying = [part for part in postorder(body, lambda part: _varying_parts(part, bound)) if part.free_indices & bound]
    if any(_has_kink(part) for part in varying):
        return True
    owners: dict[object, set[Expr]] = {}
    for part in varying:
        if isinstance(part, Element):
            owners.setdefault(part.symbol, set()).add(part)
        elif isinstance(part, TensorEntry):
            owners.setdefault(part, set()).add(part)
    return not any(len(parts) == 1 and _is_one_to_one(next(iter(parts)), node) for parts in owners.values())


def tied_entries(node: Reduce, attained: Expr) -> Expr:
    """Return how many entries attain the maximum; ``attained`` is the bracket of one of them."""
    own: dict[Index, Expr] = {index: fresh_index(index.name, index.lower, index.upper) for index in node.indices}
    return sum_over(tuple(own.values()), substitute(attained, own))  # type: ignore[arg-type]


def _inside(body: Expr) -> Expr:
    """Leave out functions of one argument: where one is constant, its derivative is zero, and ties do not matter."""
    while isinstance(body, Apply) and len(body.arguments) == 1:
        body = body.arguments[0]
    return body


def _varying_parts(node: Expr, bound: frozenset[Index]) -> tuple[Expr, ...]:
    parts = node.at if isinstance(node, TensorEntry) else children(node)
    return tuple(part for part in parts if part.free_indices & bound)


def _has_kink(node: Expr) -> bool:
    if isinstance(node, Apply):
        return bool(FUNCTIONS[node.function].kink)
    return isinstance(node, Iverson | Piecewise) or (isinstance(node, Reduce) and node.operation in ("max", "min"))


def _is_one_to_one(part: Expr, node: Reduce) -> bool:
    """Tell whether the subscripts of an entry differ whenever the indices of the maximum do."""
    assert isinstance(part, Element | TensorEntry)
    places = part.indices if isinstance(part, Element) else part.at
    found = [place.free_indices & frozenset(node.indices) for place in places]
    if any(len(indices) > 1 for indices in found) or frozenset().union(*found) != frozenset(node.indices):
        return False
    symbol = part.symbol if isinstance(part, Element) else None
    is_free = symbol is None or DERIVED not in symbol.properties
    return is_free and not (isinstance(symbol, Symbol) and "symmetric" in symbol.properties and len(node.indices) > 1)
