"""The way into the language: a text, in plain notation or LaTeX, to a typed formula."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gradproof.derivative.ties import DERIVED
from gradproof.elaborate.assumptions import declared_by_user
from gradproof.elaborate.trouble import Unreadable
from gradproof.elaborate.value import Value
from gradproof.errors import GradproofError, ShapeError
from gradproof.expr.node import Axis, Expr, Index, Number, Symbol
from gradproof.expr.walk import substitute
from gradproof.formula.context import Context
from gradproof.formula.counters import counters, told
from gradproof.formula.evidence import Kinds, kinds_of
from gradproof.formula.formula import Formula, Intermediate, Stage, Stages
from gradproof.formula.latex import is_latex, read_latex, statements_of
from gradproof.formula.lowering import Lowering
from gradproof.formula.scoping import Surroundings, scoped
from gradproof.formula.stages import StageBook
from gradproof.formula.transcription import speaks_plain, transcribed
from gradproof.formula.values import shape_of
from gradproof.formula.vocabulary import is_function
from gradproof.reader.plain.grammar import read_plain
from gradproof.reader.plain.ones import with_columns_of_ones
from gradproof.reader.plain.source import Source
from gradproof.reader.plain.tree import Statement


def parse(text: str, assume: Sequence[str] = (), at: Mapping[str, Any] | None = None) -> Formula:
    """Return the formula that a text means, with every choice that reading it took.

    Args:     text: plain notation (``norm2(A*x - b)^2``; see docs/language.md) or LaTeX.
              assume: declarations such as ``'W: k,d'``, ``'P: n,n symmetric'``, ``'x > 0'``.
              at: values of variables (numbers, nested lists, arrays): their shapes are those of the variables.
    Raises:   FormulaError: the text cannot be read. ShapeError: its shapes do not fit. Both point to the place.
    Example:  >>> formula = parse("norm2(A*x - b)^2", assume=["A: m,n"])
              >>> [(symbol.name, len(symbol.axes)) for symbol in formula.symbols]
              [('A', 2), ('x', 1), ('b', 1)]
    """
    surroundings = Surroundings(declared_by_user(assume), {name: shape_of(name, value) for name, value in (at or {}).items()})
    return read(Source(text), surroundings)


def read(source: Source, surroundings: Surroundings) -> Formula:
    """Return the formula of a source; errors say where the source stands."""
    if not is_latex(source.text):
        formula, lowering, statements = _read_plain(source, read_plain(source, is_function), surroundings)
        return _with_stages(formula, lowering, statements)
    try:
        return read_latex(source, surroundings)
    except GradproofError as error:
        return _read_transcribed(source, surroundings, error)


def _read_plain(
    source: Source, statements: Sequence[Statement], surroundings: Surroundings
) -> tuple[Formula, Lowering, Sequence[Statement]]:
    """Read plain statements; a 1 before a row is a column of ones where no other shapes fit, or none but those of matrices: ``X*W + 1*c'``."""
    changed = [with_columns_of_ones(statement.body) for statement in statements]
    rows = frozenset[str]().union(*(names for _, names in changed))
    if not rows:
        return (*_read_statements(source, statements, surroundings), statements)
    ones = [replace(statement, body=body) for statement, (body, _) in zip(statements, changed, strict=True)]
    try:
        found = _read_statements(source, statements, surroundings)
    except ShapeError as error:
        try:
            formula, lowering = _read_statements(source, ones, surroundings)
        except GradproofError:
            raise error from None
    else:
        if not any(len(head.axes) == 2 and head.name in rows and not surroundings.knows(head.name) for head in found[0].symbols):
            return (*found, statements)
        try:
            formula, lowering = _read_statements(source, ones, surroundings)
        except GradproofError:
            return (*found, statements)
    return replace(formula, notes=(*formula.notes, "1 before a row is a column of ones")), lowering, ones


def _read_transcribed(source: Source, surroundings: Surroundings, error: GradproofError) -> Formula:
    """Read LaTeX that documents have no rule for as plain text: layers, options, guarded subscripts.

    Raises: the error of the plain reading where the formula speaks the plain language, else the one that is given.
    """
    items, shift = statements_of(source.text)
    try:
        statements = transcribed(items, surroundings, shift)
        return _read_statements(source, statements, surroundings)[0]
    except (Unreadable, RecursionError):
        raise error from None
    except GradproofError as other:
        raise (other if speaks_plain(items, surroundings) else error) from None


def _read_statements(source: Source, statements: Sequence[Statement], surroundings: Surroundings) -> tuple[Formula, Lowering]:
    scoping = scoped(statements, surroundings)
    kinds = kinds_of(source, statements, scoping, surroundings)
    context = Context(source)
    lowering = Lowering(context, scoping, surroundings, kinds)
    values = [lowering.statement(statement, letters) for statement, letters in zip(statements, scoping.letters, strict=True)]
    lowering.ranges.settle()
    if values[-1].is_row:
        context.note("the value is a row")
    named = [(statement.name, value) for statement, value in zip(statements[:-1], values, strict=False) if statement.name]
    return _finished(source, lowering, kinds, named, values[-1]), lowering


