"""Hyperbolic functions and their inverses."""

from __future__ import annotations

import numpy as np

from gradproof.expr.build import (
    HALF,
    MINUS_ONE,
    ONE,
    TWO,
    add,
    apply,
    multiply,
    negate,
    power,
    scale,
    square_root,
    subtract,
)
from gradproof.expr.catalogue.function import method
from gradproof.expr.catalogue.trigonometric import entry
from gradproof.expr.node import Expr


def _square(node: Expr) -> Expr:
    return power(node, TWO)


def _inverse(node: Expr) -> Expr:
    return power(node, MINUS_ONE)


def _exps(sign: int, x: Expr) -> Expr:
    """Return ``(exp(x) + sign exp(-x)) / 2``."""
    return scale(HALF.value, add(apply("exp", x), scale(sign, apply("exp", negate(x)))))


FUNCTIONS = (
    entry("sinh", lambda x: apply("cosh", x), np.sinh, method("sinh"), expansion=lambda x: _exps(-1, x)),
    entry(
        "cosh",
        lambda x: apply("sinh", x),
        np.cosh,
        method("cosh"),
        zero=1,
        parity="even",
        expansion=lambda x: _exps(1, x),
    ),
    entry(
        "tanh",
        lambda x: subtract(ONE, _square(apply("tanh", x))),
        np.tanh,
        method("tanh"),
        expansion=lambda x: multiply(_exps(-1, x), _inverse(_exps(1, x))),
    ),
    entry(
        "coth",
        lambda x: subtract(ONE, _square(apply("coth", x))),
        lambda x: 1 / np.tanh(x),
        method("coth"),
        zero=None,
        expansion=lambda x: multiply(_exps(1, x), _inverse(_exps(-1, x))),
        domain="nonzero",
    ),
    entry(
        "sech",
        lambda x: negate(multiply(apply("sech", x), apply("tanh", x))),
        lambda x: 1 / np.cosh(x),
        method("sech"),
        zero=1,
        parity="even",
        expansion=lambda x: _inverse(_exps(1, x)),
    ),
    entry(
        "csch",
        lambda x: negate(multiply(apply("csch", x), apply("coth", x))),
        lambda x: 1 / np.sinh(x),
        method("csch"),
        zero=None,
        expansion=lambda x: _inverse(_exps(-1, x)),
        domain="nonzero",
    ),
    entry(
        "arcsinh",
        lambda x: _inverse(square_root(add(ONE, _square(x)))),
        np.arcsinh,
        method("asinh"),
        spellings=("asinh",),
        expansion=lambda x: apply("log", add(x, square_root(add(ONE, _square(x))))),
        analytic=False,
    ),
    entry(
        "arccosh",
        lambda x: _inverse(square_root(subtract(_square(x), ONE))),
        np.arccosh,
        method("acosh"),
        spellings=("acosh",),
        zero=None,
        parity="",
        domain="at least 1",
        expansion=lambda x: apply("log", add(x, square_root(subtract(_square(x), ONE)))),
        analytic=False,
    ),
    entry(
        "arctanh",
        lambda x: _inverse(subtract(ONE, _square(x))),
        np.arctanh,
        method("atanh"),
        spellings=("atanh",),
        expansion=lambda x: scale(HALF.value, subtract(apply("log", add(ONE, x)), apply("log", subtract(ONE, x)))),
        domain="between -1 and 1",
        analytic=False,
    ),
)
