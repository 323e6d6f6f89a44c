"""Products, maxima and minima over indices in canonical form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradproof.expr.build import number, power, sum_over
from gradproof.expr.node import Apply, Expr, Index, Reduce
from gradproof.expr.walk import substitute
from gradproof.rewrite import dummies, form, powers, sums
from gradproof.rewrite import polynomial as poly
from gradproof.rewrite.form import Form
from gradproof.rewrite.rule import GiveUp

if TYPE_CHECKING:
    from gradproof.rewrite.canonical import Context

_LONGEST_MAXIMUM = 8


def reduce_form(context: Context, node: Reduce, body: Form) -> Form:
    """Return a reduction other than a sum, or a sum with a condition, in canonical form."""
    if node.where is not None:
        return _named(context, node.operation, node.indices, body.to_expr(), node.where)
    match node.operation:
        case "prod":
            return _product(context, node.indices, body)
        case "max":
            return _maximum(context, node.indices, body)
        case "min":
            flipped = context.times(form.constant(-1), body)
            return context.times(form.constant(-1), _maximum(context, node.indices, flipped))
        case _:
            return form.atom(Reduce(node.operation, node.indices, body.to_expr(), None))


def _named(context: Context, operation: str, indices: tuple[Index, ...], body: Expr, where: Expr | None = None) -> Form:
    """Return the reduction as an atom with the least of all namings."""
    group = tuple(_with_canonical_limits(context, index) for index in indices)
    moved: dict[Expr, Expr] = {old: new for old, new in zip(indices, group, strict=True) if old is not new}
    body = substitute(body, moved)
    where = None if where is None else substitute(where, moved)
    best: Expr | None = None
    for names in dummies.namings(group, body if where is None else _paired(body, where)):
        bound = tuple(name for name in names.values() if isinstance(name, Index))
        inner = context.of(substitute(body, names)).to_expr()
        candidate = Reduce(operation, bound, inner, None if where is None else substitute(where, names))
        if best is None or candidate.digest < best.digest:
            best = candidate
    assert best is not None
    return form.atom(best)


def _paired(body: Expr, where: Expr) -> Expr:
    """Return one expression that holds all indices of both."""
    return Apply("maximum", (body, where))


def _with_canonical_limits(context: Context, index: Index) -> Index:
    lower, upper = (context.of(limit).to_expr() for limit in (index.lower, index.upper))
    return Index(index.name, index.uid, lower, upper)


def _product(context: Context, indices: tuple[Index, ...], body: Form) -> Form:
    """``prod (a b) = (prod a) (prod b)``, ``prod exp(a) = exp(sum a)``, ``prod c = c^n``; short ranges written out."""
    for place, index in enumerate(indices):
        if any(index in (other.lower.free_indices | other.upper.free_indices) for other in indices):
            return _named(context, "prod", indices, body.to_expr())
        values = sums.explicit_values(index)
        if values is not None:
            result = form.constant(1)
            for value in values:
                result = context.times(result, context.of(substitute(body.to_expr(), {index: value})))
            rest = indices[:place] + indices[place + 1 :]
            return _product(context, rest, result) if rest else result
    lone = body.single
    if lone is None:
        top = poly.to_expr(body.above)
        if body.is_whole:
            return _factor_product(context, indices, top, 1)
        above = _product(context, indices, form.whole(body.above))
        return context.times(above, _factor_product(context, indices, poly.to_expr(body.below), -1))
    result = _repeated(context, indices, form.constant(lone[1]))
    for node, exponent in lone[0]:
        result = context.times(result, _factor_product(context, indices, node, exponent))
    return result


def _factor_product(context: Context, indices: tuple[Index, ...], node: Expr, exponent: poly.Rational) -> Form:
    mine = tuple(index for index in indices if index in node.free_indices)
    others = tuple(index for index in indices if index not in mine)
    if not mine:
        return _repeated(context, others, powers.power_form(context, context.of(node), form.constant(exponent)))
    if isinstance(node, Apply) and node.function == "exp":
        total = context.of(sum_over(list(mine), node.arguments[0]))
        inner = powers.exponential(context, context.times(form.constant(exponent), total))
    elif exponent.denominator == 1:
        named = _named(context, "prod", mine, node)
        inner = powers.power_form(context, named, form.constant(exponent))
    else:
        inner = _named(context, "prod", mine, power(node, number(exponent)))
    return _repeated(context, others, inner)


def _repeated(context: Context, indices: tuple[Index, ...], value: Form) -> Form:
    """Return a product of equal factors."""
    for index in indices:
        if value.number == 1:
            return value
        value = powers.power_form(context, value, sums.count_form(context, index))
    return value


def _maximum(context: Context, indices: tuple[Index, ...], body: Form) -> Form:
    """``max (c + a) = c + max a``, ``max (c a) = c max a`` for ``c > 0``; short ranges written out."""
    group = frozenset(indices)
    kept = tuple(index for index in indices if index in body.to_expr().free_indices)
    if any(group & (index.lower.free_indices | index.upper.free_indices) for index in indices):
        return _named(context, "max", indices, body.to_expr())
    if not kept:
        return body
    if len(kept) == 1:
        values = sums.explicit_values(kept[0])
        if values is not None and len(values) <= _LONGEST_MAXIMUM:
            if not values:
                raise GiveUp("an extremum over nothing")
            arguments = tuple(context.of(substitute(body.to_expr(), {kept[0]: v})).to_expr() for v in values)
            return context.of(Apply("maximum", arguments))
    if not body.is_whole:
        return _named(context, "max", kept, body.to_expr())
    outer = {m: c for m, c in body.above.items() if not any(node.free_indices & group for node, _ in m)}
    inner = {m: c for m, c in body.above.items() if m not in outer}
    _, common, _ = poly.content(inner)
    weight = poly.rational_content(inner)
    shared = tuple((node, exponent) for node, exponent in common if not node.free_indices & group and context.is_positive(node))
    rest = poly.times(inner, {poly.inverse(shared): 1 / weight})
    scaled = context.times(form.of_monomial(shared, weight), _shifted_named(context, kept, rest))
    return context.plus([(1, form.whole(outer)), (1, scaled)])


def _shifted_named(context: Context, indices: tuple[Index, ...], rest: poly.Polynomial) -> Form:
    group, body = sums.shifted(context, indices, poly.to_expr(rest))
    return _named(context, "max", group, body)
