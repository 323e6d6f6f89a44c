"""Answers that are numbers: a value, or a vector or matrix of values, at what the document gives."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import isqrt
from typing import Any

import numpy as np
from flint import arb, ctx, fmpq

from gradproof.checker.decide import is_closed
from gradproof.checker.statements import is_closed_form
from gradproof.completion.answer import Answer, Asked
from gradproof.completion.numbers import decimal_text, exact_text
from gradproof.evaluate.bindings import Bindings, NotRational, Undecidable
from gradproof.evaluate.enclose import enclose
from gradproof.evaluate.evaluator import evaluate
from gradproof.evaluate.fields import Exact
from gradproof.expr.build import number, power
from gradproof.expr.node import Expr, Index, Number, Operator
from gradproof.expr.walk import contains, free_symbols, substitute, symbols, transform
from gradproof.rewrite.simplify import cost, simplified

_DIGITS = 80
_LARGEST_TABLE = 144
_LARGEST_RADICAND = 10**6
#: The longest closed form that is still easier to read than its decimal.
_LONGEST_FORM = 14


def numeric_answers(asked: Asked) -> Iterator[Answer]:
    """Yield the value of the known side: exact where it is rational or short, with decimals where they tell more."""
    body = value_body(asked)
    if not _has_value(body, asked):
        return
    if asked.value.axes:
        yield from _tables(asked, body)
        return
    ball = _table(body)
    if ball is None or not ball[()].is_finite():
        return
    exact = _exact(body)
    if exact is not None:
        yield from _rational(asked, exact[()])
    else:
        yield from _irrational(asked, body, ball[()])


def value_body(asked: Asked) -> Expr:
    """Return the known side with all definitions and all values of its place put in, decimals taken as they are printed."""
    environment = asked.context.environment
    body = substitute(environment.expanded(asked.value.body), environment.conditions)
    body = substitute(environment.expanded(body), environment.conditions)
    return transform(body, lambda node: Number(node.value) if isinstance(node, Number) else node)


def _has_value(body: Expr, asked: Asked) -> bool:
    """Tell whether an expression has a number at each of the places of its axes."""
    axes = asked.value.axes
    if not axes:
        return is_closed(body)
    sized = all(not symbols(limit) for axis in axes for limit in (axis.lower, axis.upper))
    opaque = contains(body, lambda node: isinstance(node, Operator) and node.kind != "integral")
    return sized and not free_symbols(body) and body.free_indices <= set(axes) and not opaque


# Scalars --------------------------------------------------------------------------------------------------------------


def _rational(asked: Asked, value: fmpq) -> Iterator[Answer]:
    text = exact_text(value, as_decimal=asked.uses_decimals and not asked.is_approximate)
    decimal = decimal_text(value, asked.precision)
    is_round = value.q == 1 or "frac" not in text
    if asked.question.place.decimals and decimal is not None:
        yield Answer(decimal)  # in the place of a decimal
    elif asked.is_approximate:
        yield Answer(text if value.q == 1 else decimal or text)
    elif not is_round and asked.precision.is_asked and decimal is not None:
        short = exact_text(value, as_decimal=True)
        yield Answer(short) if "frac" not in short else Answer(f"{text} \\approx {decimal}", links=1)
    elif not is_round and asked.uses_decimals and decimal is not None and value.q > 1000:
        yield Answer(decimal)
    yield Answer(text)


def _irrational(asked: Asked, body: Expr, ball: arb) -> Iterator[Answer]:
    """A closed form that is short, with its decimals; else the decimals alone."""
    decimal = decimal_text(ball, asked.precision)
    if decimal is None:
        return
    if asked.question.place.decimals:
        yield Answer(decimal)
        return
    root = None if asked.is_approximate else _root(body, ball)
    if root is not None:
        yield Answer(root if "sqrt" not in root else f"{root} \\approx {decimal}", links="sqrt" in root)
    shown = simplified(body)
    is_given = is_closed_form(asked.context.known)  # its own letters, shuffled, are no answer
    if not (asked.is_approximate or is_given) and cost(shown) <= _LONGEST_FORM and not contains(shown, _is_integral):
        known = asked.question.planned.source
        for latex in asked.notation.written(shown, ()):
            if latex.replace(" ", "") not in known.replace(" ", ""):
                yield Answer(f"{latex} \\approx {decimal}", links=1)
    yield Answer(decimal)


def _root(body: Expr, ball: arb) -> str | None:
    """Return a square root of a rational in lowest terms, a rational where it is one, or None where a value is none."""
    square = _exact(simplified(power(body, number(2))))
    if square is None or not isinstance(square[()], fmpq) or max(square[()].p, square[()].q) > _LARGEST_RADICAND:
        return None
    inside, below = int(square[()].p * square[()].q), int(square[()].q)
    outside = next(root for root in range(isqrt(inside), 0, -1) if inside % root**2 == 0)
    factor = Fraction(outside, below)
    sign = "-" if ball < 0 else ""
    if inside == outside**2:
        return exact_text(fmpq(int(factor.numerator), int(factor.denominator)) * (-1 if sign else 1), as_decimal=False)
    radical = f"\\sqrt{{{inside // outside**2}}}"
    above = radical if factor.numerator == 1 else f"{factor.numerator} {radical}"
    return f"{sign}{above}" if factor.denominator == 1 else f"{sign}\\frac{{{above}}}{{{factor.denominator}}}"


def _is_integral(node: Expr) -> bool:
    return isinstance(node, Operator)


# Tensors --------------------------------------------------------------------------------------------------------------


def _tables(asked: Asked, body: Expr) -> Iterator[Answer]:
    if len(asked.value.axes) > 2:
        return
    table: Any = _exact(body, asked.value.axes)
    if table is None:
        table = _table(body, asked.value.axes)
    if table is None or table.size > _LARGEST_TABLE:
        return
    entries = [[_entry(asked, cell) for cell in row] for row in np.atleast_2d(table)]
    if any(cell is None for row in entries for cell in row):
        return
    if len(asked.value.axes) == 1 and not asked.value.is_row:
        entries = [[cell] for row in entries for cell in row]
    kind = next((kind for kind in ("pmatrix", "bmatrix", "vmatrix") if kind in asked.notation.text), "pmatrix")
    rows = r" \\ ".join(" & ".join(str(cell) for cell in row) for row in entries)
    yield Answer(f"\\begin{{{kind}}} {rows} \\end{{{kind}}}")


def _entry(asked: Asked, cell: Any) -> str | None:
    if isinstance(cell, fmpq | int):
        return exact_text(fmpq(cell), as_decimal=asked.uses_decimals)
    return decimal_text(cell, asked.precision)


def _exact(body: Expr, axes: tuple[Index, ...] = ()) -> Any:
    """Return the values as rationals over the axes, or None where one is not rational."""
    try:
        table = evaluate(body, Bindings(), Exact())
    except (NotRational, Undecidable):
        return None
    return _over(table, axes)


def _table(body: Expr, axes: tuple[Index, ...] = ()) -> Any:
    """Return the values as narrow balls over the axes, or None where there are none."""
    try:
        with ctx.workprec(512):
            return _over(enclose(body, Bindings(), _DIGITS, decimals="point"), axes)
    except Undecidable:
        return None


def _over(table: Any, axes: tuple[Index, ...]) -> Any:
    """Return the entries of a table in the order of some axes, repeated along those that it does not depend on."""
    order = [table.axes.index(axis) for axis in axes if axis in table.axes]
    entries = table.entries.transpose(order) if order else table.entries
    lengths = iter(entries.shape)
    shape = [next(lengths) if axis in table.axes else 1 for axis in axes]
    full = [_length(axis) for axis in axes]
    return np.broadcast_to(entries.reshape(shape), full) if axes else entries


def _length(axis: Index) -> int:
    assert isinstance(axis.lower, Number)
    assert isinstance(axis.upper, Number)
    return int(axis.upper.value - axis.lower.value) + 1
