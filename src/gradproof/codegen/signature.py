"""What the functions of a module take: arguments, the sizes that follow from their shapes, and safe names for both."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gradproof.codegen.names import safe_name
from gradproof.errors import FormulaError
from gradproof.expr.node import Element, Expr, Index, Symbol
from gradproof.expr.walk import bound_indices, postorder, symbols
from gradproof.formula.formula import Formula, Stage
from gradproof.printer.text import to_text

#: What a docstring may quote of a formula that somebody typed: no quote, no backslash, nothing that is not printed.
_UNQUOTABLE = re.compile(r"[^ !#-\[\]-~]")


@dataclass(frozen=True)
class Output:
    """One function of a module: its name, what it computes, and what is told of it.

    ``stages`` are computed before it, in their order: the formula is in their terms. With ``takes_all`` its function has an argument for
    every variable of the whole formula, also for those that it does not need. With ``columns``, the number of its last axes that are
    those of a variable, it is returned as an operator where it stands on diagonals.
    """

    name: str
    formula: Formula
    told: str
    stages: tuple[Stage, ...] = ()
    takes_all: bool = True
    columns: int = 0


@dataclass(frozen=True)
class Signature:
    """The arguments of a function in their order, the sizes and stages that it needs, and the names of all in the code."""

    arguments: tuple[Symbol, ...]
    sizes: tuple[Symbol, ...]
    names: dict[str, str]
    stages: tuple[Stage, ...] = ()

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
        shapes = [
            f"{self.names[symbol.name]}: {quotable(_shape(symbol))}."
            for symbol in self.arguments
            if "size" not in symbol.properties
        ]
        return f'"""{quotable(told)}\n\n    {"  ".join(shapes)}\n    """' if shapes else f'"""{quotable(told)}"""'


def signature(outputs: Sequence[Output], formula: Formula, reserved: Iterable[str], *, whole: bool) -> Signature:
    """Return the signature of a function that computes some outputs; ``whole`` where it takes every variable of the formula."""
    stages = stages_of(outputs)
    used = heads([*(output.formula.value for output in outputs), *(stage.value for stage in stages)])
    known = dict.fromkeys([*formula.symbols, *(symbol for output in outputs for symbol in output.formula.symbols)])
    arguments = [symbol for symbol in known if symbol in used or (whole and symbol in formula.symbols)]
    sizes = {size for output in outputs for size in sizes_of(output.formula.value, output.formula.axes)}
    sizes |= {size for stage in stages for size in sizes_of(stage.value, stage.axes)}
    if not sizes <= {axis.size for symbol in arguments for axis in symbol.axes}:
        arguments = list(known)  # what cancels out of a value still says how large it is
    ordered = tuple(sorted(sizes, key=lambda size: size.name))
    names: dict[str, str] = {}
    for symbol in [*arguments, *ordered, *(stage.symbol for stage in stages)]:
        if symbol.name not in names:
            names[symbol.name] = safe_name(symbol.name, (*reserved, *names.values()))
    return Signature(tuple(arguments), ordered, names, stages)


def stages_of(outputs: Sequence[Output]) -> tuple[Stage, ...]:
    """Return the stages that some outputs need, in an order in which they can be computed."""
    known = dict.fromkeys(stage for output in outputs for stage in output.stages)
    needed = heads(output.formula.value for output in outputs)
    found: list[Stage] = []
    for stage in reversed(known):
        if stage.symbol in needed:
            found.append(stage)
            needed |= heads([stage.value])
    return tuple(reversed(found))


def heads(roots: Iterable[Expr]) -> set[Symbol]:
    """Return the symbols that have a value in some expressions: not those that only measure axes."""
    nodes = (node for root in roots for node in postorder(root) if isinstance(node, Element | Symbol))
    return {node.symbol if isinstance(node, Element) else node for node in nodes}


def sizes_of(value: Expr, axes: Sequence[Index]) -> set[Symbol]:
    """Return the sizes that the code of a value over axes needs: lengths of loops, and sizes that it computes with."""
    roots: list[Expr] = [value, *axes]
    for index in [*axes, *bound_indices(value)]:
        roots += [index.lower, index.upper]
    found = {symbol for root in roots for symbol in symbols(root)}
    found |= {
        symbol
        for node in postorder(value)
        if isinstance(node, Index)
        for limit in (node.lower, node.upper)
        for symbol in symbols(limit)
    }
    return {symbol for symbol in found if "size" in symbol.properties}


def quotable(text: str) -> str:
    """Return text as a docstring may hold it: nothing in it can end the string or the line."""
    return _UNQUOTABLE.sub("?", " ".join(text.replace('"', "'").split()))


def shape_text(symbol: Symbol) -> str:
    """Return the shape of a variable as text."""
    return f"({', '.join(to_text(axis.size) for axis in symbol.axes)})"


def _shape(symbol: Symbol) -> str:
    return f"array {shape_text(symbol)}" if symbol.axes else "number"
