"""Modules for Numba: kernels, and functions that call them; where no line needs NumPy, one compiled function does all of the work."""

from __future__ import annotations

from collections.abc import Sequence

from gradproof.codegen.dialects import NUMPY
from gradproof.codegen.functions import (
    LOOP_HELPERS,
    as_returned,
    called_helpers,
    function_name,
    head,
    signature_of,
    used_lines,
)
from gradproof.codegen.layout import laid_out
from gradproof.codegen.mixed_source import MixedWriter, Result
from gradproof.codegen.names import safe_name
from gradproof.codegen.range_checks import range_checks
from gradproof.codegen.signature import Output, Signature, quotable
from gradproof.codegen.statements import KernelCall, flattened_by, texts
from gradproof.codegen.whole_function import Whole, whole_function
from gradproof.formula.formula import Formula


def loop_module(bodies: Sequence[str], told: str) -> str:
    """Return the module of some functions, with the helpers that they call."""
    text = "\n\n".join(bodies)
    helpers = called_helpers({**NUMPY.helpers, **LOOP_HELPERS}, text)
    text += "\n".join(helpers)
    head = (
        f'"""{quotable(told)}"""\n\nimport math\n\nimport numpy as np\n'
        f"from numba import {'get_num_threads, ' if 'get_num_threads(' in text else ''}njit, prange\n\n"
        '#: Compiled code is kept beside the file of the module.\nCACHE = "__file__" in globals()\n'
        "#: Sums may be taken in another order; infinities and NaN are kept, and a division by zero is no error.\n"
        'LOOPS = {"cache": CACHE, "error_model": "numpy", "fastmath": {"reassoc", "contract", "arcp", "nsz"}}\n'
    )
    return laid_out([head, *helpers, *bodies])


def loop_function(formula: Formula, group: Sequence[Output], names: Sequence[str]) -> str:
    """Return the function that computes some outputs, behind the kernels that it calls."""
    made, writer, results = _looped(formula, group, names)
    whole = whole_function(made, writer.lines, results, function_name(group))
    returned = as_returned(group, [result.code for result in results])
    computed = whole.call(group) if whole else [*texts(writer.lines), f"return {returned}"]
    given = _loop_arguments(made, writer, whole)
    computed = [*range_checks(made, formula, group, NUMPY), *computed]
    body = "\n    ".join(
        [*used_lines(given[:1], computed + given[1:]), *given[1:], *used_lines(made.measured(), computed), *computed]
    )
    kernels = whole.kernels if whole else [kernel.source for kernel in writer.kernels]
    return "\n\n".join([*kernels, f"{head(made, group, 'numba')}\n    {body}\n"])


def _looped(formula: Formula, group: Sequence[Output], names: Sequence[str]) -> tuple[Signature, MixedWriter, list[Result]]:
    """Return the signature of a function, the writer that has its lines and kernels, and the code of its results."""
    made = signature_of(formula, group, "numba", names)
    writer = MixedWriter(made.names, NUMPY, kernel=f"_{function_name(group)}")
    for stage in made.stages:
        writer.stage(made.names[stage.symbol.name], *writer.lowered(stage.value, stage.axes))
    roots = [writer.lowered(output.formula.value, output.formula.axes) for output in group]
    writer.prepare(roots)
    results = [writer.result(value, axes) for value, axes in roots]
    writer.lines = writer.with_own_threads()
    return made, writer, results


def entry_source(formula: Formula, outputs: Sequence[Output], told: Sequence[str]) -> tuple[str, str] | None:
    """Return a function ``entry`` for a loaded Numba module, and the name of the one compiled function that it calls.

    ``entry`` returns what ``outputs`` computes under what it is told, where the types of the arguments are those that the function was
    compiled for; everything else it hands on to ``_otherwise``. None where no one function does all of the work and compares the shapes.
    """
    names = [output.name for output in outputs]
    made, writer, found = _looped(formula, outputs, names)
    results = [result.code for result in found]
    if any(made.names[symbol.name] != symbol.name for symbol in made.arguments) or not made.arguments:
        return None
    if range_checks(made, formula, outputs, NUMPY):
        return None
    whole = whole_function(made, writer.lines, found, function_name(outputs))
    if whole is not None and whole.checks_shapes:
        call, name = whole.call(outputs)[0].removeprefix("return "), whole.name
        results = [f"result_{number}" for number in range(1, len(outputs) + 1)] if len(outputs) > 1 else ["result_1"]
        call = call if len(outputs) > 1 else f"result_1 = {call}"
    elif not any(symbol.axes for symbol in made.arguments) and len(writer.lines) == 1 and len(writer.kernels) == 1:
        (call,), (name,) = texts(writer.lines), (kernel.name for kernel in writer.kernels)
    else:
        return None
    returned = ", ".join(f"{request!r}: {result}" for request, result in zip(told, results, strict=True))
    names = made.parameters
    free = safe_name("others", names)
    first = safe_name("unnamed", [*names, free])
    given = ", ".join([f"*{first}", *(f"{name}={name}" for name in names), f"**{free}"])
    return (
        f"def entry(*{first}, {', '.join(f'{name}=None' for name in names)}, **{free}):\n"
        f"    if {free} or {first}:\n        return _otherwise({given})\n"
        f"    try:\n        {call}\n    except _REFUSED:\n        return _otherwise({given})\n    return {{{returned}}}\n"
    ), name


def _loop_arguments(made: Signature, writer: MixedWriter, whole: Whole | None) -> list[str]:
    """Return the lines that give the arguments one type; what loops read is row-major, what one compiled function multiplies has an order."""
    arrays = [made.names[symbol.name] for symbol in made.arguments if symbol.axes]
    calls = [statement for statement in writer.lines if isinstance(statement, KernelCall)]
    indexed = {name for call in calls for name in call.indexed}
    folded = {name for statement in writer.lines for name in flattened_by(statement)}
    lines = [f"dtype = floating({', '.join(arrays)})"] if arrays else ["dtype = float"]
    for symbol in made.arguments:
        name = made.names[symbol.name]
        if symbol.axes and (name in indexed or (whole is not None and (name in whole.by_rows or name in folded))):
            lines.append(f"{name} = np.ascontiguousarray({name}, dtype=dtype)")
        elif symbol.axes:
            lines.append(f"{name} = contiguous({name}, dtype)" if whole else f"{name} = np.asarray({name}, dtype=dtype)")
        elif symbol not in made.sizes:
            lines.append(f"{name} = {'dtype' if arrays else 'float'}({name})")
    return lines
