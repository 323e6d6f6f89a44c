"""How a value is written: matrix notation where it fits and reads back as the same, index notation otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gradproof.errors import GradproofError
from gradproof.evaluate.bindings import Undecidable
from gradproof.evaluate.enclose import are_disjoint, enclose, paired
from gradproof.evaluate.instances import instance
from gradproof.expr.node import Expr, Index, Symbol
from gradproof.expr.walk import substitute, symbols
from gradproof.formula.formula import Formula
from gradproof.formula.parse import parse
from gradproof.printer.latex import to_latex as index_latex
from gradproof.printer.matrix.recognize import matrix_form
from gradproof.printer.matrix.tree import Tree, to_latex, to_plain
from gradproof.printer.text import to_text as index_text

_INSTANCES = 2


@dataclass(frozen=True, slots=True)
class Notation:
    """A value in both notations; ``matrix`` is None where only indices say it."""

    matrix: Tree | None
    text: str
    latex: str
    index_text: str
    index_latex: str


def written(value: Expr, axes: Sequence[Index], variables: Sequence[Symbol], is_row: bool = False) -> Notation:
    """Return a value in writing. Matrix notation is taken only where its text, read again, has the same values."""
    tree = matrix_form(value, axes)
    if tree is not None and not reads_back(to_plain(tree), value, axes, variables):
        tree = None
    plain, latex = index_text(value), index_latex(value)
    if tree is None:
        return Notation(None, plain, latex, plain, latex)
    if is_row:
        tree = Tree("transpose", (tree,), tree.rank)
    return Notation(tree, to_plain(tree), to_latex(tree), plain, latex)


def reads_back(text: str, value: Expr, axes: Sequence[Index], variables: Sequence[Symbol]) -> bool:
    """Tell whether a text means this value: it is parsed again and both are enclosed at random instances."""
    try:
        again = parse(text, assume=[declaration(symbol) for symbol in variables])
    except GradproofError:
        return False
    if len(again.axes) not in (len(axes), 0):
        return False
    return all(_agrees(again, value, axes, number) for number in range(_INSTANCES))


def _agrees(again: Formula, value: Expr, axes: Sequence[Index], number: int) -> bool:
    renamed = substitute(again.value, dict(zip(again.axes, axes, strict=False)))
    wanted = (
        symbols(value) | symbols(renamed) | {s for index in axes for limit in (index.lower, index.upper) for s in symbols(limit)}
    )
    by_name: dict[str, Symbol] = {}
    for symbol in sorted(wanted, key=lambda symbol: -len(symbol.properties)):
        by_name.setdefault(symbol.name, symbol)
    try:
        bindings = instance(by_name.values(), seed=7, number=number, positive=True)
        tables = enclose(value, bindings, 15), enclose(renamed, bindings, 15)
    except (Undecidable, GradproofError):
        return False
    return not any(are_disjoint(entry.left, entry.right) for entry in paired(*tables))


def declaration(symbol: Symbol) -> str:
    """Return what is known of a variable in the grammar of assumptions: ``W: k,d``."""
    sizes = ",".join(index_text(axis.size) for axis in symbol.axes)
    return f"{symbol.name}: {sizes}" if symbol.axes else f"{symbol.name}:"
