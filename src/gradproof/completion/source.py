"""The text of a document as its reader sees it, with the way back to the characters of its file."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

from gradproof.reader.webpage import escaped, readable


@dataclass(frozen=True, slots=True)
class Edit:
    """A stretch of the reader's text, from ``start`` to ``end``, and what is to stand in its place."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Source:
    """A document: ``raw`` as its file holds it, ``text`` as its reader sees it.

    ``places`` has the raw offset of each character of ``text`` and of its end; ``encode`` writes a text at an offset in the way of the file;
    ``escape`` puts an answer at an offset as a page holds it, before anything counts its characters.
    """

    raw: str
    text: str
    places: Sequence[int]
    encode: Callable[[str, int], str]
    escape: Callable[[str, int], str] = lambda text, _: text

    def edited(self, edits: Sequence[Edit]) -> str:
        """Return the file with some stretches replaced; all other characters stay as they are."""
        made: list[str] = []
        done = 0
        for edit in sorted(edits, key=lambda edit: edit.start):
            start = self.places[edit.start]
            made += [self.raw[done:start], self.encode(edit.text, start)]
            done = self._end(edit, start)
        return "".join([*made, self.raw[done:]])

    def _end(self, edit: Edit, start: int) -> int:
        """Return the raw offset behind a stretch: behind its last character, not before the next one."""
        return start if edit.end == edit.start else self.places[edit.end]


def edited_text(text: str, edits: Sequence[Edit]) -> str:
    """Return the reader's text with some stretches replaced."""
    made: list[str] = []
    done = 0
    for edit in sorted(edits, key=lambda edit: edit.start):
        made += [text[done : edit.start], edit.text]
        done = edit.end
    return "".join([*made, text[done:]])


def moved(offset: int, edits: Sequence[Edit]) -> int:
    """Return where an offset of the text stands once the edits before it are made."""
    return offset + sum(len(edit.text) - (edit.end - edit.start) for edit in edits if edit.end <= offset and edit.start < offset)


def plain_source(raw: str) -> Source:
    """Return the source of a text file: a byte order mark is skipped, and every line ending is read as a line feed."""
    mark = 1 if raw.startswith("\ufeff") else 0
    if "\r" not in raw:
        return Source(raw, raw[mark:], range(mark, len(raw) + 1), lambda text, _: text)
    letters: list[str] = []
    places: list[int] = []
    at = mark
    while at < len(raw):
        places.append(at)
        letters.append("\n" if raw[at] == "\r" else raw[at])
        at += 2 if raw.startswith("\r\n", at) else 1
    places.append(len(raw))
    newline = "\r\n" if "\r\n" in raw else "\r"
    return Source(raw, "".join(letters), places, lambda text, _: text.replace("\n", newline))


def page_source(raw: str) -> Source:
    """Return the source of a web page: its tags are marks of the same length."""
    plain = plain_source(raw)

    def escape(text: str, at: int) -> str:
        is_in_script = plain.text.rfind("<script", 0, at) > plain.text.rfind("</script", 0, at)
        return text if is_in_script else escaped(text)

    return replace(plain, text=readable(plain.text), escape=escape)


# Notebooks ------------------------------------------------------------------------------------------------------------


def notebook_source(raw: str) -> Source:
    """Return the source of a notebook: its Markdown cells with a blank line between them, as the reader joins them."""
    mark = 1 if raw.startswith("\ufeff") else 0
    letters: list[str] = []
    places: list[int] = []
    for count, cell in enumerate(_markdown_cells(raw[mark:])):
        if count:
            letters += ["\n", "\n"]
            places += [places[-1] if places else 0] * 2
        for start, end in cell:
            _decode(raw, start + mark, end + mark, letters, places)
        places.append(cell[-1][1] + mark if cell else 0)
        letters.append("")
    text = "".join(letters)
    return Source(raw, text, _without_ends(letters, places), lambda added, at: _encoded(added, at, raw))


def _without_ends(letters: Sequence[str], places: Sequence[int]) -> list[int]:
    """Keep a place for each character, and the end of the last cell."""
    found = [place for letter, place in zip(letters, places, strict=True) if letter]
    return [*found, places[-1] if places else 0]


def _markdown_cells(raw: str) -> list[list[tuple[int, int]]]:
    """Return for each Markdown cell the raw stretches of the strings of its source, without their quotation marks."""
    strings: dict[tuple[str | int, ...], tuple[int, int]] = {}
    _scan(raw, strings)
    count = 1 + max((path[1] for path in strings if len(path) > 1 and path[0] == "cells" and isinstance(path[1], int)), default=-1)
    cells = []
    for number in range(count):
        place = strings.get(("cells", number, "cell_type"))
        if place is None or raw[place[0] : place[1]] != "markdown":
            continue
        whole = strings.get(("cells", number, "source"))
        lines: list[tuple[int, int]] = [whole] if whole else []
        while (line := strings.get(("cells", number, "source", len(lines)))) is not None and not whole:
            lines.append(line)
        cells.append(lines)
    return cells


def _scan(raw: str, strings: dict[tuple[str | int, ...], tuple[int, int]]) -> None:
    """Enter the place of every string value of a JSON text by its path; the text is known to be well formed."""
    path: list[str | int] = []
    is_key: list[bool] = []  # one entry for each open object or list: whether a key comes next (never in a list)
    at = 0
    while at < len(raw):
        sign = raw[at]
        if sign == '"':
            value, end = scanstring(raw, at + 1, True)
            if is_key and is_key[-1]:
                path[-1], is_key[-1] = value, False
            else:
                strings[tuple(path)] = (at + 1, end - 1)
            at = end
            continue
        if sign in "{[":
            path.append("" if sign == "{" else 0)
            is_key.append(sign == "{")
        elif sign in "}]":
            path.pop()
            is_key.pop()
        elif sign == "," and path:
            last = path[-1]
            if isinstance(last, int):
                path[-1] = last + 1
            else:
                is_key[-1] = True
        at += 1


def _decode(raw: str, start: int, end: int, letters: list[str], places: list[int]) -> None:
    """Append the characters of a JSON string with their places; line endings are read as line feeds."""
    at = start
    while at < end:
        step = 1
        if raw[at] == "\\":
            step = 6 if raw[at + 1] == "u" else 2
            if step == 6 and raw.startswith("\\u", at + 6) and 0xD800 <= int(raw[at + 2 : at + 6], 16) < 0xDC00:
                step = 12
        letter: Any = json.loads(f'"{raw[at : at + step]}"', strict=False)
        if letter == "\r":
            letter = "\n"
            step += 2 if raw.startswith("\\n", at + step) else 0
        letters.append(letter)
        places.append(at)
        at += step


def _encoded(text: str, at: int, raw: str) -> str:
    """Return a text as part of a JSON string; where the source is a list of lines, a line break begins a new one."""
    begin = raw.rfind("\n", 0, at) + 1
    quote = raw.find('"', begin, at)
    indent = raw[begin:quote] if quote != -1 else ""
    is_list = quote != -1 and not indent.strip() and ":" not in raw[quote : quote + 12]
    lines = [json.dumps(line, ensure_ascii=raw.isascii())[1:-1] for line in text.split("\n")]
    return f'\\n",\n{indent}"'.join(lines) if is_list else "\\n".join(lines)
