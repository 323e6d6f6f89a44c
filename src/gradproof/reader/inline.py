"""Mathematics inside a stretch of Markdown: where each formula begins and ends, to the character."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gradproof.reader.webpage import BREAK

_CODE = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_ENVIRONMENT = re.compile(
    r"\\begin\{((?:equation|align|alignat|gather|eqnarray|multline|flalign|displaymath|math)\*?)\}", re.DOTALL
)
_OPENERS = re.compile(r"\\\\|\\\$|\$\$|\$|\\\(|\\\[|\\begin\{|`|<!--")
_BLANK_LINE = re.compile(r"\n[ \t>]*\n|\u2029")
_MONEY = re.compile(r"\d[\d.,]*\s")


@dataclass(frozen=True, slots=True)
class Found:
    """A formula in a text: offsets with delimiters (``start``, ``end``) and without (``inner_start``, ``inner_end``)."""

    start: int
    end: int
    inner_start: int
    inner_end: int
    display: bool
    problem: str = ""


def find_math(text: str, start: int = 0, end: int | None = None) -> list[Found]:
    """Return the formulas of a stretch of text in order; one that is not closed reaches to the blank line, with its problem."""
    stop = len(text) if end is None else end
    found: list[Found] = []
    place = start
    while (match := _OPENERS.search(text, place, stop)) is not None:
        place = _step(text, match, stop, found)
    return found


def _step(text: str, match: re.Match[str], stop: int, found: list[Found]) -> int:
    sign, at = match.group(), match.start()
    if sign in ("\\\\", "\\$"):
        return match.end()
    if sign in ("`", "<!--"):
        skip = (_CODE if sign == "`" else _COMMENT).match(text, at, stop)
        return skip.end() if skip else match.end()
    if sign == "\\begin{":
        return _environment(text, at, stop, found, match.end())
    if sign == "$":
        return _dollar(text, at, stop, found)
    closing = {"$$": "$$", "\\(": "\\)", "\\[": "\\]"}[sign]
    close = _closing(text, match.end(), stop, closing)
    if close is None:
        limit = _BLANK_LINE.search(text, match.end(), stop)
        close = limit.start() if limit else stop
        close = match.end() + len(text[match.end() : close].rstrip())
        problem = f"'{sign}' is not closed. Close the formula before the next blank line."
        found.append(Found(at, close, match.end(), close, True, problem))
        return max(close, match.end())
    found.append(Found(at, close + 2, match.end(), close, sign != "\\("))
    return close + 2


def _closing(text: str, place: int, stop: int, sign: str) -> int | None:
    """Find a closing delimiter: a display may not reach over a blank line."""
    blank = _BLANK_LINE.search(text, place, stop)
    limit = blank.start() if blank and text[place : blank.start()].strip() else stop
    if blank and not text[place : blank.start()].strip():
        second = _BLANK_LINE.search(text, blank.end(), stop)
        limit = second.start() if second else stop
    while (close := text.find(sign, place, limit)) != -1:
        slashes = len(text[:close]) - len(text[max(0, close - 20) : close].rstrip("\\")) - max(0, close - 20)
        if sign != "$$" or slashes % 2 == 0:
            return close
        place = close + 1
    return None


def _environment(text: str, at: int, stop: int, found: list[Found], behind: int) -> int:
    match = _ENVIRONMENT.match(text, at, stop)
    if match is None:
        return behind
    ending = f"\\end{{{match.group(1)}}}"
    close = text.find(ending, match.end(), stop)
    if close == -1:
        return behind
    found.append(Found(at, close + len(ending), at, close + len(ending), True))
    return close + len(ending)


def _dollar(text: str, at: int, stop: int, found: list[Found]) -> int:
    """``$x$`` is a formula, ``$5 and $6`` is money: a formula has no space at its inner edges, or no digit behind it."""
    if at + 1 >= stop or text[at + 1] in " \t\n":
        return at + 1
    ends = (place for place in (text.find("\n\n", at, stop), text.find(BREAK, at, stop)) if place != -1)
    limit = min(ends, default=stop)
    place = at + 1
    while (close := text.find("$", place, limit)) != -1:
        if text[close - 1] == "\\" and text[close - 2] != "\\":
            place = close + 1
            continue
        break
    if close == -1 or (text[close - 1] in " \t\n" and _MONEY.match(text, at + 1)):
        return at + 1
    if _MONEY.match(text, at + 1) and close + 1 < stop and text[close + 1].isdigit():
        return at + 1
    found.append(Found(at, close + 1, at + 1, close, False))
    return close + 1
