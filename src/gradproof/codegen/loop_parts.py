"""What loops over an expression run along: its sums, the outermost of its loops, their lengths and order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gradproof.codegen.loop_ends import has_data
from gradproof.expr.node import Element, Expr, Index, Iverson, Multiply, Number, Reduce, Symbol
from gradproof.expr.walk import children, postorder

#: A loop of at most so many turns is short, and work of at most so many steps is not worth a second thread.
SHORT, SMALL = 16, 20_000
#: An axis of at most so many entries has a name for each: what they share is computed once.
FEW = 4


def rows_of(node: Expr, axes: tuple[Index, ...]) -> Index | None:
    """Return the outermost loop over a node: that of all of its sums, where it is a number."""
    if axes:
        return axes[0]
    firsts = {by_dependence(part.indices)[0] for part in outer_sums(node)}
    return firsts.pop() if len(firsts) == 1 else None


def outer_sums(node: Expr) -> list[Reduce]:
    """Return the sums that a number is made of."""
    found: dict[Reduce, None] = {}
    pending = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, Reduce):
            found[part] = None
        elif not isinstance(part, Index):
            pending += children(part)
    return list(found)


def axes_of(part: Expr) -> tuple[Index, ...]:
    """Return the axes of a part in the order in which its data have them."""
    best: tuple[Index, ...] = ()
    pending, seen = [part], set()
    while pending:
        node = pending.pop()
        if node in seen:
            continue
        seen.add(node)
        if isinstance(node, Element):
            found: dict[Index, None] = {}
            for place in node.indices:
                found.update(dict.fromkeys(sorted(place.free_indices & part.free_indices, key=lambda index: index.uid)))
            best = tuple(found) if len(found) > len(best) else best
        pending += [] if isinstance(node, Index) else children(node)
    return (*best, *sorted(part.free_indices - set(best), key=lambda index: index.uid))


def by_dependence(indices: Sequence[Index]) -> list[Index]:
    """Return the indices so that each stands behind those that its limits hang on."""
    found: list[Index] = []
    rest = list(indices)
    while rest:
        ready = [i for i in rest if not (i.lower.free_indices | i.upper.free_indices) & set(rest)]
        found += ready or rest
        rest = [i for i in rest if i not in found]
    return found


def is_short(index: Index) -> bool:
    """Tell whether a loop is known to have few turns."""
    ends = index.lower, index.upper
    return all(isinstance(end, Number) for end in ends) and turns(index) <= SHORT


def turns(index: Index) -> int:
    """Return the turns of a loop whose ends are numbers, a large number for others."""
    if isinstance(index.lower, Number) and isinstance(index.upper, Number):
        return max(0, int(index.upper.value - index.lower.value) + 1)
    return SMALL + 1


def guarded_reads(node: Expr) -> list[Element]:
    """Return what a product reads only where conditions on data hold: read before, it leaves a choice that runs on vectors.

    A condition on indices may be what keeps a subscript in its range, so such a product reads nothing early.
    """
    if not isinstance(node, Multiply):
        return []
    tests = [factor.condition for factor in node.factors if isinstance(factor, Iverson)]
    if not tests or not all(map(has_data, tests)):
        return []
    return [f for f in node.factors if isinstance(f, Element) and all(isinstance(place, Index) for place in f.indices)]


def pairwise(nodes: Iterable[Expr]) -> list[Symbol]:
    """Return the variables of few columns whose rows meet in pairs in some expressions, as in a sum over distances."""
    rows: dict[Symbol, set[Expr]] = {}
    for node in (part for root in nodes for part in postorder(root)):
        if isinstance(node, Element) and len(node.indices) == 2 and isinstance(node.indices[0], Index):
            width = node.symbol.axes[1].size
            if isinstance(width, Number) and 1 < width.value <= FEW and not is_short(node.indices[0]):
                rows.setdefault(node.symbol, set()).add(node.indices[0])
    return [symbol for symbol, found in rows.items() if len(found) > 1]
