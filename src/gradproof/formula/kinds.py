"""Kinds of values (scalar, column, row, matrix, tensors) and the relations that operators put between them.

A set of kinds is a bit mask, so that a relation narrows the sets of its places in a few operations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

SCALAR, COLUMN, ROW, MATRIX, TENSOR3, TENSOR4, TENSOR5, TENSOR6 = (1 << place for place in range(8))
KINDS = (SCALAR, COLUMN, ROW, MATRIX, TENSOR3, TENSOR4, TENSOR5, TENSOR6)
ANY = sum(KINDS)
VECTOR = COLUMN | ROW
NOT_SCALAR = ANY & ~SCALAR
#: What a name can be: a row is written as a transpose.
NAMED = ANY & ~ROW
LARGEST_RANK = 6
_MOST_CHOICES = 3

_WORDS = {
    SCALAR: "a scalar", COLUMN: "a vector", ROW: "a row", MATRIX: "a matrix", TENSOR3: "a tensor with 3 axes",
    TENSOR4: "a tensor with 4 axes", TENSOR5: "a tensor with 5 axes", TENSOR6: "a tensor with 6 axes",
}  # fmt: skip

Row = tuple[int, ...]


def of_rank(rank: int) -> int:
    """Return the kind with so many axes; one axis is a column."""
    return (SCALAR, COLUMN, MATRIX, TENSOR3, TENSOR4, TENSOR5, TENSOR6)[rank]


def rank_of(kind: int) -> int:
    """Return the number of axes of a kind."""
    return {SCALAR: 0, COLUMN: 1, ROW: 1, MATRIX: 2, TENSOR3: 3, TENSOR4: 4, TENSOR5: 5, TENSOR6: 6}[kind]


def describe(mask: int) -> str:
    """Return a set of kinds in words."""
    words = [_WORDS[kind] for kind in KINDS if mask & kind]
    if mask == ANY or len(words) > 4:
        return "a value of any shape" if mask & SCALAR else "a vector, a matrix or a tensor"
    return " or ".join(words)


def is_settled(mask: int) -> bool:
    """Tell whether one kind alone is left."""
    return mask != 0 and mask & (mask - 1) == 0


@dataclass(frozen=True, slots=True)
class Table:
    """The kinds that go together, place by place, the result last. ``strict`` are those that need no second thought."""

    rows: tuple[Row, ...]
    strict: tuple[Row, ...] | None = None

    def narrowed(self, masks: Sequence[int], is_strict: bool) -> list[int]:
        """Return the sets of kinds that some row supports."""
        found = [0] * len(masks)
        for row in self.strict if is_strict and self.strict is not None else self.rows:
            if all(mask & kind for mask, kind in zip(masks, row, strict=True)):
                found = [mask | kind for mask, kind in zip(found, row, strict=True)]
        return found


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Entry by entry: the arguments have the kind of the result or are scalars.

    In the strict sense only constants (``constant`` tells which arguments are) stand beside another kind.
    """

    constant: tuple[bool, ...]

    def narrowed(self, masks: Sequence[int], is_strict: bool) -> list[int]:
        """Return the sets of kinds that some choice supports."""
        *arguments, result = masks
        found = [0] * len(masks)
        for kind in KINDS:
            if not result & kind:
                continue
            allowed = [kind | (SCALAR if not is_strict or constant else 0) for constant in self.constant]
            options = [mask & allow for mask, allow in zip(arguments, allowed, strict=True)]
            frames = [place for place, option in enumerate(options) if option & kind]
            if not all(options) or not frames:
                continue
            found[-1] |= kind
            for place, option in enumerate(options):
                alone = frames == [place]
                found[place] |= option & kind if alone else option
        return found


Relation = Table | Broadcast


def told(relation: Relation) -> str:
    """Return the arguments that a relation allows in words, the first few of them."""
    if isinstance(relation, Broadcast):
        return "arguments of one shape"
    choices = list(dict.fromkeys(row[:-1] for row in relation.rows))
    if all(len(choice) == 1 for choice in choices):
        return describe(sum(choice[0] for choice in choices))
    words = [" and ".join(describe(kind) for kind in choice) for choice in choices[:_MOST_CHOICES]]
    return ", or ".join(words) + (" ..." if len(choices) > _MOST_CHOICES else "")


def mapping(function: Callable[[int], int | None], over: int = ANY) -> Table:
    """Return the relation of a function of one argument, by the kind that it makes of each kind."""
    pairs = ((kind, function(kind)) for kind in KINDS if kind & over)
    return Table(tuple((kind, result) for kind, result in pairs if result is not None))


def _product() -> Table:
    scaled = [(SCALAR, kind, kind) for kind in KINDS] + [(kind, SCALAR, kind) for kind in KINDS if kind != SCALAR]
    contracted = [
        (MATRIX, MATRIX, MATRIX), (MATRIX, COLUMN, COLUMN), (ROW, MATRIX, ROW), (ROW, COLUMN, SCALAR), (COLUMN, ROW, MATRIX),
    ]  # fmt: skip
    rows = (*scaled, *contracted)
    return Table(rows, tuple(row for row in rows if row != (ROW, SCALAR, ROW)))


def _quotient() -> Table:
    strict = tuple((kind, SCALAR, kind) for kind in KINDS)
    lenient = [(SCALAR, kind, kind) for kind in KINDS if kind != SCALAR]
    lenient += [(kind, kind, kind) for kind in KINDS if kind not in (SCALAR, MATRIX)]
    return Table((*strict, *lenient), strict)


def _power() -> Table:
    strict = ((SCALAR, SCALAR, SCALAR), (MATRIX, SCALAR, MATRIX))
    lenient = tuple((kind, SCALAR, kind) for kind in KINDS if kind not in (SCALAR, MATRIX))
    return Table((*strict, *lenient), strict)


_TURNED = {COLUMN: ROW, ROW: COLUMN, MATRIX: MATRIX}
PRODUCT = _product()
QUOTIENT = _quotient()
POWER = _power()
SAME = Broadcast((False,))
TRANSPOSE = Table(((SCALAR, SCALAR), *_TURNED.items()), tuple(_TURNED.items()))
