"""Activation functions of neural networks."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from flint import arb, fmpq

from gradproof.expr import build
from gradproof.expr.build import (
    MINUS_ONE,
    ONE,
    TWO,
    ZERO,
    add,
    apply,
    divide,
    multiply,
    negate,
    number,
    power,
    subtract,
)
from gradproof.expr.catalogue.function import Function, at_zero, by_entry
from gradproof.expr.node import Compare, Constant, Expr, Iverson

_erf = by_entry(math.erf)

#: The two constants of SELU, as its paper prints them.
_SELU_SLOPE = Fraction("1.0507009873554804934193349852946")
_SELU_ALPHA = Fraction("1.6732632423543772848170429916717")


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
    scale = power(multiply(TWO, Constant("pi")), number(Fraction(-1, 2)))
    return multiply(scale, apply("exp", build.scale(Fraction(-1, 2), power(x, TWO))))


def _half_one_plus_erf(x: Expr) -> Expr:
    """The normal distribution function."""
    inner = apply("erf", multiply(x, power(TWO, number(Fraction(-1, 2)))))
    return build.scale(Fraction(1, 2), add(ONE, inner))


def _ball(value: Fraction) -> arb:
    return arb(fmpq(value.numerator, value.denominator))


def _selu(x: Expr, above: Expr, below: Expr) -> Expr:
    """Return ``slope * (above where x > 0, else alpha * below)``."""
    branches = add(multiply(_positive(x), above), multiply(number(_SELU_ALPHA), subtract(ONE, _positive(x)), below))
    return multiply(number(_SELU_SLOPE), branches)


def _mish_partial(x: Expr) -> Expr:
    inner = apply("tanh", apply("softplus", x))
    return add(inner, multiply(x, subtract(ONE, power(inner, TWO)), _sigma(x)))


def _between(low: Expr, x: Expr, high: Expr) -> Expr:
    return Iverson(build.all_of(Compare("<", low, x), Compare("<", x, high)))


def _inside(x: Expr, bound: Expr) -> Expr:
    return Iverson(Compare("<=", apply("abs", x), bound))


def _huber_ball(x: arb, bound: arb) -> arb:
    """With m = min(|x|, d) both branches are ``m (|x| - m / 2)``: no test on overlapping balls."""
    if not bound > 0:
        return arb.nan()
    least = abs(x).min(bound)
    return least * (abs(x) - least / 2)


def _huber_partial(a: tuple[Expr, ...], place: int) -> Expr:
    x, bound = a
    outside = subtract(ONE, _inside(x, bound))
    if place == 0:
        return apply("minimum", apply("maximum", x, negate(bound)), bound)
    return multiply(outside, subtract(apply("abs", x), bound))


def _huber_expansion(a: tuple[Expr, ...]) -> Expr:
    x, bound = a
    near = build.scale(Fraction(1, 2), multiply(_inside(x, bound), power(x, TWO)))
    far = subtract(apply("abs", x), build.scale(Fraction(1, 2), bound))
    return add(near, multiply(subtract(ONE, _inside(x, bound)), bound, far))


def _soft_threshold_partial(a: tuple[Expr, ...], place: int) -> Expr:
    moved = Iverson(Compare(">", apply("abs", a[0]), a[1]))
    return moved if place == 0 else negate(multiply(moved, apply("sign", a[0])))


FUNCTIONS = (
    Function(
        name="sigma",
        text=("sigma", "sigmoid", "logistic", "expit"),
        latex=("\\sigma",),
        arity=1,
        partial=lambda a, _: multiply(_sigma(a[0]), subtract(ONE, _sigma(a[0]))),
        array=_sigma_array,
        ball=_sigma_ball,
        exact=at_zero(fmpq(1, 2)),
        expansion=lambda a: power(add(ONE, apply("exp", negate(a[0]))), MINUS_ONE),
        analytic=True,
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
        exact=at_zero(0),
        expansion=lambda a: multiply(a[0], _sigma(a[0])),
        analytic=True,
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
        exact=at_zero(0),
        expansion=lambda a: multiply(a[0], _half_one_plus_erf(a[0])),
        analytic=True,
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
    Function(
        name="log_sigmoid",
        text=("log_sigmoid", "logsigmoid", "LogSigmoid"),
        latex=("\\operatorname{logsigmoid}",),
        arity=1,
        partial=lambda a, _: subtract(ONE, _sigma(a[0])),
        array=lambda x: -np.logaddexp(0, -x),
        ball=lambda x: -(1 + (-x).exp()).log(),
        expansion=lambda a: negate(apply("log", add(ONE, apply("exp", negate(a[0]))))),
        source="Goodfellow, Bengio, Courville 2016, section 3.10",
    ),
    Function(
        name="selu",
        text=("selu", "SELU"),
        latex=("\\operatorname{SELU}",),
        arity=1,
        partial=lambda a, _: _selu(a[0], ONE, apply("exp", a[0])),
        array=lambda x: float(_SELU_SLOPE) * np.where(x > 0, x, float(_SELU_ALPHA) * np.expm1(np.minimum(x, 0))),
        ball=lambda x: _ball(_SELU_SLOPE) * (x.max(arb(0)) + _ball(_SELU_ALPHA) * x.min(arb(0)).expm1()),
        exact=lambda x: x * fmpq(*_SELU_SLOPE.as_integer_ratio()) if x >= 0 else None,
        expansion=lambda a: _selu(a[0], a[0], subtract(apply("exp", a[0]), ONE)),
        kink="at 0, where the slope of the negative side is taken",
        source="Klambauer et al. 2017",
    ),
    Function(
        name="mish",
        text=("mish", "Mish"),
        latex=("\\operatorname{Mish}",),
        arity=1,
        partial=lambda a, _: _mish_partial(a[0]),
        array=lambda x: x * np.tanh(np.logaddexp(0, x)),
        ball=lambda x: x * (1 + x.exp()).log().tanh(),
        exact=at_zero(0),
        expansion=lambda a: multiply(a[0], apply("tanh", apply("softplus", a[0]))),
        source="Misra 2020",
    ),
    Function(
        name="hardtanh",
        text=("hardtanh", "Hardtanh"),
        latex=("\\operatorname{hardtanh}",),
        arity=1,
        partial=lambda a, _: _between(negate(ONE), a[0], ONE),
        array=lambda x: np.clip(x, -1, 1),
        ball=lambda x: x.max(arb(-1)).min(arb(1)),
        exact=lambda x: max(min(x, fmpq(1)), fmpq(-1)),
        expansion=lambda a: apply("maximum", negate(ONE), apply("minimum", ONE, a[0])),
        kink="at -1 and 1, where the subgradient 0 is taken",
        is_odd=True,
        source="Collobert 2004",
    ),
    Function(
        name="relu6",
        text=("relu6", "ReLU6"),
        latex=("\\operatorname{ReLU6}",),
        arity=1,
        partial=lambda a, _: _between(ZERO, a[0], build.number(6)),
        array=lambda x: np.clip(x, 0, 6),
        ball=lambda x: x.max(arb(0)).min(arb(6)),
        exact=lambda x: max(min(x, fmpq(6)), fmpq(0)),
        expansion=lambda a: apply("minimum", build.number(6), apply("maximum", ZERO, a[0])),
        kink="at 0 and 6, where the subgradient 0 is taken",
        source="Krizhevsky 2010",
    ),
    Function(
        name="huber",
        text=("huber", "Huber"),
        latex=("\\operatorname{Huber}",),
        arity=2,
        partial=_huber_partial,
        array=lambda x, d: np.where(d > 0, np.where(np.abs(x) <= d, x**2 / 2, d * (np.abs(x) - d / 2)), np.nan),
        ball=_huber_ball,
        exact=lambda x, d: None if d <= 0 else x * x / 2 if abs(x) <= d else d * (abs(x) - d / 2),
        expansion=_huber_expansion,
        domain=("", "positive"),
        source="Huber 1964",
    ),
    Function(
        name="soft_threshold",
        text=("soft_threshold", "softshrink"),
        latex=("\\operatorname{soft}",),
        arity=2,
        partial=_soft_threshold_partial,
        array=lambda x, t: np.where(t >= 0, np.sign(x) * np.maximum(np.abs(x) - t, 0), np.nan),
        ball=lambda x, t: (x - t).max(arb(0)) + (x + t).min(arb(0)) if t >= 0 else arb.nan(),
        exact=lambda x, t: max(x - t, fmpq(0)) + min(x + t, fmpq(0)) if t >= 0 else None,
        expansion=lambda a: multiply(apply("sign", a[0]), apply("maximum", subtract(apply("abs", a[0]), a[1]), ZERO)),
        domain=("", "nonnegative"),
        kink="where the size of the first argument is the second, where the subgradient 0 is taken",
        source="Beck 2017, Example 6.8",
    ),
)
