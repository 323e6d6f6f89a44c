"""Values that are typed: ``1/3``, ``[1, 2, 3]``, ``[1, 2; 3, 4]``, ``sqrt(2)``. They are read as formulas without variables."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from gradproof.elaborate.sizes import extent
from gradproof.errors import DomainError, FormulaError
from gradproof.evaluate.bindings import Bindings, NotRational, Undecidable
from gradproof.evaluate.enclose import exact_value
from gradproof.evaluate.evaluator import Table, evaluate
from gradproof.evaluate.fields import Exact
from gradproof.expr.node import Element, Expr, Symbol
from gradproof.expr.walk import substitute, transform
from gradproof.formula.formula import Formula
from gradproof.formula.parse import read
from gradproof.formula.scoping import Surroundings
from gradproof.printer.text import to_text
from gradproof.reader.plain.source import Source
from gradproof.reader.presentation import Place


def read_value(text: str, where: str) -> Any:
    """Return a typed value: a ``Fraction``, a nested list of them, or a ``Formula`` where it is not rational.

    Raises: FormulaError: it has variables, or no value.
    """
    source = Source(text, where)
    formula = read(source, Surroundings())
    place = Place(len(text) - len(text.lstrip()), len(text))
    if formula.symbols:
        remedy = "Write a number or a list, such as [1, 2, 3]."
        raise source.error(place, "a value was expected", got=f"the name '{formula.symbols[0].name}'", remedy=remedy)
    try:
        table = evaluate(formula.value, Bindings(), Exact())
    except NotRational:
        return formula
    except Undecidable as trouble:
        raise source.error(place, "a value was expected", got=str(trouble)) from None
    entries = entries_of(table, formula, Bindings())
    if Exact().is_missing(entries).any():
        raise source.error(place, "a value was expected", got="one that is not defined")
    return _nested(entries.tolist())


def entries_of(table: Table, formula: Formula, bindings: Bindings) -> Any:
    """Return the entries of a formula's table over all axes of the formula, also those that it does not depend on.

    Raises: DomainError: nothing tells the size of an axis.
    """
    own = [axis for axis in formula.axes if axis in table.axes]
    entries = table.entries.transpose([table.axes.index(axis) for axis in own]) if own else table.entries
    lengths: list[int] = []
    for place, axis in enumerate(formula.axes):
        length = exact_value(extent(axis), bindings)
        if length is None:
            size = to_text(extent(axis))
            remedy = "Write the size, as in vector(1, 3)."
            raise DomainError(f"formula: axis {place + 1} of the value has the size {size}", got="no value for it", remedy=remedy)
        lengths.append(max(int(length.p), 0))
        if axis not in table.axes:
            entries = np.expand_dims(entries, place)
    return np.broadcast_to(entries, lengths)


def _nested(value: Any) -> Any:
    if isinstance(value, list):
        return [_nested(item) for item in value]
    return Fraction(int(value.p), int(value.q))


def put_in(formula: Formula, values: Mapping[str, Formula]) -> Formula:
    """Return the formula with irrational values in place of variables.

    Raises: FormulaError: a value is that of no variable.
    """
    if not values:
        return formula
    for name in values:
        if formula.symbol(name) is None:
            raise FormulaError("a variable of the formula was expected", got=f"'{name}'", where="--at")

    def change(node: Expr) -> Expr:
        symbol = node.symbol if isinstance(node, Element) else node
        if not isinstance(symbol, Symbol) or symbol.name not in values:
            return node
        value = values[symbol.name]
        indices = node.indices if isinstance(node, Element) else ()
        return substitute(value.value, dict(zip(value.axes, indices, strict=True)))

    rest = tuple(symbol for symbol in formula.symbols if symbol.name not in values)
    return Formula(formula.text, transform(formula.value, change), formula.axes, rest, (), formula.conditions, formula.notes)
