"""Is a canonical difference zero? Sums with alike bodies are brought to one range and put together; equations are used."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from gradproof.expr.build import ZERO, add, number, subtract, sum_over
from gradproof.expr.node import Compare, Expr, Index, Logic, Number, Reduce, Symbol, fresh_index
from gradproof.expr.walk import postorder, substitute
from gradproof.rewrite import form, sums
from gradproof.rewrite import polynomial as poly
from gradproof.rewrite.form import Form
from gradproof.rewrite.polynomial import Monomial
from gradproof.rewrite.rule import GiveUp

if TYPE_CHECKING:
    from gradproof.rewrite.canonical import Context

_ROUNDS = 4
_NEAR = 8


def is_zero(context: Context, gap: Form, equations: Sequence[Expr]) -> bool:
    """Tell whether a difference is surely zero; False means that it is not known."""
    above = gap.above
    for _ in range(_ROUNDS):
        if not above:
            return True
        above = _without_divisors(context, above)
        before = above
        for step in (_aligned, _gathered):
            above = step(context, above)
            if not above:
                return True
        above = _with_equations(context, above, equations)
        if above == before:
            break
    return not above


def _without_divisors(context: Context, above: poly.Polynomial) -> poly.Polynomial:
    """Divide by the monomial that all terms share: what was divided by is not zero."""
    if not above:
        return above
    _, common, _ = poly.content(above)
    divisors = tuple((node, exponent) for node, exponent in common if exponent < 0)
    return context.times(form.whole(above), form.of_monomial(poly.inverse(divisors))).above


def _lone_sum(node: Expr) -> Reduce | None:
    return node if isinstance(node, Reduce) and node.operation == "sum" and node.where is None else None


# Ranges that differ by a few terms ---------------------------------------------------------------------------------------


def _aligned(context: Context, above: poly.Polynomial) -> poly.Polynomial:
    """``sum_{i=1}^{n+1} f(i) = sum_{i=1}^n f(i) + f(n + 1)``: sums with one body take one range."""
    families: dict[Expr, list[Reduce]] = {}
    for node in {node for monomial in above for node, _ in monomial}:
        found = _lone_sum(node)
        if found is not None and len(found.indices) == 1:
            index = found.indices[0]
            key = substitute(found.body, {index: Index("_", -1_000_000, ZERO, ZERO)})
            families.setdefault(key, []).append(found)
    replaced: dict[Expr, Form] = {}
    for members in families.values():
        if len(members) > 1:
            replaced.update(_to_one_range(context, members))
    return above if not replaced else _replaced(context, above, replaced)


def _to_one_range(context: Context, members: list[Reduce]) -> dict[Expr, Form]:
    reference = min(members, key=lambda member: member.digest)
    base = reference.indices[0]
    found: dict[Expr, Form] = {}
    for member in members:
        index = member.indices[0]
        low, high = subtract(index.lower, base.lower), subtract(index.upper, base.upper)
        if member is reference or not (_is_small(low) and _is_small(high)):
            continue
        sums.count_form(context, index)
        sums.count_form(context, base)
        terms: list[tuple[poly.Rational, Form]] = [(1, form.atom(reference))]
        terms += _extra(context, member, base.upper, high, 1)
        terms += _extra(context, member, subtract(base.lower, number(1)), low, -1)
        found[member] = context.plus(terms)
    return found


def _is_small(gap: Expr) -> bool:
    return isinstance(gap, Number) and gap.ulp is None and gap.value.denominator == 1 and abs(gap.value) <= _NEAR


def _extra(context: Context, member: Reduce, end: Expr, gap: Expr, sign: int) -> list[tuple[poly.Rational, Form]]:
    """The terms from ``end + 1`` to ``end + gap``, negative ones where the gap is negative."""
    assert isinstance(gap, Number)
    count = int(gap.value)
    steps = range(1, count + 1) if count > 0 else range(count + 1, 1)
    weight = sign if count > 0 else -sign
    index = member.indices[0]
    return [(weight, context.of(substitute(member.body, {index: add(end, number(step))}))) for step in steps]


def _replaced(context: Context, above: poly.Polynomial, values: dict[Expr, Form]) -> poly.Polynomial:
    parts: list[tuple[poly.Rational, Form]] = []
    for monomial, coefficient in above.items():
        result = form.constant(1)
        for node, exponent in monomial:
            if node in values and exponent.denominator == 1 and exponent > 0:
                for _ in range(int(exponent)):
                    result = context.times(result, values[node])
            else:
                result = context.times(result, form.atom(node, exponent))
        parts.append((coefficient, result))
    return context.plus(parts).above


# Sums over one range -----------------------------------------------------------------------------------------------------


def _gathered(context: Context, above: poly.Polynomial) -> poly.Polynomial:
    """``sum_i f(i) + sum_i g(i) = sum_i (f(i) + g(i))`` where the sum of the bodies gets simpler."""
    groups: dict[tuple[Monomial, tuple[Index, ...]], list[tuple[Monomial, Reduce]]] = {}
    for monomial in above:
        for place, (node, exponent) in enumerate(monomial):
            found = _lone_sum(node)
            if found is not None and exponent == 1:
                rest = monomial[:place] + monomial[place + 1 :]
                groups.setdefault((rest, found.indices), []).append((monomial, found))
    for (rest, indices), members in groups.items():
        if len(members) < 2:
            continue
        body = context.plus([(above[monomial], context.of(node.body)) for monomial, node in members])
        fresh: dict[Expr, Expr] = {i: fresh_index(i.name, i.lower, i.upper) for i in indices}
        bound = [index for index in fresh.values() if isinstance(index, Index)]
        total = context.of(sum_over(bound, substitute(body.to_expr(), fresh)))
        if not total.is_whole or len(total.above) >= len(members):
            continue
        kept = {monomial: value for monomial, value in above.items() if monomial not in dict(members)}
        joined = context.times(form.of_monomial(rest), total)
        return context.plus([(1, form.whole(kept)), (1, joined)]).above
    return above


# Equations that are given -------------------------------------------------------------------------------------------------


def equations_of(conditions: Sequence[Expr]) -> list[Compare]:
    """Return the equations among conditions, conjunctions taken apart."""
    found: list[Compare] = []
    for condition in conditions:
        if isinstance(condition, Logic) and condition.operation == "and":
            found += equations_of(condition.operands)
        elif isinstance(condition, Compare) and condition.relation == "=":
            found.append(condition)
    return found


def _with_equations(context: Context, above: poly.Polynomial, equations: Sequence[Expr]) -> poly.Polynomial:
    """Use equations: an atom that stands in one with a constant factor is replaced by the rest."""
    for equation in equations:
        try:
            known = context.of(equation)
        except GiveUp:
            continue
        solved = _solved(known.above) if known.is_whole else None
        if solved is not None and any(node is solved[0] for monomial in above for node, _ in monomial):
            above = _replaced(context, above, {solved[0]: solved[1]})
    return above


def _solved(known: poly.Polynomial) -> tuple[Expr, Form] | None:
    candidates = [(node, monomial) for monomial in known if len(monomial) == 1 for node, exponent in monomial if exponent == 1]
    for node, monomial in sorted(candidates, key=lambda pair: (not isinstance(pair[0], Reduce), pair[0].digest)):
        others = {other: value for other, value in known.items() if other != monomial}
        if any(part is node for other in others for atom, _ in other for part in postorder(atom)):
            continue
        return node, form.whole(poly.plus([(Fraction(-1) / known[monomial], others)]))
    return None


def symbol_values(equations: Sequence[Compare]) -> dict[Expr, Expr]:
    """Return what equations of the shape ``symbol = expression`` put in for scalar symbols, one after the other."""
    found: dict[Expr, Expr] = {}
    for equation in equations:
        for name, value in ((equation.left, equation.right), (equation.right, equation.left)):
            value = substitute(value, found)
            if isinstance(name, Symbol) and name not in found and not any(part is name for part in postorder(value)):
                found = {key: substitute(inner, {name: value}) for key, inner in found.items()}
                found[name] = value
                break
    return found
