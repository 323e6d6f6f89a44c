"""What flows back through a formula: for each variable the gradient of ``sum(flow .* formula)``, for models that a formula stands in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradproof.codegen.differentiable import has_own_differentiation
from gradproof.codegen.names import safe_name
from gradproof.codegen.signature import Output
from gradproof.elaborate.sizes import extent
from gradproof.errors import FormulaError
from gradproof.expr.build import multiply, sum_over
from gradproof.expr.node import Axis, Element, Expr, Index, Number, Symbol
from gradproof.formula.formula import Formula, Stages
from gradproof.program.requests import requested


def flows_of(formula: Formula, outputs: Sequence[Output], target: str) -> dict[str, Output]:
    """Return the outputs, by their variables, that a target's own differentiation needs; none without one, or without the value."""
    if not has_own_differentiation(target) or not any(output.name == "value" for output in outputs):
        return {}
    names = [symbol.name for symbol in formula.symbols if "size" not in symbol.properties]
    weighted = _weighted(formula)
    if weighted is None or not names:
        return {}
    made = {name: _flow(weighted, name) for name in names}
    return {name: output for name, output in made.items() if output is not None}


def _flow(weighted: Formula, name: str) -> Output | None:
    try:
        (output,) = requested(weighted, [f"gradient wrt {name}"])
    except FormulaError:  # a variable that says where to read, such as a class number
        return None
    return replace(output, name=safe_name(name, ()), told=f"What flows back to {name}.")


def _weighted(formula: Formula) -> Formula | None:
    """Return the sum of the entries of a formula, each times what flows back to it."""
    if not all(isinstance(axis.lower, Number) and axis.lower.value == 1 for axis in formula.axes):
        return None
    taken = {symbol.name for symbol in formula.symbols}
    flow = Symbol(safe_name("flow", taken), tuple(Axis(extent(axis)) for axis in formula.axes))
    stages = formula.stages
    return replace(
        formula,
        value=_summed(flow, formula.value, formula.axes),
        axes=(),
        symbols=(flow, *formula.symbols),
        intermediates=(),
        stages=Stages(stages.order, _summed(flow, stages.value, stages.axes), ()) if stages is not None else None,
    )


def _summed(flow: Symbol, value: Expr, axes: tuple[Index, ...]) -> Expr:
    return sum_over(axes, multiply(Element(flow, axes) if axes else flow, value))
