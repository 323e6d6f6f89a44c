"""Parameters of a function of the catalogue by the names that the user gave them: found by value, at several instances at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.expr.node import Expr, Number
from gradproof.expr.walk import postorder

Array = npt.NDArray[np.floating[Any]]
_LARGEST_DENOMINATOR = 1000
_TOLERANCE, _ROUNDING = 1e-9, 1e-7


class Names:
    """The texts that a parameter may have, with their values at every instance."""

    def __init__(self, instances: Sequence[Mapping[str, Any]], numbers: Sequence[Fraction] = ()) -> None:
        self.known = [dict(_values(values, numbers)) for values in instances]

    def at(self, *places: int) -> Names:
        """Return the names with their values at some of the instances."""
        chosen = Names([])
        chosen.known = [self.known[place] for place in places]
        return chosen

    def scalars(self, instance: int = 0) -> dict[str, float]:
        """Return the numbers at an instance, the simplest texts first."""
        return {text: float(value) for text, value in self.known[instance].items() if np.ndim(value) == 0}

    def entries(self, size: int, instance: int = 0) -> dict[str, Array]:
        """Return the arrays of a size at an instance."""
        return {text: value for text, value in self.known[instance].items() if np.ndim(value) and value.size == size}

    def snapped(self, value: float) -> float:
        """Return the number that a value is but for rounding: a named one, or a simple fraction."""
        fraction = float(Fraction(value).limit_denominator(_LARGEST_DENOMINATOR))
        near = [fraction, *self.scalars().values(), *(-known for known in self.scalars().values())]
        close = [known for known in near if abs(known - value) <= _ROUNDING * max(1.0, abs(value))]
        return min(close, key=lambda known: abs(known - value), default=value)

    def name(self, values: Sequence[Any]) -> str | None:
        """Return the text of a parameter that has these values at the instances, None where there is none."""
        flat = [np.asarray(value, dtype=np.float64).ravel() for value in values]
        if all((array == array[0]).all() for array in flat) and len({float(array[0]) for array in flat}) == 1:
            return number_text(float(flat[0][0]))
        for text in self.known[0]:
            if all(_agree(known[text], array) for known, array in zip(self.known, flat, strict=True)):
                return text
        return None


def number_text(value: float) -> str:
    """Return a number as a person writes it: a fraction where it is a simple one."""
    if not np.isfinite(value):
        return "inf" if value > 0 else "-inf"
    fraction = Fraction(value).limit_denominator(_LARGEST_DENOMINATOR)
    return str(fraction) if abs(float(fraction) - value) <= 1e-9 * max(1.0, abs(value)) else f"{value:.12g}"


def numbers_in(body: Expr) -> tuple[Fraction, ...]:
    """Return the numbers that a formula is written with."""
    found = {node.value: None for node in postorder(body) if isinstance(node, Number) and node.value > 0}
    return tuple(found)


def _agree(known: Any, array: Array) -> bool:
    value = np.asarray(known, dtype=np.float64).ravel()
    if value.size not in (1, array.size):
        return False
    return bool(np.allclose(value, array, rtol=_TOLERANCE, atol=_TOLERANCE))


def _values(values: Mapping[str, Any], numbers: Sequence[Fraction]) -> Iterator[tuple[str, Any]]:
    """Yield texts with values: the symbols, their simple multiples, and products and quotients of two."""
    symbols = {name: np.asarray(value, dtype=np.float64) for name, value in values.items()}
    scalars = {name: value for name, value in symbols.items() if value.ndim == 0}
    yield from symbols.items()
    for fraction in (*numbers, Fraction(1), Fraction(1, 2), Fraction(2)):
        yield str(fraction), float(fraction)
    with np.errstate(all="ignore"):
        for name, value in symbols.items():
            yield f"-{name}", -value
            yield f"2*{name}", 2 * value
            yield f"{name}/2", value / 2
            yield (f"1/{name}" if value.ndim == 0 else f"1./{name}"), 1 / value
            yield (f"{name}^2" if value.ndim == 0 else f"{name}.^2"), value**2
            yield (f"{name}^2/2" if value.ndim == 0 else f"{name}.^2/2"), value**2 / 2
            yield f"1 - {name}", 1 - value
            yield (f"sqrt({name})"), np.sqrt(value)
        for (left, one), (right, other) in combinations(symbols.items(), 2):
            if one.ndim and other.ndim and one.shape != other.shape:
                continue
            dot = "." if one.ndim and other.ndim else ""
            yield f"{left}{dot}*{right}", one * other
            yield f"{left}{'.' if other.ndim else ''}/{right}", one / other
            yield f"{right}{'.' if one.ndim else ''}/{left}", other / one
    for name, value in scalars.items():
        for fraction in numbers:
            yield f"{fraction}*{name}", float(fraction) * float(value)
            yield f"{name}/{fraction}", float(value) / float(fraction)
