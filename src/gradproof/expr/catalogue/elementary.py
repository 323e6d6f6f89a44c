"""Exponential and logarithm, and what calculus books call elementary."""

from __future__ import annotations

import numpy as np
from flint import arb, fmpq

from gradproof.expr import build
from gradproof.expr.catalogue.function import Function
from gradproof.expr.node import Expr


def _exp_partial(arguments: tuple[Expr, ...], _: int) -> Expr:
    return build.apply("exp", *arguments)


def _log_partial(arguments: tuple[Expr, ...], _: int) -> Expr:
    return build.power(arguments[0], build.MINUS_ONE)


EXP = Function(
    name="exp",
    text=("exp",),
    latex=("\\exp",),
    arity=1,
    partial=_exp_partial,
    array=np.exp,
    ball=arb.exp,
    exact=lambda x: fmpq(1) if x == 0 else None,
    source="NIST DLMF 4.2",
)

LOG = Function(
    name="log",
    text=("log", "ln"),
    latex=("\\log", "\\ln"),
    arity=1,
    partial=_log_partial,
    array=np.log,
    ball=arb.log,
    exact=lambda x: fmpq(0) if x == 1 else None,
    domain=("positive",),
    source="NIST DLMF 4.2",
)

FUNCTIONS = (EXP, LOG)
