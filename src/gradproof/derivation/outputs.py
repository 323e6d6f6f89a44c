"""What a module is asked to compute, stage by stage where a formula has stages: its value, and gradients from one sweep back."""

from __future__ import annotations

from dataclasses import replace

from gradproof.codegen.signature import Output, heads, stages_of
from gradproof.derivation.backpropagation import Backpropagation
from gradproof.derivation.curvature import curvature
from gradproof.derivation.tangents import Tangents, tangents
from gradproof.expr.node import Index, Symbol
from gradproof.formula.formula import Formula


def value_output(formula: Formula, told: str) -> Output:
    """Return the value of a formula as an output."""
    stages = formula.stages
    if stages is None:
        return Output("value", formula, told, takes_all=False)
    return Output("value", replace(formula, value=stages.value, axes=stages.axes), told, stages.order, takes_all=False)


def part_output(name: str, formula: Formula, part: str, told: str) -> Output | None:
    """Return a named part of a formula as an output, None where it has no part of that name."""
    order = formula.stages.order if formula.stages is not None else ()
    stage = next((stage for stage in order if stage.symbol.name == part), None)
    found = stage or next((known for known in formula.intermediates if known.name == part), None)
    if found is None:
        return None
    what = replace(formula, text=part, value=found.value, axes=found.axes, intermediates=(), stages=None)
    made = Output(name, what, told, order if stage is not None else (), takes_all=False)
    read = heads([found.value, *(stage.value for stage in stages_of([made]))])
    return replace(made, formula=replace(what, symbols=tuple(symbol for symbol in formula.symbols if symbol in read)))


def tangent_output(name: str, formula: Formula, wrt: Symbol, along: Symbol, told: str) -> Output | None:
    """Return the derivative of a formula with stages along a direction as an output, None where it has no stages."""
    if formula.stages is None:
        return None
    stages, known = formula.stages, [symbol.name for symbol in formula.symbols]
    made = tangents(stages.order, stages.value, stages.axes, wrt, along, known)
    return _of_tangents(name, formula, made, stages.axes, along, told)


def hessian_product_output(name: str, formula: Formula, sweep: Backpropagation, wrt: Symbol, along: Symbol, told: str) -> Output:
    """Return the product of the Hessian with a direction as an output: the tangents of all stages of a sweep, forwards and back."""
    gradient = sweep.gradient(wrt)
    known = [symbol.name for symbol in formula.symbols]
    made = tangents(sweep.order, gradient.value, gradient.axes, wrt, along, known)
    return _of_tangents(name, formula, made, gradient.axes, along, told)


def hessian_output(name: str, formula: Formula, sweep: Backpropagation, wrt: Symbol, told: str) -> Output:
    """Return the Hessian by a variable as an output: Jacobians forwards, and the curvature of the stages between two of them."""
    made = curvature(sweep, wrt, [symbol.name for symbol in formula.symbols])
    what = replace(formula, text=name, value=made.value, axes=made.axes, intermediates=(), stages=None)
    return Output(name, what, told, made.order, columns=len(wrt.axes))


def _of_tangents(name: str, formula: Formula, made: Tangents, axes: tuple[Index, ...], along: Symbol, told: str) -> Output:
    listed = formula.symbols if along in formula.symbols else (*formula.symbols, along)
    what = replace(formula, text=name, value=made.value, axes=axes, symbols=listed, intermediates=(), stages=None)
    return Output(name, what, told, made.order)


def gradient_output(name: str, formula: Formula, sweep: Backpropagation, wrt: Symbol, told: str) -> Output:
    """Return the gradient by a variable of a sweep as an output."""
    made = sweep.gradient(wrt)
    what = replace(formula, text=name, value=made.value, axes=made.axes, intermediates=(), stages=None)
    return Output(name, what, told, sweep.order)
