"""Brackets in canonical form: ``[g > 0]`` and ``[g = 0]`` with ``g`` normalised; every other relation is a polynomial in them.

``[g < 0] = 1 - [g > 0] - [g = 0]``, ``[g >= 0] = [g > 0] + [g = 0]``, ``[not A] = 1 - [A]``, ``[A and B] = [A] [B]``. Between integers
``[h > c]`` goes back to ``[h > 0]`` and deltas, and what follows from the ranges of the indices is decided.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING

from gradproof.expr.build import ZERO, number, subtract, weighted_sum
from gradproof.expr.node import Add, Compare, Expr, Index, Iverson, Logic, Piecewise, Symbol
from gradproof.expr.walk import substitute
from gradproof.rewrite import form
from gradproof.rewrite import polynomial as poly
from gradproof.rewrite.form import Form
from gradproof.rewrite.rule import GiveUp
from gradproof.rewrite.signs import NEGATIVE, NONNEGATIVE, NONPOSITIVE, POSITIVE, ZERO_SIGN, is_integer

if TYPE_CHECKING:
    from gradproof.rewrite.canonical import Context

_NEAR = 8
_MOST_ALTERNATIVES = 6


def bracket_form(context: Context, condition: Expr) -> Form:
    """Return ``[condition]``."""
    match condition:
        case Compare(relation, left, right):
            return _comparison(context, relation, context.of(subtract(left, right)))
        case Logic("and", operands):
            return _conjunction(context, [bracket_form(context, operand) for operand in operands])
        case Logic("or", operands):
            if len(operands) > _MOST_ALTERNATIVES:
                raise GiveUp("too many alternatives")
            return _not(context, _conjunction(context, [_not(context, bracket_form(context, o)) for o in operands]))
        case Logic("not", (operand,)):
            return _not(context, bracket_form(context, operand))
        case _:
            return form.atom(Iverson(condition))


def piecewise_form(context: Context, node: Piecewise) -> Form:
    """Return ``sum_k [A_k and no earlier one] value_k``."""
    if len(node.conditions) > _MOST_ALTERNATIVES:
        raise GiveUp("too many cases")
    remaining = form.constant(1)
    parts: list[tuple[poly.Rational, Form]] = []
    for condition, value in zip(node.conditions, node.values, strict=True):
        test = bracket_form(context, condition)
        parts.append((1, context.times(context.times(remaining, test), context.of(value))))
        remaining = context.times(remaining, _not(context, test))
    parts.append((1, context.times(remaining, context.of(node.otherwise))))
    return context.plus(parts)


def _conjunction(context: Context, parts: list[Form]) -> Form:
    result = form.constant(1)
    for part in parts:
        result = context.times(result, part)
    return result


def _not(context: Context, test: Form) -> Form:
    return context.plus([(1, form.constant(1)), (-1, test)])


def _comparison(context: Context, relation: str, gap: Form) -> Form:
    if relation == "!=":
        return _not(context, _comparison(context, "=", gap))
    if relation in ("<", "<="):
        gap = context.times(form.constant(-1), gap)
        relation = {"<": ">", "<=": ">="}[relation]
    value = gap.number
    if value is not None:
        return form.constant(int(value == 0 if relation == "=" else value > 0 if relation == ">" else value >= 0))
    inner = next((node for node in sorted(gap.atoms, key=lambda node: node.digest) if isinstance(node, Iverson)), None)
    if inner is not None:
        return _by_alternatives(context, relation, gap, inner)
    signs = context.sign(gap)
    if relation == ">=":
        return _not(context, _positive(context, _cleared(context, context.times(form.constant(-1), gap), signs)))
    if relation == "=":
        return _zero(context, _without_units(context, gap.above))
    return _positive(context, _cleared(context, gap, signs))


def _by_alternatives(context: Context, relation: str, gap: Form, inner: Expr) -> Form:
    """``[g(A) > 0] = [A] [g(1) > 0] + (1 - [A]) [g(0) > 0]``."""
    expression = gap.to_expr()
    test = form.atom(inner)
    cases = [context.of(substitute(expression, {inner: number(value)})) for value in (1, 0)]
    holds, fails = (_comparison(context, relation, case) for case in cases)
    return context.plus([(1, context.times(test, holds)), (1, context.times(_not(context, test), fails))])


def _cleared(context: Context, gap: Form, _: object) -> poly.Polynomial:
    """Return a polynomial of the same sign: what is surely positive is dropped, divisors become factors."""
    above = gap.above
    if not gap.is_whole:
        signs = context.sign(poly.to_expr(gap.below))
        if signs <= NEGATIVE:
            above = {monomial: -value for monomial, value in above.items()}
        elif not signs <= POSITIVE:
            product = context.times(form.whole(above), form.whole(gap.below))
            if not product.is_whole:
                raise GiveUp("a bracket with divisors that do not clear")
            above = product.above
    _, common, _ = poly.content(above)
    scale: dict[Expr, poly.Rational] = {}
    for node, exponent in common:
        if context.is_positive(node):
            scale[node] = -exponent
        elif exponent < 0 and exponent.denominator == 1:
            scale[node] = -exponent + (exponent.numerator % 2)
    return poly.times(above, {poly.monomial_of(scale): 1})


def _without_units(context: Context, above: poly.Polynomial) -> poly.Polynomial:
    """Drop the factors of a gap that are nowhere zero."""
    _, common, _ = poly.content(above)
    scale: dict[Expr, poly.Rational] = {node: -exponent for node, exponent in common if exponent < 0 or 0 not in context.sign(node)}
    return poly.times(above, {poly.monomial_of(scale): 1})


def _positive(context: Context, gap: poly.Polynomial) -> Form:
    """Return ``[gap > 0]`` with the leading coefficient of the gap positive."""
    flips = poly.leading(gap) < 0
    oriented = {monomial: -value for monomial, value in gap.items()} if flips else gap
    if set(oriented) == {poly.UNIT}:
        return form.constant(int(not flips))
    shape = _integer_shape(oriented)
    if shape is not None:
        head, limit = shape
        if not flips:
            return _above(context, head, floor(limit))
        return _not(context, _above(context, head, -floor(-limit) - 1))
    body = poly.to_expr(_primitive(oriented))
    signs = context.sign(body)
    if signs <= POSITIVE:
        return form.constant(int(not flips))
    if signs <= NONPOSITIVE and not flips:
        return form.constant(0)
    if signs <= NONNEGATIVE and flips:
        return form.constant(0)
    zero, above = _zero(context, oriented), form.atom(Iverson(Compare(">", body, ZERO)))
    if signs <= NONNEGATIVE:
        above = _not(context, zero)
    if signs <= NONPOSITIVE:
        above = form.constant(0)
    return context.plus([(1, form.constant(1)), (-1, above), (-1, zero)]) if flips else above


def _zero(context: Context, gap: poly.Polynomial) -> Form:
    """Return ``[gap = 0]``."""
    if not gap:
        return form.constant(1)
    if set(gap) == {poly.UNIT}:
        return form.constant(0)
    if poly.leading(gap) < 0:
        gap = {monomial: -value for monomial, value in gap.items()}
    shape = _integer_shape(gap)
    if shape is not None:
        head, limit = shape
        return form.constant(0) if limit.denominator != 1 else _equal(context, head, int(limit))
    body = poly.to_expr(_primitive(gap))
    signs = context.sign(body)
    if 0 not in signs:
        return form.constant(0)
    if signs <= ZERO_SIGN:
        return form.constant(1)
    return form.atom(Iverson(Compare("=", body, ZERO)))


def _primitive(gap: poly.Polynomial) -> poly.Polynomial:
    scale = poly.rational_content(gap)
    return {monomial: Fraction(value) / scale for monomial, value in gap.items()}


def _integer_shape(gap: poly.Polynomial) -> tuple[poly.Polynomial, Fraction] | None:
    """Write ``gap`` between integers as ``scale (head - limit)``, the head with coprime whole coefficients."""
    head = {monomial: value for monomial, value in gap.items() if monomial}
    if not all(is_integer(poly.monomial_expr(monomial)) for monomial in head):
        return None
    scale = poly.rational_content(head)
    limit = -Fraction(gap.get(poly.UNIT, 0)) / scale
    return {monomial: Fraction(value) / scale for monomial, value in head.items()}, limit


def _above(context: Context, head: poly.Polynomial, limit: int) -> Form:
    """Return ``[head > limit]`` for integers: near 0 it is ``[head > 0]`` corrected by deltas."""
    body = poly.to_expr(head)
    known = _decided(context, body, limit)
    if known is not None:
        return form.constant(int(known))
    if limit == 0 or abs(limit) > _NEAR:
        return form.atom(Iverson(Compare(">", subtract(body, number(limit)), ZERO)))
    parts: list[tuple[poly.Rational, Form]] = [(1, _above(context, head, 0))]
    steps = range(1, limit + 1) if limit > 0 else range(limit + 1, 1)
    parts += [(-1 if limit > 0 else 1, _equal(context, head, step)) for step in steps]
    return context.plus(parts)


def _equal(context: Context, head: poly.Polynomial, value: int) -> Form:
    body = poly.to_expr(head)
    if _decided(context, body, value) is False and _decided(context, body, value - 1) is True:
        return form.constant(1)
    if _decided(context, body, value) is True or _decided(context, body, value - 1) is False:
        return form.constant(0)
    return form.atom(Iverson(Compare("=", subtract(body, number(value)), ZERO)))


def _decided(context: Context, body: Expr, limit: int) -> bool | None:
    """Decide ``body > limit`` from signs and from the ranges of the indices."""
    if context.sign(at_extreme(subtract(body, number(limit)), lowest=True)) <= POSITIVE:
        return True
    if context.sign(at_extreme(subtract(body, number(limit)), lowest=False)) <= NONPOSITIVE:
        return False
    return None


def at_extreme(node: Expr, *, lowest: bool) -> Expr:
    """Return a bound of an affine expression: every index at an end of its range, sizes that hold an index at least 1."""
    floors: dict[Expr, Expr] = {}
    for _ in range(8):
        pairs = list(zip(node.terms, node.weights, strict=True)) if isinstance(node, Add) else [(node, Fraction(1))]
        index = next((term for term, _ in pairs if isinstance(term, Index)), None)
        if index is None:
            break
        weight = next(weight for term, weight in pairs if term is index)
        rest = weighted_sum((share, term) for term, share in pairs if term is not index)
        if index in rest.free_indices:
            return node
        end = index.lower if (weight > 0) == lowest else index.upper
        if isinstance(index.upper, Symbol) and index.lower is number(1):
            floors[index.upper] = weighted_sum(((Fraction(1), index.upper), (Fraction(1), number(1))))
        node = weighted_sum(((Fraction(1), rest), (weight, end)))
    if floors and not node.free_indices:
        node = substitute(node, floors)
    return node
