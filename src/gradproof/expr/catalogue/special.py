"""Special functions: error function, gamma function and its kin, factorials."""

from __future__ import annotations

import math
from fractions import Fraction

from flint import acb, arb, fmpq

from gradproof.expr import build
from gradproof.expr.build import MINUS_ONE, ONE, TWO, add, apply, multiply, negate, power, subtract
from gradproof.expr.catalogue.function import Function, at_zero, by_entry, method
from gradproof.expr.node import Constant, Expr


def _error_density(x: Expr) -> Expr:
    """Return ``2 exp(-x^2) / sqrt(pi)``."""
    root = power(Constant("pi"), build.number(Fraction(-1, 2)))
    return multiply(TWO, root, apply("exp", negate(power(x, TWO))))


def _factorial_exact(x: fmpq) -> fmpq | None:
    return fmpq(math.factorial(int(x.p))) if x.q == 1 and 0 <= x.p <= 1000 else None


def _binomial_exact(n: fmpq, k: fmpq) -> fmpq | None:
    if n.q == k.q == 1 and 0 <= k.p <= n.p <= 1000:
        return fmpq(math.comb(int(n.p), int(k.p)))
    return None


def _binomial_float(n: float, k: float) -> float:
    if any(value < 0 and value == math.floor(value) for value in (k, n - k)):
        return 0.0
    return math.gamma(n + 1) / math.gamma(k + 1) / math.gamma(n - k + 1)


def _binomial_partial(arguments: tuple[Expr, ...], place: int) -> Expr:
    n, k = arguments
    rest = apply("digamma", add(subtract(n, k), ONE))
    slope = subtract(apply("digamma", add(n, ONE)), rest) if place == 0 else subtract(rest, _digamma_after(k))
    return multiply(apply("binomial", n, k), slope)


def _digamma_after(x: Expr) -> Expr:
    return apply("digamma", add(x, ONE))


def _polygamma_partial(arguments: tuple[Expr, ...], place: int) -> Expr:
    order, x = arguments
    if place == 0:
        raise NotImplementedError("polygamma has no derivative by its order")
    return apply("polygamma", add(order, ONE), x)


def _polygamma_ball(order: arb, x: arb) -> arb:
    return acb(x).polygamma(acb(order)).real


FUNCTIONS = (
    Function(
        name="erf",
        text=("erf",),
        latex=("\\operatorname{erf}",),
        arity=1,
        partial=lambda a, _: _error_density(a[0]),
        array=by_entry(math.erf),
        ball=method("erf"),
        exact=at_zero(0),
        is_odd=True,
        analytic=True,
        source="NIST DLMF 7.2",
    ),
    Function(
        name="erfc",
        text=("erfc",),
        latex=("\\operatorname{erfc}",),
        arity=1,
        partial=lambda a, _: negate(_error_density(a[0])),
        array=by_entry(math.erfc),
        ball=method("erfc"),
        exact=at_zero(1),
        expansion=lambda a: subtract(ONE, apply("erf", a[0])),
        analytic=True,
        source="NIST DLMF 7.2",
    ),
    Function(
        name="Gamma",
        text=("Gamma", "gamma_function"),
        latex=("\\Gamma",),
        arity=1,
        partial=lambda a, _: multiply(apply("Gamma", a[0]), apply("digamma", a[0])),
        array=by_entry(math.gamma),
        ball=method("gamma"),
        exact=lambda x: _factorial_exact(x - 1),
        domain=("no integer below 1",),
        analytic=True,
        source="NIST DLMF 5.2",
    ),
    Function(
        name="loggamma",
        text=("loggamma", "lgamma", "gammaln"),
        latex=("\\log\\Gamma",),
        arity=1,
        partial=lambda a, _: apply("digamma", a[0]),
        array=by_entry(lambda x: math.lgamma(x) if x > 0 else math.nan),
        ball=lambda x: x.lgamma() if x > 0 else arb.nan(),
        exact=lambda x: fmpq(0) if x in (1, 2) else None,
        expansion=lambda a: apply("log", apply("Gamma", a[0])),
        domain=("positive",),
        source="NIST DLMF 5.2",
    ),
    Function(
        name="digamma",
        text=("digamma",),
        latex=("\\psi",),
        arity=1,
        partial=lambda a, _: apply("polygamma", ONE, a[0]),
        array=by_entry(lambda x: float(arb(x).digamma())),
        ball=method("digamma"),
        domain=("no integer below 1",),
        analytic=True,
        source="NIST DLMF 5.2",
    ),
    Function(
        name="polygamma",
        text=("polygamma",),
        latex=("\\operatorname{polygamma}",),
        arity=2,
        partial=_polygamma_partial,
        array=by_entry(lambda order, x: float(_polygamma_ball(arb(order), arb(x)))),
        ball=_polygamma_ball,
        domain=("nonnegative", "positive"),
        source="NIST DLMF 5.15",
    ),
    Function(
        name="factorial",
        text=("factorial",),
        latex=("\\operatorname{factorial}",),
        arity=1,
        partial=lambda a, _: multiply(apply("factorial", a[0]), _digamma_after(a[0])),
        array=by_entry(lambda x: math.gamma(x + 1) if x > -1 else math.nan),
        ball=lambda x: (x + 1).gamma() if x > -1 else arb.nan(),
        exact=_factorial_exact,
        domain=("nonnegative",),
        analytic=True,
        source="NIST DLMF 5.4",
    ),
    Function(
        name="binomial",
        text=("binomial",),
        latex=("\\operatorname{binomial}",),
        arity=2,
        partial=_binomial_partial,
        array=by_entry(_binomial_float),
        ball=lambda n, k: (n + 1).gamma() * (k + 1).rgamma() * (n - k + 1).rgamma(),
        exact=_binomial_exact,
        analytic=True,
        source="NIST DLMF 1.2(i)",
    ),
    Function(
        name="logit",
        text=("logit",),
        latex=("\\operatorname{logit}",),
        arity=1,
        partial=lambda a, _: power(multiply(a[0], subtract(ONE, a[0])), MINUS_ONE),
        array=by_entry(lambda x: math.log(x / (1 - x))),
        ball=lambda x: (x / (1 - x)).log(),
        exact=lambda x: fmpq(0) if x == fmpq(1, 2) else None,
        expansion=lambda a: subtract(apply("log", a[0]), apply("log", subtract(ONE, a[0]))),
        domain=("between 0 and 1",),
        source="Berkson 1944",
    ),
)
