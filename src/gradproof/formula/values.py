"""Values for the variables of a formula: their shapes, and the sizes that follow from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from gradproof.errors import FormulaError, ShapeError
from gradproof.evaluate.bindings import Bindings, MissingValue
from gradproof.evaluate.enclose import exact_value
from gradproof.expr.build import number, subtract
from gradproof.expr.node import Add, Expr, Number, Symbol
from gradproof.expr.walk import symbols
from gradproof.formula.formula import Formula
from gradproof.formula.kinds import LARGEST_RANK
from gradproof.printer.text import to_text


def shape_of(name: str, value: Any) -> tuple[int, ...]:
    """Return the shape of a number, a nested list, an array, or a formula without variables.

    Raises: FormulaError: rows of different lengths, or more axes than the language has.
    """
    if isinstance(value, Formula):
        shape = tuple(int(axis.upper.value) for axis in value.axes if isinstance(axis.upper, Number))
    else:
        shape = tuple(int(size) for size in value.shape) if hasattr(value, "shape") else _listed(name, value)
    if len(shape) > LARGEST_RANK:
        raise FormulaError(f"{name}: at most {LARGEST_RANK} axes were expected", got=str(len(shape)))
    return shape


def _listed(name: str, value: Any) -> tuple[int, ...]:
    shape: list[int] = []
    level: list[Any] = [value]
    while level and all(isinstance(item, list | tuple) for item in level):
        lengths = {len(item) for item in level}
        if len(lengths) != 1:
            raise FormulaError(f"{name}: rows of one length were expected", got=" and ".join(str(n) for n in sorted(lengths)))
        shape.append(lengths.pop())
        level = [entry for item in level for entry in item]
        if len(shape) > LARGEST_RANK:
            break
    if any(isinstance(item, list | tuple) for item in level) and len(shape) <= LARGEST_RANK:
        raise FormulaError(f"{name}: rows of one length were expected", got="numbers beside lists")
    return tuple(shape)


def bind(formula: Formula, values: Mapping[str, Any]) -> Bindings:
    """Return the instance that values of variables make, with the sizes that follow from their shapes.

    Raises: FormulaError: a variable has no value, or a value belongs to no variable.
            ShapeError: a value has another shape than its variable.
    """
    sizes: dict[str, int] = {}
    known = _size_names(formula)
    for name, value in values.items():
        if formula.symbol(name) is None and name not in known:
            listed = ", ".join(symbol.name for symbol in formula.symbols) or "none"
            raise FormulaError("a variable of the formula was expected", got=f"'{name}'", remedy=f"It has {listed}.", where="--at")
        if name in known:
            sizes[name] = _as_size(name, value)
    for symbol in formula.symbols:
        if symbol.name not in values:
            if symbol.name in known:
                continue
            remedy = f"Give it: --at {symbol.name}=..."
            raise FormulaError(f"a value of {symbol.name} was expected", got="none", remedy=remedy, where="--at")
        _fit(symbol, shape_of(symbol.name, values[symbol.name]), sizes)
    _check(formula.symbols, values, sizes)
    return Bindings({**{name: value for name, value in values.items() if name not in sizes}, **sizes})


def check_shapes(variables: Sequence[Symbol], values: Mapping[str, Any]) -> dict[str, int]:
    """Return the sizes that the shapes of values make.

    Raises: ShapeError: a value has another shape than its variable, or two of them disagree about a size.
    """
    sizes = {symbol.name: _as_size(symbol.name, values[symbol.name]) for symbol in variables if "size" in symbol.properties}
    for symbol in variables:
        if symbol.name not in sizes:
            _fit(symbol, shape_of(symbol.name, values[symbol.name]), sizes, where="")
    _check(variables, values, sizes, where="")
    return sizes


def _size_names(formula: Formula) -> frozenset[str]:
    roots = [formula.value, *formula.axes, *(axis.size for symbol in formula.symbols for axis in symbol.axes)]
    return frozenset(symbol.name for root in roots for symbol in symbols(root) if "size" in symbol.properties)


def _as_size(name: str, value: Any) -> int:
    exact = Fraction(value) if isinstance(value, int | float | Fraction) else None
    if exact is None and hasattr(value, "p") and hasattr(value, "q"):
        exact = Fraction(int(value.p), int(value.q))
    if exact is None or exact.denominator != 1 or exact < 0:
        raise FormulaError(f"{name} measures an axis: a whole number was expected", got=str(value), where="--at")
    return int(exact)


def _fit(symbol: Symbol, shape: tuple[int, ...], sizes: dict[str, int], *, where: str = "--at") -> None:
    """Learn sizes from a shape."""
    if len(shape) != len(symbol.axes):
        got = f"a value with {len(shape)}"
        raise ShapeError(f"{symbol.name} has {len(symbol.axes)} axes", got=got, remedy="Give a value of its shape.", where=where)
    for axis, length in zip(symbol.axes, shape, strict=True):
        found = _solved(axis.size, length, sizes)
        if found is not None:
            sizes[found[0]] = found[1]


def _solved(size: Expr, length: int, sizes: Mapping[str, int]) -> tuple[str, int] | None:
    """Solve ``size = length`` for the one size in it that is not known, where its weight is one."""
    if isinstance(size, Symbol):
        return None if size.name in sizes else (size.name, length)
    unknown = [symbol for symbol in symbols(size) if symbol.name not in sizes]
    if isinstance(size, Add) and len(unknown) == 1 and unknown[0] in size.terms:
        weight = size.weights[size.terms.index(unknown[0])]
        rest = exact_value(subtract(subtract(size, unknown[0]), number(length)), Bindings(sizes)) if weight == 1 else None
        if rest is not None and rest.q == 1 and rest <= 0:
            return unknown[0].name, int(-rest.p)
    return None


def _check(variables: Sequence[Symbol], values: Mapping[str, Any], sizes: Mapping[str, int], *, where: str = "--at") -> None:
    for symbol in variables:
        if symbol.name not in values or symbol.name in sizes:
            continue
        shape = shape_of(symbol.name, values[symbol.name])
        for place, (axis, length) in enumerate(zip(symbol.axes, shape, strict=True), start=1):
            try:
                wanted = axis.size.value if isinstance(axis.size, Number) else exact_value(axis.size, Bindings(sizes))
            except MissingValue:
                continue
            if wanted is not None and wanted != length:
                told = to_text(axis.size)
                expected = f"{symbol.name} has {wanted} entries along axis {place}" + (f" ({told})" if told != str(wanted) else "")
                raise ShapeError(expected, got=str(length), remedy="Give a value of its shape.", where=where)
