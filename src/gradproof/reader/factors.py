"""The things that a formula is made of: numerals, letters, groups, fences, and fonts and accents over them."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

from gradproof.reader import bigs, commands, environments
from gradproof.reader.presentation import (
    Accented,
    Adjacent,
    Cases,
    Fenced,
    Grid,
    Hole,
    Infix,
    Listing,
    Name,
    Numeral,
    Place,
    Prefix,
    Scripted,
    Tree,
)
from gradproof.reader.tokens import Token
from gradproof.reader.vocabulary import BIG, GREEK, SWITCHES, SYMBOLS, UNICODE_NAMES

if TYPE_CHECKING:
    from gradproof.reader.parser import Parser


def primary(parser: Parser) -> Tree | None:
    """Read one thing without its scripts; None for what is not shown."""
    token = parser.next
    if token.text in BIG and token.kind in ("command", "char"):
        return bigs.big(parser, BIG[token.text], parser.take().start)
    match token.kind:
        case "group":
            return group(parser)
        case "open" | "left":
            return fence(parser)
        case "begin":
            return environments.environment(parser)
        case "command":
            return commands.command(parser)
    parser.take()
    place = Place(token.start, token.end)
    match token.kind:
        case "number":
            return Numeral(token.text.replace("{,}", "").replace("\\,", ""), place)
        case "letter":
            return _letter(token, place)
        case "name":
            return Name(token.text, place, token.note)
        case "ellipsis":
            return Hole(token.text, "ellipsis", place)
        case "evaluation":
            return Fenced(".", token.text, None, place)
        case "lone":
            return parser.hole(token.start, _lonely(token))
        case _:
            return _char(parser, token, place)


def _letter(token: Token, place: Place) -> Name:
    if token.text in UNICODE_NAMES:
        return Name(UNICODE_NAMES[token.text], place)
    plain = unicodedata.normalize("NFKC", token.text)
    if plain == token.text or len(plain) != 1:
        return Name(token.text, place)
    return Name(UNICODE_NAMES.get(plain, plain), place, _font_of(token.text))


def _font_of(letter: str) -> str:
    """Return the font of a mathematical letter of Unicode, by its name: ``𝐱`` is bold, ``ℝ`` is double-struck."""
    name = unicodedata.name(letter, "")
    fonts = {"DOUBLE-STRUCK": "blackboard", "SCRIPT": "calligraphic", "FRAKTUR": "fraktur", "BLACK-LETTER": "fraktur",
             "SANS-SERIF": "sans", "MONOSPACE": "typewriter", "BOLD": "bold"}  # fmt: skip
    return next((font for word, font in fonts.items() if word in name), "italic")


def _char(parser: Parser, token: Token, place: Place) -> Tree:
    if token.text in UNICODE_NAMES:
        return Name(UNICODE_NAMES[token.text], place)
    if token.text == "√":
        return commands.root(parser, token.start)
    return parser.hole(token.start, f"the sign {token.text!r} is not known")


def _lonely(token: Token) -> str:
    if token.kind == "lone" and token.text in ("|", "‖"):
        return "a bar without its partner"
    return f"'{token.text}' without its partner"


def is_letter(text: str) -> bool:
    """Tell whether a control word is a letter or a symbol like one."""
    return text[1:] in GREEK or text in SYMBOLS


def side_by_side(tree: Tree) -> tuple[Tree, ...]:
    """Return the things that stand side by side."""
    return tree.items if isinstance(tree, Adjacent) else (tree,)


# Groups and fences ----------------------------------------------------------------------------------------------------


def enclosed(parser: Parser, *, in_cell: bool = False) -> Tree | None:
    """Read what stands inside the pair whose first token comes next; the last one is read too."""
    opener = parser.place
    parser.take()
    before = parser.in_cell, parser.is_linked
    parser.in_cell, parser.is_linked = in_cell, False
    body = parser.rows()
    parser.in_cell, parser.is_linked = before
    parser.place = parser.end_of[opener] + 1
    return body


def group(parser: Parser) -> Tree | None:
    """Read ``{...}``, also with a font that holds to its end: ``{\\bf x}``."""
    start = parser.next.start
    switch = parser.tokens[parser.place + 1]
    if switch.text in SWITCHES:
        parser.tokens[parser.place + 1] = replace(switch, kind="gap")
    body = enclosed(parser)
    if body is None or switch.text not in SWITCHES:
        if body is None and parser.next.kind == "script":
            return Hole("{}", "an empty group", parser.span(start))
        return body
    return with_font(body, SWITCHES[switch.text])


def fence(parser: Parser) -> Tree:
    """Read what stands between delimiters."""
    token = parser.next
    closing = parser.tokens[parser.end_of[parser.place]]
    body = enclosed(parser)
    place = parser.span(token.start)
    match token.text, closing.text, body:
        case ("(", ")", Grid(rows, "")) | ("[", "]", Grid(rows, "")):
            return Grid(rows, token.text, place)
        case "{", ".", Grid(rows, "") if all(len(row) <= 2 for row in rows):
            return Cases(tuple((row[0], row[1] if len(row) == 2 else None) for row in rows), place)
        case _:
            return Fenced(token.text, closing.text, body, place)


# Fonts and accents ----------------------------------------------------------------------------------------------------


def styled(parser: Parser, font: str, start: int) -> Tree | None:
    """Read the argument of a font: each letter is a name of that font, a numeral too (``\\mathbb{1}``)."""
    from_group = parser.next.kind == "group"
    tree = commands.argument(parser)
    if tree is None:
        return None
    tree = with_font(tree, font)
    is_plain = isinstance(tree, Name) or (not from_group and isinstance(tree, Scripted))
    return replace(tree, place=parser.span(start)) if is_plain else tree


def with_font(tree: Tree, font: str) -> Tree:
    """Return a tree with the font on all the letters that stand in line."""
    match tree:
        case Name() if tree.font == "italic" or font == "bold":
            return replace(tree, font=font)
        case Numeral(text, place) if font not in ("roman", "italic"):
            return Name(text, place, font)
        case Scripted(base):
            return replace(tree, base=with_font(base, font))
        case Adjacent(items) | Listing(items):
            return replace(tree, items=tuple(with_font(item, font) for item in items))
        case Prefix(_, operand):
            return replace(tree, operand=with_font(operand, font))
        case Infix(_, left, right) if not isinstance(left, Infix):
            return replace(tree, left=with_font(left, font), right=with_font(right, font))
        case Fenced(_, _, body) if body is not None:
            return replace(tree, body=with_font(body, font))
        case _:
            return tree


def accented(parser: Parser, kind: str, start: int) -> Tree:
    """Read the argument of an accent; over a name with scripts the accent belongs to the name."""
    tree = commands.needed(parser, "an accent over nothing")
    place = parser.span(start)
    if isinstance(tree, Name):
        return replace(tree, accents=(*tree.accents, kind), place=place)
    if isinstance(tree, Scripted) and isinstance(tree.base, Name):
        return replace(tree, base=replace(tree.base, accents=(*tree.base.accents, kind)), place=place)
    return Accented(kind, tree, place)
