"""Arrays over named axes: the values of a node over the indices that are free in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb, fmpq

from gradproof.evaluate.bindings import Undecidable, Undetermined
from gradproof.evaluate.fields import FALSE, OPEN_TEST, TRUE, UNDEFINED_TEST, Array, Missing
from gradproof.expr.node import Index

#: More array entries than this are too much work, in one table and in all tables of an evaluation.
LARGEST_TABLE = 500_000
LARGEST_TOTAL = 2_000_000


@dataclass(frozen=True)
class Table:
    """The values of a node over its free indices, in the order of ``axes``, which begin at ``starts``."""

    axes: tuple[Index, ...]
    entries: Any  # an array of the field's scalars, for which numpy's stubs have no dtype
    starts: tuple[int, ...] = ()


def spread(table: Table, axes: Sequence[Index]) -> Any:
    """Return the entries as an array over more axes, of length 1 where the table does not depend on them."""
    order = [table.axes.index(axis) for axis in axes if axis in table.axes]
    moved = table.entries.transpose(order) if order else table.entries
    lengths = iter(moved.shape)
    return moved.reshape([next(lengths) if axis in table.axes else 1 for axis in axes])


def together(tables: Sequence[Table]) -> tuple[tuple[Index, ...], list[Array]]:
    """Return the union of the axes of some tables, and their arrays aligned to it."""
    lengths: dict[Index, int] = {}
    for table in tables:
        lengths.update(zip(table.axes, table.entries.shape, strict=True))
    check_size(lengths.values())
    axes = tuple(lengths)
    return axes, [spread(table, axes) for table in tables]


def check_size(lengths: Iterable[int]) -> None:
    """Raise ``Undecidable`` where a table would be too large."""
    if math.prod(lengths) > LARGEST_TABLE:
        raise Undecidable("too many terms to evaluate")


def every(codes: Sequence[Array]) -> Array:
    """Return the conjunction of outcomes: one that fails decides it, whatever the others are."""
    result = codes[0]
    for other in codes[1:]:
        unsure = np.maximum(result, other)
        result = np.where((result == FALSE) | (other == FALSE), np.int8(FALSE), unsure)
    return result


def some(codes: Sequence[Array]) -> Array:
    """Return the disjunction of outcomes: one that holds decides it, whatever the others are."""
    result = codes[0]
    for other in codes[1:]:
        unsure = np.where(result == FALSE, other, np.where(other == FALSE, result, np.maximum(result, other)))
        result = np.where((result == TRUE) | (other == TRUE), np.int8(TRUE), unsure)
    return result


def negation(code: Array) -> Array:
    """Return the outcomes turned round."""
    return np.where(code <= TRUE, np.int8(TRUE) - code, code).astype(np.int8)


def combined(function: Callable[[Sequence[Array]], Array], tables: Sequence[Table]) -> Table:
    """Apply a function of aligned arrays to tables."""
    axes, arrays = together(tables)
    entries = function(arrays)
    shape = np.broadcast_shapes(*(array.shape for array in arrays))
    return Table(axes, entries if entries.shape == shape else np.broadcast_to(entries, shape))


def rational_first(exact: Table, approximate: Table, convert: Callable[[Any], Any]) -> Table:
    """Return the exact entries where they are rational, converted to the other arithmetic, and the approximate ones elsewhere."""

    def chosen(arrays: Sequence[Array]) -> Array:
        reached, value = np.broadcast_arrays(*arrays)
        entries = np.array(value)
        for place in np.ndindex(*entries.shape):
            if isinstance(reached[place], fmpq):
                entries[place] = convert(reached[place])
        return entries

    return combined(chosen, [exact, approximate])


def is_open(codes: Array) -> bool:
    """Tell whether any outcome hangs on more precision."""
    return bool((codes == OPEN_TEST).any())


def settled(codes: Array) -> Array:
    """Return the outcomes with the irrational ones as undefined, for a field that has no other to ask."""
    return np.where(codes > OPEN_TEST, np.int8(UNDEFINED_TEST), codes)


def whole(value: Any) -> int:
    """Return an exact value as an integer: a subscript or a limit has to be one."""
    if isinstance(value, Missing) or value.q != 1:
        raise Undecidable("a subscript or a limit that is no integer")
    return int(value.p)


def rounded(value: Any) -> int:
    """Return the integer that a ball or a float is: the place of the largest of some reals is computed like that."""
    if isinstance(value, arb):
        found = value.unique_fmpz()
        if found is None:
            raise Undetermined("a place that hangs on balls that overlap")
        return int(found)
    if value != int(value):
        raise Undecidable("a subscript or a limit that is no integer")
    return int(value)
