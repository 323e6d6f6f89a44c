"""Trigonometric and hyperbolic functions with their inverses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from flint import arb, fmpq

from gradproof.expr import build
from gradproof.expr.build import MINUS_ONE, ONE, TWO, add, apply, multiply, negate, power, square_root, subtract
from gradproof.expr.catalogue.function import Function
from gradproof.expr.node import Expr

Unary = Callable[[Expr], Expr]


def _entry(
    name: str,
    derivative: Unary,
    array: Callable[..., Any],
    ball: Callable[[arb], arb],
    *,
    spellings: tuple[str, ...] = (),
    expansion: Unary | None = None,
    at_zero: int | None = 0,
    parity: str = "odd",
    domain: str = "",
) -> Function:
    command = f"\\{name}" if name in _COMMANDS else f"\\operatorname{{{name}}}"
    return Function(
        name=name,
        text=(name, *spellings),
        latex=(command,),
        arity=1,
        partial=lambda arguments, _: derivative(arguments[0]),
        array=array,
        ball=ball,
        exact=None if at_zero is None else lambda x: fmpq(at_zero) if x == 0 else None,
        expansion=None if expansion is None else lambda arguments: expansion(arguments[0]),
        domain=(domain,) if domain else (),
        is_odd=parity == "odd",
        is_even=parity == "even",
        source="NIST DLMF chapter 4",
    )


_COMMANDS = frozenset({"sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "coth", "arcsin", "arccos", "arctan"})


def _square(node: Expr) -> Expr:
    return power(node, TWO)


def _inverse(node: Expr) -> Expr:
    return power(node, MINUS_ONE)


def _exps(sign: int, x: Expr) -> Expr:
    """Return ``(exp(x) + sign exp(-x)) / 2``."""
    return build.scale(build.HALF.value, add(apply("exp", x), build.scale(sign, apply("exp", negate(x)))))


FUNCTIONS = (
    _entry("sin", lambda x: apply("cos", x), np.sin, arb.sin),
    _entry("cos", lambda x: negate(apply("sin", x)), np.cos, arb.cos, at_zero=1, parity="even"),
    _entry(
        "tan",
        lambda x: add(ONE, _square(apply("tan", x))),
        np.tan,
        arb.tan,
        expansion=lambda x: multiply(apply("sin", x), _inverse(apply("cos", x))),
    ),
    _entry(
        "cot",
        lambda x: negate(add(ONE, _square(apply("cot", x)))),
        lambda x: 1 / np.tan(x),
        arb.cot,
        at_zero=None,
        expansion=lambda x: multiply(apply("cos", x), _inverse(apply("sin", x))),
        domain="nonzero",
    ),
    _entry(
        "sec",
        lambda x: multiply(apply("sec", x), apply("tan", x)),
        lambda x: 1 / np.cos(x),
        arb.sec,
        at_zero=1,
        parity="even",
        expansion=lambda x: _inverse(apply("cos", x)),
    ),
    _entry(
        "csc",
        lambda x: negate(multiply(apply("csc", x), apply("cot", x))),
        lambda x: 1 / np.sin(x),
        arb.csc,
        at_zero=None,
        expansion=lambda x: _inverse(apply("sin", x)),
        domain="nonzero",
    ),
    _entry(
        "arcsin",
        lambda x: _inverse(square_root(subtract(ONE, _square(x)))),
        np.arcsin,
        arb.asin,
        spellings=("asin",),
        domain="between -1 and 1",
    ),
    _entry(
        "arccos",
        lambda x: negate(_inverse(square_root(subtract(ONE, _square(x))))),
        np.arccos,
        arb.acos,
        spellings=("acos",),
        at_zero=None,
        parity="",
        domain="between -1 and 1",
    ),
    _entry("arctan", lambda x: _inverse(add(ONE, _square(x))), np.arctan, arb.atan, spellings=("atan",)),
    _entry("sinh", lambda x: apply("cosh", x), np.sinh, arb.sinh, expansion=lambda x: _exps(-1, x)),
    _entry(
        "cosh",
        lambda x: apply("sinh", x),
        np.cosh,
        arb.cosh,
        at_zero=1,
        parity="even",
        expansion=lambda x: _exps(1, x),
    ),
    _entry(
        "tanh",
        lambda x: subtract(ONE, _square(apply("tanh", x))),
        np.tanh,
        arb.tanh,
        expansion=lambda x: multiply(_exps(-1, x), _inverse(_exps(1, x))),
    ),
    _entry(
        "coth",
        lambda x: subtract(ONE, _square(apply("coth", x))),
        lambda x: 1 / np.tanh(x),
        arb.coth,
        at_zero=None,
        expansion=lambda x: multiply(_exps(1, x), _inverse(_exps(-1, x))),
        domain="nonzero",
    ),
    _entry(
        "arcsinh",
        lambda x: _inverse(square_root(add(ONE, _square(x)))),
        np.arcsinh,
        arb.asinh,
        spellings=("asinh",),
    ),
    _entry(
        "arccosh",
        lambda x: _inverse(square_root(subtract(_square(x), ONE))),
        np.arccosh,
        arb.acosh,
        spellings=("acosh",),
        at_zero=None,
        parity="",
        domain="at least 1",
    ),
    _entry(
        "arctanh",
        lambda x: _inverse(subtract(ONE, _square(x))),
        np.arctanh,
        arb.atanh,
        spellings=("atanh",),
        domain="between -1 and 1",
    ),
)
