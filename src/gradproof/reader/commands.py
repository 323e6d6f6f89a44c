"""Control words: letters, functions, fractions, roots, accents, notes; an unknown one is a hole with its arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradproof.reader import bigs, factors
from gradproof.reader.presentation import Adjacent, Annotated, Fenced, Fraction, Hole, Name, Place, Root, Tree
from gradproof.reader.scripts import argument
from gradproof.reader.vocabulary import (
    ACCENTS,
    BIG,
    BIG_WITH_LIMITS,
    BINOMIALS,
    BRACES,
    FONTS,
    FRACTIONS,
    FRAMES,
    GREEK,
    IGNORED_WITH_ARGUMENT,
    NAMED_FUNCTIONS,
    SWITCHES,
    SYMBOLS,
    TEXTS,
    TRANSPARENT,
)

if TYPE_CHECKING:
    from gradproof.reader.parser import Parser

_SIGNS = {"\\%": "%", "\\$": "$", "\\#": "#", "\\&": "&", "\\_": "_"}


def command(parser: Parser) -> Tree | None:
    """Read a control word with its arguments; None for one that shows nothing."""
    token = parser.take()
    text, start = token.text, token.start
    place = Place(start, token.end)
    if text[1:] in GREEK:
        return Name(text[1:], place)
    if text in SYMBOLS:
        return Name(SYMBOLS[text], place)
    if text[1:] in BIG_WITH_LIMITS and parser.next.kind == "script" and parser.next.text == "_":
        return bigs.big(parser, text[1:], start)
    if text[1:] in NAMED_FUNCTIONS:
        return Name(text[1:], place, "roman")
    if text in FONTS:
        return factors.styled(parser, FONTS[text], start)
    if text in ACCENTS:
        return factors.accented(parser, ACCENTS[text], start)
    if text in SWITCHES:
        rest = parser.listing()
        return None if rest is None else factors.with_font(rest, SWITCHES[text])
    if text in _SIGNS:
        return Name(_SIGNS[text], place, "roman")
    return _structure(parser, text, start)


def _structure(parser: Parser, text: str, start: int) -> Tree | None:
    if text in FRACTIONS or text in BINOMIALS:
        above = needed(parser, "a fraction without a numerator")
        below = needed(parser, "a fraction without a denominator")
        return Fraction(above, below, parser.span(start), text in FRACTIONS)
    if text == "\\sqrt":
        return root(parser, start)
    if text in BRACES:
        return _braced(parser, text, start)
    if text in ("\\overset", "\\underset", "\\stackrel"):
        return _stacked(parser, text, start)
    if text in FRAMES:
        return Annotated(needed(parser, "nothing stands in the frame"), None, parser.span(start))
    if text == "\\textcolor":
        argument(parser)
        return Annotated(needed(parser, "nothing stands in colour"), None, parser.span(start))
    if text in TRANSPARENT or text in TEXTS:
        return argument(parser)
    if text in ("\\pmod", "\\pod"):
        return _modulo(parser, text, start)
    if text in IGNORED_WITH_ARGUMENT:
        return None
    return _unknown(parser, text, start)


def needed(parser: Parser, reason: str) -> Tree:
    """Read an argument; an empty one is a hole."""
    offset = parser.next.start
    tree = argument(parser)
    return tree if tree is not None else parser.hole(offset, reason)


def _unknown(parser: Parser, text: str, start: int) -> Hole:
    """Read past an unknown control word and its arguments in braces."""
    while parser.next.kind == "group" and parser.place in parser.end_of:
        parser.place = parser.end_of[parser.place] + 1
    return parser.hole(start, f"unknown macro {text}")


def root(parser: Parser, start: int) -> Root:
    """Read ``\\sqrt[3]{x}`` behind its control word."""
    degree: Tree | None = None
    if parser.next.kind == "open" and parser.next.text == "[":
        degree = factors.enclosed(parser)
    return Root(needed(parser, "a root of nothing"), degree, parser.span(start))


def _braced(parser: Parser, text: str, start: int) -> Annotated:
    body = needed(parser, "nothing stands at the brace")
    note: Tree | None = None
    if parser.next.kind == "script" and parser.next.text == ("_" if text.startswith("\\under") else "^"):
        parser.take()
        note = argument(parser)
    return Annotated(body, note, parser.span(start))


def _stacked(parser: Parser, text: str, start: int) -> Tree:
    """Read a note above or below a thing; below a large operator it is the operator's limit."""
    note = argument(parser)
    if text == "\\underset":
        inner = parser.place + (parser.next.kind == "group")
        word = parser.tokens[inner].text
        operator = BIG.get(word) or (word[1:] if word[1:] in BIG_WITH_LIMITS else None)
        alone = inner == parser.place or parser.end_of.get(parser.place) == inner + 1
        if operator is not None and alone and parser.tokens[inner].kind in ("command", "char"):
            parser.place = inner + (1 if inner == parser.place else 2)
            return bigs.big(parser, operator, start, note)
    return Annotated(needed(parser, "nothing stands at the note"), note, parser.span(start))


def _modulo(parser: Parser, text: str, start: int) -> Tree:
    """``a \\equiv b \\pmod n`` shows '(mod n)' behind b."""
    number = needed(parser, "a modulus is missing")
    place = parser.span(start)
    if text == "\\pod":
        return Fenced("(", ")", number, place)
    return Fenced("(", ")", Adjacent((Name("mod", Place(start, start + len(text)), "roman"), number), place), place)


__all__ = ["argument", "command", "needed", "root"]
