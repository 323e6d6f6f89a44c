"""The laws of atoms: what a product of atoms is more simply. One table, applied after every multiplication."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

from gradproof.expr.build import add, subtract, weighted_sum
from gradproof.expr.node import Add, Apply, Compare, Element, Expr, Index, Iverson, Number, Operator, Power, Symbol
from gradproof.expr.walk import postorder, substitute
from gradproof.rewrite import form
from gradproof.rewrite import polynomial as poly
from gradproof.rewrite.form import Form
from gradproof.rewrite.polynomial import Monomial
from gradproof.rewrite.rule import GiveUp, Rule
from gradproof.rewrite.signs import NONNEGATIVE, NONPOSITIVE, POSITIVE

if TYPE_CHECKING:
    from gradproof.rewrite.canonical import Context

_ROUNDS = 40
_TRIVIAL = (Symbol, Index)


def reduced(context: Context, value: Form) -> Form:
    """Return a form with every monomial above in its simplest shape."""
    for _ in range(_ROUNDS):
        kept: poly.Polynomial = {}
        parts: list[tuple[poly.Rational, Form]] = []
        for monomial, coefficient in value.above.items():
            better = _better(context, monomial)
            if better is None:
                kept[monomial] = coefficient
            else:
                parts.append((coefficient, better))
        if not parts:
            return value
        below = Form({poly.UNIT: 1}, value.below) if not value.is_whole else None
        changed = context.plus([(1, form.whole(kept)), *parts])
        value = changed if below is None else form.times(changed, below, context.clock)
    raise GiveUp("laws that do not come to an end")


def _better(context: Context, monomial: Monomial) -> Form | None:
    if all(isinstance(node, _TRIVIAL) for node, _ in monomial):
        return _better_symbols(monomial)
    for place, (node, exponent) in enumerate(monomial):
        law = _BY_KIND.get(type(node))
        if law is not None:
            rest = monomial[:place] + monomial[place + 1 :]
            result = law(context, node, exponent, rest)
            if result is not None:
                return result
    return None


def _better_symbols(monomial: Monomial) -> Form | None:
    for place, (node, exponent) in enumerate(monomial):
        if isinstance(node, Symbol):
            better = _of_few_values(node, exponent, monomial[:place] + monomial[place + 1 :])
            if better is not None:
                return better
    return None


def _with(rest: Monomial, node: Expr, exponent: poly.Rational) -> Monomial:
    return poly.joined(rest, ((node, exponent),)) if exponent else rest


def _of_few_values(node: Element | Symbol, exponent: poly.Rational, rest: Monomial) -> Form | None:
    """``b^2 = b`` for what is 0 or 1, ``s^2 = 1`` for what is 1 or -1."""
    properties = node.symbol.properties if isinstance(node, Element) else node.properties
    if exponent > 1 and ("binary" in properties or ("onehot" in properties and isinstance(node, Element))):
        return form.of_monomial(_with(rest, node, 1))
    if "plusminus" in properties and exponent.denominator == 1 and exponent != 1:
        return form.of_monomial(_with(rest, node, exponent % 2))
    return None


def _few_values(_: Context, node: Element | Symbol, exponent: poly.Rational, rest: Monomial) -> Form | None:
    return _of_few_values(node, exponent, rest)


def _whole_part(context: Context, node: Expr, exponent: poly.Rational, rest: Monomial) -> Form | None:
    """``s^(k + q) = s^k s^q`` with ``0 <= q < 1`` for a sum or a number below a root."""
    count = exponent.numerator // exponent.denominator
    if count == 0:
        return None
    inner = context.of(node)
    if inner.single is not None and inner.single[0] == ((node, 1),):
        return None
    outer = form.of_monomial(_with(rest, node, Fraction(exponent) - count))
    return form.times(outer, form.whole_power(inner, count, context.clock), context.clock)


def _minus_one(_: Context, node: Power, exponent: poly.Rational, rest: Monomial) -> Form | None:
    """``((-1)^n)^2 = 1``."""
    if isinstance(node.base, Number) and node.base.value == -1 and exponent.denominator == 1 and exponent not in (0, 1):
        return form.of_monomial(_with(rest, node, exponent % 2))
    return None


def _function(context: Context, node: Apply, exponent: poly.Rational, rest: Monomial) -> Form | None:
    law = FUNCTION_LAWS.get(node.function)
    return None if law is None else law.apply(context, node, exponent, rest)


def _absolute(context: Context, node: Apply, exponent: poly.Rational, rest: Monomial) -> Form | None:
    count = 2 * (exponent.numerator // (2 * exponent.denominator))
    if count == 0:
        return None
    square = form.whole_power(context.of(node.arguments[0]), count, context.clock)
    return form.times(form.of_monomial(_with(rest, node, exponent - count)), square, context.clock)


def _sign(context: Context, node: Apply, exponent: poly.Rational, rest: Monomial) -> Form | None:
    absolute = Apply("abs", node.arguments)
    for place, (other, power) in enumerate(rest):
        if other is absolute and exponent >= 1 and power >= 1:
            left = _with(_with(rest[:place] + rest[place + 1 :], node, exponent - 1), absolute, power - 1)
            return form.times(form.of_monomial(left), context.of(node.arguments[0]), context.clock)
    return None


def _cosine(context: Context, node: Apply, exponent: poly.Rational, rest: Monomial) -> Form | None:
    if exponent < 2 or exponent.denominator != 1:
        return None
    context.use("sin^2 + cos^2 = 1", node)
    identity = form.whole({poly.UNIT: 1, ((Apply("sin", node.arguments), 2),): -1})
    return form.times(form.of_monomial(_with(rest, node, exponent - 2)), identity, context.clock)


def _bracket(context: Context, node: Iverson, exponent: poly.Rational, rest: Monomial) -> Form | None:
    if exponent < 0:
        raise GiveUp("a division by a bracket")
    if exponent != 1:
        return form.of_monomial(_with(rest, node, 1))
    for law in BRACKET_LAWS:
        result: Form | None = law.apply(context, node, rest)
        if result is not None:
            return result
    return None


def _excluded(_: Context, node: Iverson, rest: Monomial) -> Form | None:
    """``[g = 0] [g > 0] = 0``."""
    condition = node.condition
    if isinstance(condition, Compare) and condition.relation == "=":
        other = Iverson(Compare(">", condition.left, condition.right))
        if any(factor is other for factor, _ in rest):
            return form.constant(0)
    return None


def _implied(context: Context, node: Iverson, rest: Monomial) -> Form | None:
    """``[g > 0] [h > 0] = [g > 0]`` where ``h - g`` is not negative, 0 where ``g + h`` is not positive.

    Where ``g + h`` is positive one of both holds: ``[g > 0] [h > 0] = [g > 0] + [h > 0] - 1``.
    """
    gap = _order_gap(node)
    if gap is None:
        return None
    for place, (other, _) in enumerate(rest):
        second = _order_gap(other)
        if second is None or second is gap:
            continue
        if context.sign(context.of(subtract(second, gap))) <= NONNEGATIVE:
            return form.of_monomial(poly.joined(rest[:place] + rest[place + 1 :], ((node, 1),)))
        total = context.sign(context.of(add(second, gap)))
        if total <= NONPOSITIVE:
            return form.constant(0)
        if total <= POSITIVE:
            left = form.of_monomial(rest[:place] + rest[place + 1 :])
            either = form.whole({((node, 1),): 1, ((other, 1),): 1, poly.UNIT: -1})
            return form.times(left, either, context.clock)
    return None


def _order_gap(node: Expr) -> Expr | None:
    if isinstance(node, Iverson) and isinstance(node.condition, Compare) and node.condition.relation == ">":
        return node.condition.left
    return None


def _pinned(context: Context, node: Iverson, rest: Monomial) -> Form | None:
    """``[i = j] f(i) = [i = j] f(j)``."""
    pin = pinned(node)
    if pin is None:
        return None
    variable, value = pin
    touched = [(factor, exponent) for factor, exponent in rest if _occurs(variable, factor)]
    if not touched:
        return None
    if not isinstance(variable, Index) and any(_has_operator(factor) for factor, _ in touched):
        return None
    others = tuple(pair for pair in rest if pair not in touched)
    try:
        moved = context.of(substitute(poly.monomial_expr(tuple(touched)), {variable: value}))
    except GiveUp:
        return None
    return form.times(form.of_monomial(poly.joined(others, ((node, 1),))), moved, context.clock)


def pinned(node: Expr) -> tuple[Expr, Expr] | None:
    """Return the variable that ``[g = 0]`` pins down, and its value: an index before a symbol or an element."""
    if not (isinstance(node, Iverson) and isinstance(node.condition, Compare) and node.condition.relation == "="):
        return None
    gap = node.condition.left
    pairs = list(zip(gap.terms, gap.weights, strict=True)) if isinstance(gap, Add) else [(gap, Fraction(1))]
    found: list[tuple[Expr, Fraction]] = [(t, w) for t, w in pairs if isinstance(t, Index) and abs(w) == 1]
    found = found or [(term, weight) for term, weight in pairs if isinstance(term, Symbol | Element)]
    for term, weight in sorted(found, key=lambda pair: pair[0].digest, reverse=True):
        others = [(other, -share / weight) for other, share in pairs if other is not term]
        if not any(_occurs(term, other) for other, _ in others):
            return term, weighted_sum((Fraction(share), other) for other, share in others)
    return None


def _occurs(variable: Expr, node: Expr) -> bool:
    if isinstance(variable, Index):
        return variable in node.free_indices
    return any(part is variable for part in postorder(node))


def _has_operator(node: Expr) -> bool:
    return any(isinstance(part, Operator) for part in postorder(node))


FUNCTION_LAWS: dict[str, Rule] = {
    "abs": Rule("square of an absolute value", "|x|^2 = x^2", _absolute, "Beck 2017, Example 3.4"),
    "sign": Rule("sign times absolute value", "sign(x) |x| = x", _sign, "NIST DLMF 1.16(iv)"),
    "cos": Rule("sin^2 + cos^2 = 1", "cos(x)^2 = 1 - sin(x)^2", _cosine, "NIST DLMF 4.21.12"),
}

BRACKET_LAWS: tuple[Rule, ...] = (
    Rule("exclusion", "[g = 0] [g > 0] = 0", _excluded, "Graham, Knuth, Patashnik 1994, section 2.1"),
    Rule("implication", "[x > 1] [x > 0] = [x > 1]", _implied, "Graham, Knuth, Patashnik 1994, section 2.1"),
    Rule("delta", "[i = j] f(i) = [i = j] f(j)", _pinned, "Graham, Knuth, Patashnik 1994, section 2.1"),
)

_BY_KIND: dict[type[Expr], Callable[..., Form | None]] = {
    Apply: _function,
    Iverson: _bracket,
    Element: _few_values,
    Symbol: _few_values,
    Power: _minus_one,
    Add: _whole_part,
    Number: _whole_part,
}
