"""The terms of a function whose proximal operator is asked for: what each is in the variable, and its weight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from gradproof.derivation.tidy import with_named_functions
from gradproof.expr.build import ONE, ZERO, multiply, number, scale
from gradproof.expr.node import (
    Add,
    Apply,
    Compare,
    Element,
    Expr,
    Index,
    Iverson,
    Logic,
    Multiply,
    Number,
    Power,
    Reduce,
    Symbol,
    TensorEntry,
)
from gradproof.expr.walk import substitute, symbols

#: Functions of a whole vector that have an entry of their own.
_NORMS = {"norm1": "l1", "norm2": "l2", "normF": "l2", "norminf": "linf"}


@dataclass(frozen=True, slots=True)
class Term:
    """``weight`` times a function of the variable; a weight of a separable term may depend on ``at``, the indices of the entry.

    Kinds: 'l1', 'squared' (the sum of squares), 'linear', 'positive part', 'huber' (of the threshold ``parameter``), 'l0',
    'l2', 'linf', 'max'; for constraints 'lower', 'upper'
    (the weight is the bound), 'sum' (the weight is what the entries sum to), 'l1 ball', 'l2 ball' and 'linf ball' (the weight is the
    radius); 'constant'.
    """

    kind: str
    weight: Expr
    at: tuple[Index, ...] = ()
    parameter: Expr | None = None


def terms_of(body: Expr, wrt: Symbol) -> Iterator[Term | Expr]:
    """Yield the terms of a function of a variable; one that is not known is yielded as it is."""
    body = with_named_functions(body)
    pairs = list(zip(body.weights, body.terms, strict=True)) if isinstance(body, Add) else [(Fraction(1), body)]
    for weight, term in pairs:
        if wrt not in symbols(term):
            yield Term("constant", scale(weight, term))
        else:
            yield _term(weight, term, wrt) or scale(weight, term)


def _term(weight: Fraction, term: Expr, wrt: Symbol) -> Term | None:
    factors = term.factors if isinstance(term, Multiply) else (term,)
    inside = [factor for factor in factors if wrt in symbols(factor)]
    outside = scale(weight, multiply(*(factor for factor in factors if wrt not in symbols(factor))))
    if len(inside) != 1:
        return None
    return _function(inside[0], outside, wrt)


def _function(node: Expr, weight: Expr, wrt: Symbol) -> Term | None:
    match node:
        case TensorEntry(name, bound, body, ()) if name in _NORMS and _is_entry(body, wrt, bound):
            return Term(_NORMS[name], weight, bound)
        case Reduce("max", indices, body, None) if _is_entry(body, wrt, indices):
            return Term("max", weight, indices)
        case Reduce("sum", indices, body, None):
            factors = body.factors if isinstance(body, Multiply) else (body,)
            inside = [factor for factor in factors if wrt in symbols(factor)]
            rest = multiply(*(factor for factor in factors if wrt not in symbols(factor)))
            kind = _of_entry(inside[0], wrt, indices) if len(inside) == 1 else None
            return None if kind is None else Term(kind, multiply(weight, rest), indices, _parameter(inside[0]))
        case _ if not wrt.axes:
            kind = _of_entry(node, wrt, ())
            return None if kind is None else Term(kind, weight, (), _parameter(node))
        case _:
            return None


def _parameter(node: Expr) -> Expr | None:
    """Return the second argument of a function of one entry."""
    return node.arguments[1] if isinstance(node, Apply) and node.function == "huber" and len(node.arguments) == 2 else None


def _of_entry(node: Expr, wrt: Symbol, at: tuple[Index, ...]) -> str | None:
    """Return the kind of a function of one entry."""
    match node:
        case Apply("abs", (inner,)) if _is_entry(inner, wrt, at):
            return "l1"
        case Apply("huber", (inner, parameter)) if _is_entry(inner, wrt, at) and wrt not in symbols(parameter):
            return "huber"
        case Power(inner, Number(exponent, None)) if exponent == 2 and _is_entry(inner, wrt, at):
            return "squared"
        case Apply("relu", (inner,)) if _is_entry(inner, wrt, at):
            return "positive part"
        case Apply("maximum", arguments) if ZERO in arguments and any(_is_entry(part, wrt, at) for part in arguments):
            return "positive part"
        case Iverson(Compare("!=", left, right)) if right is ZERO and _is_entry(left, wrt, at):
            return "l0"
        case _ if _is_entry(node, wrt, at):
            return "linear"
        case _:
            return None


def _is_entry(node: Expr, wrt: Symbol, at: tuple[Index, ...]) -> bool:
    """Tell whether a node is the entry of the variable at all of its indices, in any order."""
    if not wrt.axes:
        return node is wrt
    return isinstance(node, Element) and node.symbol is wrt and len(at) == len(wrt.axes) and set(node.indices) == set(at)


def constraints_of(condition: Expr, wrt: Symbol) -> list[Term] | None:
    """Return what a condition says of the variable, None where it is none of the known sets."""
    parts = condition.operands if isinstance(condition, Logic) and condition.operation == "and" else (condition,)
    found = [_constraint(part, wrt) for part in parts]
    return None if any(term is None for term in found) else [term for term in found if term is not None]


def _constraint(part: Expr, wrt: Symbol) -> Term | None:
    if not isinstance(part, Compare):
        return None
    relation, left, right = part.relation, part.left, part.right
    if wrt in symbols(right) and wrt not in symbols(left):
        relation = {"<=": ">=", ">=": "<=", "<": ">", ">": "<"}.get(relation, relation)
        left, right = right, left
    if wrt in symbols(right):
        return None
    at = _indices_of(left, wrt)
    if at is not None and relation in ("<=", ">=", "<", ">"):
        return Term("upper" if relation in ("<=", "<") else "lower", right, at)
    (weight, inner), *more = _single(left)
    if more or weight is not ONE:
        return None
    term = _function(inner, ONE, wrt)
    if term is not None and relation == "=" and term.kind == "linear" and term.weight is ONE:
        return Term("sum", right)
    if term is not None and relation in ("<=", "<") and term.kind in ("l1", "l2", "linf"):
        return Term(f"{term.kind} ball", right)
    return None


def _single(node: Expr) -> Sequence[tuple[Expr, Expr]]:
    if isinstance(node, Add):
        return [(number(weight), term) for weight, term in zip(node.weights, node.terms, strict=True)]
    return [(ONE, node)]


def _indices_of(node: Expr, wrt: Symbol) -> tuple[Index, ...] | None:
    """Return the indices of an entry of the variable, None where a node is none."""
    if node is wrt and not wrt.axes:
        return ()
    if isinstance(node, Element) and node.symbol is wrt and all(isinstance(place, Index) for place in node.indices):
        return tuple(place for place in node.indices if isinstance(place, Index))
    return None


def weight_at(term: Term, at: tuple[Index, ...]) -> Expr:
    """Return the weight of a term over other indices."""
    return substitute(term.weight, dict(zip(term.at, at, strict=False))) if term.at else term.weight
