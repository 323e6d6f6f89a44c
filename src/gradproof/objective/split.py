"""The terms of an objective, sorted: smooth ones, and ones with a kink that the catalogue of proximal operators knows."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from gradproof.derivation.proximal_terms import Term, terms_of
from gradproof.derivation.tidy import with_squares_opened
from gradproof.errors import UnsupportedError
from gradproof.expr.build import ONE, ZERO, add, multiply, number, power, scale, square_root, subtract
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
from gradproof.expr.walk import transform
from gradproof.objective.degree import degree, depends, is_smooth
from gradproof.objective.statement import Condition, Statement
from gradproof.printer.text import to_text

_WITH_PROX = frozenset({"l1", "l2", "linf", "max", "l0", "positive part", "groups", "nuclear"})
_KNOWN = "norm1, norm2, norminf, nuclear_norm, max, sum(abs(u)), sum(max(u, 0)), sum(x != 0) of an affine u"


@dataclass(frozen=True, slots=True)
class Piece:
    """``weight`` times a function of the entries of ``inner`` over ``axes``: kinds as in ``Term``, with 'groups' and 'nuclear'.

    'between' is the set of entries from ``lower`` to ``upper``, None being no bound. ``text`` is what the user sees of it.
    """

    kind: str
    text: str
    inner: Expr
    axes: tuple[Index, ...]
    weight: Expr = ONE
    lower: Expr | None = None
    upper: Expr | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """smooth + constant + the pieces."""

    smooth: tuple[Expr, ...]
    constant: Expr
    pieces: tuple[Piece, ...]

    @property
    def whole_smooth(self) -> Expr:
        """The smooth terms as one."""
        return add(*self.smooth) if self.smooth else ZERO


def split(statement: Statement) -> Split:
    """Return the terms of an objective by what can be done with them.

    Raises: UnsupportedError: a term is neither smooth nor known to the catalogue, or a constraint is not of a known kind.
    """
    over = statement.variables
    smooth: list[Expr] = []
    pieces: list[Piece] = []
    constant: Expr = ZERO
    for term in _terms(with_squares_opened(statement.formula.value), over):
        if not depends(term, over):
            constant = add(constant, term)
        elif is_smooth(term, over):
            smooth.append(term)
        else:
            pieces.append(_piece(term, over))
    pieces += [_constraint(condition, over) for condition in statement.conditions]
    return Split(tuple(smooth), constant, tuple(pieces))


def _terms(body: Expr, over: Collection[Symbol]) -> Iterator[Expr]:
    """Yield the terms of a sum, factors of a bracket with a kink multiplied in."""
    pending: list[tuple[Expr, Expr]] = [(ONE, body)]
    while pending:
        factor, node = pending.pop()
        if isinstance(node, Multiply) and not is_smooth(node, over):
            opened = [part for part in node.factors if isinstance(part, Add) and depends(part, over)]
            rest = [part for part in node.factors if part not in opened]
            if len(opened) == 1 and not any(depends(part, over) for part in rest):
                factor, node = multiply(factor, *rest), opened[0]
        if isinstance(node, Add) and (len(node.terms) > 1 or isinstance(node.terms[0], Multiply)):
            pairs = zip(node.terms, node.weights, strict=True)
            pending += [(scale(weight, factor), term) for term, weight in pairs][::-1]
        else:
            yield multiply(factor, node)


def _piece(term: Expr, over: Collection[Symbol]) -> Piece:
    found = _recognized(term, over)
    if found is None:
        raise UnsupportedError(
            f"the term {to_text(term)} has no gradient everywhere, and no proximal operator is known for it", where="minimize",
            remedy=f"Known are {_KNOWN}.",
        )  # fmt: skip
    return found


def _recognized(term: Expr, over: Collection[Symbol]) -> Piece | None:
    weight, node = _factored(term, over)
    if node is None:
        return None
    match node:
        case TensorEntry("nuclear_norm", (row, column), body, ()) if degree(body, over) <= 1:
            return Piece("nuclear", to_text(term), body, (row, column), weight)
        case Reduce("sum", (group,), TensorEntry("norm2", (member,), body, ()), None) if degree(body, over) <= 1:
            return Piece("groups", to_text(term), body, (group, member), weight)
    inner = _inner(node, over)
    if inner is None or degree(inner[0], over) > 1:
        return None
    body, axes = inner
    stand_in = Symbol("u_", tuple(Axis(add(subtract(axis.upper, axis.lower), ONE)) for axis in axes))
    entry = Element(stand_in, axes) if axes else stand_in
    replaced = transform(term, lambda part: entry if part is body else part)
    terms = list(terms_of(replaced, stand_in))
    if len(terms) != 1 or not isinstance(terms[0], Term) or terms[0].kind not in _WITH_PROX:
        return None
    return Piece(terms[0].kind, to_text(term), body, axes, terms[0].weight)


def _factored(term: Expr, over: Collection[Symbol]) -> tuple[Expr, Expr | None]:
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
            _, factor = _factored(body, over)
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


def _constraint(condition: Condition, over: Collection[Symbol]) -> Piece:
    compare = condition.compare
    left, right, relation = compare.left, compare.right, compare.relation
    if relation in (">=", ">"):
        left, right, relation = right, left, "<="
    difference = subtract(left, right)
    if degree(difference, over) <= 1:
        lower = ZERO if relation == "=" else None
        return Piece("between", condition.text, difference, condition.axes, lower=lower, upper=ZERO)
    ball = _recognized(left, over) if relation != "=" and not depends(right, over) else None
    if ball is None and relation != "=":
        ball, right = _squared_ball(left, right, over)
    if ball is not None and ball.kind in ("l1", "l2", "linf") and not condition.axes and not depends(right, over):
        radius = multiply(right, power(ball.weight, number(-1)))
        return Piece(f"{ball.kind} ball", condition.text, ball.inner, ball.axes, radius)
    raise UnsupportedError(
        f"the constraint {condition.text} is none that is known", where="minimize",
        remedy="Known are comparisons of affine parts, and norm1, norm2 or norminf of one with a radius.",
    )  # fmt: skip


def _squared_ball(left: Expr, right: Expr, over: Collection[Symbol]) -> tuple[Piece | None, Expr]:
    """Read ``norm2(u)^2 <= r`` as ``norm2(u) <= sqrt(r)``."""
    weight, node = _factored(with_squares_opened(left), over)
    match node:
        case Reduce("sum", indices, Power(base, Number(exponent, None)), None) if exponent == 2 and degree(base, over) <= 1:
            return Piece("l2", to_text(left), base, indices), square_root(multiply(right, power(weight, number(-1))))
        case _:
            return None, right
