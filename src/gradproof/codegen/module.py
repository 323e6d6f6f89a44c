"""A formula and what follows from it as one self-contained module: a function for each output, and one for all of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from gradproof.codegen.array_writer import Writer
from gradproof.codegen.dialects import DIALECTS, Dialect
from gradproof.codegen.differentiable import differentiable
from gradproof.codegen.functions import as_returned, by_name, called_helpers, head, signature_of, used_lines
from gradproof.codegen.guards import guarded
from gradproof.codegen.layout import laid_out
from gradproof.codegen.loop_module import loop_function, loop_module
from gradproof.codegen.plan import planned
from gradproof.codegen.range_checks import range_checks
from gradproof.codegen.signature import Output, Signature, quotable
from gradproof.codegen.statements import texts
from gradproof.errors import FormulaError
from gradproof.expr.node import Symbol
from gradproof.formula.formula import Formula

TARGETS = ("numpy", "numba", "jax", "torch")


def program_source(
    formula: Formula, outputs: Sequence[Output], target: str, *, together: bool = False, flows: Mapping[str, Output] | None = None
) -> str:
    """Return a self-contained module with a function for each output: keyword arguments named as the variables.

    The target's library is its only import (JAX also takes NumPy, for the arithmetic of indices). Results are dense and row-major.
    With ``together`` one more function, ``outputs(...)``, computes several of them in one pass and returns them by name. With
    ``flows``, the gradients of ``sum(flow .* formula)``, PyTorch and JAX get ``formula(...)``, which they can differentiate.

    Raises: FormulaError: the target is unknown, a function has no code there, or a size is the length of no argument.
    """
    if target not in TARGETS:
        raise FormulaError(f"a target that code is written for was expected: {', '.join(TARGETS)}", got=target)
    groups = [(output,) for output in outputs] + ([tuple(outputs)] if together and len(outputs) > 1 else [])
    names = [output.name for output in outputs]
    told = f"{formula.text} and what follows from it." if together else "A formula and its derivative."
    if target == "numba":
        if any(output.columns for output in outputs):
            raise FormulaError("a target with structured results was expected: numpy, jax, torch", got=target)
        return loop_module([loop_function(formula, group, names) for group in groups], told)
    bodies = [_array_function(formula, group, target, names) for group in groups]
    if flows:
        bodies.append(_array_function(formula, list(flows.values()), target, names, called="flows"))
        bodies.append(_own_step(formula, outputs, flows, target))
    return _array_module(bodies, told, DIALECTS[target])


def parameters(formula: Formula, outputs: Sequence[Output], target: str) -> dict[str, str]:
    """Return the arguments of the function that computes some outputs: the name of each variable, and how the module spells it."""
    made = signature_of(formula, outputs, target, [output.name for output in outputs])
    return {symbol.name: made.names[symbol.name] for symbol in made.arguments}


# Array libraries --------------------------------------------------------------------------------------------------------


def _array_module(bodies: Sequence[str], told: str, dialect: Dialect) -> str:
    text = "\n\n".join(bodies)
    helpers = called_helpers(dialect.helpers, text)
    text += "\n".join(helpers)
    used = [line for line in dialect.imports.splitlines() if re.search(rf"(?<![\w.]){line.split()[-1]}\.", text)]
    head = [f'"""{quotable(told)}"""\n', *("\n".join(used) + "\n" for _ in used[:1])]
    return laid_out(["\n".join(head), *helpers, *bodies])


def _array_function(formula: Formula, group: Sequence[Output], target: str, names: Sequence[str], called: str = "") -> str:
    """Return one function; under a name of its own it returns its results by name, also where there is one."""
    made = signature_of(formula, group, target, names)
    dialect = DIALECTS[target]
    writer = Writer(made.names, dialect)
    lines = [_typed(made, dialect)]
    lines += [_given(made.names[symbol.name], symbol, dialect) for symbol in made.arguments]
    best = (lambda root: guarded(planned(root))) if dialect.warns else planned
    for stage in made.stages:
        writer.stage(made.names[stage.symbol.name], best(stage.value), stage.axes)
    results = [writer.structured(best(output.formula.value), output.formula.axes, output.columns) for output in group]
    returned = by_name(group, results) if called else as_returned(group, results)
    computed = dialect.reusing([*texts(writer.lines), f"return {returned}"])
    computed = [*([] if called else range_checks(made, formula, group, dialect)), *computed]  # under another name after ``value``
    body = "\n    ".join([*filter(None, lines), *used_lines(made.measured(), computed), *computed])
    return f"{head(made, group, target, called)}\n    {body}\n"


def _own_step(formula: Formula, outputs: Sequence[Output], flows: Mapping[str, Output], target: str) -> str:
    """Return the code of the formula as one differentiable step, from ``value`` and ``flows``."""
    names = [output.name for output in outputs]
    value = signature_of(formula, [output for output in outputs if output.name == "value"], target, names)
    made = signature_of(formula, list(flows.values()), target, names)
    flow = next(symbol for output in flows.values() for symbol in output.formula.symbols if formula.symbol(symbol.name) is None)
    given = {value.names[symbol.name]: made.names[symbol.name] for symbol in value.arguments}
    back = made.names.get(flow.name, flow.name)  # where all gradients are zero nothing is made of what flows back
    return differentiable(target, given, made.parameters, back, {made.names[n]: flows[n].name for n in flows})


def _typed(made: Signature, dialect: Dialect) -> str:
    """Return the line that finds the type of the arrays, where the library needs one."""
    values = [symbol for symbol in made.arguments if "size" not in symbol.properties]
    arrays = [made.names[symbol.name] for symbol in values if symbol.axes or not any(other.axes for other in values)]
    return dialect.type_of_arrays.format(", ".join(arrays))


def _given(name: str, symbol: Symbol, dialect: Dialect) -> str:
    """Return the line that makes an argument an array of the library, empty where it may stay as it is."""
    template = dialect.argument if symbol.axes else dialect.scalar_argument
    return f"{name} = {template.format(name)}" if template else ""
