"""Elements and tensor functions in canonical form: symmetry, definitions, canonical bound indices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradproof.expr.build import delta
from gradproof.expr.catalogue import TENSOR_FUNCTIONS
from gradproof.expr.node import Element, Expr, Index, TensorEntry
from gradproof.expr.walk import substitute
from gradproof.rewrite import dummies, form
from gradproof.rewrite.form import Form

if TYPE_CHECKING:
    from gradproof.rewrite.canonical import Context


def element_form(context: Context, node: Element) -> Form:
    """Return an entry of a tensor symbol with canonical subscripts."""
    indices = tuple(context.of(index).to_expr() for index in node.indices)
    words = node.symbol.properties
    if len(indices) == 2:
        if words & {"symmetric", "posdef"}:
            indices = tuple(sorted(indices, key=lambda index: index.digest))
        if "zerodiagonal" in words and indices[0] is indices[1]:
            return form.constant(0)
        if words & {"diagonal", "diag"} and indices[0] is not indices[1]:
            diagonal = form.atom(Element(node.symbol, (indices[0], indices[0])))
            return context.times(context.of(delta(*indices)), diagonal)
    return form.atom(Element(node.symbol, indices))


def entry_form(context: Context, node: TensorEntry) -> Form:
    """Return an entry of a tensor function: by its definition where that is asked for, else as an atom."""
    entry = TENSOR_FUNCTIONS[node.function]
    if context.level and entry.expansion is not None:
        return context.defined(f"definition of {node.function}", node, entry.expansion(node))
    if entry.rank == 2 and len(node.bound) == 2 and entry.output in ("scalar", "transposed"):
        return form.atom(_least_orientation(context, node))
    return form.atom(_named(context, node))


def _named(context: Context, node: TensorEntry) -> TensorEntry:
    first = dummies.fresh_uid(node.body.free_indices, node.bound)
    names: dict[Expr, Expr] = {}
    for place, index in enumerate(node.bound):
        lower, upper = (context.of(limit).to_expr() for limit in (index.lower, index.upper))
        names[index] = Index("_", first - place, lower, upper)
    body = context.of(substitute(node.body, names)).to_expr()
    at = tuple(context.of(part).to_expr() for part in node.at)
    return TensorEntry(node.function, tuple(n for n in names.values() if isinstance(n, Index)), body, at)


def _least_orientation(context: Context, node: TensorEntry) -> TensorEntry:
    """``det(A^T) = det(A)``, ``inv(A^T)[i, j] = inv(A)[j, i]``: the lesser of a matrix and its transpose is taken."""
    straight = _named(context, node)
    turned = _named(context, TensorEntry(node.function, node.bound[::-1], node.body, node.at[::-1]))
    if straight.bound == turned.bound and straight.body is turned.body:
        return min(straight, turned, key=lambda entry: entry.digest)
    return min(straight, turned, key=lambda entry: (entry.body.digest, entry.digest))
