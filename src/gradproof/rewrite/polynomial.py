"""Laurent polynomials with rational coefficients and rational exponents over atoms: the carrier of the canonical form."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from gradproof.expr.build import multiply, number, power, weighted_sum
from gradproof.expr.node import Expr

#: Atoms with their exponents, sorted by the atoms' digests.
Monomial = tuple[tuple[Expr, Fraction], ...]
Polynomial = dict[Monomial, Fraction]

UNIT: Monomial = ()
_LARGEST = 4000


class GiveUp(Exception):
    """The expression is outside what the canonical form covers, or the work grew beyond its bound."""


def constant(value: Fraction | int) -> Polynomial:
    """Return a constant polynomial."""
    return {UNIT: Fraction(value)} if value else {}


def atom(node: Expr, exponent: Fraction | int = 1) -> Polynomial:
    """Return an atom to a power."""
    return {((node, Fraction(exponent)),): Fraction(1)}


def plus(parts: Iterable[tuple[Fraction, Polynomial]]) -> Polynomial:
    """Return the weighted sum."""
    total: Polynomial = {}
    for weight, part in parts:
        for monomial, coefficient in part.items():
            total[monomial] = total.get(monomial, Fraction(0)) + weight * coefficient
    return {monomial: coefficient for monomial, coefficient in total.items() if coefficient}


def times(left: Polynomial, right: Polynomial) -> Polynomial:
    """Return the product."""
    if len(left) * len(right) > _LARGEST:
        raise GiveUp("the product of two sums is too large")
    total: Polynomial = {}
    for mine, weight in left.items():
        for other, factor in right.items():
            monomial = joined(mine, other)
            total[monomial] = total.get(monomial, Fraction(0)) + weight * factor
    return {monomial: coefficient for monomial, coefficient in total.items() if coefficient}


def joined(left: Monomial, right: Monomial) -> Monomial:
    """Return the product of two monomials."""
    exponents = dict(left)
    for node, exponent in right:
        exponents[node] = exponents.get(node, Fraction(0)) + exponent
    return monomial_of(exponents)


def monomial_of(exponents: dict[Expr, Fraction]) -> Monomial:
    """Return a monomial in its order."""
    kept = [(node, exponent) for node, exponent in exponents.items() if exponent]
    return tuple(sorted(kept, key=lambda pair: pair[0].digest))


def whole_power(base: Polynomial, exponent: int) -> Polynomial:
    """Return a nonnegative whole power."""
    result = constant(1)
    for _ in range(exponent):
        result = times(result, base)
    return result


def monomial_expr(monomial: Monomial) -> Expr:
    """Return a monomial as an expression."""
    return multiply(*(power(node, number(exponent)) for node, exponent in monomial))


def to_expr(polynomial: Polynomial) -> Expr:
    """Return a polynomial as an expression."""
    return weighted_sum((coefficient, monomial_expr(monomial)) for monomial, coefficient in polynomial.items())


def single(polynomial: Polynomial) -> tuple[Monomial, Fraction] | None:
    """Return the only monomial with its coefficient, None where there are more or none."""
    if len(polynomial) == 1:
        return next(iter(polynomial.items()))
    return None


def content(polynomial: Polynomial) -> tuple[Fraction, Monomial, Polynomial]:
    """Split a polynomial into a rational, a monomial that divides every term, and the primitive rest.

    The rest starts (in the order of monomials) with coefficient 1, so that multiples of one sum share one atom.
    """
    first = min(polynomial, key=_order)
    weight = polynomial[first]
    shared = dict(first)
    for monomial in polynomial:
        exponents = dict(monomial)
        for node in list(shared):
            shared[node] = min(shared[node], exponents.get(node, Fraction(0)))
    common = monomial_of(shared)
    inverse = tuple((node, -exponent) for node, exponent in common)
    rest = {joined(monomial, inverse): coefficient / weight for monomial, coefficient in polynomial.items()}
    return weight, common, rest


def _order(monomial: Monomial) -> tuple[int, list[tuple[bytes, Fraction]]]:
    return (len(monomial), [(node.digest, exponent) for node, exponent in monomial])
