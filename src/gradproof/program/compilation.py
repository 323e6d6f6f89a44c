"""The way from a formula to a program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gradproof.codegen.module import program_source
from gradproof.codegen.signature import Output
from gradproof.derivation.derivation import Derivation
from gradproof.derivation.layering import layered
from gradproof.errors import FormulaError
from gradproof.expr.node import Expr
from gradproof.expr.walk import symbols
from gradproof.formula.formula import Formula
from gradproof.formula.parse import parse
from gradproof.printer.text import to_text
from gradproof.program.flows import flows_of
from gradproof.program.program import Program
from gradproof.program.requests import requested


def compile(
    expression: str | Formula | Derivation | Expr,
    outputs: Sequence[str] = ("value",),
    target: str | None = None,
    *,
    assume: Sequence[str] = (),
    at: Mapping[str, Any] | None = None,
    structured: bool = False,
) -> Program:
    """Return a program that computes what is asked of a formula.

    Args:     expression: text in plain notation or LaTeX, a formula, a derivation (its value is one more output: 'derivative'),
              or an expression, whose free indices are its axes.
              outputs: 'value', 'part z' (a named part), 'gradient wrt W', 'jacobian wrt W', 'hessian wrt w',
              'hessian-vector product wrt w along v'.
              target: 'numba', 'numpy', 'jax' or 'torch'; without one Numba, and NumPy where a function has no loop code.
              assume, at: declarations and values, as ``parse`` takes them.
              structured: Jacobians and Hessians that stand on diagonals, such as ``kron(I, V'V)``, come as operators with ``@`` and
              ``.dense()``, in which no zero is stored; in NumPy where no target is given.
    Raises:   FormulaError, ShapeError: the text cannot be read; an output or the target is none of these; a function has no code there.
    Example:  >>> program = compile("norm2(A*x - b)^2/2", ["value", "gradient wrt x"], "numpy", assume=["A: m,n"])
              >>> found = program(A=[[1, 0], [0, 2]], x=[1, 1], b=[0, 1])
              >>> print(found["value"], found["gradient wrt x"])
              1.0 [1. 2.]
    """
    formula = layered(_formula(expression, assume, at))
    own = {"derivative": expression.result} if isinstance(expression, Derivation) else {}
    asked = tuple(outputs)
    made = requested(formula, asked, own, structured=structured)
    if structured and target is None:
        target = "numpy"
    if target is not None:
        flows = flows_of(formula, made, target)
        return Program(formula, asked, made, target, program_source(formula, made, target, together=True, flows=flows))
    chosen, source = _by_default(formula, made)
    return Program(formula, asked, made, chosen, source)


def _by_default(formula: Formula, outputs: Sequence[Output]) -> tuple[str, str]:
    """Return the target that is taken where none was asked for, and its source: NumPy knows functions that have no loop code."""
    try:
        return "numba", program_source(formula, outputs, "numba", together=True)
    except FormulaError:
        return "numpy", program_source(formula, outputs, "numpy", together=True)


def _formula(expression: str | Formula | Derivation | Expr, assume: Sequence[str], at: Mapping[str, Any] | None) -> Formula:
    match expression:
        case str():
            return parse(expression, assume, at)
        case Formula():
            return expression
        case Derivation():
            return expression.formula
        case _:
            axes = tuple(sorted(expression.free_indices, key=lambda index: index.uid))
            found = {symbol for symbol in symbols(expression) if "size" not in symbol.properties}
            return Formula(to_text(expression), expression, axes, tuple(sorted(found, key=lambda symbol: symbol.name)))
