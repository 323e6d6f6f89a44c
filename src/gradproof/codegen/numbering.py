"""Where the entries of variables are numbers of entries or of classes, and the range that these have to be in.

In ``sum_i w[y[i]]`` the entries of ``y`` are numbers of entries of ``w``, and the second argument of a cross entropy has numbers of
classes. Beside their range nothing is there to be read. What is read only where a condition holds may be anything elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from gradproof.codegen.parts import is_of_sizes, is_whole
from gradproof.expr.build import add, apply, number, weighted_sum
from gradproof.expr.catalogue import TENSOR_FUNCTIONS
from gradproof.expr.node import (
    Add,
    Axis,
    Compare,
    Element,
    Expr,
    Index,
    Iverson,
    Logic,
    Multiply,
    Number,
    Piecewise,
    Reduce,
    Symbol,
    TensorEntry,
)
from gradproof.expr.walk import children, contains, symbols

#: The words that say of a variable that it has class numbers, and the number of the first class.
FIRST_CLASSES = {"label": 0, "index": 1}


@dataclass(frozen=True, slots=True)
class Reading:
    """What is taken as numbers, from ``first`` to ``last``: a whole variable, or an expression over its free indices."""

    numbers: Expr
    first: Expr
    last: Expr
    #: What the numbers are, and where the range comes from.
    kind: str
    source: str

    @property
    def whole(self) -> Symbol | None:
        """The variable all of whose entries are the numbers, None where an expression makes them."""
        match self.numbers:
            case Symbol():
                return self.numbers
            case Element(symbol, places) if len(set(places)) == len(places) and all(map(_is_along, places, symbol.axes)):
                return symbol
        return None


def readings(variables: Collection[Symbol], roots: Iterable[Expr]) -> tuple[Reading, ...]:
    """Return where some expressions take the entries of variables as numbers of entries or of classes."""
    found = dict.fromkeys(reading for symbol in variables for reading in _declared(symbol))
    for root in roots:
        if contains(root, _is_read_at_data):
            found |= dict.fromkeys(_unconditional(root))
    return tuple(found)


def _declared(symbol: Symbol) -> Iterator[Reading]:
    """Return the range of the class numbers that a function takes: a one-hot row is no subscript."""
    for word in symbol.properties if "integer" in symbol.properties else ():
        kind, _, size = word.partition(":")
        if kind in FIRST_CLASSES:
            first = FIRST_CLASSES[kind]
            classes = number(int(size)) if size.isdigit() else Symbol(size, (), frozenset({"size"}))
            last = add(classes, number(first - 1))
            yield Reading(symbol, number(first), last, "class numbers", f"they count from {first}")


# Subscripts -------------------------------------------------------------------------------------------------------------


def _is_read_at_data(node: Expr) -> bool:
    places = node.indices if isinstance(node, Element) else node.at if isinstance(node, TensorEntry) else ()
    return not all(map(is_of_sizes, places))


def _unconditional(root: Expr) -> Iterator[Reading]:
    """Return the readings of an expression that no condition stands before which may leave some of them out."""
    seen: set[tuple[Expr, frozenset[Expr]]] = set()
    stack: list[tuple[Expr, frozenset[Expr]]] = [(root, frozenset())]
    while stack:
        node, tests = item = stack.pop()
        if item in seen:
            continue
        seen.add(item)
        for place, low, high, source in _subscripts(node):
            if not is_of_sizes(place) and not any(_guards(test, place) for test in tests):
                yield from _reading(place, low, high, source)
        own = _tests(node)
        stack += [(part, tests if isinstance(part, Iverson) or part in own else tests | own) for part in children(node)]


def _guards(test: Expr, place: Expr) -> bool:
    """Tell whether a condition may leave out some entries of a subscript; ``[i != j]`` leaves out none, where there are two."""
    match test:
        case Logic("and", operands):
            return any(_guards(operand, place) for operand in operands)
        case Compare("!=", Index(), Index()) if not test.free_indices <= place.free_indices:
            return False
    return not test.free_indices or bool(test.free_indices & place.free_indices)


def _tests(node: Expr) -> frozenset[Expr]:
    """Return the conditions under which the parts of a node are taken."""
    match node:
        case Multiply(factors):
            return frozenset(factor.condition for factor in factors if isinstance(factor, Iverson))
        case Reduce(_, _, _, where) if where is not None:
            return frozenset({where})
        case Piecewise(conditions):
            return frozenset(conditions)
    return frozenset()


def _subscripts(node: Expr) -> Iterator[tuple[Expr, Expr, Expr, str]]:
    """Return the subscripts of a node, each with the first and the last place that there is, and what has these."""
    match node:
        case Element(symbol, places):
            for place, axis in zip(places, symbol.axes, strict=True):
                last = add(axis.size, number(axis.origin - 1))
                yield place, number(axis.origin), last, f"they stand in a subscript of {symbol.name}"
        case TensorEntry(function, bound, _, at) if at:
            entry = TENSOR_FUNCTIONS[function]
            for place, index in zip(at, bound[::-1] if entry.output == "transposed" else bound, strict=True):
                yield place, index.lower, index.upper, f"they stand in a subscript of {entry.text[0]}"


def _reading(place: Expr, low: Expr, high: Expr, source: str) -> Iterator[Reading]:
    """Return what a subscript says of the numbers in it: indices beside them take all of their values."""
    pairs = list(zip(place.weights, place.terms, strict=True)) if isinstance(place, Add) else [(Fraction(1), place)]
    of_data = [(weight, term) for weight, term in pairs if not is_of_sizes(term)]
    own = frozenset().union(*(term.free_indices for _, term in of_data))
    taken = [(weight, term) for weight, term in pairs if (weight, term) in of_data or term.free_indices & own]
    rest = [(weight, term) for weight, term in pairs if (weight, term) not in taken]
    limits = [limit for index in place.free_indices for limit in (index.lower, index.upper)]
    if not all(_is_of_sizes(term) for _, term in rest) or any(end.free_indices for end in (low, high, *limits)):
        return
    scale = 1 / taken[0][0] if len(taken) == 1 else Fraction(1)
    ends = [
        weighted_sum([(scale, end), *((-weight * scale, term) for weight, term in _extreme(rest, largest=largest))])
        for end, largest in ((low, False), (high, True))
    ]
    first, last = ends if scale > 0 else reversed(ends)
    if abs(scale) != 1:
        first = number(ceil(first.value)) if isinstance(first, Number) else apply("ceil", first)
        last = number(floor(last.value)) if isinstance(last, Number) else apply("floor", last)
    numbers = taken[0][1] if len(taken) == 1 else weighted_sum(taken)
    yield Reading(numbers, first, last, "numbers of entries", source)


def _is_of_sizes(term: Expr) -> bool:
    if isinstance(term, Index):
        return not (term.lower.free_indices or term.upper.free_indices)
    return not term.free_indices and all("size" in symbol.properties for symbol in symbols(term))


def _extreme(pairs: Iterable[tuple[Fraction, Expr]], *, largest: bool) -> list[tuple[Fraction, Expr]]:
    """Return a weighted sum where the indices stand at the ends that make it least or largest."""
    return [(w, (t.upper if (w > 0) == largest else t.lower) if isinstance(t, Index) else t) for w, t in pairs]


def _is_along(place: Expr, axis: Axis) -> bool:
    return is_whole(place, axis.size, axis.origin)
