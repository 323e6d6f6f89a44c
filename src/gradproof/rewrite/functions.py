"""Rules of the functions of the catalogue: exponential, logarithm, absolute value, extrema, parity, definitions."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from flint import fmpq

from gradproof.expr.build import ZERO, apply, multiply, number, power, subtract
from gradproof.expr.catalogue import FUNCTIONS
from gradproof.expr.node import Apply, Compare, Expr, Iverson, Number, Power, Reduce
from gradproof.rewrite import form, powers
from gradproof.rewrite import polynomial as poly
from gradproof.rewrite.form import Form
from gradproof.rewrite.rule import GiveUp, Rule
from gradproof.rewrite.signs import NONNEGATIVE, NONPOSITIVE, is_integer

if TYPE_CHECKING:
    from gradproof.rewrite.canonical import Context

_BY_CASES = 2
#: Expanded at every level: other bases of the logarithm, and exponentials in disguise.
_ALWAYS_EXPANDED = frozenset({"log2", "log10"})


def apply_form(context: Context, node: Apply, arguments: list[Form]) -> Form:
    """Return the form of a function at arguments in canonical form."""
    values = [argument.number for argument in arguments]
    if all(value is not None for value in values):
        exact = _exact_value(node.function, [value for value in values if value is not None])
        if exact is not None:
            return exact
    rule = RULES.get(node.function)
    if rule is not None:
        result: Form = rule.apply(context, node, arguments)
        return result
    entry = FUNCTIONS[node.function]
    if entry.expansion is not None and (context.level or node.function in _ALWAYS_EXPANDED):
        expansion = entry.expansion(tuple(argument.to_expr() for argument in arguments))
        return context.defined(f"definition of {node.function}", node, expansion)
    if len(arguments) == 1 and (entry.is_odd or entry.is_even) and leads_negative(arguments[0]):
        flipped = Apply(node.function, (_scaled(arguments[0], -1).to_expr(),))
        return _scaled(context.of(flipped), -1 if entry.is_odd else 1)
    return form.atom(Apply(node.function, tuple(argument.to_expr() for argument in arguments)))


def _exact_value(function: str, values: list[poly.Rational]) -> Form | None:
    exact = FUNCTIONS[function].exact
    if exact is None or any(max(v.numerator.bit_length(), v.denominator.bit_length()) > 64 for v in values):
        return None
    result = exact(*(fmpq(value.numerator, value.denominator) for value in values))
    return None if result is None else form.constant(Fraction(int(result.p), int(result.q)))


def leads_negative(argument: Form) -> bool:
    """Tell which of a form and its negative is taken as the argument of an odd or even function."""
    return bool(argument.above) and poly.leading(argument.above) < 0


def _scaled(argument: Form, factor: poly.Rational) -> Form:
    return Form({monomial: factor * value for monomial, value in argument.above.items()}, argument.below)


def _exp(context: Context, node: Apply, arguments: list[Form]) -> Form:
    """``exp(a + b) = exp(a) exp(b)``, ``exp(c a) = exp(a)^c``, ``exp(log a) = a``."""
    context.use("laws of the exponential function", node)
    return powers.exponential(context, arguments[0])


def _log(context: Context, node: Apply, arguments: list[Form]) -> Form:
    """``log(a b) = log(a) + log(b)``, ``log(a^c) = c log(a)``, ``log(exp(a)) = a``, within the domains."""
    argument = arguments[0]
    if argument.is_zero:
        raise GiveUp("the logarithm of zero")
    context.use("laws of the logarithm", node)
    weight, factors = powers.irreducible(argument)
    if weight < 0:
        if not factors or all(context.is_positive(base) for base, _ in factors):
            raise GiveUp("the logarithm of a negative number")
        return form.atom(apply("log", argument.to_expr()))
    _require_positive_factors(context, factors)
    parts: list[tuple[poly.Rational, Form]] = [(1, _log_of_rational(weight))]
    for base, exponent in factors:
        if _is_even(exponent) and not context.signs.is_nonnegative(base):
            base = context.of(apply("abs", base)).to_expr()
        parts.append((exponent, _log_of_atom(context, base)))
    return context.plus(parts)


def _is_even(exponent: poly.Rational) -> bool:
    return exponent.denominator == 1 and exponent.numerator % 2 == 0


def _require_positive_factors(context: Context, factors: list[tuple[Expr, poly.Rational]]) -> None:
    """One factor of unknown sign is positive because the product is; several have to be required to be."""
    unknown = [base for base, exponent in factors if not _is_even(exponent) and not context.signs.is_nonnegative(base)]
    if len(unknown) > 1:
        for base in unknown:
            context.require("positive", base)


def _log_of_atom(context: Context, node: Expr) -> Form:
    match node:
        case Apply("exp", (argument,)):
            return context.of(argument)
        case Power(base, exponent) if context.is_positive(base) and not isinstance(exponent, Number):
            return context.times(context.of(exponent), context.of(apply("log", base)))
        case Reduce("prod", indices, body, None):
            context.require("positive", body)
            return context.of(Reduce("sum", indices, apply("log", body)))
        case _:
            return form.atom(apply("log", node))


def _log_of_rational(value: Fraction) -> Form:
    """``log(12/5) = 2 log 2 + log 3 - log 5``."""
    parts: poly.Polynomial = {}
    for sign, whole in ((1, value.numerator), (-1, value.denominator)):
        for prime, count in powers.prime_factors(whole):
            parts[((apply("log", number(prime)), 1),)] = sign * count
    return form.whole(parts)


def _abs(context: Context, node: Apply, arguments: list[Form]) -> Form:
    """``|a b| = |a| |b|``; a factor of known sign comes out."""
    argument = arguments[0]
    signs = context.sign(argument)
    if signs <= NONNEGATIVE:
        return argument
    if signs <= NONPOSITIVE:
        return _scaled(argument, -1)
    if context.level == _BY_CASES:
        return _by_sign(context, argument)
    weight, factors = powers.irreducible(argument)
    result = form.constant(abs(weight))
    for base, exponent in factors:
        inner = context.sign(base)
        if inner <= NONNEGATIVE or _is_even(exponent):
            part = powers.power_form(context, context.of(base), form.constant(exponent))
        elif inner <= NONPOSITIVE:
            part = powers.power_form(context, _scaled(context.of(base), -1), form.constant(exponent))
        else:
            part = form.atom(apply("abs", _oriented(context, base)), exponent)
        result = context.times(result, part)
    return result


def _oriented(context: Context, base: Expr) -> Expr:
    value = context.of(base)
    return _scaled(value, -1).to_expr() if leads_negative(value) else base


def _by_sign(context: Context, argument: Form) -> Form:
    """``|x| = [x > 0] x - [x < 0] x``."""
    sign = context.of(_sign_by_cases(argument.to_expr()))
    return context.times(argument, sign)


def _sign_by_cases(argument: Expr) -> Expr:
    return subtract(Iverson(Compare(">", argument, ZERO)), Iverson(Compare("<", argument, ZERO)))


def _sign(context: Context, node: Apply, arguments: list[Form]) -> Form:
    """``sign(c x) = sign(x)`` for ``c > 0``."""
    argument = arguments[0]
    signs = context.sign(argument)
    if len(signs) == 1:
        return form.constant(next(iter(signs)))
    if context.level == _BY_CASES:
        return context.of(_sign_by_cases(argument.to_expr()))
    weight, factors = powers.irreducible(argument)
    result = form.constant(1 if weight > 0 else -1)
    for base, exponent in factors:
        inner = context.sign(base)
        if len(inner) == 1:
            result = context.times(result, form.constant(next(iter(inner))))
            continue
        value = context.of(base)
        flips = leads_negative(value)
        part = form.atom(apply("sign", _oriented(context, base)), _sign_power(exponent))
        result = context.times(result, _scaled(part, -1 if flips and exponent.numerator % 2 else 1))
    return result


def _sign_power(exponent: poly.Rational) -> int:
    """A root and a reciprocal have the sign of their base; a square is 1 where its base is not 0."""
    return 2 if _is_even(exponent) else 1


def _extremum(context: Context, node: Apply, arguments: list[Form]) -> Form:
    """``max(a, b) = max(b, a)``, ``max(a, a) = a``; ``min(a, b) = -max(-a, -b)``."""
    if node.function == "minimum":
        flipped = [_scaled(argument, -1) for argument in arguments]
        return _scaled(_extremum(context, Apply("maximum", node.arguments), flipped), -1)
    distinct = _undominated(context, arguments)
    if len(distinct) == 1:
        return distinct[0]
    if context.level == _BY_CASES:
        result = distinct[0]
        for other in distinct[1:]:
            gap = context.plus([(1, other), (-1, result)])
            test = context.of(Iverson(Compare(">", gap.to_expr(), ZERO)))
            result = context.plus([(1, result), (1, context.times(gap, test))])
        return result
    bodies = sorted((argument.to_expr() for argument in distinct), key=lambda body: body.digest)
    return form.atom(Apply("maximum", tuple(bodies)))


def _undominated(context: Context, arguments: list[Form]) -> list[Form]:
    kept: list[Form] = []
    for argument in arguments:
        gaps = [context.sign(context.plus([(1, other), (-1, argument)])) for other in kept]
        if any(gap <= NONNEGATIVE for gap in gaps):
            continue
        kept = [other for other, gap in zip(kept, gaps, strict=True) if not gap <= NONPOSITIVE]
        kept.append(argument)
    return kept


def _rounding(context: Context, node: Apply, arguments: list[Form]) -> Form:
    """``floor(x + k) = floor(x) + k`` for integers ``k``; ``ceil(x) = -floor(-x)``."""
    argument = arguments[0]
    sign = 1 if node.function == "floor" else -1
    argument = _scaled(argument, sign)
    if not argument.is_whole:
        return _scaled(form.atom(Apply("floor", (argument.to_expr(),))), sign)
    integral: poly.Polynomial = {}
    for monomial, coefficient in argument.above.items():
        if is_integer(poly.monomial_expr(monomial)):
            integral[monomial] = coefficient.numerator // coefficient.denominator
    rest = poly.plus([(1, argument.above), (-1, integral)])
    value = rest.get(poly.UNIT, 0) if set(rest) <= {poly.UNIT} else None
    if value is not None:
        return _scaled(form.whole(poly.plus([(1, integral)])), sign)
    inner = form.atom(Apply("floor", (poly.to_expr(rest),)))
    return _scaled(context.plus([(1, form.whole(poly.plus([(1, integral)]))), (1, inner)]), sign)


def _factorial(context: Context, node: Apply, arguments: list[Form]) -> Form:
    """``(n + k)! = (n + 1) ... (n + k) n!`` for small ``k``; the constant part of the argument becomes 0."""
    argument = arguments[0]
    constant = Fraction(argument.above.get(poly.UNIT, 0))
    shift = int(constant)
    if not argument.is_whole or shift != constant or not 0 < abs(shift) <= 8:
        return form.atom(Apply("factorial", (argument.to_expr(),)))
    base = form.whole({monomial: value for monomial, value in argument.above.items() if monomial})
    if not context.sign(base) <= NONNEGATIVE or not context.sign(argument) <= NONNEGATIVE:
        context.require("nonnegative", base.to_expr())
        context.require("nonnegative", argument.to_expr())
    result = form.atom(Apply("factorial", (base.to_expr(),)))
    for step in range(min(shift, 0) + 1, max(shift, 0) + 1):
        factor = context.plus([(1, base), (1, form.constant(step))])
        result = context.times(result, factor if shift > 0 else form.reciprocal(factor))
    return result


def _binomial(context: Context, node: Apply, arguments: list[Form]) -> Form:
    """``binomial(n, k) = n! / (k! (n - k)!)`` for ``0 <= k <= n``."""
    upper, lower = (argument.to_expr() for argument in arguments)
    gap = context.of(subtract(upper, lower)).to_expr()
    if not context.level:
        if context.is_positive(subtract(lower, gap)):
            lower = gap
        return form.atom(Apply("binomial", (upper, lower)))
    for part in (lower, gap):
        if not context.sign(part) <= NONNEGATIVE:
            context.require("nonnegative", part)
    below = multiply(apply("factorial", lower), apply("factorial", gap))
    return context.of(multiply(apply("factorial", upper), power(below, number(-1))))


RULES: dict[str, Rule] = {
    "exp": Rule("laws of the exponential function", "exp(a + b) = exp(a) exp(b)", _exp, "NIST DLMF 4.8"),
    "log": Rule("laws of the logarithm", "log(a b) = log(a) + log(b)", _log, "NIST DLMF 4.8"),
    "abs": Rule("absolute value of a product", "|a b| = |a| |b|", _abs, "NIST DLMF 1.9.2"),
    "sign": Rule("sign of a product", "sign(a b) = sign(a) sign(b)", _sign, "NIST DLMF 1.16(iv)"),
    "maximum": Rule("an extremum is symmetric", "max(a, b) = max(b, a)", _extremum, "Beck 2017, Theorem 3.50"),
    "minimum": Rule("least and greatest", "min(a, b) = -max(-a, -b)", _extremum, "Beck 2017, Theorem 3.50"),
    "floor": Rule("rounding", "floor(x + k) = floor(x) + k", _rounding, "Graham, Knuth, Patashnik 1994, 3.1"),
    "ceil": Rule("rounding", "ceil(x) = -floor(-x)", _rounding, "Graham, Knuth, Patashnik 1994, 3.1"),
    "factorial": Rule("factorials", "(n + 1)! = (n + 1) n!", _factorial, "NIST DLMF 5.5.1"),
    "binomial": Rule("binomials by factorials", "C(n, k) = n! / (k! (n - k)!)", _binomial, "NIST DLMF 1.2.1"),
}
