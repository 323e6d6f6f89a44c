"""The value of a formula at given values of its variables: rational where that is possible, else enclosed to some digits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradproof.elaborate.sizes import extent
from gradproof.errors import DomainError
from gradproof.evaluate.bindings import Bindings, NotRational, Undecidable
from gradproof.evaluate.enclose import enclose, exact_value
from gradproof.evaluate.evaluator import Table, evaluate
from gradproof.evaluate.fields import Balls, Exact
from gradproof.formula.formula import Formula
from gradproof.formula.literals import ordered, put_in
from gradproof.formula.values import bind
from gradproof.printer.text import to_text

_GUARD_DIGITS = 5


def value_of(formula: Formula, values: Mapping[str, Any], digits: int = 15) -> Any:
    """Return the value of a formula as an object array over its axes: rationals (``fmpq``) or balls (``arb``).

    Args:    values: numbers, nested lists, arrays, or formulas without variables, by name.
    Raises:  FormulaError, ShapeError: values are missing or do not fit. DomainError: there is no value at this point.
    Example: >>> from gradproof.formula.parse import parse
             >>> value_of(parse("x/3 + 1"), {"x": 2})[()]
             5/3
    """
    rational = {name: value for name, value in values.items() if not isinstance(value, Formula)}
    formula = put_in(formula, {name: value for name, value in values.items() if isinstance(value, Formula)})
    bindings = bind(formula, rational)
    try:
        return _whole(_exact(formula, bindings) or _enclosed(formula, bindings, digits), formula, bindings)
    except Undecidable as trouble:
        raise DomainError("formula: a value was expected at this point", got=str(trouble)) from None


def _exact(formula: Formula, bindings: Bindings) -> Table | None:
    try:
        table = evaluate(formula.value, bindings, Exact())
    except NotRational:
        return None
    if Exact().is_missing(table.entries).any():
        raise DomainError("formula: a value was expected at this point", got="none: it is not defined there")
    return table


def _enclosed(formula: Formula, bindings: Bindings, digits: int) -> Table:
    table = enclose(formula.value, bindings, digits + _GUARD_DIGITS)
    if Balls().is_missing(table.entries).any():
        raise DomainError("formula: a value was expected at this point", got="none: it is not defined there")
    return table


def _whole(table: Table, formula: Formula, bindings: Bindings) -> Any:
    """Return the entries over all axes of the formula, also those that the value does not depend on."""
    entries = ordered(table, formula)
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
