"""Concrete functions that stand in for unknown ones: a false rule of differentiation fails for almost every function.

Only a claim that differentiates its unknown functions, and speaks of the same ones on both sides, is a rule that has to hold for all of
them; any other equation between unknown functions may as well be what the document assumes of them.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from fractions import Fraction

from gradproof.evaluate.bindings import UnknownFunction
from gradproof.expr.build import add, multiply, number, power
from gradproof.expr.node import Call, Expr, Symbol
from gradproof.expr.walk import postorder
from gradproof.printer.text import to_text

_DEGREE = 4
_LARGEST = 7


def unknown_functions(left: Expr, right: Expr) -> dict[str, int]:
    """Return the unknown functions of a rule with their numbers of arguments; none where the claim is no such rule."""
    sides = [[node for node in postorder(root) if isinstance(node, Call)] for root in (left, right)]
    names = [{(node.function, len(node.arguments)) for node in side} for side in sides]
    differentiated = any(any(node.orders) for side in sides for node in side)
    return dict(names[0]) if differentiated and names[0] == names[1] else {}


def stand_ins(wanted: Mapping[str, int], seed: int, count: int) -> dict[str, UnknownFunction]:
    """Return a random polynomial for each unknown function, the same for the same seed and count."""
    source = random.Random(f"functions:{seed}:{count}")
    return {name: _polynomial(arity, source) for name, arity in sorted(wanted.items())}


def shown(functions: Mapping[str, UnknownFunction]) -> dict[str, str]:
    """Return the functions as a witness: ``{'g(x)': '1 + 2 x'}``."""
    return {
        f"{name}({', '.join(parameter.name for parameter in function.parameters)})": to_text(function.body)
        for name, function in functions.items()
    }


def _polynomial(arity: int, source: random.Random) -> UnknownFunction:
    parameters = tuple(Symbol(name) for name in ("x", "y", "z", "w", "u", "v")[:arity]) or (Symbol("x"),)
    terms: list[Expr] = [number(_coefficient(source))]
    for degree in range(1, _DEGREE + 1):
        for parameter in parameters:
            terms.append(multiply(number(_coefficient(source)), power(parameter, number(degree))))
    if arity > 1:
        terms.append(multiply(number(_coefficient(source)), *parameters))
    return UnknownFunction(parameters, add(*terms))


def _coefficient(source: random.Random) -> Fraction:
    return Fraction(source.choice([-1, 1]) * source.randint(1, _LARGEST), source.randint(1, 3))
