"""Which printed decimals are roundings: what a document gives as the value of something else.

A decimal that a document only puts into its arithmetic is what it says: ``0.5 \\cdot 3 = 1.6`` is wrong, and not right for some other
number that rounds to 0.5. It is a rounding where the document shows that it is one: as the value of an expression
(``\\sigma(1) = 0.731``), beside an approximate equality, or as a well-known constant (3.14).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import islice

from gradproof.checker.statements import definiendum, is_closed_form, is_number
from gradproof.expr.build import decimal
from gradproof.reader.presentation import Chain, Infix, Name, Numeral, Prefix, Scripted, Tree
from gradproof.reader.presentation import Fraction as FractionTree
from gradproof.reader.walk import subtrees

_CONSTANTS = (math.pi, math.e, math.log(2), math.sqrt(2), math.sqrt(3), math.log(10), 2 * math.pi)
_FEWEST_DIGITS = 3
#: A longer sum is not worked out to see whether its value was rounded.
_MOST_NODES = 100
_OPERATIONS: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def rounded_decimals(trees: Iterable[Tree]) -> set[Fraction]:
    """Return the decimals of a document that are roundings, without their signs."""
    found: set[Fraction] = set()
    for node in (node for tree in trees for node in subtrees(tree)):
        if isinstance(node, Chain) and node.first is not None:
            sides = [node.first, *(side for _, side in node.links)]
            for (relation, _), left, right in zip(node.links, sides, sides[1:], strict=False):
                found.update(_rounded(relation, left, right), _rounded(relation, right, left))
        elif isinstance(node, Numeral) and _is_constant(node.text):
            found.add(decimal(node.text).value)
    return found


def _rounded(relation: str, quantity: Tree, value: Tree) -> Iterator[Fraction]:
    if relation == "≈":
        yield from _decimals(value)
    if relation not in ("=", "≡") or definiendum(quantity) is not None:
        return
    is_value = _is_value(value) and not _is_value(quantity) and not (_is_small(quantity) and _is_short(_exact(quantity), value))
    if is_value or (is_closed_form(value) and any(isinstance(node, Name) for node in subtrees(quantity))):
        yield from _decimals(value)


def _is_value(tree: Tree) -> bool:
    """Tell whether a side is a printed number, in scientific notation too: ``9.54 \\cdot 10^{-7}``."""
    match tree:
        case Infix("*", left, Scripted(Numeral("10"), None, _)):
            return is_number(left)
        case Prefix(_, operand):
            return _is_value(operand)
        case _:
            return is_number(tree)


def _is_small(tree: Tree) -> bool:
    return sum(1 for _ in islice(subtrees(tree), _MOST_NODES + 1)) <= _MOST_NODES


def _exact(tree: Tree) -> Fraction | None:
    """Return the value of sums, products and whole powers of printed numbers."""
    match tree:
        case Numeral(text):
            return decimal(text).value
        case Prefix("-", operand):
            value = _exact(operand)
            return None if value is None else -value
        case Infix("+" | "-" | "*" | "/" as sign, left, right):
            values = (_exact(left), _exact(right))
            if values[0] is None or values[1] is None or (sign == "/" and not values[1]):
                return None
            return _OPERATIONS[sign](values[0], values[1])
        case FractionTree(above, below):
            return _exact(Infix("/", above, below, tree.place))
        case Scripted(base, None, Numeral(power)) if power.isdigit() and len(power) == 1:
            value = _exact(base)
            return None if value is None else value ** int(power)
        case _:
            return None


def _is_short(exact: Fraction | None, value: Tree) -> bool:
    """Tell whether a value is a whole number of units of the last digit that is printed: then nothing was rounded."""
    units = [decimal(node.text).ulp for node in subtrees(value) if isinstance(node, Numeral)]
    return exact is not None and any(unit is not None and (exact / unit).denominator == 1 for unit in units)


def _decimals(tree: Tree) -> Iterator[Fraction]:
    return (decimal(node.text).value for node in subtrees(tree) if isinstance(node, Numeral) and "." in node.text)


def _is_constant(text: str) -> bool:
    whole, point, digits = text.partition(".")
    if not point or not whole.isdigit() or not digits.isdigit() or len((whole + digits).lstrip("0")) < _FEWEST_DIGITS:
        return False
    return any(round(constant, len(digits)) == float(text) for constant in _CONSTANTS)
