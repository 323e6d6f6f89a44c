"""Variables whose entries are numbers of entries or of classes, and the range that these have to be in.

In ``sum_i w[y[i]]`` the entries of ``y`` are numbers of entries of ``w``, and the second argument of a cross entropy has numbers of
classes. Beside their range nothing is there to be read. What is read only where a condition holds may be anything elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from gradproof.evaluate.bindings import Bindings, MissingValue
from gradproof.evaluate.enclose import exact_value
from gradproof.expr.build import add, number, weighted_sum
from gradproof.expr.catalogue import TENSOR_FUNCTIONS
from gradproof.expr.node import Add, Element, Expr, Index, Iverson, Multiply, Piecewise, Reduce, Symbol, TensorEntry
from gradproof.expr.walk import children, postorder, symbols

#: The words that say of a variable that it has class numbers, and the number of the first class.
_FIRST = {"label": 0, "index": 1}


@dataclass(frozen=True, slots=True)
class Reading:
    """A place where the entries of a variable are numbers: ``weight`` times each is to be from ``low`` to ``high``."""

    name: str
    weight: Fraction
    low: Expr
    high: Expr
    #: What the numbers are, and where the range comes from.
    kind: str
    source: str


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers that the entries of a variable may be, at some sizes."""

    name: str
    first: int
    last: int
    kind: str
    source: str


def readings(variables: Collection[Symbol], roots: Iterable[Expr]) -> tuple[Reading, ...]:
    """Return where some expressions take the entries of variables as numbers of entries or of classes."""
    found = dict.fromkeys(reading for symbol in variables for reading in _declared(symbol))
    names = {symbol.name for symbol in variables if "size" not in symbol.properties}
    for root in roots:
        if any(_is_read_at_data(node) for node in postorder(root)):
            found |= dict.fromkeys(reading for reading in _unconditional(root) if reading.name in names)
    return tuple(found)


def ranges(found: Iterable[Reading], sizes: Mapping[str, int]) -> tuple[Range, ...]:
    """Return the range of each variable at some sizes: the one that all readings leave."""
    known: dict[str, Range] = {}
    for reading in found:
        own = _range(reading, sizes)
        before = known.get(reading.name)
        if own is not None:
            known[reading.name] = own if before is None else _common(before, own)
    return tuple(known.values())


def _common(one: Range, other: Range) -> Range:
    tighter = other if other.last < one.last else one
    return Range(one.name, max(one.first, other.first), tighter.last, one.kind, tighter.source)


def _range(reading: Reading, sizes: Mapping[str, int]) -> Range | None:
    """Return the range that a reading leaves, None where a size in it is not known."""
    try:
        ends = [exact_value(end, Bindings(sizes)) for end in (reading.low, reading.high)]
    except MissingValue:
        return None
    low, high = (None if end is None else Fraction(int(end.p), int(end.q)) / reading.weight for end in ends)
    if low is None or high is None:
        return None
    if reading.weight < 0:
        low, high = high, low
    return Range(reading.name, ceil(low), floor(high), reading.kind, reading.source)


def _declared(symbol: Symbol) -> Iterator[Reading]:
    """Return the range of the class numbers that a function takes: a one-hot row is no subscript."""
    for word in symbol.properties if "integer" in symbol.properties else ():
        kind, _, size = word.partition(":")
        if kind in _FIRST:
            first = _FIRST[kind]
            classes = number(int(size)) if size.isdigit() else Symbol(size, (), frozenset({"size"}))
            last = add(classes, number(first - 1))
            yield Reading(symbol.name, Fraction(1), number(first), last, "class numbers", f"they count from {first}")


# Subscripts -------------------------------------------------------------------------------------------------------------


def _is_read_at_data(node: Expr) -> bool:
    places = node.indices if isinstance(node, Element) else node.at if isinstance(node, TensorEntry) else ()
    return any(_is_data(part) for place in places for part in postorder(place))


def _is_data(node: Expr) -> bool:
    return isinstance(node, Element) or (isinstance(node, Symbol) and "size" not in node.properties)


def _unconditional(root: Expr) -> Iterator[Reading]:
    """Return the readings of an expression that no condition on the same indices stands before."""
    seen: set[tuple[Expr, frozenset[Expr]]] = set()
    stack: list[tuple[Expr, frozenset[Expr]]] = [(root, frozenset())]
    while stack:
        node, tests = item = stack.pop()
        if item in seen:
            continue
        seen.add(item)
        for place, low, high, source in _subscripts(node):
            if not any(test.free_indices <= place.free_indices for test in tests):
                yield from _reading(place, low, high, source)
        own = _tests(node)
        stack += [(part, tests if isinstance(part, Iverson) or part in own else tests | own) for part in children(node)]


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
                yield (
                    place,
                    number(axis.origin),
                    add(axis.size, number(axis.origin - 1)),
                    f"they stand in a subscript of {symbol.name}",
                )
        case TensorEntry(function, bound, _, at) if at:
            entry = TENSOR_FUNCTIONS[function]
            for place, index in zip(at, bound[::-1] if entry.output == "transposed" else bound, strict=True):
                yield place, index.lower, index.upper, f"they stand in a subscript of {entry.text[0]}"


def _reading(place: Expr, low: Expr, high: Expr, source: str) -> Iterator[Reading]:
    """Return what a subscript says of the one variable in it; of several, or inside of a function, it says nothing by itself."""
    pairs = list(zip(place.weights, place.terms, strict=True)) if isinstance(place, Add) else [(Fraction(1), place)]
    taken = [(weight, term) for weight, term in pairs if isinstance(term, Element) or _is_data(term)]
    rest = [(weight, term) for weight, term in pairs if (weight, term) not in taken]
    if len(taken) != 1 or not all(_is_of_sizes(term) for _, term in rest) or low.free_indices | high.free_indices:
        return
    ((weight, term),) = taken
    name = term.symbol.name if isinstance(term, Element) else term.name if isinstance(term, Symbol) else ""
    least, most = _extreme(rest, largest=False), _extreme(rest, largest=True)
    minus = Fraction(-1)
    yield Reading(
        name,
        weight,
        weighted_sum([(Fraction(1), low), *((minus * w, t) for w, t in least)]),
        weighted_sum([(Fraction(1), high), *((minus * w, t) for w, t in most)]),
        "numbers of entries",
        source,
    )


def _is_of_sizes(term: Expr) -> bool:
    if isinstance(term, Index):
        return not (term.lower.free_indices or term.upper.free_indices)
    return not term.free_indices and all("size" in symbol.properties for symbol in symbols(term))


def _extreme(pairs: Iterable[tuple[Fraction, Expr]], *, largest: bool) -> list[tuple[Fraction, Expr]]:
    """Return a weighted sum where the indices stand at the ends that make it least or largest."""
    return [(w, (t.upper if (w > 0) == largest else t.lower) if isinstance(t, Index) else t) for w, t in pairs]
