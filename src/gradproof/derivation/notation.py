"""How a value is written: matrix notation where it fits and reads back as the same, index notation otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import fmpq

from gradproof.derivation.inner_matrices import with_inner_matrices
from gradproof.derivation.named import named_entry, with_names
from gradproof.derivation.shared import shared_parts, with_shared_parts
from gradproof.elaborate.assumptions import PROPERTIES
from gradproof.errors import GradproofError
from gradproof.evaluate.bindings import Bindings, Undecidable
from gradproof.evaluate.enclose import are_disjoint, enclose, exact_value, paired
from gradproof.evaluate.instances import instance
from gradproof.expr.build import subtract
from gradproof.expr.node import Expr, Index, Symbol
from gradproof.expr.walk import substitute, symbols
from gradproof.formula.formula import Intermediate
from gradproof.formula.parse import parse
from gradproof.printer.latex import name_latex
from gradproof.printer.latex import to_latex as index_latex
from gradproof.printer.matrix.recognize import matrix_form
from gradproof.printer.matrix.tree import Tree, detours, to_latex, to_plain
from gradproof.printer.naming import index_names
from gradproof.printer.text import to_text as index_text
from gradproof.rewrite.simplify import cost

_INSTANCES, _MOST_TRIES = 2, 8
#: By names a matrix notation has to be so much shorter than with the parts written out.
_MUCH_SHORTER = 0.75
#: Longer values are written by indices alone; in still longer ones what is shared gets a name.
_LARGEST, _LARGEST_TREE = 4_000, 100_000


@dataclass(frozen=True, slots=True)
class Writing:
    """Something in plain text and in LaTeX."""

    text: str
    latex: str


@dataclass(frozen=True, slots=True)
class Definition:
    """What a name in a derivative stands for: ``Q[i, j] = ...``."""

    left: Writing
    right: Writing


@dataclass(frozen=True, slots=True)
class Notation:
    """A value in writing: ``matrix`` notation, None where only indices say it, and ``index`` notation with nothing abbreviated.

    ``short`` is the better of the two for a reader; the names that it uses have ``definitions``; ``places`` are the names of the axes.
    """

    matrix: Tree | None
    short: Writing
    index: Writing
    places: tuple[str, ...]
    definitions: tuple[Definition, ...] = ()

    @property
    def text(self) -> str:
        """The short writing as plain text that can be read again: the definitions stand before it."""
        named = [f"{definition.left.text} = {definition.right.text}; " for definition in self.definitions]
        return "".join(named) + self.short.text

    @property
    def latex(self) -> str:
        """The short writing as LaTeX, the definitions behind it."""
        named = [f"{definition.left.latex} = {definition.right.latex}" for definition in self.definitions]
        return self.short.latex + (r" \quad \text{where } " + r",\; ".join(named) if named else "")


def written(
    value: Expr,
    axes: Sequence[Index],
    variables: Sequence[Symbol],
    *,
    is_row: bool = False,
    parts: Sequence[Intermediate] = (),
) -> Notation:
    """Return a value in writing. Matrix notation is taken only where its text, read again, has the same values.

    Args: parts: named parts of the formula, whose names an index notation uses.
    """
    size = cost(value)
    if size > _LARGEST:
        return _long(value, axes, size)
    tree = matrix_form(value, axes)
    if tree is not None and not reads_back(to_plain(tree), value, axes, variables):
        tree = None
    index = Writing(index_text(value), index_latex(value))
    named, used = with_names(value, parts)
    definitions = tuple(_definition(part, used) for part in used)
    by_index = Notation(None, _index_writing(named), index, _names(named, axes), definitions) if _is_for_indices(tree) else None
    texts = [by_index.text if by_index is not None else "", to_plain(tree) if tree is not None else ""]
    shortest = min(len(text) for text in texts if text)
    named_tree = matrix_form(named, axes) if used and not is_row else None
    if named_tree is not None:
        short = Writing(to_plain(named_tree), to_latex(named_tree))
        by_names = Notation(named_tree, short, index, _names(named, axes), definitions)
        if len(by_names.text) < _MUCH_SHORTER * shortest and reads_back(by_names.text, value, axes, variables):
            return by_names
    if by_index is not None and (tree is None or len(by_index.short.text) < len(to_plain(tree))):
        return by_index
    assert tree is not None
    if is_row:
        tree = Tree("transpose", (tree,), tree.rank)
    return Notation(tree, Writing(to_plain(tree), to_latex(tree)), index, _names(value, axes))


def _is_for_indices(tree: Tree | None) -> bool:
    """Tell whether indices may say it better: there is no matrix notation, or one that repeats vectors along axes."""
    return tree is None or detours(tree) > 1


def _names(value: Expr, axes: Sequence[Index]) -> tuple[str, ...]:
    """Return the names that the axes have in print."""
    names = index_names(value)
    return tuple(names.get(axis, axis.name) for axis in axes)


def _long(value: Expr, axes: Sequence[Index], size: int) -> Notation:
    """Write what nobody reads at one glance: by indices, what occurs more than once under a name of its own."""
    shared = shared_parts(value) if size > _LARGEST_TREE else ()
    short, used = with_shared_parts(value, shared)
    index = Writing(index_text(short), index_latex(short))
    definitions = tuple(
        Definition(Writing(name, name_latex(name)), Writing(index_text(part), index_latex(part))) for name, part in used
    )
    return Notation(None, index, index, _names(short, axes), definitions)


def _index_writing(value: Expr) -> Writing:
    shown, heads = with_inner_matrices(value, _means)
    return Writing(index_text(shown), index_latex(shown, heads))


def _means(text: str, value: Expr, axes: Sequence[Index]) -> bool:
    variables = [symbol for symbol in symbols(value) if "size" not in symbol.properties]
    return reads_back(text, value, axes, variables)


def _definition(part: Intermediate, used: Sequence[Intermediate]) -> Definition:
    """Return what a named part stands for, earlier parts by their names."""
    head: Expr = named_entry(part)
    value, _ = with_names(part.value, used[: used.index(part)])
    tree = matrix_form(value, part.axes) if part.axes else matrix_form(value, ())
    if tree is not None:
        return Definition(Writing(part.name, name_latex(part.name)), Writing(to_plain(tree), to_latex(tree)))
    return Definition(Writing(index_text(head), index_latex(head)), _index_writing(value))


def reads_back(text: str, value: Expr, axes: Sequence[Index], variables: Sequence[Symbol]) -> bool:
    """Tell whether a text means this value: it is parsed again and both are enclosed at random instances."""
    try:
        again = parse(text, assume=[declaration(symbol) for symbol in variables])
    except GradproofError:
        return False
    if len(again.axes) not in (len(axes), 0):
        return False
    sizes = symbols(value).union(*(symbols(limit) for index in axes for limit in (index.lower, index.upper)))
    ranges = [(mine, other) for mine, other in zip(again.axes, axes, strict=False) if symbols(mine.upper) <= sizes]
    renamed = substitute(again.value, dict(zip(again.axes, axes, strict=False)))
    agreed = 0
    for number in range(_MOST_TRIES):
        outcome = _agrees(renamed, value, ranges, number)
        if outcome is False:
            return False
        agreed += outcome is True
        if agreed == _INSTANCES:
            return True
    return False


def _agrees(again: Expr, value: Expr, ranges: Sequence[tuple[Index, Index]], number: int) -> bool | None:
    """Tell whether two expressions agree at a random instance, in their sizes too; None where it gives no value."""
    wanted = symbols(value) | symbols(again)
    wanted |= {symbol for pair in ranges for index in pair for limit in (index.lower, index.upper) for symbol in symbols(limit)}
    by_name: dict[str, Symbol] = {}
    for symbol in sorted(wanted, key=lambda symbol: -len(symbol.properties)):
        if len(by_name.setdefault(symbol.name, symbol).axes) != len(symbol.axes):
            return False  # what was read back takes a name for something else
    try:
        bindings = instance(by_name.values(), seed=7, number=number, positive=True)
        if any(_count(mine, bindings) != _count(other, bindings) for mine, other in ranges):
            return False
        tables = enclose(value, bindings, 15), enclose(again, bindings, 15)
    except (Undecidable, GradproofError):
        return None
    return not any(are_disjoint(entry.left, entry.right) for entry in paired(*tables))


def _count(index: Index, bindings: Bindings) -> fmpq | None:
    return exact_value(subtract(index.upper, index.lower), bindings)


def sizes_text(symbol: Symbol) -> str:
    """Return the sizes of a variable: ``k,d``."""
    return ",".join(index_text(axis.size) for axis in symbol.axes)


def declaration(symbol: Symbol) -> str:
    """Return what is known of a variable in the grammar of assumptions: ``W: k,d``, ``y: k simplex``."""
    words = sorted(symbol.properties & PROPERTIES)
    return " ".join([f"{symbol.name}:", *filter(None, [sizes_text(symbol)]), *words])
