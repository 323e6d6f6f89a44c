"""Directives in comments: what to ignore, what to assume."""

from __future__ import annotations

import re

from gradproof.errors import Span
from gradproof.reader.document import Assumption, Block, Problem, Suppression
from gradproof.reader.positions import Positions

_DIRECTIVE = re.compile(r"(?:<!--\s*gradproof:(?P<html>.*?)-->|(?m:^|(?<=\s))%+\s*gradproof:(?P<tex>[^\n]*))", re.DOTALL)
_IGNORE = re.compile(r"\s*ignore\s*\[([^\]]*)\]\s*(.*)", re.DOTALL)
_ASSUME = re.compile(r"\s*assume\s+(\S.*)", re.DOTALL)
_CODE = re.compile(r"[A-Z]\d{0,3}")


def directives(
    text: str, positions: Positions, blocks: tuple[Block, ...]
) -> tuple[tuple[Suppression, ...], tuple[Assumption, ...], tuple[Problem, ...]]:
    """Return the suppressions, assumptions and malformed directives of a text."""
    suppressions: list[Suppression] = []
    assumptions: list[Assumption] = []
    problems: list[Problem] = []
    for match in _DIRECTIVE.finditer(text):
        span = positions.span(match.start(), match.end())
        content = match.group("html") if match.group("html") is not None else match.group("tex")
        ignore, assume = _IGNORE.match(content), _ASSUME.match(content)
        if ignore:
            codes = tuple(code.strip() for code in ignore.group(1).split(",") if code.strip())
            wrong = [code for code in codes if not _CODE.fullmatch(code)]
            if wrong or not codes:
                problems.append(_malformed(span, f"'{', '.join(wrong) or 'nothing'}' is no code"))
                continue
            first, last = _lines(span, blocks)
            suppressions.append(Suppression(codes, ignore.group(2).strip(), span, first, last))
        elif assume:
            assumptions.append(Assumption(assume.group(1).strip(), span))
        else:
            problems.append(_malformed(span, f"'{content.strip()[:40]}' is not understood"))
    return tuple(suppressions), tuple(assumptions), tuple(problems)


def _malformed(span: Span, what: str) -> Problem:
    return Problem(f"a gradproof comment: {what}. Write 'ignore[R101] reason' or 'assume W: k,d'.", span)


def _lines(span: Span, blocks: tuple[Block, ...]) -> tuple[int, int]:
    """Return the lines that a suppression concerns: the block around it, else the block behind it."""
    for block in blocks:
        if block.span.line <= span.line <= block.span.end_line:
            return block.span.line, block.span.end_line
    for block in blocks:
        if block.span.line > span.line:
            return block.span.line, block.span.end_line
    return span.line, span.end_line
