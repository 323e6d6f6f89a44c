"""What is to be minimized, read: the objective, its variables, its constraints, its data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.derivation.proximal import as_condition, without_indicators
from gradproof.errors import FormulaError
from gradproof.expr.node import Compare, Expr, Index, Iverson, Logic, Number, Symbol
from gradproof.formula.formula import Formula
from gradproof.formula.parse import parse
from gradproof.formula.values import bind
from gradproof.objective.values import check_memory

Array = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison that has to hold for every entry over ``axes``, and the text that it is from."""

    text: str
    compare: Compare
    axes: tuple[Index, ...]


@dataclass(frozen=True)
class Statement:
    """The objective ``formula``, to be made least over ``variables`` under ``conditions``, the rest being ``values``."""

    formula: Formula
    variables: tuple[Symbol, ...]
    conditions: tuple[Condition, ...]
    values: Mapping[str, Any]

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of the variables."""
        return {symbol.name: _shape(symbol) for symbol in self.variables}

    def with_values(self, **changes: Any) -> Statement:
        """Return the same statement with other data of the same shapes."""
        return replace(self, values={**self.values, **changes})

    def pack(self, point: Mapping[str, Any]) -> Array:
        """Return the values of the variables as one vector."""
        return np.concatenate([np.asarray(point[symbol.name], dtype=np.float64).ravel() for symbol in self.variables])

    def unpack(self, flat: Array) -> dict[str, Array]:
        """Return the values of the variables by name."""
        found, begin = {}, 0
        for name, shape in self.shapes.items():
            found[name] = flat[begin : begin + prod(shape)].reshape(shape)
            begin += prod(shape)
        return found

    @property
    def size(self) -> int:
        """The number of all entries of the variables."""
        return sum(prod(shape) for shape in self.shapes.values())


def read_statement(
    text: str, over: Sequence[str], subject_to: Sequence[str], values: Mapping[str, Any], assume: Sequence[str],
    start: Mapping[str, Any],
) -> Statement:  # fmt: skip
    """Return what a text and its constraints mean, with the shapes that the data gives.

    Raises: FormulaError: the text cannot be read, a variable does not occur, data is missing, or a shape stays open.
            ShapeError: shapes do not fit.
    """
    body, indicators = without_indicators(text)
    told = [as_condition(condition) for condition in (*indicators, *subject_to)]
    # A constraint may be all that says of a variable how many entries it has, and a joint reading gives one size to both.
    body = body or "0"
    known = {**values, **start}
    for name in over:
        if name in values:
            raise FormulaError(f"a variable was expected to minimize over, got data for {name}", remedy="Leave one of the two out.")
    shapes = _variable_shapes([body, *told], over, known, assume)
    points = {name: np.broadcast_to(0.0, shape) for name, shape in shapes.items()}
    formula = parse(body, assume, {**values, **points})
    if formula.axes:
        raise FormulaError("a number was expected as the objective", got="a vector or matrix", remedy="Sum its entries.")
    read = [(condition, parse(condition, assume, {**values, **points})) for condition in told]
    _check_data([formula, *(found for _, found in read)], values, over)
    heads = {symbol.name: symbol for found in (*(found for _, found in read), formula) for symbol in found.symbols}
    conditions = tuple(part for condition, found in read for part in _parts(condition, found))
    check_memory(sum(prod(shape) for shape in shapes.values()), "the variable")
    return Statement(formula, tuple(heads[name] for name in over), conditions, dict(values))


def _variable_shapes(
    texts: Sequence[str], over: Sequence[str], known: Mapping[str, Any], assume: Sequence[str]
) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {name: np.shape(known[name]) for name in over if name in known}
    seen: set[str] = set()
    for text in texts:
        formula = parse(text, assume, {**known, **{name: np.broadcast_to(0.0, shape) for name, shape in shapes.items()}})
        counts = _label_counts(formula, known)
        for symbol in formula.symbols:
            if symbol.name not in over:
                continue
            seen.add(symbol.name)
            sizes = [_size(axis.size, counts) for axis in symbol.axes]
            if symbol.name not in shapes and all(size is not None for size in sizes):
                shapes[symbol.name] = tuple(size for size in sizes if size is not None)
    for name in over:
        if name not in seen:
            raise FormulaError(f"a formula of {name} was expected", got=f"'{texts[0]}'", remedy="Name its variables with --over.")
        if name not in shapes:
            raise FormulaError(
                f"the shape of {name} was expected", got="sizes that no data tells",
                remedy=f"Declare it (--assume '{name}: 5'), or give a start of its shape.",
            )  # fmt: skip
    return shapes


def _label_counts(formula: Formula, known: Mapping[str, Any]) -> dict[str, int]:
    """Return the sizes that class numbers tell: as many classes as the largest number says."""
    counts: dict[str, int] = {}
    for symbol in formula.symbols:
        for mark in symbol.properties:
            kind, _, size = mark.partition(":")
            if kind in ("label", "index") and size and symbol.name in known:
                labels = np.asarray(known[symbol.name])
                counts[size] = max(counts.get(size, 2), int(labels.max()) + (1 if kind == "label" else 0))
    return counts


def _size(size: Expr, counts: Mapping[str, int]) -> int | None:
    if isinstance(size, Number):
        return int(size.value)
    return counts.get(size.name) if isinstance(size, Symbol) else None


def _shape(symbol: Symbol) -> tuple[int, ...]:
    assert all(isinstance(axis.size, Number) for axis in symbol.axes), "shapes are settled before"
    return tuple(int(axis.size.value) for axis in symbol.axes if isinstance(axis.size, Number))


def _check_data(formulas: Sequence[Formula], values: Mapping[str, Any], over: Sequence[str]) -> None:
    names = {symbol.name for formula in formulas for symbol in formula.symbols}
    for name in values:
        if name not in names:
            listed = ", ".join(sorted(names))
            raise FormulaError("data for a variable of the formula was expected", got=f"'{name}'", remedy=f"It has {listed}.")
    for formula in formulas:
        for symbol in formula.symbols:
            if symbol.name not in values and symbol.name not in over:
                remedy = f"Give it (--data {symbol.name}=...), or name it with --over."
                raise FormulaError(f"data for {symbol.name} was expected", got="none", remedy=remedy)
        points = {s.name: np.broadcast_to(0.0, _shape(s)) for s in formula.symbols if s.name in over}
        bind(formula, {**{s.name: values[s.name] for s in formula.symbols if s.name in values}, **points})
        _check_labels(formula, values)


def _check_labels(formula: Formula, values: Mapping[str, Any]) -> None:
    for symbol in formula.symbols:
        marks = [mark.split(":") for mark in symbol.properties if mark.startswith("label:")]
        for _, classes in marks:
            labels = np.asarray(values[symbol.name])
            wrong = (labels != np.round(labels)) | (labels < 0) | (labels >= (int(classes) if classes.isdigit() else np.inf))
            if wrong.any():
                got = f"{labels.ravel()[int(np.argmax(wrong.ravel()))]}"
                raise FormulaError(f"class numbers from 0 to {int(classes) - 1} were expected in {symbol.name}", got=got)


def _parts(text: str, formula: Formula) -> list[Condition]:
    shown = text.strip("()").replace("==", "=")
    condition = formula.value.condition if isinstance(formula.value, Iverson) else None
    parts = condition.operands if isinstance(condition, Logic) and condition.operation == "and" else (condition,)
    found = [Condition(shown, part, formula.axes) for part in parts if isinstance(part, Compare) and part.relation != "!="]
    if len(found) != len(parts):
        raise FormulaError("a comparison was expected as a constraint", got=f"'{shown}'", remedy="Write 'x >= 0'.")
    return found
