"""Lists: items between commas, semicolons, colons, separating bars and wide gaps; punctuation at the end of a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradproof.reader.pairing import ENDS
from gradproof.reader.presentation import Hole, Listing, Name, Place, Tree

if TYPE_CHECKING:
    from gradproof.reader.parser import Parser


def listing(parser: Parser) -> Tree | None:
    """Read items between commas, semicolons, colons, separating bars and wide gaps."""
    items: list[Tree] = []
    marks: list[str] = []
    start = parser.next.start
    while True:
        item = _dotted(parser) or parser.item()
        mark = _separator(parser)
        if item is None and mark not in (None, "gap"):
            item = parser.missing(f"nothing stands before '{mark}'")
        if item is None and mark is None and len(marks) == len(items) > 0 and marks[-1] not in ",;":
            item = parser.missing(f"nothing stands behind '{marks[-1]}'")
        if item is not None:
            items.append(item)
        if mark is None:
            break
        if len(marks) < len(items):
            marks.append("," if mark == "gap" else mark)
    if len(items) < 2:
        return items[0] if items else _punctuation(parser, start)
    return Listing(tuple(items), tuple(marks[: len(items) - 1]), Place(items[0].place.start, items[-1].place.end))


def _punctuation(parser: Parser, start: int) -> Hole | None:
    is_read = parser.place and parser.tokens[parser.place - 1].start >= start
    return parser.hole(start, "punctuation with nothing beside it") if is_read else None


def _separator(parser: Parser) -> str | None:
    """Read a separator; a comma, semicolon, colon or dot at the end of a row is read and is none."""
    token = parser.next
    is_dot = token.kind == "char" and token.text in ".?"
    if token.kind not in ("separator", "gap") and not is_dot:
        return None
    parser.take()
    parser.place = parser.ahead()
    behind = parser.next.kind
    if behind in ENDS or behind in ("newline", "align"):
        is_plain = token.kind == "gap" or token.text in ",;"
        if is_plain or (token.text in ".:?" and behind not in ("ungroup", "close")):
            return None
    return "gap" if token.kind == "gap" else token.text


def _dotted(parser: Parser) -> Name | None:
    """Read a sign that stands for itself between separators: ``f(.)``, ``X_{:, j}``."""
    token = parser.next
    behind = parser.tokens[min(parser.place + 1, len(parser.tokens) - 1)].kind
    if (
        token.kind not in ("separator", "char")
        or token.text not in (":", ".")
        or behind not in ("close", "ungroup", "right", "separator")
    ):
        return None
    parser.take()
    return Name(token.text, Place(token.start, token.end), "roman")
