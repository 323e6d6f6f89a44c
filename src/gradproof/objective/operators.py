"""Proximal operators of all functions that the catalogue knows: derived where the derivation can, else looked up and cited."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof import prox
from gradproof.derivation.notation import declaration
from gradproof.derivation.proximal import Line, Proximal, point_of, proximal
from gradproof.derivation.proximal_text import without_indicators
from gradproof.errors import DomainError, FormulaError, ShapeError, UnsupportedError
from gradproof.evaluate.bindings import Undecidable
from gradproof.evaluate.instances import instance
from gradproof.expr.build import number
from gradproof.expr.node import Symbol
from gradproof.formula.formula import Formula
from gradproof.formula.parse import parse
from gradproof.objective.conditions import read_condition, spelled
from gradproof.objective.feasibility import Infeasible
from gradproof.objective.parameters import Names, numbers_in
from gradproof.objective.penalties import Penalty
from gradproof.objective.program import compiled
from gradproof.objective.recognition import function_of
from gradproof.objective.statement import Statement, read_statement
from gradproof.objective.words import cited, constructed, outermost
from gradproof.prox.function import AbstractFunction

Array = npt.NDArray[np.floating[Any]]
#: Instances that have to agree on what a function is, and those that are drawn for them.
_AGREEING, _DRAWN = 2, 16
_SIZES = (5, 4, 6, 3, 7)
_TRIES = 24
_TOLERANCE = 1e-7
_FAILURES = (FormulaError, DomainError, ShapeError, UnsupportedError, Infeasible, Undecidable, np.linalg.LinAlgError)


def operator(expression: str, over: str, *, assume: Sequence[str] = (), subject_to: Sequence[str] = ()) -> Proximal:
    """Return the proximal operator of a function: derived step by step, or the one of the entry that the function is.

    Formula:  prox_h(v) = argmin_x h(x) + |x - v|^2 / 2
    Args:     expression: h; a term ``indicator(...)`` is 0 where its condition holds and infinite elsewhere.
              over: the variable.  subject_to: conditions, such as 'x >= 0', 'X in PSD'.
    Raises:   FormulaError: the text cannot be read, the variable does not occur, or nothing is known of the function.
    Example:  >>> operator("lam*norminf(x)", "x").entry
              'LInf'
    Source:   of each function, its entry in ``gradproof.prox``
    """
    assume = [*assume, *_square(expression, over, assume, subject_to)]
    try:
        found = proximal(expression, over, assume=assume, subject_to=subject_to)
        if found.result is not None:
            return found
    except (FormulaError, ShapeError) as trouble:
        looked_up = _looked_up(expression, over, assume, subject_to)
        if looked_up is None:
            raise trouble
        return looked_up
    return _looked_up(expression, over, assume, subject_to) or found


def _square(expression: str, over: str, assume: Sequence[str], subject_to: Sequence[str]) -> list[str]:
    """Declare a matrix that is to be semidefinite as square."""
    is_told = any(text.partition(":")[0].strip() == over for text in assume)
    named = (rf"\b{re.escape(over)}\s+in\s+PSD\b", rf"\b(?:logdet|det|inv|tr)\({re.escape(over)}\)")
    is_square = any(re.search(pattern, text) for pattern in named for text in (expression, *subject_to))
    return [f"{over}: n,n"] if is_square and not is_told else []


@dataclass(frozen=True)
class _Known:
    """The function of the catalogue at one instance of the data."""

    statement: Statement
    penalty: Penalty


def _looked_up(expression: str, over: str, assume: Sequence[str], subject_to: Sequence[str]) -> Proximal | None:
    """Return the operator of the entry that a function is, None where it is none or cannot be read."""
    try:
        formula, wrt, others, told = _read(expression, over, assume, subject_to)
    except (FormulaError, ShapeError):
        return None
    statements = list(_statements((expression, over, subject_to), wrt, others))
    names = Names([statement.values for statement in statements], numbers_in(formula.value))
    known: list[_Known] = []
    chosen: list[int] = []
    for place, statement in enumerate(statements):
        try:
            penalty = function_of(statement, names.at(place))
        except _FAILURES:
            continue
        if penalty is None and not known and place >= _AGREEING + 1:
            return None
        if penalty is not None:
            known.append(_Known(statement, penalty))
            chosen.append(place)
        if len(known) == _AGREEING:
            break
    if len({outermost(item.penalty.function) for item in known}) != 1:
        return None
    names = names.at(*chosen)
    return _cited(formula, wrt, told, [item.penalty for item in known], names, _check_of(known))


def _read(
    expression: str, over: str, assume: Sequence[str], subject_to: Sequence[str]
) -> tuple[Formula, Symbol, list[Symbol], list[str]]:
    """Return the function, its variable, the other symbols, and the conditions."""
    body, indicators = without_indicators(expression)
    told = [*indicators, *subject_to]
    formula = parse(body or f"0*sum({over})", assume)
    known = [declaration(symbol) for symbol in formula.symbols if symbol.name == over and body]
    read = [read_condition(one, [*assume, *known], {})[0] for text in told for one in spelled(text)]
    symbols = {symbol.name: symbol for found in (*read, formula) for symbol in found.symbols}
    if over not in symbols:
        raise FormulaError(f"a function of {over} was expected", got=f"'{expression}'", remedy="Name its variable with --over.")
    if not body and read:
        symbols |= {symbol.name: symbol for found in read for symbol in found.symbols}
    return formula, symbols[over], [symbol for name, symbol in symbols.items() if name != over], told


def _statements(texts: tuple[str, str, Sequence[str]], wrt: Symbol, others: Sequence[Symbol]) -> Iterator[Statement]:
    """Yield the function with random data: positive numbers, sizes above one."""
    expression, over, subject_to = texts
    for count in range(_DRAWN):
        try:
            drawn = instance([wrt, *others], seed=11, number=count, positive=True, sizes=_SIZES).values
            data = {symbol.name: _floats(drawn[symbol.name], count) for symbol in others if "size" not in symbol.properties}
            start = {wrt.name: _floats(drawn[wrt.name], 0)}
            sized = [
                declaration(_sized(symbol, {**data, **start}[symbol.name]))
                for symbol in (wrt, *others)
                if symbol.name in {**data, **start}
            ]
            yield read_statement(expression, [over], subject_to, data, sized, start)
        except _FAILURES:
            continue


def _sized(symbol: Symbol, value: Any) -> Symbol:
    """Return a symbol with the sizes that its value has."""
    axes = tuple(replace(axis, size=number(size)) for axis, size in zip(symbol.axes, np.shape(value), strict=True))
    return replace(symbol, axes=axes)


def _floats(value: Any, count: int) -> Any:
    """Return a value as floats; every other instance is smaller, so that shares between 0 and 1 occur."""
    array = np.asarray(value, dtype=object)
    whole = np.array([float(entry.p) / float(entry.q) if hasattr(entry, "p") else float(entry) for entry in array.ravel()])
    return (
        whole.reshape(array.shape) / (1 + 6.3 * (count % 3 == 2))
        if array.ndim
        else np.float64(whole[0] / (1 + 6.3 * (count % 3 == 2)))
    )


def _check_of(known: Sequence[_Known]) -> Callable[[int], str]:
    def check(instances: int) -> str:
        tried, points = 0, 0
        for place in range(instances):
            item = known[place % len(known)]
            worse = _challenged(item, place)
            if worse is not None:
                return f"REFUTED: {worse} is better at instance {place}"
            tried, points = tried + 1, points + 2 * _TRIES
        return f"no better point among {points} at {tried} random instances"

    return check


def _challenged(item: _Known, count: int) -> str | None:
    """Return a better point, or what the operator's point misses, at one random instance; None where all is well."""
    (symbol,) = item.statement.variables
    shape, function = item.penalty.shape, item.penalty.function
    source = np.random.default_rng(count)
    point = source.normal(0, 2, shape)
    best, _ = function.prox(point)
    miss = _miss(item.statement, symbol, best)
    if miss > _TOLERANCE:
        return f"a point within the conditions, which {best} misses by {miss:.3g},"
    lowest = _cost(item, symbol, best, point)
    for _ in range(_TRIES):
        step = source.choice((1.0, 0.3, 0.03, 0.001))
        for other in (
            _moved(function, best, source.normal(0, step, shape)),
            function.prox(point + source.normal(0, step, shape))[0],
        ):
            if (
                _is_meant(function, other)
                and _miss(item.statement, symbol, other) <= 0
                and _cost(item, symbol, other, point) < lowest - _TOLERANCE
            ):
                return str(other)
    return None


