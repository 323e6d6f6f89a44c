"""The parts of an expression as array code computes them: which come first, what a sum multiplies, what hangs on sizes alone."""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm

from gradproof.codegen.sizes import same_size
from gradproof.expr.build import ONE, add, all_of, multiply, number, power, scale
from gradproof.expr.node import (
    Add,
    Apply,
    Compare,
    Element,
    Expr,
    Index,
    Iverson,
    Multiply,
    Number,
    Power,
    Reduce,
    Symbol,
    TensorEntry,
)
from gradproof.expr.walk import children, contains
from gradproof.printer.text import to_text


def visited(node: Expr) -> tuple[Expr, ...]:
    """The parts that are computed on the way: bound indices and limits are not."""
    match node:
        case Index():
            return ()
        case Reduce("sum", _, Multiply(factors), _):
            return tuple(factor for factor in factors if not isinstance(factor, Iverson))
        case Reduce("sum", _, Power(), None):
            return tuple(of_square(node.body))
        case Reduce(_, _, body, _):
            return (body,)
        case TensorEntry(_, _, body):
            return (body,)
        case Apply("floor" | "ceil", (inner,)) if is_of_sizes(inner) and (quotient := whole_parts(inner)) is not None:
            return quotient  # rounded in whole numbers
        case Multiply(factors):
            return tuple(factor for factor in factors if not isinstance(factor, Iverson))
        case Element(_, indices):
            return tuple(place for place in indices if not isinstance(place, Index))
        case _:
            return tuple(part for part in children(node) if not isinstance(part, Index))


def within_limits(indices: Sequence[Index], where: Expr | None) -> Expr | None:
    """Add that an index stays within its limits, where these vary with other indices: windows of adaptive pooling."""
    tests = [] if where is None else [where]
    for index in indices:
        tests += [Compare(">=", index, index.lower)] if index.lower.free_indices else []
        tests += [Compare("<=", index, index.upper)] if index.upper.free_indices else []
    return all_of(*tests) if tests else None


def of_square(node: Expr) -> list[Expr]:
    """Return the factors of a summed square: a sum of squares is a product of an array with itself."""
    match node:
        case Power(base, Number(value, None)) if value == 2 and base.free_indices:
            return [base, base]
    return [node]


def is_whole(place: Expr, size: Expr, origin: int) -> bool:
    """Tell whether a subscript runs over its whole axis."""
    if not isinstance(place, Index) or not (isinstance(place.lower, Number) and place.lower.value == origin):
        return False
    if origin == 1:
        return same_size(place.upper, size)
    return to_text(place.upper) == to_text(size) + " - 1"


def is_of_sizes(node: Expr) -> bool:
    """Tell whether a value hangs on sizes and indices alone."""
    return not contains(
        node, lambda part: isinstance(part, Element) or (isinstance(part, Symbol) and "size" not in part.properties)
    )


def whole_parts(node: Expr) -> tuple[Expr, Expr] | None:
    """Return a value of indices and sizes as a quotient of whole numbers, above and below; None where it is no such quotient."""
    match node:
        case Number(value, None):
            return number(value.numerator), number(value.denominator)
        case Index() | Symbol():
            return node, ONE
        case Apply("floor" | "ceil"):
            return node, ONE
        case Power(base, Number(exponent, None)) if exponent.denominator == 1:
            parts = whole_parts(base)
            if parts is None:
                return None
            above, below = parts if exponent > 0 else parts[::-1]
            return power(above, number(abs(exponent))), power(below, number(abs(exponent)))
        case Multiply(factors):
            found = [whole_parts(factor) for factor in factors]
            pairs = [parts for parts in found if parts is not None]
            return (multiply(*(a for a, _ in pairs)), multiply(*(b for _, b in pairs))) if len(pairs) == len(found) else None
        case Add(terms, weights):
            found = [whole_parts(term) for term in terms]
            pairs = [parts for parts in found if parts is not None]
            if len(pairs) < len(found) or any(below is not pairs[0][1] for _, below in pairs):
                return None
            common = lcm(*(weight.denominator for weight in weights))
            above = add(*(scale(weight * common, part) for weight, (part, _) in zip(weights, pairs, strict=True)))
            return above, multiply(number(common), pairs[0][1])
        case _:
            return None
