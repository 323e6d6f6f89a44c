"""Exponential and logarithm, absolute value, rounding, extrema: what calculus books call elementary."""

from __future__ import annotations

import math

import numpy as np
from flint import arb, fmpq, fmpz

from gradproof.expr import build
from gradproof.expr.catalogue.function import Function
from gradproof.expr.node import Compare, Expr, Iverson


def _reciprocal(node: Expr) -> Expr:
    return build.power(node, build.MINUS_ONE)


def _log_to_base(base: int) -> Function:
    def partial(arguments: tuple[Expr, ...], _: int) -> Expr:
        return _reciprocal(build.multiply(arguments[0], build.apply("log", build.number(base))))

    def expansion(arguments: tuple[Expr, ...]) -> Expr:
        return build.divide(build.apply("log", *arguments), build.apply("log", build.number(base)))

    return Function(
        name=f"log{base}",
        text=(f"log{base}",),
        latex=(f"\\log_{{{base}}}",),
        arity=1,
        partial=partial,
        array=np.log2 if base == 2 else np.log10,
        ball=lambda x: x.log() / arb(base).log(),
        expansion=expansion,
        domain=("positive",),
        source="NIST DLMF 4.2",
    )


def _step_partial(_: tuple[Expr, ...], __: int) -> Expr:
    return build.ZERO


def _extremum_partial(relation: str) -> object:
    def partial(arguments: tuple[Expr, ...], place: int) -> Expr:
        """The share of the argument that attains the extremum; the first one takes a tie."""
        tests: list[Expr] = []
        for other, argument in enumerate(arguments):
            if other != place:
                sign = relation if other < place else relation + "="
                tests.append(Compare(sign, arguments[place], argument))
        return Iverson(build.all_of(*tests)) if tests else build.ONE

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


def _factorial_exact(x: fmpq) -> fmpq | None:
    return fmpq(math.factorial(int(x.p))) if x.q == 1 and 0 <= x.p <= 1000 else None


def _binomial_exact(n: fmpq, k: fmpq) -> fmpq | None:
    if n.q == k.q == 1 and 0 <= k.p <= n.p <= 1000:
        return fmpq(math.comb(int(n.p), int(k.p)))
    return None


def _opaque_partial(name: str) -> object:
    def partial(_: tuple[Expr, ...], __: int) -> Expr:
        raise NotImplementedError(f"{name} has no derivative in the catalogue")

    return partial


FUNCTIONS = (
    Function(
        name="exp",
        text=("exp",),
        latex=("\\exp",),
        arity=1,
        partial=lambda arguments, _: build.apply("exp", *arguments),
        array=np.exp,
        ball=arb.exp,
        exact=lambda x: fmpq(1) if x == 0 else None,
        source="NIST DLMF 4.2",
    ),
    Function(
        name="log",
        text=("log", "ln"),
        latex=("\\log", "\\ln"),
        arity=1,
        partial=lambda arguments, _: _reciprocal(arguments[0]),
        array=np.log,
        ball=arb.log,
        exact=lambda x: fmpq(0) if x == 1 else None,
        domain=("positive",),
        source="NIST DLMF 4.2",
    ),
    _log_to_base(2),
    _log_to_base(10),
    Function(
        name="abs",
        text=("abs",),
        latex=("\\operatorname{abs}",),
        arity=1,
        partial=lambda arguments, _: build.apply("sign", *arguments),
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
        partial=_step_partial,
        array=np.sign,
        ball=arb.sgn,
        exact=lambda x: fmpq((x > 0) - (x < 0)),
        kink="at 0, where it jumps",
        is_odd=True,
        source="NIST DLMF 1.16(iv)",
    ),
    Function(
        name="floor",
        text=("floor",),
        latex=("\\operatorname{floor}",),
        arity=1,
        partial=_step_partial,
        array=np.floor,
        ball=arb.floor,
        exact=lambda x: fmpq(fmpz(x.p // x.q)),
        kink="at the integers, where it jumps",
        source="Graham, Knuth, Patashnik 1994, section 3.1",
    ),
    Function(
        name="ceil",
        text=("ceil",),
        latex=("\\operatorname{ceil}",),
        arity=1,
        partial=_step_partial,
        array=np.ceil,
        ball=arb.ceil,
        exact=lambda x: fmpq(fmpz(-((-x.p) // x.q))),
        kink="at the integers, where it jumps",
        source="Graham, Knuth, Patashnik 1994, section 3.1",
    ),
    Function(
        name="maximum",
        text=("maximum", "max"),
        latex=("\\max",),
        arity=-1,
        partial=_extremum_partial(">"),  # type: ignore[arg-type]
        array=lambda *values: np.maximum.reduce(np.broadcast_arrays(*values)),
        ball=_maximum_ball,
        exact=max,
        kink="where arguments tie, the first of them takes the subgradient",
        source="Beck 2017, Theorem 3.50",
    ),
    Function(
        name="minimum",
        text=("minimum", "min"),
        latex=("\\min",),
        arity=-1,
        partial=_extremum_partial("<"),  # type: ignore[arg-type]
        array=lambda *values: np.minimum.reduce(np.broadcast_arrays(*values)),
        ball=_minimum_ball,
        exact=min,
        kink="where arguments tie, the first of them takes the subgradient",
        source="Beck 2017, Theorem 3.50",
    ),
    Function(
        name="factorial",
        text=("factorial",),
        latex=("\\operatorname{factorial}",),
        arity=1,
        partial=_opaque_partial("factorial"),  # type: ignore[arg-type]
        array=np.vectorize(lambda x: math.gamma(x + 1)),
        ball=lambda x: (x + 1).gamma(),
        exact=_factorial_exact,
        domain=("nonnegative",),
        source="NIST DLMF 5.4",
    ),
    Function(
        name="binomial",
        text=("binomial",),
        latex=("\\operatorname{binomial}",),
        arity=2,
        partial=_opaque_partial("binomial"),  # type: ignore[arg-type]
        array=np.vectorize(lambda n, k: math.gamma(n + 1) / math.gamma(k + 1) / math.gamma(n - k + 1)),
        ball=lambda n, k: (n + 1).gamma() / (k + 1).gamma() / (n - k + 1).gamma(),
        exact=_binomial_exact,
        source="NIST DLMF 1.2(i)",
    ),
)
