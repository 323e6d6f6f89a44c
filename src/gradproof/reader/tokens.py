"""The tokens of a formula, each with its place in the source."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gradproof.reader.vocabulary import ELLIPSES, IGNORED

_PATTERN = re.compile(
    r"""
    (?P<space>\s+|%[^\n]*\n?)
  | (?P<environment>\\(?:begin|end)\s*\{[^{}]*\})
  | (?P<newline>\\\\\s*(?:\[[^\]\n]*\])?)
  | (?P<command>\\(?:operatorname|tag|hspace|notag)\*|\\[A-Za-z]+|\\.)
  | (?P<number>\d+(?:\{,\}\d{3})*(?:\.\d+)?(?:[eE][+-]?\d+)?(?![A-Za-z]*[eE][+-]?\d)|\.\d+)
  | (?P<ellipsis>\.\.\.|…)
  | (?P<sign>:=|<=|>=|!=|==|\.\*)
  | (?P<letter>[^\W\d_])
  | (?P<char>.)
    """,
    re.VERBOSE | re.DOTALL,
)

_SPACES = frozenset({"\\quad", "\\qquad"})


@dataclass(frozen=True, slots=True)
class Token:
    """``kind`` is one of: environment, newline, command, number, ellipsis, sign, letter, char, gap, end."""

    kind: str
    text: str
    start: int
    end: int


def tokenize(source: str) -> list[Token]:
    """Split a formula into tokens; spacing is dropped, wide gaps are kept as 'gap'."""
    tokens: list[Token] = []
    for match in _PATTERN.finditer(source):
        kind = match.lastgroup or "char"
        text = match.group()
        if kind == "space" or text in IGNORED:
            continue
        if text in _SPACES:
            kind = "gap"
        elif text in ELLIPSES:
            kind = "ellipsis"
        tokens.append(Token(kind, text, match.start(), match.end()))
    tokens.append(Token("end", "", len(source), len(source)))
    return tokens
