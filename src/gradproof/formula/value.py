"""The value of a formula at given values of its variables: rational where that is possible, else enclosed to some digits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flint import ctx

from gradproof.errors import DomainError
from gradproof.evaluate.bindings import Bindings, NotRational, Undecidable
from gradproof.evaluate.enclose import enclose
from gradproof.evaluate.evaluator import Table, evaluate
from gradproof.evaluate.fields import Balls, Exact
from gradproof.formula.formula import Formula
from gradproof.formula.literals import entries_of, put_in
from gradproof.formula.values import bind

_GUARD_DIGITS = 5
#: Precisions that are tried for values very near 0.
_MORE_BITS = (1024, 4096, 16384)


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
        table = _exact(formula, bindings) or _enclosed(formula, bindings, digits)
        return entries_of(table, formula, bindings)
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
    """Return balls with so many digits; the precision rises further where a value is so small that its ball has 0 in it."""
    table = enclose(formula.value, bindings, digits + _GUARD_DIGITS)
    for bits in _MORE_BITS:
        if not any(value.contains(0) and not value.is_zero() for value in table.entries.ravel()):
            break
        with ctx.workprec(bits):
            table = evaluate(formula.value, bindings, Balls())
    if Balls().is_missing(table.entries).any():
        raise DomainError("formula: a value was expected at this point", got="none: it is not defined there")
    return table
