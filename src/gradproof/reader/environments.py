"""Environments: matrices, cases and aligned rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradproof.reader import factors
from gradproof.reader.presentation import Adjacent, Cases, Grid, Hole, Listing, Place, Tree, Words
from gradproof.reader.vocabulary import ALIGNED, CASES, MATRICES, WITH_COLUMNS

if TYPE_CHECKING:
    from gradproof.reader.parser import Parser

Row = list[Tree | None]


def environment(parser: Parser) -> Tree | None:
    """Read an environment at its ``\\begin``; an unknown one is a hole up to its end."""
    begin = parser.next
    end = parser.end_of[parser.place]
    name = begin.text
    if name in ALIGNED:
        _drop_columns(parser, name)
        tree = factors.enclosed(parser)
        return tree if tree is not None else parser.hole(begin.start, "an empty environment")
    if name not in MATRICES and name not in CASES:
        parser.place = end + 1
        return parser.hole(begin.start, f"unknown environment {name}")
    _drop_columns(parser, name)
    rows = _cells(parser, end)
    if not rows:
        return parser.hole(begin.start, f"an empty {name}")
    place = parser.span(begin.start)
    if name in CASES:
        return Cases(tuple(_case(row) for row in rows), place)
    return Grid(tuple(tuple(_shown(cell, place) for cell in row) for row in rows), MATRICES[name], place)


def _drop_columns(parser: Parser, name: str) -> None:
    """``\\begin{array}{cc}``: the column types are not shown."""
    columns = parser.place + 1
    if name in WITH_COLUMNS and parser.tokens[columns].kind == "group" and columns in parser.end_of:
        behind = parser.end_of[columns]
        parser.end_of[behind] = parser.end_of[parser.place]
        parser.place = behind


def _cells(parser: Parser, end: int) -> list[Row]:
    """Read the cells between '&' and ``\\\\``; None stands for an empty one."""
    rows: list[Row] = [[None]]
    before = parser.in_cell, parser.is_linked
    parser.in_cell, parser.is_linked = True, False
    parser.take()
    while parser.place < end:
        token = parser.next
        if token.kind == "newline":
            parser.take()
            rows.append([None])
        elif token.kind == "align":
            parser.take()
            rows[-1].append(None)
        else:
            start = parser.place
            cell = parser.listing()
            if cell is None and parser.place == start:
                cell = parser.stray()
            if cell is not None:
                last = rows[-1][-1]
                rows[-1][-1] = cell if last is None else Adjacent((last, cell), Place(last.place.start, cell.place.end))
    parser.place = end + 1
    parser.in_cell, parser.is_linked = before
    return [row for row in rows if any(cell is not None for cell in row)]


def _shown(cell: Tree | None, place: Place) -> Tree:
    return cell if cell is not None else Hole("", "an empty cell", Place(place.start, place.start))


def _case(row: Row) -> tuple[Tree, Tree | None]:
    """Return the value and the condition of a row; without '&' the words part them."""
    cells = [cell for cell in row if cell is not None]
    if len(cells) > 1:
        value, words = _parted(cells[0])
        return value, _together([*words, *cells[1:]])
    if isinstance(cells[0], Listing | Adjacent) and any(isinstance(item, Words) or _is_worded(item) for item in cells[0].items):
        value, *tests = cells[0].items
        return value, _together(tests)
    if isinstance(cells[0], Listing) and len(cells[0].items) == 2:
        return cells[0].items
    return cells[0], None


def _is_worded(tree: Tree) -> bool:
    return isinstance(tree, Adjacent) and any(isinstance(item, Words) for item in tree.items)


def _parted(tree: Tree) -> tuple[Tree, list[Tree]]:
    """Move the words at the end of a value to its condition: ``x, \\text{ if } & x > 0``."""
    if isinstance(tree, Adjacent | Listing) and isinstance(tree.items[-1], Words) and len(tree.items) == 2:
        return tree.items[0], [tree.items[1]]
    return tree, []


def _together(parts: list[Tree]) -> Tree:
    if len(parts) == 1:
        return parts[0]
    return Adjacent(tuple(parts), Place(parts[0].place.start, parts[-1].place.end))
