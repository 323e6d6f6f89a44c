"""What a program may be given: real numbers, arrays of them, and class numbers that are there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from gradproof.errors import FormulaError
from gradproof.expr.node import Symbol

_REMEDY = "Give a number, or an array of real numbers."


def check_numbers(variables: Sequence[Symbol], values: Mapping[str, Any]) -> None:
    """See that all values are made of real numbers.

    Raises: FormulaError: one is made of something else: complex numbers, text, dates, objects, rows of different lengths.
    """
    for symbol in variables:
        told = _trouble(values[symbol.name])
        if told:
            raise FormulaError(f"{symbol.name}: real numbers were expected", got=told, remedy=_REMEDY)


def with_floats(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values where exact numbers are floating-point ones."""
    return {name: float(value) if isinstance(value, Fraction | Decimal) else value for name, value in values.items()}


def native(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values where the arrays of NumPy are such as PyTorch and JAX take: of their types, and in the order of the machine."""
    return {name: _native(value) if type(value) is np.ndarray else value for name, value in values.items()}


def _native(array: Any) -> Any:
    if array.dtype.char == "g":
        return array.astype(float)
    if not array.dtype.isnative:
        return array.astype(array.dtype.newbyteorder("="))
    return array.copy() if any(stride < 0 for stride in array.strides) else array


def told(check: Callable[..., None]) -> Callable[..., None]:
    """Return the check that a module makes of numbers of entries and of classes, where what it says is an error of ours.

    Raises: FormulaError: a number is below or above its range, no whole number, or NaN.
    """

    def checked(*arguments: Any) -> None:
        try:
            check(*arguments)
        except ValueError as error:
            raise FormulaError(str(error)) from None

    return checked


def _trouble(value: Any) -> str:
    """Return what a value is made of that is no real number, nothing where it is all real numbers."""
    if type(value) in (float, int, bool):
        return "" if -1e308 < value < 1e308 or type(value) is float else "a whole number beyond floating point"
    if isinstance(value, np.ma.MaskedArray):
        return "a masked array, whose mask would be lost"
    if isinstance(value, np.ndarray | np.generic) or not hasattr(value, "dtype"):
        try:
            dtype = np.asarray(value).dtype
        except (TypeError, ValueError, OverflowError):
            return "rows of different lengths"
        return "" if dtype.kind in "fiub" or _is_real(value) else str(dtype)
    return (
        str(value.dtype) if "complex" in str(value.dtype) else ""
    )  # arrays of other libraries, and what stands for them in a trace


def _is_real(value: Any) -> bool:
    """Tell whether a value is one number, such as a fraction, that a floating-point number can be made of."""
    try:
        return np.ndim(value) == 0 and not isinstance(value, str | bytes | np.generic) and isinstance(float(value), float)
    except (TypeError, ValueError, OverflowError):
        return False
