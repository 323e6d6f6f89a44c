"""Terms with a kink that the catalogue of proximal operators knows, recognised by what they are made of."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from gradproof.derivation.proximal_terms import Term, terms_of
from gradproof.expr.build import ONE, ZERO, add, multiply, number, square_root, subtract, weighted_sum
from gradproof.expr.node import (
    Add,
    Apply,
    Axis,
    Compare,
    Element,
    Expr,
    Index,
    Iverson,
    Multiply,
    Number,
    Power,
    Reduce,
    Symbol,
    TensorEntry,
)
from gradproof.expr.walk import postorder, transform
from gradproof.objective.degree import degree, depends
from gradproof.objective.pieces import Piece
from gradproof.printer.text import to_text

_WITH_PROX = frozenset({"l1", "l2", "linf", "max", "l0", "positive part"})


def recognized(term: Expr, over: Collection[Symbol]) -> Piece | None:
    """Return a term as a piece, None where the catalogue knows nothing of it."""
    term = transform(term, _flat)
    weight, node = factored(term, over)
    if node is None:
        return None
    match node:
        case TensorEntry("nuclear_norm", (row, column), body, ()) if degree(body, over) <= 1:
            return Piece("nuclear", to_text(term), body, (row, column), weight)
        case Reduce("sum", (group,), TensorEntry("norm2", (member,), body, ()), None) if degree(body, over) <= 1:
            return Piece("groups", to_text(term), body, (group, member), weight)
        case Reduce("sum", (group,), TensorEntry("norminf", (member,), body, ()), None) | Reduce(
            "sum", (group,), Reduce("max", (member,), Apply("abs", (body,)), None), None
        ) if degree(body, over) <= 1:
            return Piece("group maxima", to_text(term), body, (group, member), weight)
        case Reduce("max", axes, Apply("abs", (body,)), None) if degree(body, over) <= 1:
            return Piece("linf", to_text(term), body, axes, weight)
        case Reduce("sum", axes, Power(Add() as squares, Number(exponent, None)), None) if exponent == Fraction(1, 2):
            parts = _squares(squares, over)
            return Piece("rows", to_text(term), parts[0], axes, weight, parts=parts) if parts else None
        case Power(Add() as squares, Number(exponent, None)) if exponent == Fraction(1, 2):
            parts = _squares(squares, over)
            return Piece("rows", to_text(term), parts[0], (), weight, parts=parts) if parts else None
    beyond = _insensitive(node, weight, over)
    if beyond is not None:
        return beyond
    inner = _inner(node, over)
    if inner is None or degree(inner[0], over) > 1:
        return entrywise(term, over)
    body, axes = inner
    stand_in = Symbol("u_", tuple(Axis(add(subtract(axis.upper, axis.lower), ONE)) for axis in axes))
    entry = Element(stand_in, axes) if axes else stand_in
    replaced = transform(term, lambda part: entry if part is body else part)
    terms = list(terms_of(replaced, stand_in))
    if len(terms) != 1 or not isinstance(terms[0], Term) or terms[0].kind not in _WITH_PROX:
        return entrywise(term, over)
    return Piece(terms[0].kind, to_text(term), body, axes, terms[0].weight)


def _insensitive(node: Expr, weight: Expr, over: Collection[Symbol]) -> Piece | None:
    """Return ``weight`` times absolute values beyond a number, max(|u| - e, 0), as a piece; their sum where there are several."""
    axes, body = (
        (node.indices, node.body) if isinstance(node, Reduce) and node.operation == "sum" and not node.where else ((), node)
    )
    share, found = factored(body, over)
    match found:
        case (
            Apply("relu", (Add() as gap,)) | Apply("maximum", (Add() as gap, Number())) | Apply("maximum", (Number(), Add() as gap))
        ):
            rest = [(w, term) for w, term in zip(gap.weights, gap.terms, strict=True) if not depends(term, over)]
            moving = [(w, term) for w, term in zip(gap.weights, gap.terms, strict=True) if depends(term, over)]
        case _:
            return None
    if isinstance(found, Apply) and found.function == "maximum" and ZERO not in found.arguments:
        return None
    match moving:
        case [(slope, Apply("abs", (inner,)))] if slope > 0 and degree(inner, over) <= 1:
            edge = weighted_sum([(-w / slope, term) for w, term in rest])
            total = multiply(weight, share, number(slope))
            text = to_text(multiply(weight, node))
            return None if edge.free_indices else Piece("insensitive", text, inner, axes, total, parts=(edge,))
        case _:
            return None


def _flat(node: Expr) -> Expr:
    """Write sums of sums as one sum."""
    while isinstance(node, Reduce) and isinstance(node.body, Reduce) and node.operation == node.body.operation:
        if node.where is not None or node.body.where is not None or _has_limits_inside(node):
            break
        node = Reduce(node.operation, (*node.indices, *node.body.indices), node.body.body, None)
    match node:
        case Power(Reduce("sum", indices, Power(base, Number(exponent, None)), None), Number(root, None)) if (
            exponent == 2 and root == Fraction(1, 2)
        ):
            return TensorEntry("norm2", indices, base, ())
        case _:
            return node


def _has_limits_inside(node: Reduce) -> bool:
    assert isinstance(node.body, Reduce)
    return any(limit.free_indices for index in node.body.indices for limit in (index.lower, index.upper))


def entrywise(term: Expr, over: Collection[Symbol]) -> Piece | None:
    """Return the sum of one function over all entries of a variable as a piece, whatever that function is."""
    weight, node = factored(term, over)
    indices, body = (
        (node.indices, node.body) if isinstance(node, Reduce) and node.operation == "sum" and not node.where else ((), node)
    )
    if body is None:
        return None
    heads = {part for part in postorder(body) if (part.symbol if isinstance(part, Element) else part) in over}
    entry = next(iter(heads), None)
    if len(heads) != 1 or entry is None or (isinstance(entry, Element) and set(entry.indices) != set(indices)):
        return None
    rest = transform(body, lambda part: ONE if part is entry else part)
    is_alone = not rest.free_indices and not weight.free_indices and (isinstance(entry, Element) or not indices)
    return Piece("entrywise", to_text(term), entry, indices, weight, parts=(body,)) if is_alone else None


def _squares(total: Add, over: Collection[Symbol]) -> tuple[Expr, ...]:
    """Return what is squared in a sum of squares of affine parts, weights taken in; empty where it is another sum."""
    found = []
    for weight, term in zip(total.weights, total.terms, strict=True):
        match term:
            case Power(base, Number(exponent, None)) if exponent == 2 and degree(base, over) <= 1 and weight > 0:
                found.append(base if weight == 1 else multiply(square_root(number(weight)), base))
            case _:
                return ()
    return tuple(found)


def factored(term: Expr, over: Collection[Symbol]) -> tuple[Expr, Expr | None]:
    """Return the factors without variables, and the one with them."""
    weight, node = ONE, term
    if isinstance(term, Add) and len(term.terms) == 1:
        weight, node = number(term.weights[0]), term.terms[0]
    factors = node.factors if isinstance(node, Multiply) else (node,)
    inside = [factor for factor in factors if depends(factor, over)]
    outside = multiply(weight, *(factor for factor in factors if not depends(factor, over)))
    return outside, inside[0] if len(inside) == 1 else None


def _inner(node: Expr, over: Collection[Symbol]) -> tuple[Expr, tuple[Index, ...]] | None:
    """Return what a function with a kink is taken of, and the indices of its entries."""
    match node:
        case TensorEntry(_, bound, body, ()):
            return body, bound
        case Reduce("max", indices, body, None):
            return body, indices
        case Reduce("sum", indices, body, None):
            _, factor = factored(body, over)
            found = None if factor is None else _argument(factor)
            return None if found is None else (found, indices)
        case _:
            found = _argument(node)
            return None if found is None else (found, ())


def _argument(node: Expr) -> Expr | None:
    match node:
        case Apply("abs" | "relu", (inner,)):
            return inner
        case Apply("maximum", (left, right)) if ZERO in (left, right):
            return right if left is ZERO else left
        case Iverson(Compare("!=", inner, right)) if right is ZERO:
            return inner
        case _:
            return None
