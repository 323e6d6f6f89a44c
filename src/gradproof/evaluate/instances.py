"""Random typed instances: sizes first, then exact values that respect what is known of each symbol."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq

from gradproof.evaluate.bindings import Bindings, NotRational, Undecidable
from gradproof.evaluate.conditions import holds, solved
from gradproof.evaluate.evaluator import evaluate
from gradproof.evaluate.fields import Exact
from gradproof.evaluate.structure import constrained
from gradproof.expr.node import Add, Expr, Number, Symbol
from gradproof.expr.walk import postorder
from gradproof.expr.walk import symbols as symbols_of

#: The values that sizes take, one instance after the other.
SIZES = (3, 2, 4, 1, 3, 2, 5, 3)
_LARGEST_AXIS = 64
_MAGNITUDES = (fmpq(1, 50), fmpq(1, 5), fmpq(1), fmpq(6), fmpq(40))
_MOST_MAGNITUDES = 6
#: Draws of one instance, until its conditions hold.
_TRIES = 60


def instance(
    symbols: Iterable[Symbol],
    *,
    seed: int,
    number: int,
    positive: bool = False,
    conditions: Sequence[Expr] = (),
    sizes: Sequence[int] = SIZES,
    magnitudes: Sequence[fmpq] = (),
) -> Bindings:
    """Return one random instance for the symbols: the same one for the same seed and number.

    Sizes take small values, boundaries among them; entries are small rationals of both signs, off ties; the
    properties of a symbol (positive, simplex, symmetric ...) hold exactly. With ``positive`` all reals are positive.

    Args:   conditions: what has to hold: equations are solved for a symbol that stands in them linearly, the rest is
            met by drawing again; a condition that cannot be evaluated is passed over.
            sizes: the values that size symbols take in turn.
            magnitudes: what each entry of a real symbol is scaled by, one of them at random; by nothing where there are none.
    Raises: Undecidable: a size comes out negative, broken or too large, or the conditions are met by no draw.
    """
    extra = frozenset({"positive"}) if positive else frozenset[str]()
    mentioned = frozenset[Symbol]().union(*(symbols_of(condition) for condition in conditions))
    wanted = sorted(_with_sizes([*symbols, *mentioned]), key=lambda symbol: (len(symbol.axes), symbol.name, symbol.digest))
    for attempt in range(_TRIES if conditions else 1):
        source = random.Random(f"{seed}:{number}:{attempt}" if attempt else f"{seed}:{number}")
        lengths = [sizes[(number + attempt + place) % len(sizes)] for place in range(len(wanted))]
        bindings = _drawn(wanted, source, extra, lengths, magnitudes)
        if not conditions:
            return bindings
        bindings = solved(conditions, bindings, wanted)
        if all(holds(condition, bindings) is not False for condition in conditions):
            return bindings
    raise Undecidable("no instance was found that meets the conditions")


def instances(
    symbols: Iterable[Symbol],
    *,
    seed: int,
    count: int,
    conditions: Sequence[Expr] = (),
    positive: bool = False,
    sizes: Sequence[int] = SIZES,
) -> Iterator[Bindings]:
    """Yield random instances for the symbols; those whose sizes or conditions cannot be met are left out."""
    wanted = tuple(symbols)
    for number in range(count):
        try:
            yield instance(wanted, seed=seed, number=number, positive=positive, conditions=conditions, sizes=sizes)
        except Undecidable:
            continue


def magnitudes_for(roots: Iterable[Expr]) -> tuple[fmpq, ...]:
    """Return magnitudes that take instances to every side of the numbers in some expressions: small, usual, large, and their own."""
    numbers: set[Fraction] = set()
    for node in (node for root in roots for node in postorder(root)):
        if isinstance(node, Number):
            numbers.add(abs(node.value))
        elif isinstance(node, Add):
            numbers.update(abs(weight) for weight in node.weights)
    own = sorted(value for value in numbers if value > 2)[:_MOST_MAGNITUDES]
    return (*_MAGNITUDES, *(fmpq(value.numerator, value.denominator) for value in own))


def _drawn(
    wanted: Sequence[Symbol], source: random.Random, extra: frozenset[str], sizes: Sequence[int], magnitudes: Sequence[fmpq]
) -> Bindings:
    values: dict[str, Any] = {}
    for place, symbol in enumerate(symbol for symbol in wanted if "size" in symbol.properties):
        values[symbol.name] = sizes[place]
    for symbol in wanted:
        if symbol.name not in values:
            values[symbol.name] = _value(symbol, values, source, extra, magnitudes)
    return Bindings(values)


def _with_sizes(symbols: Iterable[Symbol]) -> set[Symbol]:
    found: set[Symbol] = set()
    for symbol in symbols:
        found.add(symbol)
        for axis in symbol.axes:
            found |= symbols_of(axis.size)
    return found


#: Properties of entries that take few values: ties among them are as they should be.
_COUNTED = frozenset({"integer", "natural", "binary", "plusminus"})


def _value(symbol: Symbol, values: dict[str, Any], source: random.Random, extra: frozenset[str], magnitudes: Sequence[fmpq]) -> Any:
    properties = symbol.properties | (extra if "negative" not in symbol.properties else frozenset())
    span = _span(symbol, values)
    if not symbol.axes:
        return _scaled(_number(properties, source, span), properties, span, source, magnitudes)
    shape = tuple(_length(axis.size, values) for axis in symbol.axes)
    entries = np.empty(shape, dtype=object)
    seen: set[Any] = set()
    for place in np.ndindex(*shape):
        value = _scaled(_number(properties, source, span), properties, span, source, magnitudes)
        if value in seen and not properties & _COUNTED and span is None:  # ties are where maxima have their kinks
            value *= 1 + fmpq(len(seen), 100_003)
        seen.add(value)
        entries[place] = value
    return constrained(entries, symbol.properties, source)


def _scaled(
    value: Any, properties: frozenset[str], span: tuple[int, int] | None, source: random.Random, magnitudes: Sequence[fmpq]
) -> Any:
    if not magnitudes or span is not None or properties & (_COUNTED | {"probability", "size"}):
        return value
    return value * source.choice(magnitudes)


def _length(size: Expr, values: dict[str, Any]) -> int:
    try:
        result: Any = evaluate(size, Bindings(values), Exact()).entries[()]
    except NotRational:
        raise Undecidable("a size that is no number") from None
    if not isinstance(result, fmpq) or result.q != 1 or not 0 <= result.p <= _LARGEST_AXIS:
        raise Undecidable("a size that is negative, broken or too large")
    return int(result.p)


def _span(symbol: Symbol, values: dict[str, Any]) -> tuple[int, int] | None:
    """Return the range of a symbol that counts: from 1 to n with the property 'index:n', from 0 to n - 1 with 'label:n'."""
    for word in sorted(symbol.properties):
        kind, sign, size = word.partition(":")
        if sign and kind in ("index", "label"):
            found = int(size) if size.isdigit() else values.get(size)
            if found is not None:
                count = int(found.p) if isinstance(found, fmpq) else int(found)
                return (1, count) if kind == "index" else (0, count - 1)
    return None


def _number(properties: frozenset[str], source: random.Random, span: tuple[int, int] | None = None) -> Any:
    """A rational with a prime denominator, so that ties and special values are unlikely."""
    if span is not None:
        return fmpq(source.randint(min(span), span[1]))
    if "integer" in properties or "natural" in properties:
        return fmpq(source.randint(1 if "natural" in properties or "positive" in properties else 0, 6))
    if "binary" in properties:
        return fmpq(source.randint(0, 1))
    if "plusminus" in properties:
        return fmpq(source.choice((-1, 1)))
    if "probability" in properties:
        return fmpq(source.randint(5, 95), 101)
    value = fmpq(source.randint(11, 220), 97)
    if properties & {"positive", "nonnegative", "simplex", "distribution", "stochastic"}:
        return value
    if "negative" in properties:
        return -value
    return value if source.random() < 0.5 else -value
