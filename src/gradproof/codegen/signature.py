"""What the functions of a module take: arguments, the sizes that follow from their shapes, and safe names for both."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gradproof.codegen.names import safe_name
from gradproof.errors import FormulaError
from gradproof.expr.node import Element, Expr, Index, Symbol
from gradproof.expr.walk import bound_indices, postorder, symbols
from gradproof.formula.formula import Formula
from gradproof.printer.text import to_text

#: What a docstring may quote of a formula that somebody typed: no quote, no backslash, nothing that is not printed.
_UNQUOTABLE = re.compile(r"[^ !#-\[\]-~]")


@dataclass(frozen=True)
class Output:
    """One function of a module: its name, what it computes, and what is told of it."""

    name: str
    formula: Formula
    told: str


@dataclass(frozen=True)
class Signature:
    """The arguments of a function in their order, the sizes that it needs, and the names of both in the code."""

    arguments: tuple[Symbol, ...]
    sizes: tuple[Symbol, ...]
    names: dict[str, str]

    @property
    def parameters(self) -> list[str]:
        """The names of the arguments."""
        return [self.names[symbol.name] for symbol in self.arguments]

    def measured(self) -> list[str]:
        """Return the lines that take the sizes from the shapes of the arguments."""
        lines: list[str] = []
        for size in self.sizes:
            where = [(symbol, place) for symbol in self.arguments for place, axis in enumerate(symbol.axes) if axis.size is size]
            if where:
                symbol, place = where[0]
                lines.append(f"{self.names[size.name]} = {self.names[symbol.name]}.shape[{place}]")
            elif size not in self.arguments:
                told = f"the size {size.name} is the length of no variable"
                raise FormulaError(told, remedy="Give it as a number with --assume.")
        return lines

    def head(self, name: str, annotation: str = "", returned: str = "") -> str:
        """Return the line that starts the function; only arrays are annotated."""
        typed = [
            f"{self.names[symbol.name]}: {annotation}" if annotation and symbol.axes else self.names[symbol.name]
            for symbol in self.arguments
        ]
        arrow = f" -> {returned}" if returned else ""
        return f"def {name}(*, {', '.join(typed)}){arrow}:" if typed else f"def {name}(){arrow}:"

    def docstring(self, told: str) -> str:
        """Return the docstring of the function: what it returns, and the shape of every argument."""
        shapes = [f"{self.names[symbol.name]}: {_shape(symbol)}." for symbol in self.arguments if "size" not in symbol.properties]
        return f'"""{quotable(told)}\n\n    {"  ".join(shapes)}\n    """' if shapes else f'"""{quotable(told)}"""'


def signature(outputs: Sequence[Output], formula: Formula, reserved: Iterable[str], *, whole: bool) -> Signature:
    """Return the signature of a function that computes some outputs; ``whole`` where it takes every variable of the formula."""
    used = {
        node.symbol if isinstance(node, Element) else node
        for output in outputs
        for node in postorder(output.formula.value)
        if isinstance(node, Element | Symbol)
    }
    known = dict.fromkeys([*formula.symbols, *(symbol for output in outputs for symbol in output.formula.symbols)])
    arguments = [symbol for symbol in known if symbol in used or (whole and symbol in formula.symbols)]
    sizes = {size for output in outputs for size in sizes_of(output.formula)}
    if not sizes <= {axis.size for symbol in arguments for axis in symbol.axes}:
        arguments = list(known)  # what cancels out of a value still says how large it is
    ordered = tuple(sorted(sizes, key=lambda size: size.name))
    names: dict[str, str] = {}
    for symbol in [*arguments, *ordered]:
        if symbol.name not in names:
            names[symbol.name] = safe_name(symbol.name, (*reserved, *names.values()))
    return Signature(tuple(arguments), ordered, names)


def sizes_of(what: Formula) -> set[Symbol]:
    """Return the sizes that the code of a formula needs: lengths of loops, and sizes that it computes with."""
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


def quotable(text: str) -> str:
    """Return text as a docstring may hold it: nothing in it can end the string or the line."""
    return _UNQUOTABLE.sub("?", " ".join(text.replace('"', "'").split()))


def _shape(symbol: Symbol) -> str:
    return f"array ({', '.join(to_text(axis.size) for axis in symbol.axes)})" if symbol.axes else "number"
