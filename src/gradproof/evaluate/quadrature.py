"""Definite integrals of one variable, enclosed by the rigorous quadrature of python-flint.

Source: Johansson 2018, Numerical integration in arbitrary-precision ball arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from flint import acb, arb

from gradproof.evaluate.bindings import Undecidable, Undetermined
from gradproof.evaluate.fields import FALSE, OPEN_TEST, TRUE, UNDEFINED_TEST, Array, Balls, Field, elementwise
from gradproof.expr.catalogue import FUNCTIONS, TENSOR_FUNCTIONS
from gradproof.expr.node import Apply, Expr, Symbol, TensorEntry
from gradproof.expr.walk import transform

#: Evaluations of one integrand, after which an integral is given up.
_LARGEST_COUNT = 3000

#: Functions that are analytic piecewise, with the arguments and the flag that asks for analyticity.
_PIECEWISE: dict[str, Callable[..., acb]] = {
    "log": lambda x, flag: x.log(analytic=flag),
    "abs": lambda x, flag: x.real_abs(analytic=flag),
    "sign": lambda x, flag: x.real_sgn(analytic=flag),
    "step": lambda x, flag: x.real_heaviside(analytic=flag),
    "floor": lambda x, flag: x.real_floor(analytic=flag),
    "ceil": lambda x, flag: x.real_ceil(analytic=flag),
    "relu": lambda x, flag: x.real_max(acb(0), analytic=flag),
}

#: Returns the value of a body where the variable has a complex value, in a field.
Integrand = Callable[[Expr, Symbol, Any, Field], Any]


def integral(variable: Expr, body: Expr, low: Any, high: Any, value: Integrand) -> arb:
    """Return an enclosure of the integral of ``body`` over ``variable`` from ``low`` to ``high``, nan where it has none.

    Raises: Undecidable: the integrand cannot be evaluated, or too many of its values are needed.
    """
    assert isinstance(variable, Symbol)
    ends = [end if isinstance(end, arb) else arb(float(end)) for end in (low, high)]
    if not all(end.is_finite() for end in ends):
        return arb.nan()
    opened = transform(body, _opened)
    trouble: list[Exception] = []
    count = 0

    def integrand(z: acb, analytic: bool) -> acb:
        nonlocal count
        count += 1
        if trouble or count > _LARGEST_COUNT:
            return acb(arb.nan())
        try:
            return acb(value(opened, variable, acb(z), Complex(analytic=bool(analytic))))
        except (Undecidable, Undetermined) as reason:
            trouble.append(reason)
            return acb(arb.nan())

    found = acb.integral(integrand, acb(ends[0]), acb(ends[1]), eval_limit=_LARGEST_COUNT)
    if trouble:
        raise Undecidable(str(trouble[0]))
    if not found.is_finite():
        raise Undecidable("an integral that quadrature does not reach")
    return found.real


def _opened(node: Expr) -> Expr:
    """Write functions that have no complex rule of their own in ones that have."""
    if isinstance(node, Apply):
        entry = FUNCTIONS[node.function]
        if not entry.analytic and node.function not in _PIECEWISE and entry.expansion is not None:
            return transform(entry.expansion(node.arguments), _opened)
    if isinstance(node, TensorEntry):
        whole = TENSOR_FUNCTIONS[node.function]
        if whole.expansion is not None:
            return transform(whole.expansion(node), _opened)
    return node


class Complex(Balls):
    """Complex balls; with ``analytic`` a value is nan wherever the function is not surely analytic."""

    def __init__(self, *, analytic: bool) -> None:
        super().__init__()
        self.analytic = analytic

    def convert(self, value: Any) -> Any:
        """Return a ball, complex or real."""
        return value if isinstance(value, acb) else super().convert(value)

    def _power(self, base: Any, exponent: Any) -> Any:
        exponent = acb(exponent)
        whole = exponent.real.unique_fmpz() if exponent.imag.is_zero() and exponent.real.is_integer() else None
        if abs(exponent.real) > 4096:
            return self.give_up("a large power inside an integral")
        return acb(base) ** int(whole) if whole is not None else acb(base).pow(exponent, analytic=self.analytic)

    def apply(self, function: str, arguments: Sequence[Array]) -> Array:
        """Return the function on complex balls."""
        if function in _PIECEWISE:
            rule = _PIECEWISE[function]
            return elementwise(lambda x: rule(acb(x), self.analytic), arguments)
        if function in ("maximum", "minimum"):
            return elementwise(lambda *values: self._extreme(function, values), arguments)
        entry = FUNCTIONS[function]
        if not entry.analytic:
            raise Undecidable(f"{function} inside an integral")
        return elementwise(lambda *values: entry.ball(*(acb(value) for value in values)), arguments)

    def _extreme(self, function: str, values: Sequence[Any]) -> acb:
        result = acb(values[0])
        for value in values[1:]:
            pick = result.real_max if function == "maximum" else result.real_min
            result = pick(acb(value), analytic=self.analytic)
        return result

    def tensor(self, function: str, values: Array, rank: int) -> Array:
        """No tensor function is taken to complex arguments."""
        raise Undecidable(f"{function} inside an integral")

    def compare(self, relation: str, left: Array, right: Array) -> Array:
        """Compare the real parts; where balls overlap nothing is known, and the integrand is not analytic there."""
        sides = [elementwise(lambda value: acb(value).real, (side,)) for side in (left, right)]
        codes = super().compare(relation, sides[0], sides[1])
        return np.where(codes == OPEN_TEST, np.int8(UNDEFINED_TEST), codes) if codes.size else codes


__all__ = ["FALSE", "TRUE", "Complex", "integral"]
