"""Printed numbers: the tags of equations, the numbers of headings and parts, line numbers that a conversion left behind."""

from __future__ import annotations

import re

_TAG = re.compile(r"\\tag\*?\s*\{\s*\(?([^{}]*?)\)?\s*\}")
_TRAILING = re.compile(r"(?:\\qquad|\\quad|\\hfill|\\hspace\*?\{[^{}]*\}|\\;|\\ |~|\s{2,})+\s*\(\s*(\d+[a-z]?(?:\.\d+)*)\s*\)\s*$")
_BEHIND = re.compile(r"[ \t]*\((\d+[a-z]?(?:\.\d+)*)\)[ \t]*(?=\n|$)")
_DROPPED = re.compile(r"\\(?:tag\*?|label)\s*\{[^{}]*\}|\\nonumber\b|\\notag\b")
_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_LEAD = re.compile(r"(?<![\w$])(?P<name>\\?[A-Za-z][A-Za-z]*(?:_\{?\w+\}?)?(?:\([\w, ]*\))?)\s*(?P<sign>:=|=|≈|≤|≥|<|>)\s*$")
_SIGN = re.compile(r"^\s*(:=|=|≈|≤|≥|<|>)\s*$")
_LINE_NUMBER = re.compile(r"^\s*(\d{1,4})(?=\s|$)(?!\s*[.)=+/^<>]|\s+[*-]\s)")
_SHORTEST_RUN = 8


def tag_of(latex: str, behind: str = "") -> str | None:
    """Return the number printed for an equation, without its parentheses: inside it, or right behind it on the line."""
    match = _TAG.search(latex) or _TRAILING.search(latex)
    if match is None and behind:
        match = _BEHIND.match(behind)
    return match.group(1).strip() if match else None


def without_numbers(latex: str) -> str:
    """Return a formula without comments, tags, labels and a printed number at its end."""
    bare = _COMMENT.sub("", latex)
    return _TRAILING.sub("", _DROPPED.sub("", bare)).strip()


def lead_of(text: str) -> str:
    """Return the name and the relation that end a text (``output F =`` gives ``F =``), else an empty string."""
    match = _LEAD.search(text.replace("*", " ").rstrip()[-80:])
    return f"{match.group('name')} {match.group('sign')}" if match else ""


def bare_sign(text: str) -> str:
    """Return the relation that a text between two formulas consists of, else an empty string."""
    match = _SIGN.match(text)
    return match.group(1) if match else ""


def numbered_lines(lines: list[str]) -> frozenset[int]:
    """Return the lines (from 0) whose leading number is a line number: a long run of consecutive integers."""
    found = [(place, int(match.group(1))) for place, line in enumerate(lines) if (match := _LINE_NUMBER.match(line))]
    numbered: set[int] = set()
    run: list[tuple[int, int]] = []
    for place, number in [*found, (-1, -1)]:
        if run and number == run[-1][1] + 1:
            run.append((place, number))
            continue
        if run and number != -1 and number <= run[-1][1] + 1 and number <= 12 and len(run) >= 2:
            continue  # a heading's number inside a run of line numbers
        if len(run) >= _SHORTEST_RUN:
            numbered.update(at for at, _ in run)
        run = [(place, number)]
    return frozenset(numbered)


def without_line_number(line: str) -> str:
    """Return a line with blanks where its number stood, so that columns stay."""
    match = _LINE_NUMBER.match(line)
    return line if match is None else " " * match.end() + line[match.end() :]
