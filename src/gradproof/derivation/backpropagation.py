"""The gradient of a formula with stages: from the last stage back to the first, each derivative in terms of its own stage alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gradproof.derivation.tidy import readable
from gradproof.derivative.differentiate import differentiate
from gradproof.expr.build import ZERO, add, axis_index, multiply
from gradproof.expr.node import Element, Expr, Index, Symbol, fresh_index
from gradproof.expr.walk import substitute, symbols
from gradproof.formula.formula import Stage, Stages
from gradproof.rewrite.delta import eliminate_deltas, sum_without_deltas, without_sure_tests

_LETTERS = "pqrstuvw"


@dataclass(frozen=True, slots=True)
class Backpropagation:
    """The sweep back through the stages of a scalar formula.

    ``by_stage`` has the derivatives of the formula by its stages, the last stage's first, as stages of their own: the cotangents;
    ``gradients`` are the derivatives by ``variables``, in terms of the stages and their cotangents.
    """

    stages: Stages
    variables: tuple[Symbol, ...]
    by_stage: Mapping[Symbol, Stage]
    gradients: tuple[Stage, ...]

    def gradient(self, wrt: Symbol) -> Stage:
        """Return the gradient by one of the variables that were asked for."""
        return self.gradients[self.variables.index(wrt)]

    @property
    def order(self) -> tuple[Stage, ...]:
        """All stages in an order in which they can be computed: forwards, then back."""
        return (*self.stages.order, *self.by_stage.values())


def backpropagate(stages: Stages, wanted: Sequence[Symbol], taken: Sequence[str] = ()) -> Backpropagation:
    """Return the gradients of a scalar formula by some variables.

    Formula:  d f / d s_k = sum over later stages t that read s_k of sum_entries (d f / d t) (d t / d s_k)
    Args:     stages: a formula without axes, stage by stage.  taken: names that mean something else.
    Raises:   GradproofError: a function has no derivative rule.
    Source:   Griewank and Walther 2008, chapter 3 (reverse accumulation).
    """
    sweep = _Sweep(stages, {*taken, *(stage.symbol.name for stage in stages.order)})
    moving = _moving(stages, wanted)
    for stage in reversed(stages.order):
        if stage.symbol in moving:
            sweep.go_back_to(stage.symbol)
    gradients = tuple(sweep.derivative(symbol, f"gradient_{symbol.name}") for symbol in wanted)
    return Backpropagation(stages, tuple(wanted), sweep.cotangents, gradients)


def _moving(stages: Stages, wanted: Sequence[Symbol]) -> set[Symbol]:
    """Return the stages that hang on the wanted variables."""
    found: set[Symbol] = set(wanted)
    for stage in stages.order:
        if symbols(stage.value) & found:
            found.add(stage.symbol)
    return found


class _Sweep:
    """The cotangents that are known so far, by the symbol of their stage."""

    def __init__(self, stages: Stages, taken: set[str]) -> None:
        self.stages = stages
        self.taken = taken
        self.cotangents: dict[Symbol, Stage] = {}

    def go_back_to(self, symbol: Symbol) -> None:
        """Take the cotangent of a stage; all stages after it have theirs."""
        made = self.derivative(symbol, f"d_{symbol.name}")
        if made.value is not ZERO:
            self.cotangents[symbol] = made

    def derivative(self, symbol: Symbol, name: str) -> Stage:
        """Return the derivative of the formula by a stage or a variable, through every stage that reads it."""
        places = _places(symbol)
        terms = [differentiate(self.stages.value, symbol, places)] if symbol in symbols(self.stages.value) else []
        for stage in self.stages.order:
            back = self.cotangents.get(stage.symbol)
            if back is None or symbol not in symbols(stage.value):
                continue
            axes = tuple(fresh_index(axis.name, axis.lower, axis.upper) for axis in stage.axes)
            value = substitute(stage.value, dict(zip(stage.axes, axes, strict=True)))
            # What the derivative says in terms of the stage's own value (1 - tanh(z)^2) is said by its name.
            local = substitute(differentiate(value, symbol, places), {value: _entry(stage.symbol, axes)})
            terms.append(sum_without_deltas(axes, multiply(_entry(back.symbol, axes), local)))
        value = readable(without_sure_tests(eliminate_deltas(add(*terms))), places) if terms else ZERO
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return Stage(Symbol(name, symbol.axes), value, places)


def _entry(symbol: Symbol, places: tuple[Index, ...]) -> Expr:
    return Element(symbol, places) if places else symbol


def _places(symbol: Symbol) -> tuple[Index, ...]:
    return tuple(axis_index(letter, axis) for letter, axis in zip(_LETTERS, symbol.axes, strict=False))
