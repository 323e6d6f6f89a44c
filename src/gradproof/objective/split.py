"""The terms of an objective, sorted: smooth ones, ones that the catalogue of proximal operators knows, and constraints."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from gradproof.derivation.tidy import with_named_functions
from gradproof.expr.build import ONE, ZERO, add, multiply, scale, subtract, sum_over
from gradproof.expr.node import Add, Apply, Expr, Multiply, Number, Reduce, Symbol
from gradproof.expr.walk import transform
from gradproof.objective.constraints import constraint_of
from gradproof.objective.degree import degree, depends, is_smooth
from gradproof.objective.entrywise import penalty_of
from gradproof.objective.pieces import Nonlinear, Piece, Split
from gradproof.objective.program import compiled
from gradproof.objective.statement import Statement
from gradproof.objective.terms import recognized
from gradproof.objective.unrolling import unrolled


def split(statement: Statement) -> Split:
    """Return the terms of an objective by what can be done with them.

    A term with kinks that the catalogue does not know counts as smooth: its gradient is taken where it has one.
    Raises: UnsupportedError: a constraint is of no known kind.
    """
    over = statement.variables
    smooth: list[Expr] = []
    kinked: list[Expr] = []
    pieces: list[Piece] = []
    constant: Expr = ZERO
    for term in _terms(_opened(with_named_functions(unrolled(statement.formula.value)), over), over):
        if not depends(term, over):
            constant = add(constant, term)
            continue
        piece = None if is_smooth(term, over) else _piece(term, statement)
        if piece is not None:
            if not _is_empty(piece):
                pieces.append(piece)
            continue
        smooth.append(term)
        if not is_smooth(term, over):
            kinked.append(term)
    conditions = [part for condition in statement.conditions for part in constraint_of(condition, over)]
    pieces += [part for part in conditions if isinstance(part, Piece)]
    nonlinear = tuple(part for part in conditions if isinstance(part, Nonlinear))
    return Split(tuple(smooth), constant, tuple(pieces), nonlinear, tuple(kinked))


def _is_empty(piece: Piece) -> bool:
    """Tell whether a piece has no entries, as differences of a single entry have none."""
    limits = [(index.lower, index.upper) for index in piece.axes]
    return any(isinstance(low, Number) and isinstance(high, Number) and low.value > high.value for low, high in limits)


def _piece(term: Expr, statement: Statement) -> Piece | None:
    piece = recognized(term, statement.variables)
    if piece is not None and piece.kind == "entrywise" and penalty_of(piece, statement) is None:
        return None
    if piece is not None and piece.kind == "insensitive" and float(compiled(piece.parts[0])(statement.values)) < 0:
        return None
    return piece


def _opened(body: Expr, over: Collection[Symbol]) -> Expr:
    """Write the larger of two affine parts as one of them and a positive part."""

    def change(node: Expr) -> Expr:
        match node:
            case Apply("maximum", (left, right)) if (
                ZERO not in (left, right) and depends(node, over) and degree(add(left, right), over) <= 1
            ):
                return add(right, Apply("maximum", (subtract(left, right), ZERO)))
            case _:
                return node

    return transform(body, change)


def _terms(body: Expr, over: Collection[Symbol]) -> Iterator[Expr]:
    """Yield the terms of a sum; brackets and sums over an index that hold a kink are multiplied out."""
    pending: list[tuple[Expr, Expr]] = [(ONE, body)]
    while pending:
        factor, node = pending.pop()
        if isinstance(node, Multiply) and not is_smooth(node, over):
            opened = [part for part in node.factors if isinstance(part, Add) and depends(part, over)]
            rest = [part for part in node.factors if part not in opened]
            if len(opened) == 1 and not any(depends(part, over) for part in rest):
                factor, node = multiply(factor, *rest), opened[0]
        if isinstance(node, Reduce) and node.operation == "sum" and node.where is None and not is_smooth(node, over):
            parts = list(_terms(node.body, over))
            if len(parts) > 1:
                pending += [(factor, sum_over(node.indices, part)) for part in parts][::-1]
                continue
        if isinstance(node, Add) and (len(node.terms) > 1 or isinstance(node.terms[0], Multiply | Reduce)):
            pairs = zip(node.terms, node.weights, strict=True)
            pending += [(scale(weight, factor), term) for term, weight in pairs][::-1]
        else:
            yield multiply(factor, node)
