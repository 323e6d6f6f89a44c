"""Exponential and logarithm, absolute value, rounding, extrema: what calculus books call elementary."""

from __future__ import annotations

from typing import Any

import numpy as np
from flint import arb, fmpq, fmpz

from gradproof.expr import build
from gradproof.expr.build import MINUS_ONE, ONE, ZERO, add, apply, divide, multiply, negate, power, subtract
from gradproof.expr.catalogue.function import Function, Partial, at_zero, method
from gradproof.expr.node import Compare, Expr, Iverson


def _log_to_base(base: int) -> Function:
    def partial(arguments: tuple[Expr, ...], _: int) -> Expr:
        return power(multiply(arguments[0], apply("log", build.number(base))), MINUS_ONE)

    def expansion(arguments: tuple[Expr, ...]) -> Expr:
        return divide(apply("log", *arguments), apply("log", build.number(base)))

    def exact(x: fmpq) -> fmpq | None:
        """The logarithm of a whole power of the base is whole."""
        for sign, part, other in ((1, int(x.p), int(x.q)), (-1, int(x.q), int(x.p))):
            if other == 1 and 0 < part < base**64:
                count = round(np.log(float(part)) / np.log(base))
                return fmpq(sign * count) if base**count == part else None
        return None

    return Function(
        name=f"log{base}",
        text=(f"log{base}",),
        latex=(f"\\log_{{{base}}}",),
        arity=1,
        partial=partial,
        array=np.log2 if base == 2 else np.log10,
        ball=lambda x: x.log() / arb(base).log(),
        exact=exact,
        expansion=expansion,
        domain=("positive",),
        source="NIST DLMF 4.2",
    )


def _flat(_: tuple[Expr, ...], __: int) -> Expr:
    return ZERO


def _extremum_partial(relation: str) -> Partial:
    def partial(arguments: tuple[Expr, ...], place: int) -> Expr:
        """The share of the argument that attains the extremum; the first one takes a tie."""
        tests: list[Expr] = []
        for other, argument in enumerate(arguments):
            if other != place:
                sign = relation if other < place else relation + "="
                tests.append(Compare(sign, arguments[place], argument))
        return Iverson(build.all_of(*tests)) if tests else ONE

    return partial


def _maximum_ball(*values: arb) -> arb:
    result = values[0]
    for value in values[1:]:
        result = result.max(value)
    return result


def _minimum_ball(*values: arb) -> arb:
    result = values[0]
    for value in values[1:]:
        result = result.min(value)
    return result


def _step_ball(x: arb) -> arb:
    if x > 0:
        return arb(1)
    return arb(0) if x <= 0 else arb(0).union(arb(1))