def _with_stages(formula: Formula, lowering: Lowering, statements: Sequence[Statement]) -> Formula:
    """Return a formula of layers upon layers with its stages."""
    if not lowering.has_layers_within:
        return formula
    again = Lowering(Context(lowering.context.source), lowering.scoping, lowering.surroundings, lowering.kinds)
    return replace(formula, stages=_stages(statements, again, formula.symbols))


def _stages(statements: Sequence[Statement], lowering: Lowering, variables: Sequence[Symbol]) -> Stages | None:
    """Read a formula once more, stage by stage; None where a size then has another name."""
    named = {statement.name for statement in statements if statement.name}
    book = lowering.stages = StageBook(lowering.context.source, _names_of(lowering) | named)
    values = [
        lowering.statement(statement, letters) for statement, letters in zip(statements, lowering.scoping.letters, strict=True)
    ]
    lowering.ranges.settle()
    value = values[-1]
    heads = [lowering.symbols[symbol.name] for symbol in variables]
    parts = [entry.value for entry in book.found]
    roots = [*heads, *(axis for part in (*parts, value) for axis in part.axes), *(part.body for part in (*parts, value))]
    mapping = dict(lowering.context.sizes.solution(roots, _names_of(lowering)))
    if tuple(_completed(head, lowering.context, mapping) for head in heads) != tuple(variables):
        return None
    stages = {
        entry.symbol: Symbol(entry.symbol.name, _axes_of(entry.symbol, mapping), frozenset({DERIVED})) for entry in book.found
    }
    mapping |= dict[Expr, Expr]((*zip(heads, variables, strict=True), *stages.items()))
    order = tuple(
        Stage(stages[entry.symbol], substitute(entry.value.body, mapping), _axes(entry.value, mapping), entry.text, entry.head)
        for entry in book.found
    )
    return Stages(order, substitute(value.body, mapping), _axes(value, mapping), book.text_of(statements[-1].body.place))


def _names_of(lowering: Lowering) -> set[str]:
    """Return the names that mean something in a formula: no size may get one of them."""
    scoping = lowering.scoping
    letters = {letter for letters in scoping.letters for letter in letters}
    return {*scoping.variables, *lowering.parts, *letters, *lowering.surroundings.sizes}


def _finished(source: Source, lowering: Lowering, kinds: Kinds, named: Sequence[tuple[str, Value]], value: Value) -> Formula:
    """Put in what every size turned out to be."""
    sizes, scoping = lowering.context.sizes, lowering.scoping
    heads = [lowering.symbols[name] for name in scoping.variables if name in lowering.symbols]
    taken = _names_of(lowering)
    named = [*((name, part) for name, part in lowering.context.named if name not in taken), *named]
    whole = [part for _, part in named] + [value]
    roots = [*heads, *(axis for part in whole for axis in part.axes), *(part.body for part in whole)]
    solution = sizes.solution(roots, taken)
    final = {head: _completed(head, lowering.context, solution) for head in heads}
    mapping: dict[Expr, Expr] = {**solution, **{head: symbol for head, symbol in final.items() if head is not symbol}}
    counted = counters(substitute(value.body, mapping))
    mapping.update({head: counted[symbol] for head, symbol in final.items() if symbol in counted})
    final = {head: counted.get(symbol, symbol) for head, symbol in final.items()}
    return Formula(
        text=source.text,
        value=substitute(value.body, mapping),
        axes=_axes(value, mapping),
        symbols=tuple(final[head] for head in heads),
        intermediates=tuple(Intermediate(name, substitute(part.body, mapping), _axes(part, mapping)) for name, part in named),
        conditions=tuple(substitute(condition, mapping) for condition in lowering.context.conditions),
        notes=(*kinds.notes, *lowering.context.notes, *told(counted)),
    )


def _axes(value: Value, mapping: Mapping[Expr, Expr]) -> tuple[Index, ...]:
    return tuple(index for axis in value.axes if isinstance(index := substitute(axis, mapping), Index))


def _axes_of(head: Symbol, solution: Mapping[Expr, Expr]) -> tuple[Axis, ...]:
    return tuple(Axis(substitute(axis.size, solution), axis.origin, axis.name) for axis in head.axes)


def _completed(head: Symbol, context: Context, solution: Mapping[Expr, Expr]) -> Symbol:
    """Return a variable with its sizes, and with what its use says of it: a class number is a whole one."""
    axes = _axes_of(head, solution)
    properties = head.properties
    if head.name in context.labels:
        count, origin = context.labels[head.name]
        size = substitute(context.sizes.resolve(count), solution)
        properties |= {"integer"}
        if isinstance(size, Symbol | Number):
            word = "label" if origin == 0 else "index"
            properties |= {f"{word}:{size.name if isinstance(size, Symbol) else size.value}"}
    return Symbol(head.name, axes, properties)
