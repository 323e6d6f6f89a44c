"""The arithmetics that an expression can be evaluated in: exact rationals, rigorous balls, float64.

Each works on numpy arrays whose axes are already aligned. What has no value is marked entry by entry, so that a bracket
can still hide it: by a ``Missing`` in exact arithmetic, by a ball around nan, by a float nan.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from flint import arb, ctx, fmpq

from gradproof.errors import DomainError
from gradproof.evaluate.bindings import NotRational, Undecidable
from gradproof.expr.catalogue import FUNCTIONS, TENSOR_FUNCTIONS
from gradproof.expr.node import Number

Array = npt.NDArray[Any]

#: The outcomes of a comparison, entry by entry: it fails, it holds, a side is undefined, the balls overlap, a side is
#: not rational.
FALSE, TRUE, UNDEFINED_TEST, OPEN_TEST, IRRATIONAL_TEST = range(5)

#: Exponents beyond this would need numbers with more digits than memory holds.
_LARGEST_EXPONENT = 1 << 40
_LARGEST_EXACT_BITS = 1 << 16
_HUGE = arb(2) ** 64
_HUGE_BASE = arb(2) ** _LARGEST_EXPONENT


class Missing:
    """A value that is missing from an exact table. It spoils what it is added to or multiplied with, and equals nothing."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def _spoil(self, other: Any) -> Missing:
        return IRRATIONAL if other is IRRATIONAL else self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _spoil

    def __eq__(self, other: object) -> bool:
        return False

    def __ne__(self, other: object) -> bool:
        return True

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<{self.reason}>"


UNDEFINED = Missing("undefined")
IRRATIONAL = Missing("not rational")


class Field(Protocol):
    """What the evaluator asks of an arithmetic; ``reason`` is why some entry came to nothing, '' where none did."""

    dtype: Any
    undefined: Any
    reason: str

    def number(self, node: Number) -> Any:
        """Return a number, a printed decimal with its interval."""

    def convert(self, value: Any) -> Any:
        """Return a value of a binding, or of an index, in this arithmetic."""

    def constant(self, name: str) -> Any:
        """Return pi or e."""

    def power(self, base: Array, exponent: Array) -> Array:
        """Return powers, entry by entry."""

    def apply(self, function: str, arguments: Sequence[Array]) -> Array:
        """Return an elementwise function of the catalogue."""

    def tensor(self, function: str, values: Array, rank: int) -> Array:
        """Return a tensor function of the last ``rank`` axes."""

    def compare(self, relation: str, left: Array, right: Array) -> Array:
        """Return the outcomes of a comparison."""

    def is_missing(self, values: Array) -> Array:
        """Tell which entries have no value."""


def boxed(value: Any) -> Array:
    """Return a value as an array: object ufuncs give bare scalars where all axes are gone."""
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, np.generic):
        return np.asarray(value)
    box = np.empty((), dtype=object)
    box[()] = value
    return box


def elementwise(function: Callable[..., Any], arrays: Sequence[Array]) -> Array:
    """Return a scalar function entry by entry, as an object array."""
    return boxed(np.frompyfunc(function, len(arrays), 1)(*arrays))


def rational(value: Any) -> fmpq:
    """Return a number as a rational."""
    if isinstance(value, fmpq):
        return value
    if isinstance(value, int | np.integer):
        return fmpq(int(value))
    if isinstance(value, Fraction):
        return fmpq(value.numerator, value.denominator)
    raise NotRational(f"{value!r} is not rational")


def _by_rows(function: Callable[[list[Any], tuple[int, ...]], list[Any]], values: Array, rank: int, turned: str) -> Array:
    """Apply a function of a flat list and its shape to the last axes of an object array."""
    cut = values.ndim - rank
    outer, inner = values.shape[:cut], values.shape[cut:]
    shape = {"same": inner, "transposed": inner[::-1]}.get(turned, ())
    result = np.empty((*outer, *shape), dtype=object)
    for place in np.ndindex(*outer):
        row = np.empty(int(np.prod(shape)), dtype=object)
        row[:] = function(list(values[place].ravel()), inner)
        result[place] = row.reshape(shape) if shape else row[0]
    return result


