"""Random typed instances: sizes first, then exact values that respect what is known of each symbol."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat

from gradproof.evaluate.bindings import Bindings, NotRational, Undecidable
from gradproof.evaluate.evaluator import evaluate
from gradproof.evaluate.fields import Exact
from gradproof.expr.node import Symbol
from gradproof.expr.walk import symbols as symbols_of

_SIZES = (3, 2, 4, 1, 3, 2, 5, 3)
_LARGEST_AXIS = 64


def instance(symbols: Iterable[Symbol], *, seed: int, number: int, positive: bool = False) -> Bindings:
    """Return one random instance for the symbols: the same one for the same seed and number.

    Sizes take small values, boundaries among them; entries are small rationals of both signs, off ties; the
    properties of a symbol (positive, simplex, symmetric ...) hold exactly. With ``positive`` all reals are positive.

    Raises: Undecidable: a size comes out negative, broken or too large.
    """
    extra = frozenset({"positive"}) if positive else frozenset[str]()
    wanted = sorted(_with_sizes(symbols), key=lambda symbol: (len(symbol.axes), symbol.name))
    source = random.Random(f"{seed}:{number}")
    values: dict[str, Any] = {}
    for place, symbol in enumerate(symbol for symbol in wanted if "size" in symbol.properties):
        values[symbol.name] = _SIZES[(number + place) % len(_SIZES)]
    for symbol in wanted:
        if symbol.name not in values:
            values[symbol.name] = _value(symbol, values, source, extra)
    return Bindings(values)


def _with_sizes(symbols: Iterable[Symbol]) -> set[Symbol]:
    found: set[Symbol] = set()
    for symbol in symbols:
        found.add(symbol)
        for axis in symbol.axes:
            found |= symbols_of(axis.size)
    return found


def _value(symbol: Symbol, values: dict[str, Any], source: random.Random, extra: frozenset[str]) -> Any:
    properties = symbol.properties | (extra if "negative" not in symbol.properties else frozenset())
    if not symbol.axes:
        return _number(properties, source)
    shape = tuple(_length(axis.size, values) for axis in symbol.axes)
    entries = np.empty(shape, dtype=object)
    for place in np.ndindex(*shape):
        entries[place] = _number(properties, source)
    return _constrained(entries, symbol.properties, source)


def _length(size: Any, values: dict[str, Any]) -> int:
    try:
        result = evaluate(size, Bindings(values), Exact()).entries[()]
    except NotRational:
        raise Undecidable("a size that is no number") from None
    if result.q != 1 or not 0 <= result.p <= _LARGEST_AXIS:
        raise Undecidable("a size that is negative, broken or too large")
    return int(result.p)


def _number(properties: frozenset[str], source: random.Random) -> Any:
    """A rational with a prime denominator, so that ties and special values are unlikely."""
    if "integer" in properties or "natural" in properties:
        return fmpq(source.randint(1 if "natural" in properties or "positive" in properties else 0, 6))
    if "binary" in properties:
        return fmpq(source.randint(0, 1))
    if "probability" in properties:
        return fmpq(source.randint(5, 95), 101)
    value = fmpq(source.randint(11, 220), 97)
    if properties & {"positive", "nonnegative", "simplex", "distribution"}:
        return value
    if "negative" in properties:
        return -value
    return value if source.random() < 0.5 else -value


def _constrained(entries: Any, properties: frozenset[str], source: random.Random) -> Any:
    if "onehot" in properties and entries.shape[-1]:
        for place in np.ndindex(*entries.shape[:-1]):
            chosen = source.randrange(entries.shape[-1])
            entries[place] = [fmpq(int(at == chosen)) for at in range(entries.shape[-1])]
    if "simplex" in properties and entries.size:
        for place in np.ndindex(*entries.shape[:-1]):
            total = sum(entries[place], fmpq(0))
            entries[place] = [value / total for value in entries[place]]
    if properties & {"symmetric", "posdef"} and entries.ndim >= 2 and entries.shape[-1] == entries.shape[-2]:
        entries = entries + entries.swapaxes(-1, -2)
    if "zerodiagonal" in properties and entries.ndim >= 2:
        for at in range(min(entries.shape[-2:])):
            entries[..., at, at] = fmpq(0)
    if "distribution" in properties and entries.size:
        total = sum(entries.ravel(), fmpq(0))
        if total != 0:
            entries = np.vectorize(lambda value: value / total, otypes=[object])(entries)
    if "diagonal" in properties and entries.ndim == 2:
        zero: Any = fmpq(0)
        keep = np.eye(entries.shape[0], entries.shape[1]) == 1
        entries = np.where(keep, entries, zero)
    if "posdef" in properties and entries.ndim == 2:
        entries = entries @ entries.T
        for at in range(len(entries)):
            entries[at, at] += fmpq(1)
    if "orthogonal" in properties and entries.ndim == 2 and entries.shape[0] == entries.shape[1]:
        entries = _cayley(entries)
    return entries


def _cayley(entries: Any) -> Any:
    """Return the orthogonal matrix ``(I - S)(I + S)^-1`` of the skew part of the entries."""
    count = len(entries)
    if not count:
        return entries
    skew = entries - entries.T
    one = [[fmpq(int(i == j)) for j in range(count)] for i in range(count)]
    minus = fmpq_mat([[one[i][j] - skew[i, j] for j in range(count)] for i in range(count)])
    plus = fmpq_mat([[one[i][j] + skew[i, j] for j in range(count)] for i in range(count)])
    result = np.empty((count, count), dtype=object)
    for i, row in enumerate((minus * plus.inv()).tolist()):
        result[i, :] = row
    return result
