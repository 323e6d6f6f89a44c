"""What is to be minimized, read: the objective, its variables, its constraints, its data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.derivation.proximal_text import without_indicators
from gradproof.errors import FormulaError, ShapeError
from gradproof.expr.build import number
from gradproof.expr.node import Element, Expr, Index, Number, Symbol
from gradproof.expr.walk import postorder, substitute
from gradproof.formula.formula import Formula
from gradproof.formula.parse import parse
from gradproof.formula.values import bind
from gradproof.objective.conditions import Condition, read_condition, spelled, unwrapped
from gradproof.objective.offsets import offsets_of
from gradproof.objective.requirements import check_parameters
from gradproof.objective.values import check_memory

Array = npt.NDArray[np.floating[Any]]


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
    text, told = unwrapped(text)
    body, indicators = without_indicators(text)
    texts = [one for condition in (*indicators, *told, *subject_to) for one in spelled(condition)]
    # A constraint may be all that says of a variable how many entries it has, and a joint reading gives one size to both.
    body = body or "0"
    known = {**values, **start}
    for name in over:
        if name in values:
            raise FormulaError(f"a variable was expected to minimize over, got data for {name}", remedy="Leave one of the two out.")
    assume = _with_numbers(body, over, known, assume)
    offsets = offsets_of([body, *(one.formula for one in texts)], over, known, assume)
    assume = [*assume, *offsets]
    shapes = _variable_shapes([body, *(one.formula for one in texts)], over, known, assume)
    points = {name: np.broadcast_to(0.0, shape) for name, shape in shapes.items()}
    formula = parse(body, assume, {**values, **points})
    if formula.axes:
        raise FormulaError("a number was expected as the objective", got="a vector or matrix", remedy="Sum its entries.")
    notes = tuple(
        f"{name} is the same for all samples (with --assume '{name}: ...' it has the size that you declare)"
        for name in (one.partition(":")[0] for one in offsets)
    )
    formula = replace(_with_sizes(formula, values, over), notes=(*formula.notes, *notes))
    read = [read_condition(one, assume, {**values, **points}) for one in texts]
    formulas = [formula, *(found for found, _ in read)]
    values = _without_sizes(formulas, values)
    _check_data(formulas, values, over)
    heads = {symbol.name: symbol for found in reversed(formulas) for symbol in found.symbols}
    conditions = tuple(part for _, parts in read for part in parts)
    check_memory(sum(prod(shape) for shape in shapes.values()), "the variable")
    return Statement(formula, tuple(heads[name] for name in over), conditions, dict(values))


def _with_numbers(body: str, over: Sequence[str], known: Mapping[str, Any], assume: Sequence[str]) -> Sequence[str]:
    """Declare variables as numbers where the objective would be none else: in |x - 3| + |x - 5|, x is no vector."""
    if not parse(body, assume, known).axes:
        return assume
    told = {one.partition(":")[0].strip() for text in assume for one in text.split(";")}
    numbers = [f"{name}:" for name in over if name not in known and name not in told]
    try:
        is_number = bool(numbers) and not parse(body, [*assume, *numbers], known).axes
    except (FormulaError, ShapeError):
        return assume
    return [*assume, *numbers] if is_number else assume


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


def _with_sizes(formula: Formula, values: Mapping[str, Any], over: Sequence[str]) -> Formula:
    """Put in numbers for names of sizes that only ranges tell: n in 1/n sum_{i=1}^n (b_i - ...)^2 is how many entries b has."""
    found: dict[Symbol, Expr] = {}
    for node in postorder(formula.value):
        if not isinstance(node, Element):
            continue
        for place, axis in zip(node.indices, node.symbol.axes, strict=True):
            if (
                isinstance(place, Index)
                and isinstance(place.upper, Symbol)
                and isinstance(axis.size, Number)
                and not place.upper.axes
            ):
                found.setdefault(place.upper, axis.size)
    for name, value in values.items():
        found |= {symbol: number(int(value)) for symbol in found if symbol.name == name and float(value).is_integer()}
    found = {
        symbol: size
        for symbol, size in found.items()
        if symbol.name not in over and (symbol.name not in values or np.ndim(values[symbol.name]) == 0)
    }
    if not found:
        return formula
    left = tuple(symbol for symbol in formula.symbols if symbol not in found)
    return replace(formula, value=substitute(formula.value, found), symbols=left)


def _without_sizes(formulas: Sequence[Formula], values: Mapping[str, Any]) -> dict[str, Any]:
    """Take out numbers that are given for names of sizes, as n in 1/n sum_{i=1}^n. Raises: ShapeError: the data has another size."""
    names = {symbol.name for formula in formulas for symbol in formula.symbols}
    left = dict(values)
    for name in [name for name, value in values.items() if name not in names and np.ndim(value) == 0]:
        if any(_has_name(formula.text, name) for formula in formulas):
            left.pop(name)
    return left


def _has_name(text: str, name: str) -> bool:
    return re.search(rf"(?<![A-Za-z]){re.escape(name)}(?![A-Za-z])", text) is not None


def _check_data(formulas: Sequence[Formula], values: Mapping[str, Any], over: Sequence[str]) -> None:
    names = {symbol.name for formula in formulas for symbol in formula.symbols}
    for name in values:
        if name not in names:
            takes = ", ".join(sorted(names.difference(over))) or "none"
            raise FormulaError(
                "data for a variable of the formula was expected", got=f"'{name}'", remedy=f"It takes data for {takes}."
            )
    for formula in formulas:
        for symbol in formula.symbols:
            if symbol.name not in values and symbol.name not in over:
                remedy = f"Give it (--data {symbol.name}=...), or name it with --over."
                raise FormulaError(f"data for {symbol.name} was expected", got="none", remedy=remedy)
        points = {s.name: np.broadcast_to(0.0, _shape(s)) for s in formula.symbols if s.name in over}
        bind(formula, {**{s.name: values[s.name] for s in formula.symbols if s.name in values}, **points})
        _check_labels(formula, values)
        check_parameters(formula, values, over)


def _check_labels(formula: Formula, values: Mapping[str, Any]) -> None:
    for symbol in formula.symbols:
        marks = [mark.split(":") for mark in symbol.properties if mark.startswith("label:")]
        for _, classes in marks:
            labels = np.asarray(values[symbol.name])
            wrong = (labels != np.round(labels)) | (labels < 0) | (labels >= (int(classes) if classes.isdigit() else np.inf))
            if wrong.any():
                got = f"{labels.ravel()[int(np.argmax(wrong.ravel()))]}"
                raise FormulaError(f"class numbers from 0 to {int(classes) - 1} were expected in {symbol.name}", got=got)
