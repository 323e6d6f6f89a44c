"""User macros: definitions are collected, uses are expanded, both bounded."""

from __future__ import annotations

import re
from dataclasses import dataclass

_DEFINITION = re.compile(r"\\(newcommand|renewcommand|providecommand|DeclareMathOperator|def|let|gdef)\b\*?")
_COMMAND = re.compile(r"\\([A-Za-z@]+)")
_LARGEST_TEXT = 200_000
_MOST_STEPS = 5_000


class MacroError(Exception):
    """A macro cannot be expanded: it is recursive, too large, or lacks an argument."""


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro with its number of arguments, an optional default of the first, and its body."""

    arguments: int
    body: str
    default: str | None = None


def collect(text: str, macros: dict[str, Macro]) -> str:
    """Take the definitions out of a text into ``macros``; return the text with blanks in their place."""
    pieces: list[str] = []
    place = 0
    while (match := _DEFINITION.search(text, place)) is not None:
        parsed = _parsed(text, match)
        if parsed is None:
            pieces.append(text[place : match.end()])
            place = match.end()
            continue
        name, macro, end = parsed
        macros[name] = macro
        pieces.append(text[place : match.start()])
        pieces.append(re.sub(r"[^\n]", " ", text[match.start() : end]))
        place = end
    pieces.append(text[place:])
    return "".join(pieces)


def _parsed(text: str, match: re.Match[str]) -> tuple[str, Macro, int] | None:
    kind = match.group(1)
    place = _skip(text, match.end())
    braced = place < len(text) and text[place] == "{"
    head = _COMMAND.match(text, _skip(text, place + 1) if braced else place)
    if head is None:
        return None
    place = _skip(text, head.end())
    if braced:
        if place >= len(text) or text[place] != "}":
            return None
        place = _skip(text, place + 1)
    if kind == "let":
        return _alias(text, head.group(1), place)
    if kind in ("def", "gdef"):
        marks = re.compile(r"(?:#\d)*").match(text, place)
        count = len(marks.group()) // 2 if marks else 0
        group = _group(text, _skip(text, marks.end() if marks else place))
        return None if group is None else (head.group(1), Macro(count, group[0]), group[1])
    return _command(text, kind, head.group(1), place)


def _command(text: str, kind: str, name: str, place: int) -> tuple[str, Macro, int] | None:
    count, default = 0, None
    options = re.compile(r"\[(\d)\]\s*(?:\[([^\]]*)\])?").match(text, place)
    if options:
        count, default = int(options.group(1)), options.group(2)
        place = _skip(text, options.end())
    group = _group(text, place)
    if group is None:
        return None
    body = f"\\operatorname{{{group[0]}}}" if kind == "DeclareMathOperator" else group[0]
    return name, Macro(count, body, default), group[1]


def _alias(text: str, name: str, place: int) -> tuple[str, Macro, int] | None:
    if place < len(text) and text[place] == "=":
        place = _skip(text, place + 1)
    target = _COMMAND.match(text, place)
    return None if target is None else (name, Macro(0, target.group()), target.end())


def _skip(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \t\n":
        place += 1
    return place


def _group(text: str, place: int) -> tuple[str, int] | None:
    """Return the content of a brace group and the place behind it."""
    if place >= len(text) or text[place] != "{":
        return None
    depth = 0
    for at in range(place, len(text)):
        if text[at] == "{" and text[at - 1] != "\\":
            depth += 1
        elif text[at] == "}" and text[at - 1] != "\\":
            depth -= 1
            if depth == 0:
                return text[place + 1 : at], at + 1
    return None


def expand(text: str, macros: dict[str, Macro]) -> str:
    """Return a formula with the user's macros expanded.

    Raises: MacroError: an expansion does not end, grows too large, or lacks an argument.
    """
    if not macros:
        return text
    names = sorted((re.escape(name) for name in macros), key=len, reverse=True)
    pattern = re.compile(r"\\(" + "|".join(names) + r")(?![A-Za-z@])")
    place = 0
    for _ in range(_MOST_STEPS):
        match = pattern.search(text, place)
        if match is None:
            return text
        replacement, end = _replacement(text, match, macros[match.group(1)])
        text = text[: match.start()] + replacement + text[end:]
        place = match.start()
        if len(text) > _LARGEST_TEXT:
            raise MacroError(f"the macro \\{match.group(1)} grows without end")
    raise MacroError("the macros of this formula do not end")


def _replacement(text: str, match: re.Match[str], macro: Macro) -> tuple[str, int]:
    place = match.end()
    values: list[str] = []
    if macro.default is not None:
        option = re.compile(r"\s*\[([^\]]*)\]").match(text, place)
        values.append(option.group(1) if option else macro.default)
        place = option.end() if option else place
    while len(values) < macro.arguments:
        place = _skip(text, place)
        group = _group(text, place)
        if group is not None:
            values.append(group[0])
            place = group[1]
        elif place < len(text):
            command = _COMMAND.match(text, place)
            values.append(command.group() if command else text[place])
            place = command.end() if command else place + 1
        else:
            raise MacroError(f"the macro {match.group()} lacks an argument")
    body = re.sub(r"#(\d)", lambda mark: values[int(mark.group(1)) - 1] if int(mark.group(1)) <= len(values) else "", macro.body)
    if macro.arguments == 0 and body[-1:].isalpha() and _COMMAND.search(body) and text[place : place + 1].isalpha():
        body += " "
    return body, place