class Exact:
    """Rationals; what is not rational, or not defined, is ``Missing``."""

    dtype = object
    undefined = UNDEFINED

    def __init__(self) -> None:
        self.reason = ""

    def number(self, node: Number) -> Any:
        """Return an exact number; a printed decimal is none."""
        return IRRATIONAL if node.ulp is not None else rational(node.value)

    def convert(self, value: Any) -> Any:
        """Return a rational."""
        try:
            return rational(value)
        except NotRational:
            return IRRATIONAL

    def constant(self, name: str) -> Any:
        """No constant is rational."""
        if name == "infinity":
            raise Undecidable("infinity is no number")
        return IRRATIONAL

    def power(self, base: Array, exponent: Array) -> Array:
        """Return whole powers."""
        return elementwise(_exact_power, (base, exponent))

    def apply(self, function: str, arguments: Sequence[Array]) -> Array:
        """Return the function on rationals."""
        exact = FUNCTIONS[function].exact

        def call(*values: Any) -> Any:
            for value in values:
                if isinstance(value, Missing):
                    return value
            result = None if exact is None else exact(*values)
            return IRRATIONAL if result is None else result

        return elementwise(call, arguments)

    def tensor(self, function: str, values: Array, rank: int) -> Array:
        """Return the tensor function on rationals."""
        entry = TENSOR_FUNCTIONS[function]
        exact = entry.exact

        def call(row: list[Any], shape: tuple[int, ...]) -> list[Any]:
            found = None
            if exact is not None and row and not any(isinstance(value, Missing) for value in row):
                found = exact(row, shape)
            count = len(row) if entry.output in ("same", "transposed") else 1
            return [IRRATIONAL] * count if found is None else list(found)

        return _by_rows(call, values, rank, entry.output)

    def compare(self, relation: str, left: Array, right: Array) -> Array:
        """Return the outcomes of a comparison."""
        test = _COMPARISONS[relation]

        def call(a: Any, b: Any) -> int:
            if isinstance(a, Missing) or isinstance(b, Missing):
                return IRRATIONAL_TEST if a is IRRATIONAL or b is IRRATIONAL else UNDEFINED_TEST
            return TRUE if test(a, b) else FALSE

        return elementwise(call, (left, right)).astype(np.int8)

    def is_missing(self, values: Array) -> Array:
        """Tell which entries have no value."""
        return elementwise(lambda value: isinstance(value, Missing), (values,)).astype(bool)


def _exact_power(base: Any, exponent: Any) -> Any:
    if isinstance(base, Missing):
        return base
    if isinstance(exponent, Missing):
        return exponent
    if exponent.q != 1:
        return IRRATIONAL if base != 1 else base
    if base == 0 and exponent <= 0:
        return fmpq(1) if exponent == 0 else UNDEFINED
    bits = max(int(base.p).bit_length(), int(base.q).bit_length()) * abs(int(exponent.p))
    return base ** int(exponent.p) if bits <= _LARGEST_EXACT_BITS else IRRATIONAL


class Balls:
    """Balls at the working precision of flint; what is undefined is a ball around nan.

    ``decimals`` says what a printed decimal stands for: 'interval' for one unit of its last digit around it, 'point'
    for itself.
    """

    dtype = object

    def __init__(self, *, decimals: str = "interval") -> None:
        self.undefined = arb.nan()
        self.decimals = decimals
        self.reason = ""

    def number(self, node: Number) -> Any:
        """Return the ball of a number."""
        value = arb(rational(node.value))
        if node.ulp is None or self.decimals == "point":
            return value
        return value + arb(0, arb(rational(node.ulp)).upper())

    def convert(self, value: Any) -> Any:
        """Return a ball; a float stands for itself."""
        if isinstance(value, arb):
            return value
        return arb(float(value)) if isinstance(value, float | np.floating) else arb(rational(value))

    def constant(self, name: str) -> Any:
        """Return pi or e."""
        if name == "pi":
            return arb.pi()
        if name == "e":
            return arb(1).exp()
        raise Undecidable(f"{name} is no number")

    def power(self, base: Array, exponent: Array) -> Array:
        """Return powers; a base that may be negative needs a whole exponent."""
        return elementwise(self._power, (base, exponent))

    def _power(self, base: arb, exponent: arb) -> Any:
        if not exponent.is_finite() or not base.is_finite():
            return self.undefined
        if abs(exponent) > _LARGEST_EXPONENT or abs(base) > _HUGE_BASE:
            return self.give_up("a power with too many digits")
        whole = exponent.unique_fmpz() if exponent.is_integer() else None
        if whole is not None:
            return self.undefined if whole < 0 and base.contains(0) else _whole_power(base, int(whole))
        doubled = exponent * 2
        twice = doubled.unique_fmpz() if doubled.is_integer() else None
        if twice is not None and base.lower() >= 0:
            return self.undefined if twice < 0 and base.contains(0) else _whole_power(base.sqrt(), int(twice))
        if base.is_zero() and exponent > 0:
            return arb(0)
        return base**exponent if base > 0 else self.undefined

    def give_up(self, reason: str) -> Any:
        """Mark an entry that is too much work, and remember why."""
        self.reason = reason
        return self.undefined

    def apply(self, function: str, arguments: Sequence[Array]) -> Array:
        """Return the function on balls."""
        ball = FUNCTIONS[function].ball
        bounded = function not in _ROBUST

        def call(*values: arb) -> Any:
            for value in values:
                if not value.is_finite():
                    return self.undefined
                if bounded and abs(value) > _HUGE:
                    return self.give_up(f"{function} of a huge number")
            try:
                result = ball(*values)
            except (DomainError, ValueError, ZeroDivisionError):
                return self.undefined
            return result if result.is_finite() else self.undefined

        return elementwise(call, arguments)

    def tensor(self, function: str, values: Array, rank: int) -> Array:
        """Return the tensor function on balls."""
        entry = TENSOR_FUNCTIONS[function]

        def call(row: list[Any], shape: tuple[int, ...]) -> list[Any]:
            count = len(row) if entry.output in ("same", "transposed") else 1
            if not all(value.is_finite() for value in row):
                return [self.undefined] * count
            if any(abs(value) > _HUGE for value in row):
                return [self.give_up(f"{function} of a huge number")] * count
            try:
                found = entry.ball(row, shape)
            except (DomainError, ValueError, ZeroDivisionError):
                return [self.undefined] * count
            return [value if value.is_finite() else self.undefined for value in found]

        return _by_rows(call, values, rank, entry.output)

    def compare(self, relation: str, left: Array, right: Array) -> Array:
        """Return the outcomes of a comparison, open where the balls overlap."""
        holds, fails = _BALL_COMPARISONS[relation], _BALL_COMPARISONS[_OPPOSITES[relation]]

        def call(a: arb, b: arb) -> int:
            if not (a.is_finite() and b.is_finite()):
                return UNDEFINED_TEST
            return TRUE if holds(a, b) else FALSE if fails(a, b) else OPEN_TEST

        return elementwise(call, (left, right)).astype(np.int8)

    def is_missing(self, values: Array) -> Array:
        """Tell which entries have no value."""
        return elementwise(lambda value: not value.is_finite(), (values,)).astype(bool)


