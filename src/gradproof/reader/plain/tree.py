"""Syntax trees of plain-text formulas: what was typed, before names have a meaning. Every node has its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from gradproof.reader.presentation import Place


@dataclass(frozen=True, slots=True, eq=False)
class Numeral:
    """A number as it was typed: ``3``, ``0.25``, ``1e-3``."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """A name; Greek letters by their words (``lambda``)."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """A quoted word, as an option takes it: ``reduction='sum'``."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Prefix:
    """``-x``, ``+x``, ``not c``."""

    operator: str
    operand: Tree
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Postfix:
    """``x'`` (the operator of every spelling of a transpose) and ``n!``."""

    operator: str
    operand: Tree
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Infix:
    """``+ - * / ^ .* ./ .^ and or``; things side by side are ``*``. ``sign`` is where the operator stands."""

    operator: str
    left: Tree
    right: Tree
    sign: Place
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """``left relation right`` with one of ``= != < <= > >=``; a chain of them is joined by 'and'."""

    relation: str
    left: Tree
    right: Tree
    sign: Place
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Keyword:
    """A named argument: ``stride=2``."""

    name: str
    value: Tree
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A function at its arguments; ``head`` is the place of its name."""

    function: str
    arguments: tuple[Tree, ...]
    keywords: tuple[Keyword, ...]
    head: Place
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Subscripted:
    """``x[i, j+1]``."""

    base: Tree
    subscripts: tuple[Tree, ...]
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """``:`` among subscripts: the whole axis."""

    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """``2:4`` among subscripts: the entries from one to another, both taken; an end that is left out is that of the axis."""

    lower: Tree | None
    upper: Tree | None
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Bracket:
    """``[1, 2, 3]`` (one row), ``[1, 2; 3, 4]``: entries, or deeper brackets; with one comparison in it an indicator."""

    rows: tuple[tuple[Tree, ...], ...]
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """``(2, 3)``: several values of an option."""

    items: tuple[Tree, ...]
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Range:
    """An index that is bound, with its limits where they were typed: ``k``, ``k=1..n``."""

    name: str
    lower: Tree | None
    upper: Tree | None
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Big:
    """``sum_k``, ``prod_{i,j}``, ``max(k=1..n | k != i, body)``: a reduction of ``body`` over ``ranges``."""

    operation: str
    ranges: tuple[Range, ...]
    condition: Tree | None
    body: Tree
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """``i=1..n, j=1..m -> body``: the tensor with these entries, as the argument of a function."""

    ranges: tuple[Range, ...]
    body: Tree
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """``cases(x if x > 0; 0 otherwise)``."""

    values: tuple[Tree, ...]
    conditions: tuple[Tree, ...]
    otherwise: Tree
    place: Place


Tree = (
    Numeral | Name | Word | Prefix | Postfix | Infix | Comparison | Keyword | Call | Subscripted | Whole | Slice | Bracket | Listing | Range
    | Big | Tensor | Cases
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """``name = body``, ``name[i, j] = body``, or a body alone (the name is empty). ``head`` is the place of the name."""

    name: str
    letters: tuple[Name, ...]
    body: Tree
    head: Place


def parts(node: Tree) -> list[Tree]:
    """Return the direct parts of a node, from left to right."""
    found: list[Tree] = []
    kind: Any = type(node)
    for name in _fields_with_parts(kind):
        _collect(getattr(node, name), found)
    return found


@cache
def _fields_with_parts(kind: Any) -> tuple[str, ...]:
    """Return the names of the fields of a kind that may hold nodes: not those of texts and places alone."""
    return tuple(entry.name for entry in fields(kind) if entry.type not in ("str", "Place"))


def _collect(value: object, found: list[Tree]) -> None:
    if isinstance(value, tuple):
        for item in value:
            _collect(item, found)
    elif isinstance(value, Tree):
        found.append(value)


def preorder(root: Tree) -> Iterator[Tree]:
    """Yield every node, parents first, from left to right, without recursion."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(parts(node)))
