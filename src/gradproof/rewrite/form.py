"""Fractions of Laurent polynomials: the canonical form itself.

``above / below``: ``below`` is 1 or a primitive polynomial of at least two terms that shares no divisor with ``above``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gradproof.expr.build import MINUS_ONE, multiply, power
from gradproof.expr.node import Expr
from gradproof.rewrite import polynomial as poly
from gradproof.rewrite.polynomial import UNIT, Monomial, Polynomial, Rational
from gradproof.rewrite.rule import Clock, GiveUp

_ONE: Polynomial = {UNIT: 1}


@dataclass(frozen=True, slots=True)
class Form:
    """A rational function of atoms."""

    above: Polynomial
    below: Polynomial

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing but monomials is divided by."""
        return poly.is_one(self.below)

    @property
    def is_zero(self) -> bool:
        """Tell whether the form is 0."""
        return not self.above

    @property
    def single(self) -> tuple[Monomial, Rational] | None:
        """The only monomial with its coefficient, None where there is more."""
        if self.is_whole and len(self.above) == 1:
            return next(iter(self.above.items()))
        return None

    @property
    def number(self) -> Rational | None:
        """The value of a constant form, None where it is not constant."""
        if not self.above:
            return 0
        lone = self.single
        return lone[1] if lone is not None and lone[0] == UNIT else None

    @property
    def atoms(self) -> frozenset[Expr]:
        """The atoms that stand in the form."""
        return frozenset(node for part in (self.above, self.below) for monomial in part for node, _ in monomial)

    def to_expr(self) -> Expr:
        """Return the form as an expression."""
        above = poly.to_expr(self.above)
        return above if self.is_whole else multiply(above, power(poly.to_expr(self.below), MINUS_ONE))


def whole(polynomial: Polynomial) -> Form:
    """Return a polynomial as a form."""
    return Form(polynomial, _ONE)


def constant(value: Rational) -> Form:
    """Return a constant form."""
    return Form(poly.constant(value), _ONE)


def atom(node: Expr, exponent: Rational = 1) -> Form:
    """Return an atom to a power."""
    return Form({((node, exponent),): 1}, _ONE)


def of_monomial(monomial: Monomial, coefficient: Rational = 1) -> Form:
    """Return one monomial as a form."""
    return Form({monomial: coefficient} if coefficient else {}, _ONE)


def fraction(above: Polynomial, below: Polynomial) -> Form:
    """Return ``above / below`` with common divisors cancelled."""
    if not below:
        raise GiveUp("a division by zero")
    if not above:
        return Form({}, _ONE)
    weight, common, rest = poly.content(below)
    if common or weight != 1:
        above = poly.times(above, {poly.inverse(common): 1 / weight})
    if poly.is_one(rest):
        return Form(above, _ONE)
    scale, shared, primitive = poly.content(above)
    if primitive == rest:
        return Form({shared: scale}, _ONE)
    if len(primitive) > 1:
        top, bottom = poly.cancelled(primitive, rest)
        if bottom is not rest:
            return fraction(poly.times(top, {shared: scale}), bottom)
    return Form(above, rest)


def plus(parts: Iterable[tuple[Rational, Form]], clock: Clock) -> Form:
    """Return the weighted sum."""
    groups: list[tuple[Polynomial, list[tuple[Rational, Polynomial]]]] = []
    for weight, form in parts:
        for below, members in groups:
            if below == form.below:
                members.append((weight, form.above))
                break
        else:
            groups.append((form.below, [(weight, form.above)]))
    total = Form({}, _ONE)
    for below, members in groups:
        above = poly.plus(members)
        if total.is_zero:
            total = fraction(above, below) if not poly.is_one(below) else Form(above, _ONE)
        else:
            total = _sum(total, Form(above, below), clock)
    return total


def _sum(left: Form, right: Form, clock: Clock) -> Form:
    if left.below == right.below:
        return fraction(poly.plus([(1, left.above), (1, right.above)]), left.below)
    mine, other = right.below, left.below
    if not (left.is_whole or right.is_whole):
        mine, other = poly.common_multiple(left.below, right.below)
    clock.spend(len(left.above) * len(mine) + len(right.above) * len(other) + len(left.below) * len(mine))
    above = poly.plus([(1, poly.times(left.above, mine)), (1, poly.times(right.above, other))])
    return fraction(above, poly.times(left.below, mine))


def times(left: Form, right: Form, clock: Clock) -> Form:
    """Return the product."""
    clock.spend(len(left.above) * len(right.above) + len(left.below) * len(right.below))
    above = poly.times(left.above, right.above)
    if left.is_whole and right.is_whole:
        return Form(above, _ONE)
    return fraction(above, poly.times(left.below, right.below))


def reciprocal(form: Form) -> Form:
    """Return ``1 / form``."""
    return fraction(form.below, form.above)


def whole_power(form: Form, count: int, clock: Clock) -> Form:
    """Return a whole power of any sign."""
    base = form if count >= 0 else reciprocal(form)
    lone = base.single
    if lone is not None:
        monomial = tuple((node, exponent * abs(count)) for node, exponent in lone[0])
        return Form({monomial: lone[1] ** abs(count)} if count else dict(_ONE), _ONE)
    above, below = dict(_ONE), dict(_ONE)
    for _ in range(abs(count)):
        clock.spend(len(above) * len(base.above) + len(below) * len(base.below))
        above, below = poly.times(above, base.above), poly.times(below, base.below)
    return Form(above, below)
