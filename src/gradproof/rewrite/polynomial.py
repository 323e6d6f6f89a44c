"""Laurent polynomials with rational coefficients and rational exponents over atoms: the carrier of the canonical form."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import gcd, lcm
from typing import Any

from flint import fmpq, fmpq_mpoly_ctx

from gradproof.expr.build import multiply, number, power, weighted_sum
from gradproof.expr.node import Expr

Rational = int | Fraction
#: Atoms with their exponents, sorted by the atoms' digests.
Monomial = tuple[tuple[Expr, Rational], ...]
Polynomial = dict[Monomial, Rational]

UNIT: Monomial = ()
#: Common divisors are looked for only among polynomials with at most so many terms and atoms, and up to this degree.
_DIVISOR_TERMS = 200
_DIVISOR_ATOMS = 24
_DIVISOR_DEGREE = 40


def constant(value: Rational) -> Polynomial:
    """Return a constant polynomial."""
    return {UNIT: value} if value else {}


def is_one(polynomial: Polynomial) -> bool:
    """Tell whether a polynomial is the constant 1."""
    return len(polynomial) == 1 and polynomial.get(UNIT) == 1


def plus(parts: Iterable[tuple[Rational, Polynomial]]) -> Polynomial:
    """Return the weighted sum."""
    total: Polynomial = {}
    for weight, part in parts:
        for monomial, coefficient in part.items():
            total[monomial] = total.get(monomial, 0) + weight * coefficient
    return {monomial: coefficient for monomial, coefficient in total.items() if coefficient}


def times(left: Polynomial, right: Polynomial) -> Polynomial:
    """Return the product."""
    total: Polynomial = {}
    for mine, weight in left.items():
        for other, factor in right.items():
            monomial = joined(mine, other)
            total[monomial] = total.get(monomial, 0) + weight * factor
    return {monomial: coefficient for monomial, coefficient in total.items() if coefficient}


def joined(left: Monomial, right: Monomial) -> Monomial:
    """Return the product of two monomials."""
    if not left:
        return right
    if not right:
        return left
    exponents = dict(left)
    for node, exponent in right:
        exponents[node] = exponents.get(node, 0) + exponent
    return monomial_of(exponents)


def inverse(monomial: Monomial) -> Monomial:
    """Return the reciprocal of a monomial."""
    return tuple((node, -exponent) for node, exponent in monomial)


def monomial_of(exponents: dict[Expr, Rational]) -> Monomial:
    """Return a monomial in its order."""
    kept = [(node, exponent) for node, exponent in exponents.items() if exponent]
    return tuple(sorted(kept, key=lambda pair: pair[0].digest))


def monomial_expr(monomial: Monomial) -> Expr:
    """Return a monomial as an expression."""
    return multiply(*(power(node, number(exponent)) for node, exponent in monomial))


def to_expr(polynomial: Polynomial) -> Expr:
    """Return a polynomial as an expression."""
    return weighted_sum((Fraction(coefficient), monomial_expr(monomial)) for monomial, coefficient in polynomial.items())


def rank(monomial: Monomial) -> tuple[int, list[tuple[bytes, Rational]]]:
    """Return the key of the order of monomials."""
    return (len(monomial), [(node.digest, exponent) for node, exponent in monomial])


def leading(polynomial: Polynomial) -> Rational:
    """Return the coefficient of the first monomial that is not constant, or of the constant if it stands alone."""
    return polynomial[min((m for m in polynomial if m), key=rank, default=UNIT)]


def rational_content(polynomial: Polynomial) -> Fraction:
    """Return the positive rational that leaves coprime whole coefficients."""
    above, below = 0, 1
    for coefficient in polynomial.values():
        above = gcd(above, coefficient.numerator)
        below = lcm(below, coefficient.denominator)
    return Fraction(above, below)


def content(polynomial: Polynomial) -> tuple[Fraction, Monomial, Polynomial]:
    """Split a polynomial into a rational, a monomial that divides every term, and the primitive rest.

    The rest has coprime whole coefficients, the leading one positive.
    """
    first, *others = polynomial
    shared = dict(first)
    for monomial in others:
        exponents = dict(monomial)
        for node in exponents.keys() - shared.keys():
            shared[node] = 0
        for node in shared:
            shared[node] = min(shared[node], exponents.get(node, 0))
    common = monomial_of(shared)
    rest = polynomial
    if common:
        back = inverse(common)
        rest = {joined(monomial, back): value for monomial, value in polynomial.items()}
    weight = rational_content(rest) if leading(rest) > 0 else -rational_content(rest)
    if weight != 1:
        rest = {monomial: Fraction(value) / weight for monomial, value in rest.items()}
    return weight, common, rest


class Ring:
    """Polynomials of some atoms in the exact arithmetic of flint: each atom taken to its finest root is one variable."""

    def __init__(self, *polynomials: Polynomial) -> None:
        fineness: dict[Expr, int] = {}
        for polynomial in polynomials:
            for monomial in polynomial:
                for node, exponent in monomial:
                    fineness[node] = lcm(fineness.get(node, 1), exponent.denominator)
        self.atoms = sorted(fineness, key=lambda node: node.digest)
        self.fineness = [fineness[node] for node in self.atoms]
        self.is_small = len(self.atoms) <= _DIVISOR_ATOMS and all(len(p) <= _DIVISOR_TERMS for p in polynomials)
        self.context = fmpq_mpoly_ctx.get([f"x{place}" for place in range(len(self.atoms))], "lex")

    def enter(self, polynomial: Polynomial) -> Any:
        """Return the flint polynomial, or None where an exponent is negative or too large."""
        table = {}
        for monomial, value in polynomial.items():
            exponents = dict(monomial)
            degrees = tuple(int(exponents.get(node, 0) * fine) for node, fine in zip(self.atoms, self.fineness, strict=True))
            if any(not 0 <= degree <= _DIVISOR_DEGREE for degree in degrees):
                return None
            table[degrees] = fmpq(value.numerator, value.denominator)
        return self.context.from_dict(table)

    def leave(self, polynomial: Any) -> Polynomial:
        """Return the polynomial over atoms."""
        found: Polynomial = {}
        for degrees, value in polynomial.to_dict().items():
            exponents: dict[Expr, Rational] = {
                node: Fraction(int(degree), fine) for node, fine, degree in zip(self.atoms, self.fineness, degrees, strict=True)
            }
            found[monomial_of(exponents)] = Fraction(int(value.p), int(value.q))
        return found


def cancelled(above: Polynomial, below: Polynomial) -> tuple[Polynomial, Polynomial]:
    """Divide two polynomials without common monomials by their greatest common divisor, where that is affordable."""
    ring = Ring(above, below)
    if not ring.is_small:
        return above, below
    top, bottom = ring.enter(above), ring.enter(below)
    if top is None or bottom is None:
        return above, below
    divisor = top.gcd(bottom)
    if divisor.is_constant():
        return above, below
    return ring.leave(top / divisor), ring.leave(bottom / divisor)


def common_multiple(left: Polynomial, right: Polynomial) -> tuple[Polynomial, Polynomial]:
    """Return the factors that bring two denominators to a common one: ``left * first == right * second``."""
    second, first = cancelled(left, right)
    return first, second


def factored(polynomial: Polynomial) -> list[tuple[Polynomial, int]]:
    """Return the irreducible factors of a primitive polynomial with their multiplicities, or itself where that is too much."""
    whole = [(polynomial, 1)]
    if len(polynomial) < 2 or len(polynomial) > 40:
        return whole
    ring = Ring(polynomial)
    entered = ring.enter(polynomial)
    if entered is None or not ring.is_small or len(ring.atoms) > 8:
        return whole
    scale, factors = entered.factor()
    result = [(ring.leave(factor), int(count)) for factor, count in factors]
    normal: list[tuple[Polynomial, int]] = []
    total = Fraction(int(scale.p), int(scale.q))
    for factor, count in result:
        weight, common, rest = content(factor)
        if common:
            return whole
        total *= weight**count
        normal.append((rest, count))
    return normal if total == 1 else whole
