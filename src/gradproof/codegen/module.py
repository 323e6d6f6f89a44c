"""A formula and what follows from it as one self-contained module: a function for each output, and one for all of them."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping, Sequence

from gradproof.codegen.array_writer import Writer
from gradproof.codegen.dialects import DIALECTS, NUMPY, Dialect
from gradproof.codegen.differentiable import NAMES as DIFFERENTIABLE
from gradproof.codegen.differentiable import differentiable
from gradproof.codegen.loop_functions import HELPERS as LOOP_FUNCTIONS
from gradproof.codegen.loop_source import OF_PASSES
from gradproof.codegen.mixed_source import MixedWriter
from gradproof.codegen.plan import planned
from gradproof.codegen.row_functions import HELPERS as ROW_FUNCTIONS
from gradproof.codegen.signature import Output, Signature, quotable, signature
from gradproof.codegen.window_functions import HELPERS as WINDOW_FUNCTIONS
from gradproof.errors import FormulaError
from gradproof.expr.node import Symbol
from gradproof.formula.formula import Formula

TARGETS = ("numpy", "numba", "jax", "torch")
#: The function of a module that computes all of its outputs in one pass.
TOGETHER = "outputs"
_RESERVED = frozenset(keyword.kwlist) | {
    "value",
    "derivative",
    TOGETHER,
    "float",
    "int",
    "max",
    "min",
    "np",
    "jnp",
    "torch",
    "dtype",
    "device",
}
_OF_LOOPS = (
    "math",
    "njit",
    "prange",
    "get_num_threads",
    "result",
    "CACHE",
    "LOOPS",
    "range",
    "abs",
    "real",
    "prepared",
    *OF_PASSES,
)
LOOP_HELPERS = {**LOOP_FUNCTIONS, **ROW_FUNCTIONS, **WINDOW_FUNCTIONS}


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
        return _loop_module([_loop_function(formula, group, names) for group in groups], told)
    bodies = [_array_function(formula, group, target, names) for group in groups]
    if flows:
        bodies.append(_array_function(formula, list(flows.values()), target, names, called="flows"))
        bodies.append(_differentiable(formula, outputs, flows, target))
    return _array_module(bodies, told, DIALECTS[target])


def parameters(formula: Formula, outputs: Sequence[Output], target: str) -> dict[str, str]:
    """Return the arguments of the function that computes some outputs: the name of each variable, and how the module spells it."""
    made = _signature(formula, outputs, target, [output.name for output in outputs])
    return {symbol.name: made.names[symbol.name] for symbol in made.arguments}


def _signature(formula: Formula, group: Sequence[Output], target: str, names: Sequence[str]) -> Signature:
    """Return the signature of a function that computes some outputs."""
    helpers = (
        (*LOOP_HELPERS, *NUMPY.helpers, *_OF_LOOPS, *(f"_{name}" for name in (*names, TOGETHER)))
        if target == "numba"
        else (*DIALECTS[target].helpers, *DIFFERENTIABLE, "jax", "found")
    )
    return signature(group, formula, (*_RESERVED, *names, *helpers), whole=any(output.takes_all for output in group))


# Array libraries --------------------------------------------------------------------------------------------------------


def _array_module(bodies: Sequence[str], told: str, dialect: Dialect) -> str:
    text = "\n\n".join(bodies)
    helpers = _called(dialect.helpers, text)
    text += "\n".join(helpers)
    used = [line for line in dialect.imports.splitlines() if re.search(rf"(?<![\w.]){line.split()[-1]}\.", text)]
    head = [f'"""{quotable(told)}"""\n', *("\n".join(used) + "\n" for _ in used[:1])]
    return "\n\n".join(["\n".join(head), *helpers, *bodies])


def _array_function(formula: Formula, group: Sequence[Output], target: str, names: Sequence[str], called: str = "") -> str:
    """Return one function; under a name of its own it returns its results by name, also where there is one."""
    made = _signature(formula, group, target, names)
    dialect = DIALECTS[target]
    writer = Writer(made.names, dialect)
    lines = [_typed(made, dialect)]
    lines += [_given(made.names[symbol.name], symbol, dialect) for symbol in made.arguments]
    for stage in made.stages:
        writer.stage(made.names[stage.symbol.name], planned(stage.value), stage.axes)
    results = [writer.structured(planned(output.formula.value), output.formula.axes, output.columns) for output in group]
    returned = results[0] if len(group) == 1 and not called else _by_name(group, results)
    computed = [*writer.lines, f"return {returned}"]
    body = "\n    ".join([*filter(None, lines), *_used(made.measured(), computed), *computed])
    return f"{_head(made, group, target, called)}\n    {body}\n"


def _differentiable(formula: Formula, outputs: Sequence[Output], flows: Mapping[str, Output], target: str) -> str:
    """Return the code of the formula as one differentiable step, from ``value`` and ``flows``."""
    names = [output.name for output in outputs]
    value = _signature(formula, [output for output in outputs if output.name == "value"], target, names)
    made = _signature(formula, list(flows.values()), target, names)
    flow = next(symbol for output in flows.values() for symbol in output.formula.symbols if formula.symbol(symbol.name) is None)
    arguments = [made.names[symbol.name] for symbol in made.arguments if symbol is not flow]
    given = {value.names[symbol.name]: made.names[symbol.name] for symbol in value.arguments}
    return differentiable(target, given, arguments, made.names[flow.name], {made.names[n]: flows[n].name for n in flows})


def _used(sizes: Sequence[str], computed: Sequence[str]) -> list[str]:
    """Return the lines that take sizes which the other lines speak of."""
    words = set(re.findall(r"\w+", "\n".join(computed)))
    return [line for line in sizes if line.split(" = ")[0] in words]


def _typed(made: Signature, dialect: Dialect) -> str:
    """Return the line that finds the type of the arrays, where the library needs one."""
    values = [symbol for symbol in made.arguments if "size" not in symbol.properties]
    arrays = [made.names[symbol.name] for symbol in values if symbol.axes or not any(other.axes for other in values)]
    return dialect.type_of_arrays.format(", ".join(arrays))


def _given(name: str, symbol: Symbol, dialect: Dialect) -> str:
    """Return the line that makes an argument an array of the library, empty where it may stay as it is."""
    template = dialect.argument if symbol.axes else dialect.scalar_argument
    return f"{name} = {template.format(name)}" if template else ""


def _called(helpers: Mapping[str, str], text: str) -> list[str]:
    """Return the helpers that some code calls, and those that these call, in their order."""
    found: set[str] = set()
    while True:
        read = "\n".join([text, *(helpers[name] for name in found)])
        more = {name for name in helpers if re.search(rf"(?<!\.)\b{name}\(", read)}
        if more == found:
            return [source for name, source in helpers.items() if name in found]
        found = more


# Loops ------------------------------------------------------------------------------------------------------------------


def _loop_module(bodies: Sequence[str], told: str) -> str:
    text = "\n\n".join(bodies)
    helpers = _called({**NUMPY.helpers, **LOOP_HELPERS}, text)
    text += "\n".join(helpers)
    head = (
        f'"""{quotable(told)}"""\n\nimport math\n\nimport numpy as np\n'
        f"from numba import {'get_num_threads, ' if 'get_num_threads(' in text else ''}njit, prange\n\n"
        '#: Compiled code is kept beside the file of the module.\nCACHE = "__file__" in globals()\n'
        "#: Sums may be taken in another order; infinities and NaN are kept, and a division by zero is no error.\n"
        'LOOPS = {"cache": CACHE, "error_model": "numpy", "fastmath": {"reassoc", "contract", "arcp", "nsz"}}\n'
    )
    return "\n\n".join([head, *helpers, *bodies])


def _loop_function(formula: Formula, group: Sequence[Output], names: Sequence[str]) -> str:
    """Return the function that computes some outputs, behind the kernels that it calls."""
    made, writer, results = _looped(formula, group, names)
    returned = results[0] if len(group) == 1 else _by_name(group, results)
    computed = [*writer.lines, f"return {returned}"]
    given = _loop_arguments(made, writer)
    body = "\n    ".join([*_used(given[:1], computed + given[1:]), *given[1:], *_used(made.measured(), computed), *computed])
    return "\n\n".join([*writer.kernels, f"{_head(made, group, 'numba')}\n    {body}\n"])


def _looped(formula: Formula, group: Sequence[Output], names: Sequence[str]) -> tuple[Signature, MixedWriter, list[str]]:
    """Return the signature of a function, the writer that has its lines and kernels, and the code of its results."""
    made = _signature(formula, group, "numba", names)
    writer = MixedWriter(made.names, NUMPY, kernel=f"_{_function_name(group)}")
    for stage in made.stages:
        writer.stage(made.names[stage.symbol.name], *writer.lowered(stage.value, stage.axes))
    roots = [writer.lowered(output.formula.value, output.formula.axes) for output in group]
    writer.prepare(roots)
    return made, writer, [writer.written(value, axes) for value, axes in roots]


def entry_source(formula: Formula, outputs: Sequence[Output], told: Sequence[str]) -> str | None:
    """Return a function ``entry`` for a loaded Numba module whose variables are numbers: what ``outputs`` computes, under what it is told.

    It takes Python's own numbers of double precision, and returns None for anything else. None where a variable is an array or a size.
    """
    names = [output.name for output in outputs]
    arguments = _signature(formula, outputs, "numba", names).arguments
    if not arguments or any(symbol.axes or "size" in symbol.properties for symbol in arguments):
        return None
    made, writer, results = _looped(formula, outputs, names)
    test = " and ".join(f"{name}.__class__ is float" for name in made.parameters)
    returned = ", ".join(f"{request!r}: {result}" for request, result in zip(told, results, strict=True))
    body = "\n        ".join([*writer.lines, f"return {{{returned}}}"])
    return f"def entry(*, {', '.join(made.parameters)}):\n    if {test}:\n        {body}\n    return None\n"


def _loop_arguments(made: Signature, writer: MixedWriter) -> list[str]:
    """Return the lines that give the arguments one type; what loops read is row-major."""
    arrays = [made.names[symbol.name] for symbol in made.arguments if symbol.axes]
    read = "\n".join(writer.kernels)
    lines = [f"dtype = floating({', '.join(arrays)})"] if arrays else ["dtype = float"]
    for symbol in made.arguments:
        name = made.names[symbol.name]
        if symbol.axes:
            lines.append(
                f"{name} = np.{'ascontiguousarray' if re.search(rf'{chr(92)}b{name}{chr(92)}[', read) else 'asarray'}({name}, dtype=dtype)"
            )
        elif symbol not in made.sizes:
            lines.append(f"{name} = {'dtype' if arrays else 'float'}({name})")
    return lines


# Both -------------------------------------------------------------------------------------------------------------------


def _function_name(group: Sequence[Output]) -> str:
    return group[0].name if len(group) == 1 else TOGETHER


def _head(made: Signature, group: Sequence[Output], target: str, called: str = "") -> str:
    told = group[0].told if len(group) == 1 else f"All in one pass, by name: {', '.join(output.name for output in group)}."
    array = {"jax": "jnp.ndarray", "torch": "torch.Tensor"}.get(target, "np.ndarray")
    if len(group) > 1 or called:
        returned = "dict"
    elif group[0].columns:
        returned = ""
    else:
        returned = array if group[0].formula.axes or target in ("jax", "torch") else "float"
    return f"{made.head(called or _function_name(group), array, returned)}\n    {made.docstring(told)}"


def _by_name(group: Sequence[Output], results: Sequence[str]) -> str:
    listed = ", ".join(f'"{output.name}": {result}' for output, result in zip(group, results, strict=True))
    return f"{{{listed}}}"
