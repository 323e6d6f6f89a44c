"""Named parts put back: where an entry of ``Q[i, j] = ...`` occurs in a derivative, its name is written."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import permutations

from gradproof.expr.build import add, multiply, number, power, scale
from gradproof.expr.node import Axis, Element, Expr, Index, Number, Power, Symbol
from gradproof.expr.walk import substitute, symbols, transform
from gradproof.formula.formula import Intermediate
from gradproof.rewrite.collect import Factors, factors_of, product_of, signature

_MOST_INDICES = 6


def with_names(value: Expr, parts: Sequence[Intermediate]) -> tuple[Expr, tuple[Intermediate, ...]]:
    """Return the value with the named parts as symbols of their own, and the parts that occur."""
    used: list[Intermediate] = []
    taken = {symbol.name for symbol in symbols(value)}
    for part in reversed(parts):
        if part.name in taken or not symbols(part.value):
            continue
        changed = transform(value, _Naming(part).named)
        if changed is not value:
            value = changed
            used.insert(0, part)
    return value, tuple(used)


def named_entry(part: Intermediate) -> Expr:
    """Return the entry of a named part at its own indices."""
    sizes = tuple(Axis(add(index.upper, number(1), scale(-1, index.lower)), _origin(index)) for index in part.axes)
    symbol = Symbol(part.name, sizes)
    return Element(symbol, part.axes) if part.axes else symbol


class _Naming:
    """Finds the entries of one named part; each instance is looked for among the factors of a product."""

    def __init__(self, part: Intermediate) -> None:
        self.part = part
        self.entry = named_entry(part)
        self.keys: dict[tuple[Index, ...], tuple[Fraction, Factors]] = {}

    def named(self, node: Expr) -> Expr:
        """Return a node with the part's name, or its reciprocal, in place of its value."""
        if len(node.free_indices) > _MOST_INDICES or isinstance(node, Index | Number | Element | Symbol):
            return node
        if isinstance(node, Power) and isinstance(node.base, Power) and self._is_named(node.base.base):
            return _one_power(node, node.base)
        weight, factors = factors_of(node)
        keys = {signature(base): base for base in factors}
        for places in permutations(sorted(node.free_indices, key=lambda index: index.uid), len(self.part.axes)):
            wanted_weight, wanted = self._entry(places)
            for power_ in self._powers(wanted, keys, factors):
                if all(key in keys and _covers(factors[keys[key]], power_ * exponent) for key, exponent in wanted.items()):
                    rest = dict(factors)
                    for key, exponent in wanted.items():
                        rest[keys[key]] -= power_ * exponent
                    left = product_of({base: exponent for base, exponent in rest.items() if exponent})
                    entry = substitute(self.entry, dict(zip(self.part.axes, places, strict=True)))
                    return scale(weight / wanted_weight**power_, multiply(power(entry, number(power_)), left))
        return node

    def _is_named(self, node: Expr) -> bool:
        return node is self.entry or (
            isinstance(node, Element) and isinstance(self.entry, Element) and node.symbol is self.entry.symbol
        )

    def _powers(self, wanted: Factors, keys: dict[Expr, Expr], factors: Factors) -> tuple[int, ...]:
        """Return the powers of the name to look for: of a root the one that leaves nothing over, ``B = s^2`` for ``s = sqrt(B)``."""
        key = next((key for key, exponent in wanted.items() if exponent.denominator != 1), None)
        if key is None:
            return (1, -1)
        times = factors[keys[key]] / wanted[key] if key in keys else Fraction(0)
        return (int(times),) if times.denominator == 1 and times else ()

    def _entry(self, places: tuple[Index, ...]) -> tuple[Fraction, Factors]:
        if places not in self.keys:
            value = substitute(self.part.value, dict(zip(self.part.axes, places, strict=True)))
            weight, factors = factors_of(value)
            self.keys[places] = weight, {signature(base): exponent for base, exponent in factors.items()}
        return self.keys[places]


def _one_power(outer: Power, inner: Power) -> Expr:
    """Return the power of a power of a root, which is not negative, as one power."""
    if isinstance(outer.exponent, Number) and isinstance(inner.exponent, Number):
        return power(inner.base, number(outer.exponent.value * inner.exponent.value))
    return outer


def _origin(index: Index) -> int:
    return int(index.lower.value) if isinstance(index.lower, Number) else 1


def _covers(mine: Fraction, wanted: Fraction) -> bool:
    """Tell whether a factor holds another one: ``D^-2`` holds ``D^-1``."""
    return (mine > 0) == (wanted > 0) and abs(mine) >= abs(wanted)