def _floor_exact(x: fmpq) -> fmpq:
    return fmpq(fmpz(x.p // x.q))


def _ceil_exact(x: fmpq) -> fmpq:
    return fmpq(fmpz(-((-x.p) // x.q)))


def _modulo_partial(arguments: tuple[Expr, ...], place: int) -> Expr:
    return ONE if place == 0 else negate(apply("floor", divide(*arguments)))


FUNCTIONS = (
    Function(
        name="exp",
        text=("exp",),
        latex=("\\exp",),
        arity=1,
        partial=lambda arguments, _: apply("exp", *arguments),
        array=np.exp,
        ball=method("exp"),
        exact=at_zero(1),
        analytic=True,
        source="NIST DLMF 4.2",
    ),
    Function(
        name="log",
        text=("log", "ln"),
        latex=("\\log", "\\ln"),
        arity=1,
        partial=lambda arguments, _: power(arguments[0], MINUS_ONE),
        array=np.log,
        ball=method("log"),
        exact=lambda x: fmpq(0) if x == 1 else None,
        domain=("positive",),
        source="NIST DLMF 4.2",
    ),
    _log_to_base(2),
    _log_to_base(10),
    Function(
        name="log1p",
        text=("log1p",),
        latex=("\\operatorname{log1p}",),
        arity=1,
        partial=lambda arguments, _: power(add(ONE, arguments[0]), MINUS_ONE),
        array=np.log1p,
        ball=method("log1p"),
        exact=at_zero(0),
        expansion=lambda arguments: apply("log", add(ONE, arguments[0])),
        domain=("greater than -1",),
        source="NIST DLMF 4.6",
    ),
    Function(
        name="expm1",
        text=("expm1",),
        latex=("\\operatorname{expm1}",),
        arity=1,
        partial=lambda arguments, _: apply("exp", arguments[0]),
        array=np.expm1,
        ball=method("expm1"),
        exact=at_zero(0),
        expansion=lambda arguments: subtract(apply("exp", arguments[0]), ONE),
        analytic=True,
        source="NIST DLMF 4.2",
    ),
    Function(
        name="abs",
        text=("abs",),
        latex=("\\operatorname{abs}",),
        arity=1,
        partial=lambda arguments, _: apply("sign", *arguments),
        array=np.abs,
        ball=abs,
        exact=abs,
        kink="at 0, where the subgradient 0 is taken",
        is_even=True,
        source="Beck 2017, Example 3.4",
    ),
    Function(
        name="sign",
        text=("sign", "sgn"),
        latex=("\\operatorname{sign}",),
        arity=1,
        partial=_flat,
        array=np.sign,
        ball=method("sgn"),
        exact=lambda x: fmpq((x > 0) - (x < 0)),
        kink="at 0, where it jumps",
        is_odd=True,
        source="NIST DLMF 1.16(iv)",
    ),
    Function(
        name="step",
        text=("heaviside", "Heaviside", "step"),
        latex=("\\operatorname{H}",),
        arity=1,
        partial=_flat,
        array=lambda x: np.where(np.isnan(x), x, np.asarray(x > 0, dtype=float)),
        ball=_step_ball,
        exact=lambda x: fmpq(int(x > 0)),
        expansion=lambda arguments: Iverson(Compare(">", arguments[0], ZERO)),
        kink="at 0, where it jumps",
        source="NIST DLMF 1.16.13 (0 at 0)",
    ),
    Function(
        name="floor",
        text=("floor",),
        latex=("\\operatorname{floor}",),
        arity=1,
        partial=_flat,
        array=np.floor,
        ball=method("floor"),
        exact=_floor_exact,
        kink="at the integers, where it jumps",
        source="Graham, Knuth, Patashnik 1994, section 3.1",
    ),
    Function(
        name="ceil",
        text=("ceil",),
        latex=("\\operatorname{ceil}",),
        arity=1,
        partial=_flat,
        array=np.ceil,
        ball=method("ceil"),
        exact=_ceil_exact,
        kink="at the integers, where it jumps",
        source="Graham, Knuth, Patashnik 1994, section 3.1",
    ),
    Function(
        name="modulo",
        text=("modulo",),
        latex=("\\operatorname{modulo}",),
        arity=2,
        partial=_modulo_partial,
        array=np.mod,
        ball=lambda x, y: x - y * (x / y).floor(),
        exact=lambda x, y: None if y == 0 else x - y * _floor_exact(x / y),
        expansion=lambda a: subtract(a[0], multiply(a[1], apply("floor", divide(*a)))),
        domain=("", "nonzero"),
        kink="at the multiples of the second argument, where it jumps",
        source="Graham, Knuth, Patashnik 1994, section 3.4",
    ),
    Function(
        name="maximum",
        text=("maximum", "max"),
        latex=("\\max",),
        arity=-1,
        partial=_extremum_partial(">"),
        array=lambda *values: _broadcast(np.maximum, values),
        ball=_maximum_ball,
        exact=lambda *values: max(values),
        kink="where arguments tie, the first of them takes the subgradient",
        source="Beck 2017, Theorem 3.50",
    ),
    Function(
        name="minimum",
        text=("minimum", "min"),
        latex=("\\min",),
        arity=-1,
        partial=_extremum_partial("<"),
        array=lambda *values: _broadcast(np.minimum, values),
        ball=_minimum_ball,
        exact=lambda *values: min(values),
        kink="where arguments tie, the first of them takes the subgradient",
        source="Beck 2017, Theorem 3.50",
    ),
)


def _broadcast(extremum: np.ufunc, values: tuple[Any, ...]) -> Any:
    return extremum.reduce(np.broadcast_arrays(*values))
