"""Sums over indices in canonical form.

A sum is linear; what does not depend on its indices comes out; nested sums are merged; deltas are eliminated; what is
left splits into independent parts, each with shifted ranges and canonical names. Short explicit ranges are written out.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from gradproof.expr.build import ONE, add, all_of, compare, multiply, number, power, scale, subtract, sum_over, weighted_sum
from gradproof.expr.node import Add, Compare, Expr, Index, Iverson, Number, Reduce, fresh_index
from gradproof.expr.walk import substitute
from gradproof.rewrite import brackets, dummies, form, sum_laws
from gradproof.rewrite import polynomial as poly
from gradproof.rewrite.form import Form
from gradproof.rewrite.polynomial import UNIT, Monomial
from gradproof.rewrite.rule import GiveUp
from gradproof.rewrite.signs import NONNEGATIVE, is_integer

if TYPE_CHECKING:
    from gradproof.rewrite.canonical import Context

_LONGEST_RANGE = 64
_MOST_INDICES = 7
_MOST_COPIES = 3
Factors = list[tuple[Expr, poly.Rational]]


def sum_form(context: Context, indices: tuple[Index, ...], body: Form) -> Form:
    """Return ``sum_indices body``."""
    if body.is_zero:
        return body
    context.clock.enter()
    indices, body = independent_limits(context, indices, body)
    result = _written_out(context, indices, body)
    if result is None:
        parts = [(coefficient, _term_sum(context, indices, monomial, body.below)) for monomial, coefficient in body.above.items()]
        result = context.plus(parts)
    context.clock.leave()
    return result


def explicit_values(index: Index) -> list[Expr] | None:
    """Return the values of an index with a short explicit range, None for any other."""
    gap = subtract(index.upper, index.lower)
    if not isinstance(gap, Number) or gap.ulp is not None or gap.value >= _LONGEST_RANGE:
        return None
    if gap.value.denominator != 1:
        raise GiveUp("a range that is not whole")
    return [add(index.lower, number(step)) for step in range(int(gap.value) + 1)]


def _written_out(context: Context, indices: tuple[Index, ...], body: Form) -> Form | None:
    for place, index in enumerate(indices):
        values = explicit_values(index)
        if values is None:
            continue
        rest = indices[:place] + indices[place + 1 :]
        expression = body.to_expr()
        terms: list[tuple[poly.Rational, Form]] = []
        for value in values:
            context.clock.spend(len(body.above))
            terms.append((1, context.of(substitute(expression, {index: value}))))
        total = context.plus(terms)
        return sum_form(context, rest, total) if rest else total
    return None


def independent_limits(context: Context, indices: tuple[Index, ...], body: Form) -> tuple[tuple[Index, ...], Form]:
    """Bring the limits to canonical form; a limit that depends on another index becomes a bracket in the body.

    Law: ``sum_i sum_{j <= i} f = sum_ij [j <= i] f``.
    """
    if len(indices) > _MOST_INDICES:
        raise GiveUp("a sum over too many indices")
    moved: dict[Expr, Expr] = {}
    tests: list[Expr] = []
    found: list[Index] = []
    for index in indices:
        lower, upper = (context.of(limit).to_expr() for limit in (index.lower, index.upper))
        wide_lower, wide_upper = _widest(lower, indices, lowest=True), _widest(upper, indices, lowest=False)
        if wide_lower is index.lower and wide_upper is index.upper:
            found.append(index)
            continue
        other = fresh_index(index.name, wide_lower, wide_upper)
        tests += [compare(">=", other, lower)] if wide_lower is not lower else []
        tests += [compare("<=", other, upper)] if wide_upper is not upper else []
        moved[index] = other
        found.append(other)
    if not moved:
        return indices, body
    inner = context.of(substitute(body.to_expr(), moved))
    for test in tests:
        inner = context.times(inner, brackets.bracket_form(context, substitute(test, moved)))
    return tuple(found), inner


def _widest(limit: Expr, indices: tuple[Index, ...], *, lowest: bool) -> Expr:
    for _ in indices:
        inner = next((index for index in indices if index in limit.free_indices), None)
        if inner is None:
            return limit
        pairs = list(zip(limit.terms, limit.weights, strict=True)) if isinstance(limit, Add) else [(limit, Fraction(1))]
        weight = next((weight for term, weight in pairs if term is inner), None)
        rest = weighted_sum((share, term) for term, share in pairs if term is not inner)
        if weight is None or inner in rest.free_indices:
            break
        end = inner.lower if (weight > 0) == lowest else inner.upper
        limit = add(rest, scale(weight, end))
    if any(index in limit.free_indices for index in indices):
        raise GiveUp("limits that depend on each other")
    return limit


def _term_sum(context: Context, indices: tuple[Index, ...], monomial: Monomial, below: poly.Polynomial) -> Form:
    """Sum one product."""
    group = frozenset(indices)
    outside = tuple((node, exponent) for node, exponent in monomial if not node.free_indices & group)
    inside: Factors = [(node, exponent) for node, exponent in monomial if node.free_indices & group]
    outer = form.of_monomial(outside)
    if not poly.is_one(below):
        divisor = poly.to_expr(below)
        if divisor.free_indices & group:
            inside.append((divisor, -1))
        else:
            outer = form.fraction(outer.above, below)
    inner: Form | None = None
    for step in (_contracted, _merged, _without_delta):
        inner = step(context, indices, inside) if inner is None else inner
    if inner is None:
        inner = form.constant(1)
        for members, factors in _components(indices, inside):
            inner = context.times(inner, _component_sum(context, members, factors))
    return context.times(outer, inner)


def product_form(context: Context, factors: Factors) -> Form:
    """Return a product of factors in canonical form."""
    return context.of(_product(factors))


def _product(factors: Factors) -> Expr:
    return multiply(*(power(node, number(exponent)) for node, exponent in factors))


def _merged(context: Context, indices: tuple[Index, ...], inside: Factors) -> Form | None:
    """Pull inner sums out: ``sum_i f(i) (sum_j g(i, j)) = sum_ij f(i) g(i, j)``."""
    for place, (node, exponent) in enumerate(inside):
        if not (isinstance(node, Reduce) and node.operation == "sum" and node.where is None):
            continue
        if exponent.denominator != 1 or not 1 <= exponent <= _MOST_COPIES:
            continue
        rest = inside[:place] + inside[place + 1 :]
        body = product_form(context, rest)
        added: list[Index] = []
        for _ in range(int(exponent)):
            fresh: dict[Expr, Expr] = {index: fresh_index(index.name, index.lower, index.upper) for index in node.indices}
            added.extend(index for index in fresh.values() if isinstance(index, Index))
            body = context.times(body, context.of(substitute(node.body, fresh)))
        return sum_form(context, indices + tuple(added), body)
    return None


def _without_delta(context: Context, indices: tuple[Index, ...], inside: Factors) -> Form | None:
    """``sum_j [j = e] f(j) = [lower <= e <= upper] f(e)`` for an integer ``e``."""
    for place, (node, _) in enumerate(inside):
        if not (isinstance(node, Iverson) and isinstance(node.condition, Compare) and node.condition.relation == "="):
            continue
        for index in indices:
            value = _solved(node.condition.left, index)
            if value is None or not is_integer(value):
                continue
            rest = inside[:place] + inside[place + 1 :]
            others = tuple(other for other in indices if other is not index)
            test = all_of(compare(">=", value, index.lower), compare("<=", value, index.upper))
            guard = brackets.bracket_form(context, test)
            body = guard if guard.is_zero else context.times(guard, context.of(substitute(_product(rest), {index: value})))
            context.use("delta elimination", sum_over([index], _product(inside)), body)
            return sum_form(context, others, body) if others else body
    return None


def _solved(gap: Expr, index: Index) -> Expr | None:
    """Solve ``gap = 0`` for an index that stands in it once, with weight 1 or -1."""
    if gap is index:
        return number(0)
    if not isinstance(gap, Add) or index not in gap.terms:
        return None
    weight = gap.weights[gap.terms.index(index)]
    rest = subtract(gap, scale(weight, index))
    if abs(weight) != 1 or index in rest.free_indices:
        return None
    return scale(-1 / weight, rest)


def _contracted(context: Context, indices: tuple[Index, ...], inside: Factors) -> Form | None:
    """Apply the first law of contraction that fits: orthogonal matrices, inverses."""
    for rule in sum_laws.CONTRACTIONS:
        found = rule.apply(context, indices, inside)
        if found is not None:
            removed, used, result = found
            context.use(rule.name, sum_over(list(removed), _product([inside[place] for place in dict.fromkeys(used)])), result)
            rest = [pair for place, pair in enumerate(inside) if place not in used]
            others = tuple(other for other in indices if other not in removed)
            body = context.times(product_form(context, rest), result)
            return sum_form(context, others, body) if others else body
    return None


def _components(indices: tuple[Index, ...], inside: Factors) -> list[tuple[tuple[Index, ...], Factors]]:
    """Split the factors into groups that share no index; an index without factors is a group of its own."""
    groups: list[tuple[frozenset[Index], Factors]] = [(frozenset({index}), []) for index in indices]
    for node, exponent in inside:
        touched = [group for group in groups if group[0] & node.free_indices]
        members = frozenset().union(*(group[0] for group in touched))
        factors = [pair for group in touched for pair in group[1]]
        groups = [group for group in groups if group not in touched] + [(members, [*factors, (node, exponent)])]
    return [(tuple(index for index in indices if index in members), factors) for members, factors in groups]


def count_form(context: Context, index: Index) -> Form:
    """Return how many values an index has, the side condition that the range is no less than empty."""
    count = context.of(add(subtract(index.upper, index.lower), ONE))
    expression = count.to_expr()
    if not context.sign(brackets.at_extreme(expression, lowest=True)) <= NONNEGATIVE:
        context.require("nonnegative", expression)
    return count


def _component_sum(context: Context, group: tuple[Index, ...], factors: Factors) -> Form:
    if not factors:
        (index,) = group
        count = count_form(context, index)
        context.use("a constant is summed", sum_over([index], ONE), count)
        return count
    group, body = shifted(context, group, _product(factors))
    inner = context.of(body)
    if len(inner.above) != 1:
        return sum_form(context, group, inner)
    for rule in sum_laws.VALUES:
        value: Form | None = rule.apply(context, group, body)
        if value is not None:
            context.use(rule.name, sum_over(list(group), body), value)
            return value
    return _named(context, group, body)


def shifted(context: Context, group: tuple[Index, ...], body: Expr) -> tuple[tuple[Index, ...], Expr]:
    """Shift the ranges so that each index stands bare in some subscript, or starts at 1."""
    moved: dict[Expr, Expr] = {}
    found: list[Index] = []
    for index in group:
        step = dummies.offset(index, body)
        gap = subtract(ONE, index.lower) if step is None else number(step)
        if isinstance(gap, Number) and gap.value == 0:
            found.append(index)
            continue
        lower, upper = (context.of(add(limit, gap)).to_expr() for limit in (index.lower, index.upper))
        other = fresh_index(index.name, lower, upper)
        moved[index] = subtract(other, gap)
        found.append(other)
    if not moved:
        return group, body
    return tuple(found), context.of(substitute(body, moved)).to_expr()


def _named(context: Context, group: tuple[Index, ...], body: Expr) -> Form:
    """Name the dummies so that the result does not depend on what they were called: the least of all namings."""
    best: tuple[bytes, poly.Rational, Expr] | None = None
    split: tuple[bytes, tuple[Index, ...], Form] | None = None
    for names in dummies.namings(group, body):
        inner = context.of(substitute(body, names))
        bound = tuple(name for name in names.values() if isinstance(name, Index))
        if len(inner.above) != 1:
            found = (inner.to_expr().digest, bound, inner)
            split = found if split is None or found[0] < split[0] else split
            continue
        ((monomial, weight),) = inner.above.items()
        candidate = sum_over(bound, Form({monomial: 1}, inner.below).to_expr())
        key = (candidate.digest, weight, candidate)
        if best is None or key[:2] < best[:2]:
            best = key
    if best is not None:
        return Form({((best[2], 1),): best[1]}, {UNIT: 1})
    assert split is not None
    if set(split[1]) == set(group):
        return form.atom(sum_over(split[1], split[2].to_expr()))
    return sum_form(context, split[1], split[2])
