"""A formula and its derivative as one self-contained module of an array library."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence

from gradproof.codegen.array_source import Writer, safe_name
from gradproof.codegen.dialects import DIALECTS, Dialect
from gradproof.codegen.loop_functions import HELPERS as LOOP_HELPERS
from gradproof.codegen.loop_source import LoopWriter
from gradproof.errors import FormulaError
from gradproof.expr.node import Element, Expr, Index, Symbol
from gradproof.expr.walk import bound_indices, postorder, symbols
from gradproof.formula.formula import Formula

_RESERVED = frozenset(keyword.kwlist) | {"value", "derivative", "float", "int", "max", "min", "np", "jnp", "torch"}


TARGETS = ("numpy", "numba", "jax", "torch")


def module_source(formula: Formula, derivative: Formula, target: str) -> str:
    """Return a self-contained module with ``value(...)`` and ``derivative(...)`` for a target.

    Raises: FormulaError: the target is unknown, a function has no code there, or a size is the length of no argument.
    """
    if target not in TARGETS:
        raise FormulaError(f"a target that code is written for was expected: {', '.join(TARGETS)}", got=target)
    return loop_module(formula, derivative) if target == "numba" else array_module(formula, derivative, target)


def array_module(formula: Formula, derivative: Formula, target: str) -> str:
    """Return a module with ``value(...)`` and ``derivative(...)``: keyword arguments named as the variables that occur.

    The array library is its only import (JAX also takes NumPy, for the arithmetic of indices). Results are dense and row-major.

    Raises: FormulaError: a function without code in that library occurs, or a size that no argument determines.
    """
    dialect = DIALECTS[target]
    bodies = [_function("value", formula, formula, dialect), _function("derivative", derivative, formula, dialect)]
    text = "\n\n".join(bodies)
    helpers = [source for name, source in dialect.helpers.items() if re.search(rf"\b{name}\(", text)]
    imports = dialect.imports
    if dialect.static is not None and not re.search(rf"\b{dialect.static.alias}\.", text):
        imports = "\n".join(line for line in imports.splitlines() if not line.endswith(f" {dialect.static.alias}"))
    return "\n\n".join([f'"""A formula and its derivative."""\n\n{imports}\n', *helpers, *bodies])


def _function(name: str, what: Formula, formula: Formula, dialect: Dialect) -> str:
    arguments, sizes, names = _arguments(name, what, formula, (*_RESERVED, *dialect.helpers))
    writer = Writer(names, dialect)
    lines = [_given(names[symbol.name], symbol, dialect) for symbol in arguments]
    lines += _measured(sizes, arguments, names)
    result = writer.written(what.value, what.axes)
    body = "\n    ".join([*filter(None, lines), *writer.lines, f"return {result}"])
    parameters = ", ".join(names[symbol.name] for symbol in arguments)
    signature = f"def {name}(*, {parameters}):" if parameters else f"def {name}():"
    return f'{signature}\n    """{_told(name)}"""\n    {body}\n'


def _arguments(
    name: str, what: Formula, formula: Formula, reserved: tuple[str, ...]
) -> tuple[list[Symbol], set[Symbol], dict[str, str]]:
    """Return the arguments of a function, the sizes that it needs, and the names of both."""
    used = {
        node.symbol if isinstance(node, Element) else node for node in postorder(what.value) if isinstance(node, Element | Symbol)
    }
    known = dict.fromkeys([*formula.symbols, *what.symbols])
    arguments = [symbol for symbol in known if symbol in used or (name == "derivative" and symbol in formula.symbols)]
    sizes = _sizes(what)
    if not sizes <= {axis.size for symbol in arguments for axis in symbol.axes}:
        arguments = list(known)  # what cancels out of a value still says how large it is
    names: dict[str, str] = {}
    for symbol in [*arguments, *sorted(sizes, key=lambda size: size.name)]:
        if symbol.name not in names:
            names[symbol.name] = safe_name(symbol.name, (*reserved, *names.values()))
    return arguments, sizes, names


def loop_module(formula: Formula, derivative: Formula) -> str:
    """Return a module whose ``value(...)`` and ``derivative(...)`` are loops that Numba compiles, on several cores.

    Raises: FormulaError: a function has no loop code, or a size is the length of no argument.
    """
    bodies = [_loop_function("value", formula, formula), _loop_function("derivative", derivative, formula)]
    text = "\n\n".join(bodies)
    helpers = [source for name, source in LOOP_HELPERS.items() if re.search(rf"\b{name}\(", text)]
    head = (
        '"""A formula and its derivative."""\n\nimport math\n\nimport numpy as np\nfrom numba import njit, prange\n\n'
        '#: Compiled code is kept beside the file of the module.\nCACHE = "__file__" in globals()\n'
        '#: Sums may be taken in another order; infinities and NaN are kept.\nFAST = {"reassoc", "contract", "arcp", "nsz"}\n'
    )
    return "\n\n".join([head, *helpers, *bodies])


def _loop_function(name: str, what: Formula, formula: Formula) -> str:
    """Return the compiled function, and the one that gives it arrays and sizes."""
    arguments, sizes, names = _arguments(name, what, formula, (*_RESERVED, *LOOP_HELPERS, "math", "njit", "prange", "result"))
    writer = LoopWriter(names)
    result = writer.written(what.value, what.axes)
    parameters = [names[symbol.name] for symbol in arguments]
    extra = [names[size.name] for size in sorted(sizes, key=lambda size: size.name) if size not in arguments]
    listed = ", ".join([*parameters, *extra])
    kernel = "\n".join([*writer.lines, f"    return {result}"])
    lines = [
        f"{names[s.name]} = np.ascontiguousarray({names[s.name]}, dtype=float)"
        if s.axes
        else f"{names[s.name]} = float({names[s.name]})"
        for s in arguments
        if s not in sizes
    ]
    body = "\n    ".join([*lines, *_measured(sizes, arguments, names), f"return _{name}({listed})"])
    signature = f"def {name}(*, {', '.join(parameters)}):" if parameters else f"def {name}():"
    parallel = "parallel=True, " if "prange" in kernel else ""
    decorator = f"@njit(cache=CACHE, {parallel}fastmath=FAST)"
    return f'{decorator}\ndef _{name}({listed}):\n{kernel}\n\n\n{signature}\n    """{_told(name)}"""\n    {body}\n'


def _given(name: str, symbol: Symbol, dialect: Dialect) -> str:
    """Return the line that makes an argument an array of the library, empty where it may stay as it is."""
    template = dialect.argument if symbol.axes else dialect.scalar_argument
    return f"{name} = {template.format(name)}" if template else ""


def _told(name: str) -> str:
    return "The value of the formula." if name == "value" else "The derivative of the formula."


def _sizes(what: Formula) -> set[Symbol]:
    roots: list[Expr] = [what.value, *what.axes]
    for index in [*what.axes, *bound_indices(what.value)]:
        roots += [index.lower, index.upper]
    found = {symbol for root in roots for symbol in symbols(root)}
    found |= {
        symbol
        for node in postorder(what.value)
        if isinstance(node, Index)
        for limit in (node.lower, node.upper)
        for symbol in symbols(limit)
    }
    return {symbol for symbol in found if "size" in symbol.properties}


def _measured(sizes: set[Symbol], arguments: Sequence[Symbol], names: dict[str, str]) -> list[str]:
    lines: list[str] = []
    for size in sorted(sizes, key=lambda size: size.name):
        where = [(symbol, place) for symbol in arguments for place, axis in enumerate(symbol.axes) if axis.size is size]
        if where:
            symbol, place = where[0]
            lines.append(f"{names[size.name]} = {names[symbol.name]}.shape[{place}]")
        elif size not in arguments:
            raise FormulaError(f"the size {size.name} is the length of no variable", remedy="Give it as a number with --assume.")
    return lines
