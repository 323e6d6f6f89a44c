"""Sizes of axes in a formula: unknown ones are unified, declared ones may turn out to be a number, the rest get names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from gradproof.elaborate.sizes import Sizes, is_unknown, reach_of
from gradproof.expr.build import ONE, ZERO, add, apply, divide, multiply, number, subtract, weighted_sum
from gradproof.expr.node import Add, Axis, Expr, Multiply, Number, Symbol
from gradproof.expr.walk import substitute, symbols

#: Names that sizes get where nobody named them, in this order.
_NAMES = ("n", "m", "p", "q", "d", "k", "l", "r", "s", "t")


class Dimensions(Sizes):
    """The sizes of one formula."""

    def unknown(self) -> Symbol:
        """Return a new unknown size; its name sorts by age."""
        self._count += 1
        return Symbol(f"n_{self._count:09d}", (), frozenset({"size", "unknown"}))

    def resolve(self, node: Expr) -> Expr:
        """Replace every unknown size by what it was unified with; a chain of symbols is walked once."""
        chain: list[Expr] = []
        while isinstance(node, Symbol) and node in self._bindings:
            chain.append(node)
            node = self._bindings[node]
        if not isinstance(node, Symbol | Number):
            node = super().resolve(node)
        for symbol in chain:
            self._bindings[symbol] = node
        return node

    def unify(self, left: Expr, right: Expr, what: str) -> None:
        """Make two sizes equal; a declared size that meets a number is that number from then on.

        Raises: Misfit: they are different.
        """
        sides = (self.resolve(left), self.resolve(right))
        for mine, other in (sides, sides[::-1]):
            if _is_named(mine) and isinstance(other, Number) and other.value.denominator == 1 and other.value >= 0:
                self._bindings[mine] = other
                return
        pairs = _factors(*sides)
        if pairs:
            for mine, other in pairs:
                self.unify(mine, other, what)
            return
        super().unify(*sides, what)

    def settle(self) -> None:
        """Fix the sizes that only the reach of subscripts tells, also those that only measure how far a sum goes."""
        lengths: dict[Axis, list[Expr]] = {}
        for axis, subscript, _ in self._accesses:
            reach = reach_of(self.resolve(subscript))
            if reach is not None:
                lengths.setdefault(axis, []).append(add(reach[1], number(1 - axis.origin)))
        for axis, needed in lengths.items():
            self.fill(axis.size, needed)
        super().settle()

    def fill(self, length: Expr, needed: Iterable[Expr]) -> None:
        """Fix the size that the furthest subscript is counted by: for an axis of 3 entries, ``sum_{i<n} x_{i+1}`` has n = 3."""
        length = self.resolve(length)
        if not isinstance(length, Number):
            return
        found: dict[Expr, Fraction] = {}
        for last in map(self.resolve, needed):
            names = [symbol for symbol in symbols(last) if _is_named(symbol)]
            rest = subtract(last, names[0]) if len(names) == 1 else last
            if len(names) == 1 and isinstance(rest, Number):
                found[names[0]] = min(length.value - rest.value, found.get(names[0], length.value - rest.value))
        for name, value in found.items():
            if value >= 0:
                self.unify(name, number(value), "")

    def solution(self, roots: Iterable[Expr], taken: set[str]) -> dict[Expr, Expr]:
        """Return what every size in some expressions is, with names for those that nothing fixed."""
        found: dict[Expr, Expr] = {}
        names = _fresh_names(taken)
        for root in roots:
            for symbol in sorted(symbols(root), key=lambda symbol: (len(symbol.name), symbol.name)):
                if symbol in found or not (is_unknown(symbol) or symbol in self._bindings):
                    continue
                fixed = self.resolve(symbol)
                open_sizes = sorted(
                    (part for part in symbols(fixed) if is_unknown(part)), key=lambda part: (len(part.name), part.name)
                )
                for part in open_sizes:
                    if part not in found:
                        found[part] = Symbol(next(names), (), frozenset({"size"}))
                found[symbol] = substitute(fixed, {part: found[part] for part in open_sizes})
        return found


def _is_named(size: Expr) -> bool:
    return isinstance(size, Symbol) and "size" in size.properties and not is_unknown(size)


def _factors(left: Expr, right: Expr) -> list[tuple[Expr, Expr]]:
    """Pair the factors of two products of sizes, the older ones first, where some of them are unknown."""
    if not (isinstance(left, Multiply) and isinstance(right, Multiply) and len(left.factors) == len(right.factors)):
        return []
    if left is right or not all(isinstance(part, Symbol) for part in (*left.factors, *right.factors)):
        return []
    return list(zip(left.factors, right.factors, strict=True))


def _fresh_names(taken: set[str]) -> Iterator[str]:
    for name in _NAMES:
        if name not in taken:
            yield name
    count = 1
    while True:
        if f"n{count}" not in taken:
            yield f"n{count}"
        count += 1


def floor_quotient(above: Expr, below: Expr) -> Expr:
    """Return ``floor(above / below)``; a number where both are. Whole multiples of ``below`` stand outside."""
    whole, rest = _taken_out(above, below)
    if isinstance(rest, Number) and isinstance(below, Number):
        return add(whole, number(rest.value // below.value))
    return whole if rest is ZERO else add(whole, apply("floor", divide(rest, below)))


def ceil_quotient(above: Expr, below: Expr) -> Expr:
    """Return ``ceil(above / below)``; a number where both are. Whole multiples of ``below`` stand outside."""
    whole, rest = _taken_out(above, below)
    if isinstance(rest, Number) and isinstance(below, Number):
        return add(whole, number(-(-rest.value // below.value)))
    return whole if rest is ZERO else add(whole, apply("ceil", divide(rest, below)))


def _taken_out(above: Expr, below: Expr) -> tuple[Expr, Expr]:
    """Split a size into whole multiples of another and the rest."""
    if below is ONE:
        return above, ZERO
    pairs = zip(above.weights, above.terms, strict=True) if isinstance(above, Add) else [_weighted(above)]
    whole: list[tuple[Fraction, Expr]] = []
    rest: list[tuple[Fraction, Expr]] = []
    for weight, term in pairs:
        if isinstance(below, Number) and (weight / below.value).denominator == 1:
            whole.append((weight / below.value, term))
        elif term is below and weight.denominator == 1:
            whole.append((weight, ONE))
        else:
            rest.append((weight, term))
    return weighted_sum(whole), weighted_sum(rest)


def _weighted(size: Expr) -> tuple[Fraction, Expr]:
    return (size.value, ONE) if isinstance(size, Number) else (Fraction(1), size)


def larger(left: Expr, right: Expr) -> Expr:
    """Return the larger of two sizes, by name where that is open."""
    gap = subtract(left, right)
    if isinstance(gap, Number):
        return left if gap.value >= 0 else right
    return apply("maximum", left, right)


def smaller(left: Expr, right: Expr) -> Expr:
    """Return the smaller of two sizes, by name where that is open."""
    gap = subtract(left, right)
    if isinstance(gap, Number):
        return left if gap.value <= 0 else right
    return apply("minimum", left, right)


def modulo(above: Expr, below: Expr) -> Expr:
    """Return the remainder of ``above / below``; a number where both are."""
    return subtract(above, multiply(below, floor_quotient(above, below)))
