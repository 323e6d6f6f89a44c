"""Three arithmetics for one evaluator: exact rationals, rigorous balls, float64."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
from flint import arb, ctx, fmpq

from gradproof.evaluate.bindings import NotRational, Undecidable, Undetermined
from gradproof.expr.catalogue import FUNCTIONS, TENSOR_FUNCTIONS
from gradproof.expr.node import Number

#: Exponents beyond this would need numbers with more digits than memory holds.
_LARGEST_EXPONENT = 1 << 40
_LARGEST_EXACT_BITS = 1 << 16


class Field(Protocol):
    """What the evaluator asks of an arithmetic; scalars live in numpy arrays of ``dtype``."""

    dtype: Any
    undefined: Any

    def number(self, node: Number) -> Any:
        """Return a number, a printed decimal with its interval."""

    def convert(self, value: Any) -> Any:
        """Return a value of a binding, or of an index, in this arithmetic."""

    def power(self, base: Any, exponent: Any) -> Any:
        """Return a power."""

    def apply(self, function: str) -> Callable[..., Any]:
        """Return the scalar function of this name."""

    def tensor(self, function: str, values: list[Any], shape: tuple[int, ...]) -> list[Any]:
        """Return a tensor function of a flat list."""

    def constant(self, name: str) -> Any:
        """Return pi or e."""

    def compare(self, relation: str, left: Any, right: Any) -> bool:
        """Decide a comparison, or raise ``Undetermined``."""


def _rational(value: Any) -> fmpq:
    if isinstance(value, fmpq):
        return value
    if isinstance(value, int | np.integer):
        return fmpq(int(value))
    if isinstance(value, Fraction):
        return fmpq(value.numerator, value.denominator)
    raise NotRational(f"{value!r} is not rational")


class Exact:
    """Rationals; what is not rational raises ``NotRational``."""

    dtype = object
    undefined = None

    def number(self, node: Number) -> fmpq:
        """Return an exact number; a printed decimal is none."""
        if node.ulp is not None:
            raise NotRational("a printed decimal stands for an interval")
        return _rational(node.value)

    def convert(self, value: Any) -> fmpq:
        """Return a rational."""
        return _rational(value)

    def power(self, base: fmpq, exponent: fmpq) -> fmpq:
        """Return a whole power."""
        if exponent.q != 1 or (base == 0 and exponent <= 0):
            raise NotRational("a power that is not rational")
        bits = max(int(base.p).bit_length(), int(base.q).bit_length()) * abs(int(exponent.p))
        if bits > _LARGEST_EXACT_BITS:
            raise NotRational("a power with too many digits")
        return base ** int(exponent.p)

    def apply(self, function: str) -> Callable[..., Any]:
        """Return the function on rationals."""
        exact = FUNCTIONS[function].exact
        if exact is None:
            raise NotRational(f"{function} is not rational")

        def call(*arguments: fmpq) -> fmpq:
            result = exact(*arguments)
            if result is None:
                raise NotRational(f"{function} is not rational here")
            return result

        return call

    def tensor(self, function: str, values: list[Any], shape: tuple[int, ...]) -> list[Any]:
        """Return the tensor function on rationals."""
        exact = TENSOR_FUNCTIONS[function].exact
        result = None if exact is None else exact(values, shape)
        if result is None:
            raise NotRational(f"{function} is not rational here")
        return result

    def constant(self, name: str) -> Any:
        """No constant is rational."""
        raise NotRational(f"{name} is not rational")

    def compare(self, relation: str, left: fmpq, right: fmpq) -> bool:
        """Decide a comparison."""
        return _COMPARISONS[relation](left, right)


class Balls:
    """Balls at the working precision of flint; what is undefined is a ball around nan."""

    dtype = object

    def __init__(self, *, decimals: str = "interval") -> None:
        self.undefined: arb = arb("nan")
        self.decimals = decimals

    def number(self, node: Number) -> arb:
        """Return the ball of a number; a printed decimal is known to one unit of its last digit."""
        value = arb(_rational(node.value))
        if node.ulp is None or self.decimals == "point":
            return value
        return arb(value, arb(_rational(node.ulp)).upper())

    def convert(self, value: Any) -> arb:
        """Return a ball."""
        return value if isinstance(value, arb) else arb(_rational(value))

    def power(self, base: arb, exponent: arb) -> arb:
        """Return a power; a base that may be negative needs a whole exponent."""
        if not exponent.is_finite() or not base.is_finite():
            return self.undefined
        if abs(exponent) > _LARGEST_EXPONENT or abs(base) > arb(2) ** _LARGEST_EXPONENT:
            raise Undecidable("a power with too many digits")
        whole = exponent.unique_fmpz() if exponent.is_integer() else None
        if whole is not None:
            if whole < 0 and base.contains(0):
                return self.undefined
            return _whole_power(base, int(whole))
        if (exponent * 2).is_integer() and base.lower() >= 0:
            doubled = (exponent * 2).unique_fmpz()
            return self.undefined if doubled is None else _whole_power(base.sqrt(), int(doubled))
        if base.is_zero() and exponent > 0:
            return arb(0)
        return base**exponent if base > 0 else self.undefined

    def apply(self, function: str) -> Callable[..., Any]:
        """Return the function on balls."""
        ball = FUNCTIONS[function].ball
        undefined = self.undefined

        def call(*arguments: arb) -> arb:
            if any(abs(argument) > arb(2) ** 64 for argument in arguments) and function not in _ROBUST:
                raise Undecidable(f"{function} of a huge number")
            result = ball(*arguments)
            return result if result.is_finite() else undefined

        return call

    def tensor(self, function: str, values: list[Any], shape: tuple[int, ...]) -> list[Any]:
        """Return the tensor function on balls."""
        return TENSOR_FUNCTIONS[function].ball(values, shape)

    def constant(self, name: str) -> arb:
        """Return pi or e."""
        if name == "pi":
            return arb.pi()
        if name == "e":
            return arb(1).exp()
        raise Undecidable(f"{name} is no number")

    def compare(self, relation: str, left: arb, right: arb) -> bool:
        """Decide a comparison, or raise ``Undetermined`` where the balls overlap."""
        if not (left.is_finite() and right.is_finite()):
            raise Undecidable("a comparison with what is undefined")
        if _BALL_COMPARISONS[relation](left, right):
            return True
        if _BALL_COMPARISONS[_OPPOSITES[relation]](left, right):
            return False
        raise Undetermined(f"{left} {relation} {right}")


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
    """float64, as NumPy computes."""

    dtype = float
    undefined = float("nan")

    def number(self, node: Number) -> float:
        """Return the nearest float."""
        return float(node.value)

    def convert(self, value: Any) -> float:
        """Return the nearest float."""
        if isinstance(value, fmpq):
            return int(value.p) / int(value.q)
        return float(value)

    def power(self, base: Any, exponent: Any) -> Any:
        """Return a power; undefined ones are nan."""
        with np.errstate(all="ignore"):
            return np.power(np.float64(base), np.float64(exponent))

    def apply(self, function: str) -> Callable[..., Any]:
        """Return the function on floats."""
        array = FUNCTIONS[function].array

        def call(*arguments: float) -> Any:
            with np.errstate(all="ignore"):
                return array(*(np.asarray(argument, dtype=float) for argument in arguments))

        return call

    def tensor(self, function: str, values: list[Any], shape: tuple[int, ...]) -> list[Any]:
        """Return the tensor function on floats."""
        with np.errstate(all="ignore"):
            result = TENSOR_FUNCTIONS[function].array(np.asarray(values, dtype=float).reshape(shape))
        return [float(value) for value in np.asarray(result).ravel()]

    def constant(self, name: str) -> float:
        """Return pi or e."""
        if name in ("pi", "e"):
            return float(np.pi if name == "pi" else np.e)
        raise Undecidable(f"{name} is no number")

    def compare(self, relation: str, left: float, right: float) -> bool:
        """Decide a comparison of floats."""
        return bool(_COMPARISONS[relation](left, right))


_ROBUST = frozenset({"abs", "sign", "maximum", "minimum", "relu", "floor", "ceil"})
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
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