def _whole_power(base: arb, count: int) -> arb:
    """Return a whole power by squaring; flint's own gives nan for balls around zero."""
    if count < 0:
        return 1 / _whole_power(base, -count)
    result = arb(1)
    while count:
        if count & 1:
            result = result * base
        base = base * base
        count >>= 1
    return result


class Floats:
    """float64, as NumPy computes; what is undefined is nan."""

    dtype = float
    undefined = float("nan")

    def __init__(self) -> None:
        self.reason = ""

    def number(self, node: Number) -> float:
        """Return the nearest float."""
        return self.convert(node.value)

    def convert(self, value: Any) -> float:
        """Return the nearest float."""
        if isinstance(value, fmpq):
            value = Fraction(int(value.p), int(value.q))
        try:
            return float(value)
        except OverflowError:
            return float("inf") if value > 0 else float("-inf")

    def constant(self, name: str) -> float:
        """Return pi or e."""
        if name in ("pi", "e"):
            return float(np.pi if name == "pi" else np.e)
        raise Undecidable(f"{name} is no number")

    def power(self, base: Array, exponent: Array) -> Array:
        """Return powers; undefined ones are nan."""
        with np.errstate(all="ignore"):
            if exponent.ndim == 0 or exponent.size == 1:
                return _float_power(base, float(exponent.ravel()[0]), exponent.ndim)
            return np.asarray(np.power(base, exponent))

    def apply(self, function: str, arguments: Sequence[Array]) -> Array:
        """Return the function on floats."""
        with np.errstate(all="ignore"):
            return np.asarray(FUNCTIONS[function].array(*arguments), dtype=float)

    def tensor(self, function: str, values: Array, rank: int) -> Array:
        """Return the tensor function on floats."""
        with np.errstate(all="ignore"):
            try:
                return np.asarray(TENSOR_FUNCTIONS[function].array(values), dtype=float)
            except (np.linalg.LinAlgError, ValueError):
                return self._row_by_row(function, values, rank)

    def _row_by_row(self, function: str, values: Array, rank: int) -> Array:
        """One singular matrix must not spoil the others of a stack."""
        entry = TENSOR_FUNCTIONS[function]

        def call(row: list[Any], shape: tuple[int, ...]) -> list[Any]:
            try:
                found = entry.array(np.asarray(row, dtype=float).reshape(shape))
            except (np.linalg.LinAlgError, ValueError):
                return [self.undefined] * (len(row) if entry.output in ("same", "transposed") else 1)
            return list(np.asarray(found, dtype=float).ravel())

        return _by_rows(call, values, rank, entry.output).astype(float)

    def compare(self, relation: str, left: Array, right: Array) -> Array:
        """Return the outcomes of a comparison of floats."""
        undefined = np.isnan(left) | np.isnan(right)
        outcome = np.asarray(_COMPARISONS[relation](left, right), dtype=np.int8)
        return np.where(undefined, np.int8(UNDEFINED_TEST), outcome)

    def is_missing(self, values: Array) -> Array:
        """Tell which entries have no value."""
        return np.isnan(values)


def _float_power(base: Array, exponent: float, ndim: int) -> Array:
    special: dict[float, Callable[[Any], Any]] = {-1.0: lambda x: 1.0 / x, 0.5: np.sqrt, 2.0: np.square}
    result = special[exponent](base) if exponent in special else np.power(base, exponent)
    return np.asarray(result).reshape(base.shape if base.ndim >= ndim else (1,) * ndim)


_ROBUST = frozenset({"abs", "sign", "maximum", "minimum", "relu", "step", "floor", "ceil", "log", "log2", "log10"})
_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_OPPOSITES = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_BALL_COMPARISONS: dict[str, Callable[[arb, arb], bool]] = {
    "=": lambda a, b: bool((a - b).is_zero()),
    "!=": lambda a, b: not (a - b).contains(0),
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}


def set_precision(bits: int) -> None:
    """Set the working precision of balls."""
    ctx.prec = bits
