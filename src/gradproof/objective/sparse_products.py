"""Products of sparse matrices taken out of expressions: generated code works on arrays, these are what SciPy multiplies for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from gradproof.expr.build import multiply, number, sum_over, weighted_sum
from gradproof.expr.node import Add, Axis, Element, Expr, Index, Multiply, Number, Power, Reduce, Symbol, fresh_index
from gradproof.expr.walk import rename_free, transform

#: An expression and the indices that are free in it.
Entries = tuple[Expr, tuple[Index, ...]]


@dataclass(frozen=True)
class Product:
    """``symbol`` is a sparse matrix, its entries raised to ``power``, times ``entries``, whose first axis is the one summed over.

    ``is_turned`` where the sum is over the rows of the matrix; it goes from ``begin`` to ``end``, the end not included.
    """

    symbol: Symbol
    matrix: str
    is_turned: bool
    power: float
    begin: int
    end: int
    entries: Entries

    def of(self, matrix: Any, right: Any) -> Any:
        """Return the product of the matrix with what the entries are, (sum, other axes): an array (kept, other axes)."""
        left = matrix if self.power == 1 else matrix.power(self.power)
        left = left.T if self.is_turned else left
        if (self.begin, self.end) != (0, left.shape[1]):
            left = left.tocsc()[:, self.begin : self.end]
        return (left @ right.reshape(right.shape[0], -1)).reshape(left.shape[0], *right.shape[1:])


class Products:
    """The products with some matrices that occur in expressions, each once, in the order in which they can be computed."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = frozenset(names)
        self._found: dict[Any, Product] = {}

    @property
    def products(self) -> tuple[Product, ...]:
        """All products that were taken out so far."""
        return tuple(self._found.values())

    def without(self, value: Expr) -> Expr:
        """Return an expression with symbols in place of its products, what they are taken of first."""
        return transform(value, self._changed)

    def _changed(self, node: Expr) -> Expr:
        if not isinstance(node, Reduce) or node.operation != "sum" or node.where is not None:
            return node
        return self._sum(node.indices, node.body) or node

    def _sum(self, indices: tuple[Index, ...], body: Expr) -> Expr | None:
        """Return a sum with its products taken out; None where it has none."""
        if isinstance(body, Add):
            parts = [self._sum(indices, term) for term in body.terms]
            if not any(parts):
                return None
            pairs = zip(body.weights, parts, body.terms, strict=True)
            return weighted_sum([(weight, part or sum_over(indices, term)) for weight, part, term in pairs])
        factors = body.factors if isinstance(body, Multiply) else (body,)
        for place, factor in enumerate(factors):
            rest = factors[:place] + factors[place + 1 :]
            for entry, power, side in self._sides(factor, indices):
                found = self._product(entry, power, side, indices, rest)
                if found is not None:
                    return found
        return None

    def _sides(self, factor: Expr, indices: tuple[Index, ...]) -> Iterator[tuple[Element, float, int]]:
        """Yield the entry of a matrix that a factor is, its power, and the axis that a sum goes over."""
        power = 1.0
        match factor:
            case Power(base, Number(exponent, None)) if exponent > 0:
                factor, power = base, float(exponent)
        if not isinstance(factor, Element) or factor.symbol.name not in self._names or len(factor.indices) != 2:
            return
        for side in (1, 0):
            summed, kept = factor.indices[side], factor.indices[1 - side]
            if summed in indices and summed not in kept.free_indices and _range(summed) is not None:
                yield factor, power, side

    def _product(self, entry: Element, power: float, side: int, indices: tuple[Index, ...], rest: tuple[Expr, ...]) -> Expr | None:
        summed, kept = entry.indices[side], entry.indices[1 - side]
        assert isinstance(summed, Index), "it is one of the indices of a sum"
        inside = [factor for factor in rest if summed in factor.free_indices]
        outside = [factor for factor in rest if summed not in factor.free_indices]
        mixed = [factor for factor in inside if not kept.free_indices.isdisjoint(factor.free_indices)]
        if mixed:
            # In a_ij (x_j - z_i) the terms by themselves are products.
            opened = next((factor for factor in mixed if isinstance(factor, Add) and len(factor.terms) > 1), None)
            if opened is None:
                return None
            left: list[Expr] = [entry if power == 1 else Power(entry, number(Fraction(power)))]
            left += [factor for factor in rest if factor is not opened]
            pairs = zip(opened.weights, opened.terms, strict=True)
            return self._sum(indices, weighted_sum([(weight, multiply(*left, term)) for weight, term in pairs]))
        symbol = self._symbol(entry, power, side, multiply(*inside) if inside else number(1))
        if symbol is None:
            return None
        others = _others(inside, summed)
        left_over = tuple(index for index in indices if index is not summed)
        product = multiply(*outside, Element(symbol, (kept, *others)))
        if not left_over:
            return product
        return self._sum(left_over, product) or sum_over(left_over, product)

    def _symbol(self, entry: Element, power: float, side: int, body: Expr) -> Symbol | None:
        """Return the symbol of a product, the same for the same product; None where its size is not known."""
        summed = entry.indices[side]
        assert isinstance(summed, Index), "it is one of the indices of a sum"
        axes = (summed, *_others([body], summed))
        ranges, rows = [_range(index) for index in axes], entry.symbol.axes[1 - side]
        if any(found is None for found in ranges) or any(found and found[0] != 1 for found in ranges[1:]):
            return None
        if not isinstance(rows.size, Number):
            return None
        names: dict[Any, Expr] = {index: _standard(place, index.lower, index.upper) for place, index in enumerate(axes)}
        standard = tuple(_standard(place, index.lower, index.upper) for place, index in enumerate(axes))
        body = rename_free(body, names)
        key = (entry.symbol.name, side, power, body, standard)
        if key not in self._found:
            others = tuple(Axis(index.upper) for index in axes[1:])
            symbol = Symbol(f"product_{len(self._found) + 1}_", (Axis(rows.size, rows.origin), *others))
            begin, end = ranges[0] or (1, 0)
            origin = entry.symbol.axes[side].origin
            self._found[key] = Product(
                symbol, entry.symbol.name, side == 0, power, begin - origin, end - origin + 1, (body, standard)
            )
        return self._found[key].symbol


def _others(inside: Collection[Expr], summed: Index) -> tuple[Index, ...]:
    """Return the indices besides the one summed over that are free in factors, always in one order."""
    free = frozenset().union(*(factor.free_indices for factor in inside)) - {summed}
    return tuple(sorted(free, key=lambda index: index.uid))


def _range(index: Expr) -> tuple[int, int] | None:
    if not isinstance(index, Index) or not isinstance(index.lower, Number) or not isinstance(index.upper, Number):
        return None
    return int(index.lower.value), int(index.upper.value)


@lru_cache(maxsize=1024)
def _standard(place: int, lower: Expr, upper: Expr) -> Index:
    """Return the index that stands for every one of its range at a place: what differs in names alone becomes the same."""
    return fresh_index(f"place_{place}", lower, upper)
