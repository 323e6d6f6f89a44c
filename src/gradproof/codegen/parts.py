"""The parts of an expression as array code computes them: which come first, what a sum multiplies, what hangs on sizes alone."""

from __future__ import annotations

from collections.abc import Sequence

from gradproof.codegen.sizes import same_size
from gradproof.expr.build import all_of
from gradproof.expr.node import Compare, Element, Expr, Index, Iverson, Multiply, Number, Power, Reduce, Symbol, TensorEntry
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
