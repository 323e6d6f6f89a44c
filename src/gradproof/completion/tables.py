"""Empty cells of tables: what a cell asks follows from the head of its column and from the first cells of its row.

``| $t$ | $h'(t)$ |`` asks for values, ``| $f(x)$ | $f'(x)$ |`` and ``| function | derivative |`` for derivatives of what the row begins
with. A cell gets its answer alone; what is verified is the whole equation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradproof.completion.places import BLANK_MARK, Place, formulas_of, inner_of
from gradproof.completion.prompts import at_values, kind_in, written_as
from gradproof.reader.document import Document
from gradproof.reader.positions import Positions
from gradproof.reader.webpage import BREAK

_ROW = re.compile(rf"(?:^|(?<=\n)|(?<={BREAK}))[ \t\n]*\|(?P<cells>[^\n{BREAK}]*)")
_RULE = re.compile(r"[\s|:-]*-[\s|:-]*$")
_EMPTY = re.compile(rf"(?:{BLANK_MARK}|\$(?:{BLANK_MARK})\$|\\\((?:{BLANK_MARK})\\\)|)$")
_LETTER = re.compile(r"\\?[A-Za-z]+(?:_\w)?$")
_CALL = re.compile(r"(?P<name>\\?[A-Za-z]+)(?P<primes>'*)\((?P<argument>\\?[A-Za-z]+)\)$")
_QUOTIENT = re.compile(
    r"\\[dt]?frac\s*\{(?:d|\\partial)\s*(?P<above>[^{}]*)\}\s*\{(?:d|\\partial)\s*(?P<by>\\?[A-Za-z]+)\s*\}\s*(?P<behind>.*)$"
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?$")


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell: its offsets without blanks around, and what stands in it: a formula without its delimiters, or words."""

    start: int
    end: int
    text: str
    is_formula: bool


def table_places(document: Document, page: str) -> list[Place]:
    """Return the empty cells of a document's tables whose question is understood; ``page`` is its file where that is a web page."""
    if document.format == "latex":
        return []
    delimiters = ("\\(", "\\)") if document.format == "html" else ("$", "$")
    found: list[Place] = []
    for rows in _tables(document, page):
        head, *body = rows
        for row in body:
            for column in range(1, min(len(row), len(head))):
                cell = row[column]
                known = _asked(head, row, column) if _EMPTY.match(document.source[cell.start : cell.end]) else None
                if known is not None:
                    found.append(_place(document, cell, known, delimiters))
    return found


def _place(document: Document, cell: _Cell, known: str, delimiters: tuple[str, str]) -> Place:
    opening, closing = delimiters
    around = document.source[cell.start - 1 : cell.start], document.source[cell.end : cell.end + 1]
    left, right = (" " if sign == "|" and document.format != "html" else "" for sign in around)
    return Place(
        cell.start, cell.end, cell.start, cell.start, "=", f"{left}{opening}{known} = ", f"{closing}{right}", lead=len(left),
        bare=(f"{left}{opening}", f"{closing}{right}"), avoids_bars=document.format != "html",
    )  # fmt: skip


def _tables(document: Document, page: str = "") -> Iterator[list[list[_Cell]]]:
    """Yield the tables of a document, row by row without the rule below the head."""
    text = document.source
    formulas = [(start, end) for start, end, _, _ in formulas_of(document, Positions(text))]
    masked = list(text)
    for start, end in formulas:
        masked[start:end] = ["x" if sign != "\n" else sign for sign in text[start:end]]
    hidden = re.sub(r"```.*?(?:```|\Z)", lambda match: re.sub(r"[^\n]", " ", match.group()), "".join(masked), flags=re.DOTALL)
    rows: list[list[_Cell]] = []
    last = -1
    for match in _ROW.finditer(hidden):
        between = hidden[last : match.start("cells")]
        is_apart = between.count("\n") > 1 if document.format != "html" else "<table" in page[last : match.start("cells")].lower()
        if rows and (is_apart or between.strip(f" \t\n|{BREAK}")):
            yield from _whole(rows)
            rows = []
        last = match.end()
        if not _RULE.match(match["cells"]):
            rows.append(list(_cells(document, hidden, match, formulas)))
        elif len(rows) > 1:  # the rule stands below the head: what came before is another table
            rows = rows[-1:]
    yield from _whole(rows)


def _whole(rows: list[list[_Cell]]) -> Iterator[list[list[_Cell]]]:
    if len(rows) > 1:
        yield rows


def _cells(document: Document, hidden: str, match: re.Match[str], formulas: Sequence[tuple[int, int]]) -> Iterator[_Cell]:
    text, at = document.source, match.start("cells")
    gap = 0 if document.format == "html" else 1  # an empty cell is filled behind its first blank
    parts = re.split(r"(?<!\\)\|", match["cells"])
    for number, part in enumerate(parts):
        if number < len(parts) - 1 or part.strip():
            begin = at + len(part) - len(part.lstrip()) if part.strip() else at + (gap if part.startswith(" ") else 0)
            end = at + len(part.rstrip()) if part.strip() else begin
            inner = inner_of(text, begin, end) if (begin, end) in formulas else None
            shown = text[begin:end] if inner is None else text[inner[0] : inner[1]]
            yield _Cell(begin, end, shown.strip().strip("*_ "), inner is not None)
        at += len(part) + 1


def _asked(head: Sequence[_Cell], row: Sequence[_Cell], column: int) -> str | None:
    """Return what an empty cell asks as LaTeX, None where that is not understood."""
    wanted, first = head[column], row[0]
    given = [
        (name.text, cell.text)
        for name, cell in zip(head[:column], row[:column], strict=False)
        if _is_letter(name) and (cell.is_formula or _NUMBER.match(cell.text))
    ]
    if given and _is_letter(head[0]) and wanted.is_formula:
        return at_values(wanted.text, ", ".join(f"{name} = {value}" for name, value in given))
    if not first.is_formula or "=" in first.text:
        return None
    if not wanted.is_formula:
        kind = kind_in(wanted.text)
        return written_as(kind, first.text, "") if kind else first.text if "value" in wanted.text.lower() else None
    return _of_function(head[0], wanted.text, first.text)


def _is_letter(cell: _Cell) -> bool:
    return bool(_LETTER.match(cell.text)) and (cell.is_formula or len(cell.text) == 1)


def _of_function(function: _Cell, wanted: str, value: str) -> str | None:
    """``f'(x)`` or ``df/dx`` of what stands below ``f(x)``."""
    named, primed, quotient = _CALL.match(function.text), _CALL.match(wanted), _QUOTIENT.match(wanted)
    if named is None:
        return None
    argument = named["argument"]
    if primed is not None and (primed["name"], primed["argument"]) == (named["name"], argument) and primed["primes"]:
        order = len(primed["primes"])
        sign = f"\\frac{{d}}{{d{_apart(argument)}}}" if order == 1 else f"\\frac{{d^{order}}}{{d{_apart(argument)}^{order}}}"
        return f"{sign} \\left({value}\\right)"
    names = quotient is not None and (quotient["above"].strip() or quotient["behind"]).strip() in (named["name"], function.text)
    if quotient is not None and names and quotient["by"] == argument:
        return f"\\frac{{d}}{{d{_apart(argument)}}} \\left({value}\\right)"
    if re.fullmatch(rf"\\nabla(?:_\{{?{re.escape(argument)}\}}?)?\s*{re.escape(function.text)}", wanted):
        return f"\\nabla_{{{argument}}} \\left({value}\\right)"
    return None


def _apart(letter: str) -> str:
    return f" {letter}" if letter.startswith("\\") else letter
