"""What a module is asked to compute, stage by stage where a formula has stages: its value, and gradients from one sweep back."""

from __future__ import annotations

from dataclasses import replace

from gradproof.codegen.signature import Output
from gradproof.derivation.backpropagation import Backpropagation
from gradproof.expr.node import Symbol
from gradproof.formula.formula import Formula


def value_output(formula: Formula, told: str) -> Output:
    """Return the value of a formula as an output."""
    stages = formula.stages
    if stages is None:
        return Output("value", formula, told)
    return Output("value", replace(formula, value=stages.value, axes=stages.axes), told, stages.order)


def gradient_output(name: str, formula: Formula, sweep: Backpropagation, wrt: Symbol, told: str) -> Output:
    """Return the gradient by a variable of a sweep as an output."""
    made = sweep.gradient(wrt)
    what = replace(formula, text=name, value=made.value, axes=made.axes, intermediates=(), stages=None)
    return Output(name, what, told, sweep.order)
