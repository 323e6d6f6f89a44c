"""Powers: whole ones are multiplied out, roots and symbolic ones taken factor by factor where that is allowed."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from gradproof.expr.build import apply, number, power, weighted_sum
from gradproof.expr.node import Apply, Expr, Number, Power
from gradproof.rewrite import form, laws
from gradproof.rewrite import polynomial as poly
from gradproof.rewrite.form import Form
from gradproof.rewrite.polynomial import UNIT, Monomial, Rational
from gradproof.rewrite.rule import GiveUp
from gradproof.rewrite.signs import is_integer

if TYPE_CHECKING:
    from gradproof.rewrite.canonical import Context

_LARGEST_POWER = 12
_MOST_BITS = 4096
_MOST_TERMS = 600


def power_form(context: Context, base: Form, exponent: Form) -> Form:
    """Return ``base ** exponent``."""
    value = exponent.number
    if value is None:
        return _symbolic(context, base, exponent)
    if value == 0:
        return form.constant(1)
    if base.is_zero:
        if value < 0:
            raise GiveUp("a division by zero")
        return base
    if value.denominator == 1:
        return _whole(context, base, int(value))
    return root(context, base, Fraction(value))


def _whole(context: Context, base: Form, count: int) -> Form:
    lone = base.single
    if lone is not None:
        monomial, coefficient = lone
        size = max(coefficient.numerator.bit_length(), coefficient.denominator.bit_length())
        if abs(count) * size > _MOST_BITS:
            raise GiveUp("a power with too many digits")
        powered = tuple((node, exponent * count) for node, exponent in monomial)
        return laws.reduced(context, form.of_monomial(powered, Fraction(coefficient) ** count))
    terms = max(len(base.above), len(base.below))
    if abs(count) > _LARGEST_POWER or terms ** min(abs(count), 4) > _MOST_TERMS * 10:
        return form.atom(Power(base.to_expr(), number(count)))
    result = form.constant(1)
    factor = base if count > 0 else form.reciprocal(base)
    for _ in range(abs(count)):
        result = context.times(result, factor)
    return result


def root(context: Context, base: Form, exponent: Fraction) -> Form:
    """Return a power with a broken exponent: ``(a b)^q = a^q b^q`` and ``(a^2)^q = |a|^(2 q)`` within the domains."""
    weight, factors = irreducible(base)
    if weight < 0 and not factors:
        raise GiveUp("a root of a negative number")
    if weight < 0:
        return _opaque_root(base, exponent)
    result = rational_root(weight, exponent)
    open_factors = [node for node, inner in factors if not _is_even(inner) and not context.is_positive(node)]
    others_positive = len(open_factors) == 1 and all(
        context.is_positive(node) for node, _ in factors if node is not open_factors[0]
    )
    for node, inner in factors:
        if _is_even(inner) and not context.signs.is_nonnegative(node):
            part = power_form(context, context.of(apply("abs", node)), form.constant(inner * exponent))
        else:
            if node in open_factors and not others_positive and not context.signs.is_nonnegative(node):
                context.require("nonnegative", node)
            part = laws.reduced(context, form.atom(node, inner * exponent))
        result = context.times(result, part)
    return result


def _opaque_root(base: Form, exponent: Fraction) -> Form:
    return form.atom(Power(base.to_expr(), number(exponent)))


def _is_even(exponent: Rational) -> bool:
    return exponent.denominator == 1 and exponent.numerator % 2 == 0


def irreducible(base: Form) -> tuple[Fraction, list[tuple[Expr, Rational]]]:
    """Write a form as a rational times powers of atoms and of irreducible sums."""
    weight, common, rest = poly.content(base.above)
    factors: list[tuple[Expr, Rational]] = list(common)
    if weight < 0 and not poly.is_one(rest):
        weight, rest = -weight, {monomial: -value for monomial, value in rest.items()}
    sides = [(rest, 1)] if base.is_whole else [(rest, 1), (base.below, -1)]
    for side, orientation in sides:
        if poly.is_one(side):
            continue
        parts = poly.factored(side)
        factors.extend((poly.to_expr(part), orientation * count) for part, count in parts)
    return weight, factors


def rational_root(value: Fraction, exponent: Fraction) -> Form:
    """Return a root of a positive rational over its prime factors, so that ``sqrt(8) = 2 sqrt(2)``."""
    result: Monomial = UNIT
    scale = Fraction(1)
    for sign, whole in ((1, value.numerator), (-1, value.denominator)):
        for prime, count in prime_factors(whole):
            total = exponent * count * sign
            floor = total.numerator // total.denominator
            if abs(floor) * prime.bit_length() > _MOST_BITS:
                raise GiveUp("a power with too many digits")
            scale *= Fraction(prime) ** floor
            if total != floor:
                result = poly.joined(result, ((Number(Fraction(prime)), total - floor),))
    return form.of_monomial(result, scale)


def prime_factors(whole: int) -> list[tuple[int, int]]:
    """Return the prime factors below ten thousand with their multiplicities, and what is left."""
    found: list[tuple[int, int]] = []
    divisor = 2
    while divisor * divisor <= whole and divisor < 10_000:
        count = 0
        while whole % divisor == 0:
            whole //= divisor
            count += 1
        if count:
            found.append((divisor, count))
        divisor += 1
    return [*found, (whole, 1)] if whole > 1 else found


def _symbolic(context: Context, base: Form, exponent: Form) -> Form:
    """Return a power with a symbolic exponent: ``a^(b + c) = a^b a^c``, ``(a b)^c = a^c b^c`` within the domains."""
    if base.is_zero:
        raise GiveUp("a symbolic power of zero")
    if base.number == 1:
        return base
    weight, factors = irreducible(base)
    whole_exponent = is_integer(exponent.to_expr())
    result = _numeric_base(context, weight, exponent)
    for node, inner in factors:
        if not whole_exponent and not context.is_positive(node):
            if len(factors) > 1 or inner != 1 or weight != 1:
                return _opaque(base, exponent)
            context.require("positive", node)
        elif not context.is_positive(node):
            context.require("nonzero", node)
        result = context.times(result, _power_of_atom(context, node, inner, exponent))
    return result


def _opaque(base: Form, exponent: Form) -> Form:
    return form.atom(Power(base.to_expr(), exponent.to_expr()))


def _numeric_base(context: Context, weight: Fraction, exponent: Form) -> Form:
    result = form.constant(1)
    if weight < 0:
        if not is_integer(exponent.to_expr()):
            context.require("integer", exponent.to_expr())
        result = _minus_one(exponent)
    for sign, whole in ((1, abs(weight.numerator)), (-1, weight.denominator)):
        for prime, count in prime_factors(whole):
            part = _power_of_atom(context, Number(Fraction(prime)), sign * count, exponent)
            result = context.times(result, part)
    return result


def _minus_one(exponent: Form) -> Form:
    """Return ``(-1)^n``: even parts of the exponent drop out."""
    if not exponent.is_whole:
        return form.atom(Power(number(-1), exponent.to_expr()))
    sign = 1
    odd: poly.Polynomial = {}
    for monomial, coefficient in exponent.above.items():
        if coefficient.denominator != 1 or not is_integer(poly.monomial_expr(monomial)):
            odd[monomial] = coefficient
        elif coefficient.numerator % 2:
            if monomial == UNIT:
                sign = -1
            else:
                odd[monomial] = 1
    if not odd:
        return form.constant(sign)
    return form.of_monomial(((power(number(-1), poly.to_expr(odd)), 1),), sign)


def _power_of_atom(context: Context, node: Expr, inner: Rational, exponent: Form) -> Form:
    """Return ``(node^inner)^exponent``: the terms of the exponent become factors."""
    if isinstance(node, Apply) and node.function == "exp":
        scaled = context.times(form.constant(inner), exponent)
        return exponential(context, context.times(context.of(node.arguments[0]), scaled))
    if isinstance(node, Power) and context.is_positive(node.base):
        inner_exponent = context.times(context.of(node.exponent), form.constant(inner))
        return power_form(context, context.of(node.base), context.times(inner_exponent, exponent))
    below = form.Form({UNIT: 1}, exponent.below)
    result = form.constant(1)
    for monomial, coefficient in exponent.above.items():
        share = inner * coefficient
        if monomial == UNIT and exponent.is_whole:
            part = power_form(context, context.of(node), form.constant(share))
        else:
            term = form.times(form.of_monomial(monomial), below, context.clock).to_expr()
            if share.denominator != 1 and not context.is_positive(node):
                term, share = weighted_sum([(Fraction(share), term)]), 1
            part = form.atom(Power(node, term), share)
        result = context.times(result, part)
    return result


def exponential(context: Context, argument: Form) -> Form:
    """Return ``exp`` of a form: ``exp(a + b) = exp(a) exp(b)``, ``exp(c a) = exp(a)^c``, ``exp(c log a) = a^c``."""
    below = form.Form({UNIT: 1}, argument.below)
    result = form.constant(1)
    for monomial, coefficient in argument.above.items():
        split = _split_log(monomial) if argument.is_whole else None
        if split is not None:
            inner, rest = split
            part = power_form(context, context.of(inner), form.of_monomial(rest, coefficient))
        else:
            term = form.times(form.of_monomial(monomial), below, context.clock).to_expr()
            part = form.atom(Apply("exp", (term,)), coefficient)
        result = context.times(result, part)
    return result


def _split_log(monomial: Monomial) -> tuple[Expr, Monomial] | None:
    """Find the only logarithm of a product: ``exp(b log a) = a^b``."""
    found = [
        (node.arguments[0], monomial[:place] + monomial[place + 1 :])
        for place, (node, exponent) in enumerate(monomial)
        if isinstance(node, Apply) and node.function == "log" and exponent == 1
    ]
    return found[0] if len(found) == 1 else None