def _base(function: AbstractFunction) -> AbstractFunction:
    while isinstance(inner := getattr(function, "f", None), AbstractFunction):
        function = inner
    return function


def _moved(function: AbstractFunction, at: Array, by: Array) -> Array:
    """Return a point beside another; the matrices of a log-determinant stay symmetric."""
    return at + (0.5 * (by + by.T) if isinstance(_base(function), prox.LogDeterminant) else by)


def _is_meant(function: AbstractFunction, at: Array) -> bool:
    """Tell whether a point is of those that a function is meant for: a log-determinant is one of positive definite matrices."""
    base = _base(function)
    return not isinstance(base, prox.LogDeterminant) or bool(np.isfinite(base.value(at)))


def _cost(item: _Known, symbol: Symbol, at: Array, point: Array) -> float:
    values = {**item.statement.values, symbol.name: at.reshape(item.statement.shapes[symbol.name])}
    with np.errstate(all="ignore"):
        value = float(compiled(item.statement.formula.value)(values))
    return (value if np.isfinite(value) else np.inf) + float(np.sum((at - point) ** 2)) / 2


def _miss(statement: Statement, symbol: Symbol, at: Array) -> float:
    """Return how far a point is from meeting the conditions; rounding is no miss."""
    values = {**statement.values, symbol.name: at.reshape(statement.shapes[symbol.name])}
    worst = 0.0
    for condition in statement.conditions:
        found = compiled(condition.difference, condition.axes)(values)
        if condition.relation == "semidefinite":
            found = np.append(-np.linalg.eigvalsh((found + found.T) / 2), np.abs(found - found.T).max())
        worst = max(worst, float(np.max(np.abs(found) if condition.relation == "=" else found)))
    return worst if worst > _TOLERANCE / 100 else 0.0


def _cited(
    formula: Formula, wrt: Symbol, told: Sequence[str], penalties: Sequence[Penalty], names: Names, check: Callable[[int], str]
) -> Proximal:
    point = point_of(formula, wrt)
    functions = [penalty.function for penalty in penalties]
    distance = (
        f"({wrt.name} - {point.name})^2/2"
        if not wrt.axes
        else f"{'normF' if len(wrt.axes) == 2 else 'norm2'}({wrt.name} - {point.name})^2/2"
    )
    body = "" if not formula.text or formula.text.startswith("0*sum(") else f"{formula.text} + "
    held = f" subject to {', '.join(told)}" if told else ""
    lines = [Line("definition", f"prox({point.name}) = the {wrt.name} that makes {body}{distance} least{held}")]
    citation = cited(functions, names, point.name)
    lines += [Line(rule, text) for rule, text in citation.lines]
    return Proximal(
        formula, wrt, point, citation.text, tuple(lines), entry=constructed(functions, names), sources=citation.sources, check=check
    )
