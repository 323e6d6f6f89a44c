"""Constructors that keep sums, products and powers in their normal shape.

The shape: sums and products are flat and sorted by a stable key; like terms of a sum are one term with a rational weight; an exact
number in a product becomes a weight; equal factors with integer exponents of one sign become a power. Nothing is ever
cancelled here (``x * x**-1`` stays), so that what was divided by remains visible, and printed decimals are never
folded, so that their intervals remain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from operator import attrgetter
from typing import Any

from gradproof.expr.node import (
    Add,
    Apply,
    Axis,
    Compare,
    Constant,
    Element,
    Expr,
    Index,
    Iverson,
    Logic,
    Multiply,
    Number,
    Power,
    Reduce,
    Symbol,
    TensorEntry,
    fresh_index,
)

_WHOLE, _MINUS = Fraction(1), Fraction(-1)
ONE = Number(_WHOLE)
ZERO = Number(Fraction(0))
MINUS_ONE = Number(_MINUS)
TWO = Number(Fraction(2))
HALF = Number(Fraction(1, 2))

#: Exact powers of numbers are taken at construction only below this many bits; larger ones stay symbolic.
_POWER_BITS = 4096

_KINDS: tuple[type[Expr], ...] = (
    Number,
    Constant,
    Symbol,
    Index,
    Element,
    Power,
    Apply,
    TensorEntry,
    Reduce,
    Multiply,
    Add,
)


def number(value: int | Fraction) -> Number:
    """Return an exact number."""
    return Number(value if type(value) is Fraction else Fraction(value))


def decimal(text: str) -> Number:
    """Return a printed decimal with the unit of its last digit; an integer is exact.

    Example: >>> decimal("0.269").ulp
             Fraction(1, 1000)
    """
    mantissa, _, exponent = text.lower().partition("e")
    scale = Fraction(10) ** int(exponent or 0)
    if "." not in mantissa:
        return Number(Fraction(int(mantissa)) * scale)
    digits = len(mantissa.partition(".")[2])
    return Number(Fraction(mantissa if mantissa[-1] != "." else mantissa + "0") * scale, scale / 10**digits)


_ORDER: dict[type[Expr], int] = {kind: place for place, kind in enumerate(_KINDS)}
#: The name by which nodes of a kind are sorted.
_NAMES: dict[type[Expr], Callable[[Any], str]] = {
    Symbol: attrgetter("name"),
    Constant: attrgetter("name"),
    Index: attrgetter("name"),
    Element: attrgetter("symbol.name"),
    Apply: attrgetter("function"),
    TensorEntry: attrgetter("function"),
    Reduce: attrgetter("operation"),
}


def is_exact(node: Expr) -> bool:
    """Tell whether a node is an exact number."""
    return isinstance(node, Number) and node.ulp is None


def order_key(node: Expr) -> tuple[int, str, bytes]:
    """Return the key by which terms and factors are sorted: kind, name, then digest."""
    head = node.base if isinstance(node, Power) else node
    kind = type(head)
    named = _NAMES.get(kind)
    return (_ORDER.get(kind, len(_ORDER)), "" if named is None else named(head), node.digest)


def weighted_sum(pairs: Iterable[tuple[Fraction, Expr]]) -> Expr:
    """Return ``sum weight * term`` in normal shape."""
    weights: dict[Expr, Fraction] = {}
    for weight, term in pairs:
        is_plain = _is_one(weight)
        for inner, node in _summands(term):
            share = inner if is_plain else weight if inner is _WHOLE else weight * inner
            before = weights.get(node)
            weights[node] = share if before is None else before + share
    kept = {node: weight for node, weight in weights.items() if weight.numerator}
    if not kept:
        return ZERO
    if len(kept) == 1:
        ((node, weight),) = kept.items()
        if node is ONE:
            return Number(weight)
        return node if _is_one(weight) else Add((node,), (weight,))
    terms = tuple(sorted(kept, key=order_key))
    return Add(terms, tuple([kept[term] for term in terms]))


def _is_one(weight: Fraction) -> bool:
    return weight is _WHOLE or (weight.numerator == 1 and weight.denominator == 1)


def _summands(term: Expr) -> Iterable[tuple[Fraction, Expr]]:
    if isinstance(term, Add):
        return zip(term.weights, term.terms, strict=True)
    if isinstance(term, Number) and term.ulp is None:
        return ((term.value, ONE),)
    return ((_WHOLE, term),)


def add(*terms: Expr) -> Expr:
    """Return the sum."""
    return weighted_sum((_WHOLE, term) for term in terms)


def subtract(left: Expr, right: Expr) -> Expr:
    """Return ``left - right``."""
    return weighted_sum(((_WHOLE, left), (_MINUS, right)))


def negate(node: Expr) -> Expr:
    """Return ``-node``."""
    return weighted_sum(((_MINUS, node),))


def scale(weight: int | Fraction, node: Expr) -> Expr:
    """Return ``weight * node``."""
    share = weight if type(weight) is Fraction else Fraction(weight)
    return node if _is_one(share) else weighted_sum(((share, node),))


def multiply(*factors: Expr) -> Expr:
    """Return the product in normal shape; an exact zero factor makes it zero."""
    weight = _WHOLE
    exponents: dict[tuple[Expr, bool], Fraction] = {}
    single: dict[tuple[Expr, bool], Expr] = {}
    others: list[Expr] = []
    for factor in _flat(factors):
        if isinstance(factor, Number) and factor.ulp is None:
            weight = factor.value if weight is _WHOLE else weight * factor.value
            continue
        base, exponent = _integer_power(factor)
        if exponent is None:
            others.append(factor)
            continue
        key = (base, exponent.numerator > 0)
        before = exponents.get(key)
        single[key] = factor if before is None else ZERO
        exponents[key] = exponent if before is None else before + exponent
    if not weight.numerator:
        return ZERO
    parts = [power(base, Number(exponents[base, sign])) if part is ZERO else part for (base, sign), part in single.items()] + others
    return _product(weight, parts)


def _flat(factors: Iterable[Expr]) -> Iterable[Expr]:
    for factor in factors:
        if isinstance(factor, Multiply):
            yield from factor.factors
        elif isinstance(factor, Add) and len(factor.terms) == 1:
            yield Number(factor.weights[0])
            yield from _flat(factor.terms)
        else:
            yield factor


def _integer_power(node: Expr) -> tuple[Expr, Fraction | None]:
    if isinstance(node, Number | Iverson):  # printed decimals and brackets are kept as single factors
        return (node, None)
    if isinstance(node, Power):
        if isinstance(node.exponent, Number) and node.exponent.ulp is None and node.exponent.value.denominator == 1:
            return (node.base, node.exponent.value)
        return (node, None)
    return (node, _WHOLE)


def _product(weight: Fraction, parts: Sequence[Expr]) -> Expr:
    numbers = [part.value for part in parts if isinstance(part, Number) and part.ulp is None]
    for value in numbers:
        weight *= value
    if not weight.numerator:
        return ZERO
    kept = [part for part in parts if not is_exact(part)] if numbers else list(parts)
    if not kept:
        return Number(weight)
    kept.sort(key=order_key)
    node = kept[0] if len(kept) == 1 else Multiply(tuple(kept))
    return node if _is_one(weight) else weighted_sum(((weight, node),))


def power(base: Expr, exponent: Expr) -> Expr:
    """Return ``base ** exponent``; small exact powers are taken, a nested integer power is merged."""
    if exponent is ONE:
        return base
    if isinstance(exponent, Number) and exponent.ulp is None:
        if exponent.value == 0:
            return ONE
        if base is ONE:
            return ONE
        if exponent.value.denominator == 1:
            return _whole_power(base, exponent)
    return Power(base, exponent)


def _whole_power(base: Expr, exponent: Number) -> Expr:
    count = exponent.value.numerator
    if isinstance(base, Number) and base.ulp is None:
        size = max(base.value.numerator.bit_length(), base.value.denominator.bit_length())
        if base.value != 0 and size * abs(count) <= _POWER_BITS:
            return Number(base.value**count)
        return ZERO if base.value == 0 and count > 0 else Power(base, exponent)
    if isinstance(base, Power) and isinstance(base.exponent, Number) and base.exponent.ulp is None:
        inner = base.exponent.value
        if inner.denominator == 1:
            return power(base.base, Number(inner * count))
    if isinstance(base, Add) and len(base.terms) == 1:
        return multiply(_whole_power(Number(base.weights[0]), exponent), _whole_power(base.terms[0], exponent))
    if isinstance(base, Multiply):
        return multiply(*(_whole_power(factor, exponent) for factor in base.factors))
    return Power(base, exponent)


def divide(left: Expr, right: Expr) -> Expr:
    """Return ``left / right``."""
    return multiply(left, power(right, MINUS_ONE))


def square_root(node: Expr) -> Expr:
    """Return ``node ** (1/2)``."""
    return power(node, HALF)


def apply(function: str, *arguments: Expr) -> Expr:
    """Return a catalogue function at its arguments."""
    return Apply(function, arguments)


def reduce(operation: str, indices: Sequence[Index], body: Expr, where: Expr | None = None) -> Expr:
    """Return the reduction; a sum takes its condition as a bracket in the body, and no indices means the body itself."""
    if operation == "sum" and where is not None:
        body, where = multiply(Iverson(where), body), None
    if not indices and where is None:
        return body
    if operation == "sum" and body is ZERO:
        return ZERO
    return Reduce(operation, tuple(indices), body, where)


def sum_over(indices: Sequence[Index], body: Expr, where: Expr | None = None) -> Expr:
    """Return the sum of ``body`` over the indices, where the condition holds."""
    return reduce("sum", indices, body, where)


def compare(relation: str, left: Expr, right: Expr) -> Expr:
    """Return the condition ``left relation right``."""
    return Compare(relation, left, right)


def all_of(*conditions: Expr) -> Expr:
    """Return the conjunction."""
    return conditions[0] if len(conditions) == 1 else Logic("and", conditions)


def delta(left: Expr, right: Expr) -> Expr:
    """Return Kronecker's delta ``[left = right]``."""
    return ONE if left is right else Iverson(Compare("=", left, right))


def axis_index(name: str, axis: Axis) -> Index:
    """Return a new index over the entries of an axis, numbered as the axis is."""
    return fresh_index(name, number(axis.origin), add(axis.size, number(axis.origin - 1)))
