"""The order and the grouping that both printers share: how a person would arrange a sum, a product, a quotient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeGuard

from gradproof.expr.build import ONE, add, number, order_key, subtract
from gradproof.expr.node import Add, Compare, Element, Expr, Index, Iverson, Logic, Multiply, Number, Power

#: Binding strength of what was printed; a part that binds more loosely than its place asks for gets parentheses.
SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4
#: Denominators from here on are long.
_LONG = 100_000


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed part and how strongly it binds."""

    text: str
    strength: int


def arranged_terms(node: Add, done: Mapping[Expr, Printed]) -> list[tuple[Fraction, Expr]]:
    """Return the terms with a positive one first; a constant stands last unless it is the only positive term."""
    pairs = sorted(zip(node.weights, node.terms, strict=True), key=lambda pair: _place(pair[1], done))
    constants = [pair for pair in pairs if pair[1] is ONE]
    others = [pair for pair in pairs if pair[1] is not ONE]
    positive = [pair for pair in others if pair[0] > 0]
    negative = [pair for pair in others if pair[0] < 0]
    if constants and constants[0][0] > 0 and not positive:
        return constants + negative
    return positive + negative + constants


def split_quotient(factors: tuple[Expr, ...]) -> tuple[list[Expr], list[tuple[Expr, Fraction]]]:
    """Split factors into a numerator and a denominator of (base, positive exponent)."""
    above: list[Expr] = []
    below: list[tuple[Expr, Fraction]] = []
    for factor in factors:
        exponent = negative_exponent(factor)
        if exponent is None:
            above.append(factor)
        else:
            assert isinstance(factor, Power)
            below.append((factor.base, -exponent))
    return above, below


def arranged_factors(factors: list[Expr], done: Mapping[Expr, Printed]) -> list[Expr]:
    """Return the factors in an order that does not hang on how they came about, brackets last, ranges first among them."""
    return sorted(factors, key=lambda factor: (*_rank(factor), *_place(factor, done))) if len(factors) > 1 else factors


def _rank(factor: Expr) -> tuple[bool, bool]:
    is_bracket = isinstance(factor, Iverson)
    return (is_bracket, isinstance(factor, Iverson) and not isinstance(factor.condition, Logic))


def _place(node: Expr, done: Mapping[Expr, Printed]) -> tuple[int, str, str]:
    kind, name, _ = order_key(node)
    return (kind, name, done[node].text)


def chained(operands: tuple[Expr, ...]) -> list[tuple[Expr, ...]]:
    """Return conditions that all hold as chains: ``a <= p`` and ``p <= b`` are ``a <= p <= b``."""
    chains: list[tuple[Expr, ...]] = []
    for operand in operands:
        last = chains[-1][-1] if chains else None
        if _is_bound(last) and _is_bound(operand) and last.right is operand.left:
            chains[-1] = (*chains[-1], operand)
        else:
            chains.append((operand,))
    return chains


def _is_bound(node: Expr | None) -> TypeGuard[Compare]:
    return isinstance(node, Compare) and node.relation in ("<", "<=")


def negative_exponent(node: Expr) -> Fraction | None:
    """Return the exponent of a power with an exact negative one, else None."""
    if isinstance(node, Power) and isinstance(node.exponent, Number) and node.exponent.ulp is None:
        return node.exponent.value if node.exponent.value < 0 else None
    return None


def factors_of(node: Expr) -> tuple[Expr, ...]:
    """Return the factors of a product, a single node as one."""
    return node.factors if isinstance(node, Multiply) else (node,)


def rational_text(value: Fraction) -> str:
    """Return a rational as it is best read: ``2/3``; a long fraction that a decimal says exactly is that decimal: ``0.044715``."""
    return _exact_decimal(value) if is_long_decimal(value) else str(value)


def is_long_decimal(value: Fraction) -> bool:
    """Tell whether a rational is a long fraction that a decimal says exactly."""
    rest = value.denominator
    if rest < _LONG:
        return False
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


def _exact_decimal(value: Fraction) -> str:
    places = next(count for count in range(value.denominator.bit_length() + 1) if 10**count % value.denominator == 0)
    digits = f"{abs(value.numerator) * (10**places // value.denominator):0{places + 1}d}"
    return f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"


def decimal_text(number: Number) -> str:
    """Return a printed decimal with the digits that it had."""
    assert number.ulp is not None
    places = 0
    unit = number.ulp
    while unit < 1 and places < 60:
        unit *= 10
        places += 1
    scaled = number.value * 10**places
    digits = f"{abs(int(scaled)):0{places + 1}d}"
    sign = "-" if number.value < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}.0"


def slices_of(bound: tuple[Index, ...], body: Expr) -> tuple[tuple[Expr, ...] | None, ...] | None:
    """Return what entries in the order of their indices take of each axis of a tensor.

    Returns:  for each axis None where all of it is taken, else the first and the last number, or one number alone; None where the entries
              are no block in order, or the block moves with an index from outside.
    """
    if not isinstance(body, Element):
        return None
    found: list[tuple[Expr, ...] | None] = []
    left = list(bound)
    for place, axis in zip(body.indices, body.symbol.axes, strict=True):
        index = next((index for index in left if index in place.free_indices), None)
        if index is None:
            ends: tuple[Expr, ...] = (place,)
        elif index is left.pop(0):
            shift = subtract(place, index)
            ends = (add(index.lower, shift), add(index.upper, shift))
        else:
            return None
        if any(end.free_indices for end in ends):
            return None
        last = subtract(add(number(axis.origin), axis.size), ONE)
        is_whole = len(ends) == 2 and ends[0] is number(axis.origin) and ends[1] is last
        found.append(None if is_whole else ends)
    return None if left else tuple(found)
