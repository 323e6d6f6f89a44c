"""Environments: matrices, cases and aligned rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradproof.reader.presentation import Adjacent, Cases, Grid, Hole, Listing, Place, Tree, Words
from gradproof.reader.vocabulary import ALIGNED, CASES, MATRICES

if TYPE_CHECKING:
    from gradproof.reader.parser import Parser

_NAME = re.compile(r"\\(?:begin|end)\s*\{\s*([^{}*]*)\*?\s*\}")


def environment(parser: Parser) -> Tree:
    """Read an environment at its ``\\begin``; an unknown one is a hole up to its end."""
    token = parser.take()
    match = _NAME.match(token.text)
    name = match.group(1).strip() if match else ""
    end = token.text.replace("begin", "end", 1)
    if name in MATRICES:
        if name == "array" and parser.next.text == "{":
            parser.group()
        return _matrix(parser, token.start, end, MATRICES[name])
    if name in CASES:
        return _cases(parser, token.start, end)
    if name in ALIGNED:
        if name.startswith("aligna") and name != "aligned" and parser.next.text == "{":
            parser.group()
        body = parser.rows(frozenset({end}))
        return body if _close(parser, end) else parser.hole(token.start, f"the environment {name} is not closed")
    while parser.next.kind != "end" and parser.next.text != end:
        parser.take()
    _close(parser, end)
    return parser.hole(token.start, f"unknown environment {name}")


def _close(parser: Parser, end: str) -> bool:
    if parser.next.text == end:
        parser.take()
        return True
    return False


def _cells(parser: Parser, end: str) -> list[list[Tree]]:
    rows: list[list[Tree]] = [[]]
    empty = True
    bars, parser.bars = parser.bars, []
    while parser.next.kind != "end" and parser.next.text != end:
        token = parser.next
        if token.kind == "newline":
            parser.take()
            if not empty:
                rows.append([])
            empty = True
            continue
        if token.text == "&":
            parser.take()
            if parser.next.text in ("&", end) or parser.next.kind == "newline":
                rows[-1].append(Hole("", "an empty cell", Place(token.end, token.end)))
            empty = False
            continue
        before = parser.place
        cell = _cell(parser, end)
        if parser.place == before:
            stray = parser.take()
            cell = parser.hole(stray.start, f"'{stray.text}' stands where nothing can be read")
        if cell is not None:
            rows[-1].append(cell)
            empty = False
    parser.bars = bars
    return [row for row in rows if row]


def _cell(parser: Parser, end: str) -> Tree | None:
    """Read one cell; '&' ends it, so it is hidden from the rows that skip it."""
    stop = _cell_end(parser, end)
    token = parser.tokens[stop]
    parser.tokens[stop] = type(token)("end", "", token.start, token.start)
    cell = parser.listing(frozenset())
    while parser.tokens[stop].kind != "end" or parser.tokens[stop].start != token.start:
        stop += 1  # a split numeral moves what follows it
    parser.tokens[stop] = token
    return cell


def _cell_end(parser: Parser, end: str) -> int:
    depth = 0
    place = parser.place
    while place < len(parser.tokens) - 1:
        token = parser.tokens[place]
        if depth == 0 and (token.text in ("&", end) or token.kind == "newline"):
            return place
        if token.text == "{" or (token.kind == "environment" and token.text.startswith("\\begin")):
            depth += 1
        elif token.text == "}" or (token.kind == "environment" and token.text.startswith("\\end")):
            depth -= 1
        place += 1
    return place


def _matrix(parser: Parser, start: int, end: str, fence: str) -> Tree:
    rows = _cells(parser, end)
    if not _close(parser, end):
        return parser.hole(start, "a matrix that is not closed")
    if not rows:
        return parser.hole(start, "an empty matrix")
    return Grid(tuple(tuple(row) for row in rows), fence, parser.span(start))


def _cases(parser: Parser, start: int, end: str) -> Tree:
    rows = _cells(parser, end)
    if not _close(parser, end):
        return parser.hole(start, "cases that are not closed")
    found: list[tuple[Tree, Tree | None]] = []
    for row in rows:
        if len(row) == 1 and isinstance(row[0], Listing | Adjacent) and len(row[0].items) >= 2:
            value, *tests = row[0].items
            found.append((value, _joined(tests)))
        elif len(row) == 1:
            found.append((row[0], None))
        else:
            found.append((_bare(row[0]), _joined(row[1:])))
    return Cases(tuple(found), parser.span(start)) if found else parser.hole(start, "empty cases")


def _bare(tree: Tree) -> Tree:
    """Drop the words at the end of a value: ``x, \\text{ if }``."""
    if isinstance(tree, Adjacent | Listing) and isinstance(tree.items[-1], Words) and len(tree.items) == 2:
        return tree.items[0]
    return tree


def _joined(parts: list[Tree]) -> Tree:
    return parts[0] if len(parts) == 1 else Adjacent(tuple(parts), parts[0].place)
