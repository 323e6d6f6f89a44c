"""Trigonometric functions and their inverses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from flint import arb

from gradproof.expr.build import MINUS_ONE, ONE, TWO, add, apply, multiply, negate, power, square_root, subtract
from gradproof.expr.catalogue.function import Function, at_zero, method
from gradproof.expr.node import Expr

Unary = Callable[[Expr], Expr]


def entry(
    name: str,
    derivative: Unary,
    array: Callable[..., Any],
    ball: Callable[..., Any],
    *,
    spellings: tuple[str, ...] = (),
    expansion: Unary | None = None,
    zero: int | None = 0,
    parity: str = "odd",
    domain: str = "",
    analytic: bool = True,
) -> Function:
    """Return the entry of a function of one argument of this family."""
    command = f"\\{name}" if name in _COMMANDS else f"\\operatorname{{{name}}}"
    return Function(
        name=name,
        text=(name, *spellings),
        latex=(command,),
        arity=1,
        partial=lambda arguments, _: derivative(arguments[0]),
        array=array,
        ball=ball,
        exact=None if zero is None else at_zero(zero),
        expansion=None if expansion is None else lambda arguments: expansion(arguments[0]),
        domain=(domain,) if domain else (),
        is_odd=parity == "odd",
        is_even=parity == "even",
        analytic=analytic,
        source="NIST DLMF chapter 4",
    )


_COMMANDS = frozenset({"sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "coth", "arcsin", "arccos", "arctan"})


def _square(node: Expr) -> Expr:
    return power(node, TWO)


def _inverse(node: Expr) -> Expr:
    return power(node, MINUS_ONE)


def _arctan2_partial(arguments: tuple[Expr, ...], place: int) -> Expr:
    y, x = arguments
    share = x if place == 0 else negate(y)
    return multiply(share, _inverse(add(_square(x), _square(y))))


FUNCTIONS = (
    entry("sin", lambda x: apply("cos", x), np.sin, method("sin")),
    entry("cos", lambda x: negate(apply("sin", x)), np.cos, method("cos"), zero=1, parity="even"),
    entry(
        "tan",
        lambda x: add(ONE, _square(apply("tan", x))),
        np.tan,
        method("tan"),
        expansion=lambda x: multiply(apply("sin", x), _inverse(apply("cos", x))),
    ),
    entry(
        "cot",
        lambda x: negate(add(ONE, _square(apply("cot", x)))),
        lambda x: 1 / np.tan(x),
        method("cot"),
        zero=None,
        expansion=lambda x: multiply(apply("cos", x), _inverse(apply("sin", x))),
        domain="nonzero",
    ),
    entry(
        "sec",
        lambda x: multiply(apply("sec", x), apply("tan", x)),
        lambda x: 1 / np.cos(x),
        method("sec"),
        zero=1,
        parity="even",
        expansion=lambda x: _inverse(apply("cos", x)),
    ),
    entry(
        "csc",
        lambda x: negate(multiply(apply("csc", x), apply("cot", x))),
        lambda x: 1 / np.sin(x),
        method("csc"),
        zero=None,
        expansion=lambda x: _inverse(apply("sin", x)),
        domain="nonzero",
    ),
    entry(
        "arcsin",
        lambda x: _inverse(square_root(subtract(ONE, _square(x)))),
        np.arcsin,
        method("asin"),
        spellings=("asin",),
        domain="between -1 and 1",
        analytic=False,
    ),
    entry(
        "arccos",
        lambda x: negate(_inverse(square_root(subtract(ONE, _square(x))))),
        np.arccos,
        method("acos"),
        spellings=("acos",),
        zero=None,
        parity="",
        domain="between -1 and 1",
        analytic=False,
    ),
    entry(
        "arctan",
        lambda x: _inverse(add(ONE, _square(x))),
        np.arctan,
        method("atan"),
        spellings=("atan",),
        analytic=False,
    ),
    Function(
        name="arctan2",
        text=("arctan2", "atan2"),
        latex=("\\operatorname{arctan2}",),
        arity=2,
        partial=_arctan2_partial,
        array=lambda y, x: np.where((x == 0) & (y == 0), np.nan, np.arctan2(y, x)),
        ball=lambda y, x: arb.nan() if x.contains(0) and y.contains(0) else arb.atan2(y, x),
        kink="at the origin and across the negative second axis, where it jumps",
        source="NIST DLMF 4.23.38",
    ),
)
