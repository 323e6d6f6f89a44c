"""A derivation: a formula, its derivative in every notation, the steps to it, and the check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from gradproof.codegen.module import program_source
from gradproof.codegen.signature import Output
from gradproof.derivation.advice import shorter_forms
from gradproof.derivation.backpropagation import Backpropagation, backpropagate
from gradproof.derivation.layering import layered
from gradproof.derivation.notation import Notation, Writing, written
from gradproof.derivation.outputs import gradient_output, hessian_product_output, tangent_output, value_output
from gradproof.derivation.staged import StagedWriting
from gradproof.derivation.steps import Problem, Step, derivation_steps
from gradproof.derivation.tidy import readable, tidied, with_named_functions
from gradproof.derivation.verification import Verification, along_direction, verify
from gradproof.derivative.differentiate import differentiate
from gradproof.derivative.kinks import kinks
from gradproof.errors import FormulaError
from gradproof.expr.build import ZERO, axis_index
from gradproof.expr.node import Expr, Index, Symbol
from gradproof.expr.walk import substitute, symbols
from gradproof.formula.formula import Formula, Stages
from gradproof.formula.parse import parse
from gradproof.printer.latex import to_latex as index_latex
from gradproof.printer.mathml import to_html
from gradproof.printer.text import to_text as index_text

LAYOUTS = ("variable", "numerator", "denominator")
#: Properties that each entry has by itself.
_OF_ENTRIES = frozenset({"positive", "nonnegative", "negative", "integer", "natural", "binary", "plusminus", "probability"})
_LETTERS = "pqrstuvwabcdefgh"


@dataclass(frozen=True)
class Derivation:
    """The derivative of ``formula`` by ``wrt``: ``value`` is its entry at the free indices ``axes``, in the order of the layout.

    ``at`` are the indices over the variable's entries, one tuple for each order. With ``along`` the last derivative is taken in that
    direction: ``sum_at value[at] along[at]``, of order 2 the product of the Hessian and a vector.
    """

    formula: Formula
    wrt: Symbol
    order: int
    layout: str
    value: Expr
    axes: tuple[Index, ...]
    at: tuple[tuple[Index, ...], ...]
    kinks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    along: Symbol | None = None

    @cached_property
    def notation(self) -> Notation:
        """The derivative in writing."""
        staged = self._staged
        if staged is not None:
            return staged.notation(Writing(index_text(self.value), index_latex(self.value)))
        is_row = self.layout == "numerator" and not self.formula.axes and len(self.axes) == 1
        return written(self.value, self.axes, self.result_symbols, is_row=is_row, parts=self.formula.intermediates)

    @cached_property
    def _staged(self) -> StagedWriting | None:
        """The derivative stage by stage, where the formula has stages and the derivative is a gradient of the variable's shape."""
        return None if self._sweep is None else StagedWriting(self.formula, self._sweep, self.wrt)

    @cached_property
    def _sweep(self) -> Backpropagation | None:
        formula = self.formula
        is_gradient = self.order == 1 and self.along is None and self.layout != "numerator" and not formula.axes
        if not is_gradient or formula.stages is None or self.wrt not in formula.symbols:
            return None
        return self._swept(formula.stages)

    @cached_property
    def advice(self) -> tuple[str, ...]:
        """What would make the derivative shorter, in words."""
        return shorter_forms(self.value, self.axes, self.formula, self.wrt, self.notation.short.text)

    @property
    def result_symbols(self) -> tuple[Symbol, ...]:
        """The variables of the derivative: those of the formula, and the direction."""
        known = self.formula.symbols
        return known if self.along is None or self.along in known else (*known, self.along)

    @property
    def result(self) -> Formula:
        """The derivative as a formula of its own."""
        return replace(
            self.formula,
            text=self.to_text(),
            value=self.value,
            axes=self.axes,
            symbols=self.result_symbols,
            intermediates=(),
            stages=None,
            notes=self.notes,
        )

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps of the first derivative, from the outside in."""
        formula = self.formula
        if self._staged is not None:
            return tuple(self._staged.steps())
        value = with_named_functions(formula.value)
        problem = Problem(value, formula.axes, self.wrt, self.at[0], formula.symbols, formula.intermediates)
        return derivation_steps(problem)

    def to_text(self) -> str:
        """Return the derivative as plain text: matrix notation where it fits, else index notation."""
        return self.notation.text

    def to_latex(self) -> str:
        """Return the derivative as LaTeX."""
        return self.notation.latex

    def verify(self, points: int = 20) -> Verification:
        """Compare the derivative with central differences at random points."""
        value = self.formula.value
        if self.order == 2:
            free = _without_promises(self.wrt)
            first = tidied(differentiate(substitute(value, {self.wrt: free}), free, self.at[0]))
            value = substitute(first, {free: self.wrt})
        return verify(value, self.value, self.wrt, self.at[-1], points, self.along)

    def to_code(self, target: str = "numpy") -> str:
        """Return a module with ``value`` and ``derivative`` in the language of a target: 'numpy', 'numba', 'jax' or 'torch'."""
        formula = layered(self.formula)
        value, told = value_output(formula, "The value of the formula."), "The derivative of the formula."
        derivative = self._output(formula, told) or Output("derivative", self.result, told)
        return program_source(formula, (value, derivative), target)

    def _output(self, formula: Formula, told: str) -> Output | None:
        """Return the derivative stage by stage for a program, None where it is not taken that way."""
        if formula.stages is None or self.wrt not in formula.symbols or self.layout != "variable":
            return None
        if self.order == 1 and self.along is not None:
            return tangent_output("derivative", formula, self.wrt, self.along, told)
        if formula.axes or (self.order == 2 and self.along is None):
            return None
        sweep = self._sweep if formula is self.formula and self._sweep is not None else self._swept(formula.stages)
        if self.along is not None:
            return hessian_product_output("derivative", formula, sweep, self.wrt, self.along, told)
        return gradient_output("derivative", formula, sweep, self.wrt, told)

    def _swept(self, stages: Stages) -> Backpropagation:
        return backpropagate(stages, (self.wrt,), [symbol.name for symbol in self.result_symbols])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        latex = self.to_latex()
        return {
            "text/plain": self.to_text(),
            "text/latex": f"$\\displaystyle {latex}$",
            "text/html": to_html(latex, display=True, fallback=self.to_text()),
        }


def derive(
    expression: str | Formula,
    wrt: str,
    order: int = 1,
    *,
    assume: Sequence[str] = (),
    at: Mapping[str, Any] | None = None,
    layout: str = "variable",
    along: str | None = None,
) -> Derivation:
    """Return the derivative of a formula by one of its variables.

    Formula:  entry (i, j) of the result is d f_i / d x_j
    Args:     expression: text in plain notation or LaTeX, or a formula.  order: 1 or 2.
              assume, at: declarations and values, as ``parse`` takes them.
              layout: 'variable' (the gradient of a scalar has the variable's shape; otherwise output axes first),
              'numerator' (the gradient of a scalar is a row), 'denominator' (the variable's axes first).
              along: a name for a direction of the variable's shape: order 1 gives the derivative in that direction,
              order 2 the product of the Hessian with it.
    Raises:   FormulaError, ShapeError: the text cannot be read; the order or the layout is none of these.
    Example:  >>> derive("norm2(A*x - b)^2", "x", assume=["A: m,n"]).to_text()
              "2*A'*(A*x - b)"
    """
    if order not in (1, 2):
        raise FormulaError("an order of 1 or 2 was expected", got=str(order))
    if layout not in LAYOUTS:
        raise FormulaError(f"a layout was expected: {', '.join(LAYOUTS)}", got=layout)
    formula = parse(expression, assume, at) if isinstance(expression, str) else expression
    wrt = wrt.removeprefix("\\")
    symbol = formula.symbol(wrt)
    if symbol is None and not wrt.isidentifier():
        raise FormulaError("the name of a variable was expected", got=f"'{wrt}'", where="--wrt")
    if symbol is None:
        return _absent(formula, wrt, order, layout)
    free = symbol if order == 1 else _without_promises(symbol)
    opened = with_named_functions(formula.value)
    value = substitute(opened, {symbol: free})
    places: list[tuple[Index, ...]] = []
    for step in range(order):
        indices = _places(symbol, formula, step)
        places.append(indices)
        derivative = differentiate(value, free, indices)
        whole = derivative if step + 1 < order else substitute(derivative, {free: symbol})
        value = readable(whole, _ordered(formula.axes, places, layout))
    direction = direction_of(along, symbol, formula) if along else None
    shown = places[:-1] if direction is not None else places
    axes = _ordered(formula.axes, shown, layout)
    if direction is not None:
        value = readable(along_direction(value, direction, places[-1]), axes)
    folds = kinks(opened, symbol)
    return Derivation(formula, symbol, order, layout, value, axes, tuple(places), folds, _notes(symbol), direction)


def direction_of(name: str, wrt: Symbol, formula: Formula) -> Symbol:
    """Return the symbol of a direction: a variable of that name and shape, or a new one.

    Raises: FormulaError: the name is none, or it is that of a variable of another shape.
    """
    known = formula.symbol(name)
    if known is not None and [axis.size for axis in known.axes] != [axis.size for axis in wrt.axes]:
        raise FormulaError(f"a direction of the shape of {wrt.name} was expected", got=f"'{name}', which has another one")
    if not name.isidentifier():
        raise FormulaError("a name was expected for the direction", got=f"'{name}'")
    return known or Symbol(name, wrt.axes)


def _without_promises(symbol: Symbol) -> Symbol:
    """Return a variable of which nothing is known between its entries.

    All of them are varied independently: a first derivative that used ``P[i, j] = P[j, i]`` would have another second derivative.
    """
    return Symbol(symbol.name, symbol.axes, symbol.properties & _OF_ENTRIES)


def _places(symbol: Symbol, formula: Formula, step: int) -> tuple[Index, ...]:
    """Return indices over the entries of the variable, named by letters that nothing else has."""
    taken = {index.name for index in formula.axes} | {part.name for part in formula.intermediates}
    taken |= {other.name for other in symbols(formula.value) | set(formula.symbols)}
    letters = [letter for letter in _LETTERS if letter not in taken][step * len(symbol.axes) :]
    letters += [f"p{place}" for place in range(len(symbol.axes))]
    return tuple(axis_index(letter, axis) for letter, axis in zip(letters, symbol.axes, strict=False))


def _ordered(outputs: tuple[Index, ...], places: Sequence[tuple[Index, ...]], layout: str) -> tuple[Index, ...]:
    by = tuple(index for indices in places for index in indices)
    if layout == "denominator":
        return (*by, *outputs)
    if layout == "numerator" and not outputs and len(places) == 1:
        return by[::-1]
    return (*outputs, *by)


def _notes(symbol: Symbol) -> tuple[str, ...]:
    if "symmetric" in symbol.properties:
        return (f"the entries of the symmetric {symbol.name} are varied independently",)
    return ()


def _absent(formula: Formula, wrt: str, order: int, layout: str) -> Derivation:
    """The derivative by a variable that does not occur is zero."""
    notes = [f"{wrt} does not occur in the formula: the derivative is zero"]
    labelled = [symbol.name for symbol in formula.symbols if symbol.name.startswith(f"{wrt}_")]
    if labelled:
        names = " and ".join(labelled) if len(labelled) < 3 else f"{', '.join(labelled[:-1])} and {labelled[-1]}"
        notes.append(
            f"{names} {'is a variable of its own' if len(labelled) == 1 else 'are variables of their own'};"
            f" --assume '{wrt}: n' makes a vector of {wrt}, whose entries have subscripts"
        )
    return Derivation(formula, Symbol(wrt), order, layout, ZERO, (), ((),) * order, (), tuple(notes))
