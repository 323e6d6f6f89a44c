"""Activation functions of neural networks, and the special functions that they need."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from flint import arb, fmpq

from gradproof.expr import build
from gradproof.expr.build import MINUS_ONE, ONE, TWO, ZERO, add, apply, divide, multiply, negate, power, subtract
from gradproof.expr.catalogue.function import Function
from gradproof.expr.node import Compare, Constant, Expr, Iverson

_erf = np.vectorize(math.erf, otypes=[float])


def _sigma_array(x: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(-x)))


def _sigma_ball(x: arb) -> arb:
    return 1 / (1 + (-x).exp())


def _sigma(x: Expr) -> Expr:
    return apply("sigma", x)


def _positive(x: Expr) -> Expr:
    return Iverson(Compare(">", x, ZERO))


def _normal_density(x: Expr) -> Expr:
    scale = power(multiply(TWO, Constant("pi")), _fraction(-1, 2))
    return multiply(scale, apply("exp", build.scale(Fraction(-1, 2), power(x, TWO))))


def _fraction(above: int, below: int) -> Expr:
    """Return an exact fraction as a node."""
    return build.number(Fraction(above, below))


def _half_one_plus_erf(x: Expr) -> Expr:
    """The normal distribution function."""
    inner = apply("erf", multiply(x, power(TWO, _fraction(-1, 2))))
    return build.scale(Fraction(1, 2), add(ONE, inner))


FUNCTIONS = (
    Function(
        name="sigma",
        text=("sigma", "sigmoid", "logistic", "expit"),
        latex=("\\sigma",),
        arity=1,
        partial=lambda a, _: multiply(_sigma(a[0]), subtract(ONE, _sigma(a[0]))),
        array=_sigma_array,
        ball=_sigma_ball,
        exact=lambda x: fmpq(1, 2) if x == 0 else None,
        expansion=lambda a: power(add(ONE, apply("exp", negate(a[0]))), MINUS_ONE),
        source="Goodfellow, Bengio, Courville 2016, section 3.10",
    ),
    Function(
        name="softplus",
        text=("softplus",),
        latex=("\\operatorname{softplus}",),
        arity=1,
        partial=lambda a, _: _sigma(a[0]),
        array=lambda x: np.logaddexp(0, x),
        ball=lambda x: (1 + x.exp()).log(),
        expansion=lambda a: apply("log", add(ONE, apply("exp", a[0]))),
        source="Goodfellow, Bengio, Courville 2016, section 3.10",
    ),
    Function(
        name="relu",
        text=("relu", "ReLU"),
        latex=("\\operatorname{ReLU}",),
        arity=1,
        partial=lambda a, _: _positive(a[0]),
        array=lambda x: np.maximum(x, 0),
        ball=lambda x: x.max(arb(0)),
        exact=lambda x: max(x, fmpq(0)),
        expansion=lambda a: apply("maximum", ZERO, a[0]),
        kink="at 0, where the subgradient 0 is taken",
        source="Nair and Hinton 2010",
    ),
    Function(
        name="leaky_relu",
        text=("leaky_relu", "LeakyReLU"),
        latex=("\\operatorname{LeakyReLU}",),
        arity=2,
        partial=lambda a, k: (
            add(_positive(a[0]), multiply(a[1], subtract(ONE, _positive(a[0]))))
            if k == 0
            else multiply(a[0], subtract(ONE, _positive(a[0])))
        ),
        array=lambda x, slope: np.where(x > 0, x, slope * x),
        ball=lambda x, slope: x.max(arb(0)) + slope * x.min(arb(0)),
        exact=lambda x, slope: x if x > 0 else slope * x,
        expansion=lambda a: add(multiply(_positive(a[0]), a[0]), multiply(a[1], subtract(ONE, _positive(a[0])), a[0])),
        kink="at 0, where the slope is taken",
        source="Maas, Hannun, Ng 2013",
    ),
    Function(
        name="silu",
        text=("silu", "swish", "SiLU", "Swish"),
        latex=("\\operatorname{SiLU}",),
        arity=1,
        partial=lambda a, _: add(_sigma(a[0]), multiply(a[0], _sigma(a[0]), subtract(ONE, _sigma(a[0])))),
        array=lambda x: x * _sigma_array(x),
        ball=lambda x: x * _sigma_ball(x),
        exact=lambda x: fmpq(0) if x == 0 else None,
        expansion=lambda a: multiply(a[0], _sigma(a[0])),
        source="Ramachandran, Zoph, Le 2017",
    ),
    Function(
        name="gelu",
        text=("gelu", "GELU"),
        latex=("\\operatorname{GELU}",),
        arity=1,
        partial=lambda a, _: add(_half_one_plus_erf(a[0]), multiply(a[0], _normal_density(a[0]))),
        array=lambda x: x * (1 + _erf(x / math.sqrt(2))) / 2,
        ball=lambda x: x * (1 + (x / arb(2).sqrt()).erf()) / 2,
        exact=lambda x: fmpq(0) if x == 0 else None,
        expansion=lambda a: multiply(a[0], _half_one_plus_erf(a[0])),
        source="Hendrycks and Gimpel 2016",
    ),
    Function(
        name="elu",
        text=("elu", "ELU"),
        latex=("\\operatorname{ELU}",),
        arity=1,
        partial=lambda a, _: add(_positive(a[0]), multiply(subtract(ONE, _positive(a[0])), apply("exp", a[0]))),
        array=lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
        ball=lambda x: x.max(arb(0)) + x.min(arb(0)).exp() - 1,
        expansion=lambda a: add(
            multiply(_positive(a[0]), a[0]),
            multiply(subtract(ONE, _positive(a[0])), subtract(apply("exp", a[0]), ONE)),
        ),
        source="Clevert, Unterthiner, Hochreiter 2016",
    ),
    Function(
        name="logit",
        text=("logit",),
        latex=("\\operatorname{logit}",),
        arity=1,
        partial=lambda a, _: power(multiply(a[0], subtract(ONE, a[0])), MINUS_ONE),
        array=lambda x: np.log(x / (1 - x)),
        ball=lambda x: (x / (1 - x)).log(),
        expansion=lambda a: subtract(apply("log", a[0]), apply("log", subtract(ONE, a[0]))),
        domain=("between 0 and 1",),
        source="Berkson 1944",
    ),
    Function(
        name="erf",
        text=("erf",),
        latex=("\\operatorname{erf}",),
        arity=1,
        partial=lambda a, _: multiply(TWO, power(Constant("pi"), _fraction(-1, 2)), apply("exp", negate(power(a[0], TWO)))),
        array=_erf,
        ball=arb.erf,
        exact=lambda x: fmpq(0) if x == 0 else None,
        is_odd=True,
        source="NIST DLMF 7.2",
    ),
    Function(
        name="Gamma",
        text=("Gamma", "gamma_function"),
        latex=("\\Gamma",),
        arity=1,
        partial=lambda a, _: multiply(apply("Gamma", a[0]), apply("digamma", a[0])),
        array=np.vectorize(math.gamma, otypes=[float]),
        ball=arb.gamma,
        source="NIST DLMF 5.2",
    ),
    Function(
        name="digamma",
        text=("digamma",),
        latex=("\\psi",),
        arity=1,
        partial=lambda a, _: _no_derivative("digamma"),
        array=np.vectorize(lambda x: float(arb(x).digamma()), otypes=[float]),
        ball=arb.digamma,
        source="NIST DLMF 5.2",
    ),
    Function(
        name="softsign",
        text=("softsign",),
        latex=("\\operatorname{softsign}",),
        arity=1,
        partial=lambda a, _: power(add(ONE, apply("abs", a[0])), build.number(-2)),
        array=lambda x: x / (1 + np.abs(x)),
        ball=lambda x: x / (1 + abs(x)),
        exact=lambda x: x / (1 + abs(x)),
        expansion=lambda a: divide(a[0], add(ONE, apply("abs", a[0]))),
        is_odd=True,
        source="Bergstra et al. 2009",
    ),
)


def _no_derivative(name: str) -> Expr:
    raise NotImplementedError(f"{name} has no derivative in the catalogue")
