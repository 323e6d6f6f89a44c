"""A formula and its derivative as one self-contained NumPy module."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence

from gradproof.codegen.numpy_functions import HELPERS
from gradproof.codegen.numpy_source import Writer, safe_name
from gradproof.errors import FormulaError
from gradproof.expr.node import Element, Expr, Index, Symbol
from gradproof.expr.walk import bound_indices, postorder, symbols
from gradproof.formula.formula import Formula

_RESERVED = frozenset(keyword.kwlist) | {"np", "value", "derivative", "float", "int", "max", "min"} | frozenset(HELPERS)


def numpy_module(formula: Formula, derivative: Formula) -> str:
    """Return a module with ``value(...)`` and ``derivative(...)``: keyword arguments named as the variables that occur.

    NumPy is its only import. Scalars come as floats, arrays dense and row-major.

    Raises: FormulaError: a function without NumPy code occurs, or a size that no argument determines.
    """
    bodies = [_function("value", formula, formula), _function("derivative", derivative, formula)]
    text = "\n\n".join(bodies)
    helpers = [source for name, source in HELPERS.items() if re.search(rf"\b{name}\(", text)]
    return "\n\n".join(['"""A formula and its derivative."""\n\nimport numpy as np\n', *helpers, *bodies])


def _function(name: str, what: Formula, formula: Formula) -> str:
    used = {
        node.symbol if isinstance(node, Element) else node for node in postorder(what.value) if isinstance(node, Element | Symbol)
    }
    arguments = [symbol for symbol in formula.symbols if symbol in used or name == "derivative"]
    sizes = _sizes(what)
    if not sizes <= {axis.size for symbol in arguments for axis in symbol.axes}:
        arguments = list(formula.symbols)  # what cancels out of a value still says how large it is
    names: dict[str, str] = {}
    for symbol in [*arguments, *sorted(sizes, key=lambda size: size.name)]:
        if symbol.name not in names:
            names[symbol.name] = safe_name(symbol.name, (*_RESERVED, *names.values()))
    writer = Writer(names)
    lines = [f"{names[symbol.name]} = np.asarray({names[symbol.name]}, dtype=float)" for symbol in arguments if symbol.axes]
    lines += _measured(sizes, arguments, names)
    result = writer.written(what.value, what.axes)
    body = "\n    ".join([*lines, *writer.lines, f"return {result}"])
    parameters = ", ".join(names[symbol.name] for symbol in arguments)
    signature = f"def {name}(*, {parameters}):" if parameters else f"def {name}():"
    return f'{signature}\n    """{_told(name)}"""\n    {body}\n'


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
