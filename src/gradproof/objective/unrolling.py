"""Sums over the entries of vec(W) as sums over the rows and columns of W, where nothing else goes by their number."""

from __future__ import annotations

from dataclasses import replace

from gradproof.expr.build import ONE, add, multiply, subtract
from gradproof.expr.node import Element, Expr, Index, Reduce, TensorEntry, fresh_index
from gradproof.expr.walk import contains, postorder, transform
from gradproof.formula.dimensions import floor_quotient, modulo

_NORMS = frozenset({"norm1", "norm2"})


def unrolled(root: Expr) -> Expr:
    """Return an expression with its sums, largest entries and norms over vec(W) taken over two indices."""
    return transform(root, _change)


def _change(node: Expr) -> Expr:
    match node:
        case Reduce("sum" | "max" | "min", (index,), body, None):
            found = _entry(body, index)
            return node if found is None else Reduce(node.operation, found[1], found[0], None)
        case TensorEntry(function, (index,), body, ()) if function in _NORMS:
            found = _entry(body, index)
            return node if found is None else replace(node, bound=found[1], body=found[0])
        case _:
            return node


def _entry(body: Expr, index: Index) -> tuple[Expr, tuple[Index, Index]] | None:
    """Return a body with its entries of a matrix by two indices in place of their number, and these indices."""
    entries = {node for node in postorder(body) if isinstance(node, Element) and _is_numbered(node, index)}
    if len({entry.symbol for entry in entries}) != 1:
        return None
    symbol = next(iter(entries)).symbol
    row, column = (fresh_index(name, ONE, axis.size) for name, axis in zip("ij", symbol.axes, strict=True))
    found = transform(body, lambda node: Element(symbol, (row, column)) if node in entries else node)
    return None if contains(found, lambda node: node is index) else (found, (row, column))


def _is_numbered(entry: Element, index: Index) -> bool:
    """Tell whether an entry is that of the number of an index in vec(W), and whether the index goes over all of them."""
    axes = entry.symbol.axes
    if len(axes) != 2 or any(axis.origin != 1 for axis in axes) or index.lower is not ONE:
        return False
    rows, columns = (axis.size for axis in axes)
    if index.upper is not multiply(rows, columns):
        return False
    before = subtract(index, ONE)
    return entry.indices == (add(modulo(before, rows), ONE), add(floor_quotient(before, rows), ONE))
