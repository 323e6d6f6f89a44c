"""Sums over indices in canonical form: linear, split into independent parts, dummies renamed, small ranges written out."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import permutations

from gradproof.expr.build import ONE, add, delta, multiply, number, power, subtract, sum_over
from gradproof.expr.node import Add, Compare, Element, Expr, Index, Iverson, Multiply, Number, Reduce, fresh_index
from gradproof.expr.walk import substitute
from gradproof.rewrite.delta import sum_without_deltas
from gradproof.rewrite.polynomial import (
    GiveUp,
    Monomial,
    Polynomial,
    atom,
    constant,
    monomial_expr,
    plus,
    times,
    to_expr,
)

_LARGEST_RANGE = 40
_MOST_DUMMIES = 4

Canonical = Callable[[Expr], Polynomial]


def canonical_sum(indices: tuple[Index, ...], body: Polynomial, canonical: Canonical) -> Polynomial:
    """Return ``sum_indices body`` as a polynomial over atoms."""
    indices, body = _shifted(indices, body, canonical)
    for place, index in enumerate(indices):
        values = _written_out(index)
        if values is not None:
            rest = indices[:place] + indices[place + 1 :]
            expression = to_expr(body)
            parts = [(Fraction(1), canonical(substitute(expression, {index: value}))) for value in values]
            total = plus(parts)
            return canonical_sum(rest, total, canonical) if rest else total
    return plus((coefficient, _monomial_sum(indices, monomial, canonical)) for monomial, coefficient in body.items())


def _written_out(index: Index) -> list[Expr] | None:
    gap = subtract(index.upper, index.lower)
    if isinstance(gap, Number) and isinstance(index.lower, Number) and gap.value < _LARGEST_RANGE:
        return [number(index.lower.value + step) for step in range(int(gap.value) + 1)]
    return None


def _shifted(indices: tuple[Index, ...], body: Polynomial, canonical: Canonical) -> tuple[tuple[Index, ...], Polynomial]:
    """Let every index start at 1."""
    moved: dict[Expr, Expr] = {}
    found: list[Index] = []
    for index in indices:
        lower, upper = to_expr(canonical(index.lower)), to_expr(canonical(index.upper))
        if lower is ONE and upper is index.upper and index.lower is ONE:
            found.append(index)
            continue
        other = fresh_index(index.name, ONE, to_expr(canonical(add(subtract(upper, lower), ONE))))
        moved[index] = add(other, subtract(lower, ONE))
        found.append(other)
    if not moved:
        return indices, body
    return tuple(found), canonical(substitute(to_expr(body), moved))


def _monomial_sum(indices: tuple[Index, ...], monomial: Monomial, canonical: Canonical) -> Polynomial:
    """Sum one product: what does not depend on the indices is pulled out, the rest splits into connected parts."""
    outside: list[tuple[Expr, Fraction]] = []
    inside: list[tuple[Expr, Fraction]] = []
    for node, exponent in monomial:
        target = inside if node.free_indices & set(indices) else outside
        target.append((node, exponent))
    product = monomial_expr(tuple(inside))
    if _has_pinned(inside, indices):
        summed = sum_without_deltas(indices, product)
        if not (isinstance(summed, Reduce) and summed.body is product):
            return times({tuple(outside): Fraction(1)}, canonical(summed))
    indices, inside = _merged(indices, inside)
    result: Polynomial = {tuple(outside): Fraction(1)}
    for group, factors in _components(indices, inside):
        result = times(result, _component_sum(group, factors, canonical))
    return result


def _has_pinned(inside: list[tuple[Expr, Fraction]], indices: tuple[Index, ...]) -> bool:
    return any(isinstance(node, Iverson) and node.free_indices & set(indices) for node, _ in inside)


def _merged(
    indices: tuple[Index, ...], inside: list[tuple[Expr, Fraction]]
) -> tuple[tuple[Index, ...], list[tuple[Expr, Fraction]]]:
    """Pull inner sums out: ``sum_i f(i) (sum_j g(i, j)) = sum_ij f(i) g(i, j)``."""
    found: list[tuple[Expr, Fraction]] = []
    added: list[Index] = []
    for node, exponent in inside:
        count = int(exponent) if exponent.denominator == 1 else 0
        if isinstance(node, Reduce) and node.operation == "sum" and 1 <= count <= 3:
            for _ in range(count):
                fresh: dict[Expr, Index] = {index: fresh_index(index.name, index.lower, index.upper) for index in node.indices}
                body = substitute(_opened(node), fresh)
                added.extend(fresh.values())
                factors = body.factors if isinstance(body, Multiply) else (body,)
                found.extend(_with_exponent(factor) for factor in factors)
        else:
            found.append((node, exponent))
    exponents: dict[Expr, Fraction] = {}
    for node, exponent in found:
        exponents[node] = exponents.get(node, Fraction(0)) + exponent
    return indices + tuple(added), list(exponents.items())


def _opened(node: Reduce) -> Expr:
    return node.body


def _with_exponent(factor: Expr) -> tuple[Expr, Fraction]:
    from gradproof.expr.node import Power

    if isinstance(factor, Power) and isinstance(factor.exponent, Number):
        return factor.base, factor.exponent.value
    if isinstance(factor, Add):
        raise GiveUp("a sum with a weight inside a product")
    return factor, Fraction(1)


def _components(
    indices: tuple[Index, ...], inside: list[tuple[Expr, Fraction]]
) -> list[tuple[tuple[Index, ...], list[tuple[Expr, Fraction]]]]:
    """Split the factors into groups that share no index."""
    groups: list[tuple[set[Index], list[tuple[Expr, Fraction]]]] = [({index}, []) for index in indices]
    for node, exponent in inside:
        mine = node.free_indices & set(indices)
        touched = [group for group in groups if group[0] & mine]
        rest = [group for group in groups if not group[0] & mine]
        merged: tuple[set[Index], list[tuple[Expr, Fraction]]] = (set(), [(node, exponent)])
        for group in touched:
            merged[0].update(group[0])
            merged[1].extend(group[1])
        groups = [*rest, merged]
    return [(tuple(index for index in indices if index in group), factors) for group, factors in groups if group]


def _component_sum(group: tuple[Index, ...], factors: list[tuple[Expr, Fraction]], canonical: Canonical) -> Polynomial:
    if not factors:
        (index,) = group
        return canonical(add(subtract(index.upper, index.lower), ONE))
    body = multiply(*(power(node, number(exponent)) for node, exponent in factors))
    if _is_unit_sum(group, body):
        return constant(1)
    return atom(_named(group, body, canonical))


def _is_unit_sum(group: tuple[Index, ...], body: Expr) -> bool:
    """The entries of a simplex sum to one over its last axis, those of a distribution over all axes."""
    if not isinstance(body, Element):
        return False
    symbol = body.symbol
    count = 1 if symbol.properties & {"simplex", "onehot"} else len(symbol.axes) if "distribution" in symbol.properties else 0
    if count == 0 or len(group) != count or set(body.indices[-count:]) != set(group):
        return False
    return all(
        index.lower is number(axis.origin) and subtract(index.upper, index.lower) is subtract(axis.size, ONE)
        for index, axis in zip(body.indices[-count:], symbol.axes[-count:], strict=True)
        if isinstance(index, Index)
    )


def _named(group: tuple[Index, ...], body: Expr, canonical: Canonical) -> Expr:
    """Name the dummies so that the result does not depend on how they were called: the least of all namings."""
    if len(group) > _MOST_DUMMIES:
        raise GiveUp("a sum over too many indices")
    best: Expr | None = None
    for order in permutations(group):
        names: dict[Expr, Expr] = {index: Index("_", -place - 1, index.lower, index.upper) for place, index in enumerate(order)}
        inner = to_expr(canonical(substitute(body, names)))
        candidate = sum_over([name for name in names.values() if isinstance(name, Index)], inner)
        if best is None or candidate.digest < best.digest:
            best = candidate
    assert best is not None
    return best


def canonical_bracket(condition: Compare, canonical: Canonical) -> Polynomial:
    """Return a bracket with its relation in normal shape: ``gap > 0``, ``gap >= 0``, ``gap = 0``."""
    left, right, relation = condition.left, condition.right, condition.relation
    if relation in ("<", "<="):
        left, right, relation = right, left, {"<": ">", "<=": ">="}[relation]
    gap = canonical(subtract(left, right))
    if not gap:
        return constant(1 if relation in ("=", ">=") else 0)
    expression = to_expr(gap)
    if isinstance(expression, Number):
        holds = {"=": False, "!=": True, ">": expression.value > 0, ">=": expression.value >= 0}[relation]
        return constant(int(holds))
    weight = gap[min(gap, key=lambda monomial: [(node.digest, exponent) for node, exponent in monomial])]
    scale = abs(weight) if relation in (">", ">=") else weight
    normal = to_expr({monomial: coefficient / scale for monomial, coefficient in gap.items()})
    if relation == "!=":
        return plus([(Fraction(1), constant(1)), (Fraction(-1), atom(delta(normal, number(0))))])
    return atom(Iverson(Compare(relation, normal, number(0))))
