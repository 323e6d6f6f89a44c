"""Derivatives along a direction, stage by stage: from the first stage to the last, each tangent in terms of those before it.

Taken through a gradient's stages, forwards and back, they are the product of the Hessian with the direction: no Hessian is formed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gradproof.derivation.tidy import readable
from gradproof.derivative.differentiate import differentiate
from gradproof.expr.build import ZERO, add, axis_index, multiply
from gradproof.expr.node import Element, Expr, Index, Symbol
from gradproof.expr.walk import substitute, symbols
from gradproof.formula.formula import Stage
from gradproof.rewrite.delta import eliminate_deltas, sum_without_deltas, without_sure_tests


@dataclass(frozen=True, slots=True)
class Tangents:
    """How some stages change along a direction: ``order`` has them and their tangents as they can be computed,
    ``value`` the tangent of what was asked for.
    """

    order: tuple[Stage, ...]
    value: Expr


def tangents(
    stages: Sequence[Stage], value: Expr, axes: Sequence[Index], wrt: Symbol, direction: Symbol, taken: Sequence[str] = ()
) -> Tangents:
    """Return the derivative of a value along a direction of one of its variables.

    Formula:  dot t = sum over what t reads, s, of sum_entries (d t / d s) dot s, with dot wrt = direction
    Args:     stages: what the value is made of, each in terms of variables and of those before it.  axes: those of the value.
              taken: names that mean something else.
    Raises:   GradproofError: a function has no derivative rule.
    Source:   Griewank and Walther 2008, chapter 3 (forward accumulation); Pearlmutter 1994 (of a gradient: the product with the Hessian).
    """
    names = {*taken, wrt.name, direction.name, *(stage.symbol.name for stage in stages)}
    moving: dict[Symbol, Symbol] = {wrt: direction}
    order: list[Stage] = []
    for stage in stages:
        order.append(stage)
        change = _change(stage.value, stage.axes, moving, stage.entry)
        if change is not ZERO:
            name = f"{stage.symbol.name}_dot"
            while name in names:
                name += "_"
            names.add(name)
            moving[stage.symbol] = Symbol(name, stage.symbol.axes)
            order.append(Stage(moving[stage.symbol], change, stage.axes))
    return Tangents(tuple(order), _change(value, axes, moving))


def _change(value: Expr, axes: Sequence[Index], moving: dict[Symbol, Symbol], name: Expr | None = None) -> Expr:
    """Return how a value changes when what it reads does; where the change says it again (1 - tanh(z)^2) that is said by its name."""
    read = symbols(value)
    terms: list[Expr] = []
    for symbol, change in moving.items():
        if symbol in read:
            places = _places(symbol)
            local = differentiate(value, symbol, places)
            local = local if name is None else substitute(local, {value: name})
            entry = Element(change, places) if places else change
            terms.append(sum_without_deltas(places, multiply(local, entry)))
    if not terms:
        return ZERO
    return readable(without_sure_tests(eliminate_deltas(add(*terms))), axes)


def _places(symbol: Symbol) -> tuple[Index, ...]:
    return tuple(axis_index(letter, axis) for letter, axis in zip("pqrstuvw", symbol.axes, strict=False))
