"""The things that a formula is made of: letters, fences, control words; and what stands between them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from gradproof.reader.presentation import (
    Accented,
    Adjacent,
    Annotated,
    Big,
    Chain,
    Fenced,
    Fraction,
    Hole,
    Infix,
    Listing,
    Name,
    Numeral,
    Place,
    Prefix,
    Root,
    Scripted,
    Tree,
    Words,
)
from gradproof.reader.tokens import Token
from gradproof.reader.vocabulary import (
    ACCENTS,
    BARS,
    BIG,
    BIG_WITH_LIMITS,
    CLOSING,
    FONTS,
    GREEK,
    IGNORED_WITH_ARGUMENT,
    NAMED_FUNCTIONS,
    OBJECTIVES,
    OPENING,
    PRODUCT_OPERATORS,
    RELATIONS,
    SPEAKING,
    SUM_OPERATORS,
    SYMBOLS,
    UNICODE_LETTERS,
    UPRIGHT,
)

if TYPE_CHECKING:
    from gradproof.reader.parser import Parser

_FRACTIONS = frozenset({"\\frac", "\\dfrac", "\\tfrac", "\\cfrac", "\\nicefrac", "\\sfrac"})
_BINOMIALS = frozenset({"\\binom", "\\dbinom", "\\tbinom"})
_TRANSPARENT = frozenset({"\\boxed", "\\fbox", "\\cancel", "\\mathstrut", "\\smash", "\\ensuremath", "\\bcancel", "\\xcancel"})
_BRACES = frozenset({"\\underbrace", "\\overbrace", "\\underbracket", "\\overbracket"})
_NOT = {"=": "≠", "∈": "∉", "≡": "≢", "<": "≮", ">": "≯", "⊂": "⊄", "⊆": "⊈"}
_NAME = re.compile(r"[^\W\d][\w\s\-.]*", re.UNICODE)
_BAR_REACH = 2000


# Rows ----------------------------------------------------------------------------------------------------------------


def append_row(rows: list[Tree], row: Tree) -> None:
    """Add a row; one that begins with a relation, a sign or a product sign goes on with the row before it."""
    if rows:
        joined = _continued(rows[-1], row)
        if joined is not None:
            rows[-1] = joined
            return
    rows.append(row)


def _continued(last: Tree, row: Tree) -> Tree | None:
    place = Place(last.place.start, row.place.end)
    if isinstance(last, Listing):
        joined = _continued(last.items[-1], row)
        return None if joined is None else replace(last, items=(*last.items[:-1], joined), place=place)
    if isinstance(row, Listing):
        joined = _continued(last, row.items[0])
        return None if joined is None else replace(row, items=(joined, *row.items[1:]), place=place)
    if isinstance(row, Chain) and row.first is None:
        if isinstance(last, Chain):
            return Chain(last.first, last.links + row.links, place, last.notes)
        return Chain(last, row.links, place, row.notes)
    if isinstance(row, Prefix) and row.operator in "+-" and isinstance(last, Chain):
        relation, right = last.links[-1]
        added = Infix(row.operator, right, row.operand, place, row.operator)
        return Chain(last.first, (*last.links[:-1], (relation, added)), place, last.notes)
    return None


# Words ---------------------------------------------------------------------------------------------------------------


def is_words(parser: Parser) -> bool:
    """Tell whether text that speaks comes next, and not the name of a quantity."""
    token = parser.next
    if token.text not in UPRIGHT or token.text in ("\\operatorname", "\\operatorname*", "\\mathop"):
        return False
    content = _raw(parser, parser.place + 1)
    if content is None:
        return False
    text = content.strip()
    if text.lower().strip(" ,.:;") in SPEAKING or not text or not _NAME.fullmatch(text):
        return not (token.text == "\\mathrm" and "\\" in text) and not text.isdigit()
    return " " in text and token.text not in ("\\mathrm",)


def words(parser: Parser) -> Words:
    """Read the text that speaks."""
    token = parser.take()
    content = _raw(parser, parser.place) or ""
    _skip_group(parser)
    return Words(" ".join(content.replace("$", "").split()), parser.span(token.start))


def _raw(parser: Parser, place: int) -> str | None:
    """Return the source between the braces that begin at a token, or None where no group begins."""
    tokens = parser.tokens
    if place >= len(tokens) or tokens[place].text != "{":
        return None
    end = _group_end(tokens, place)
    return None if end is None else parser.source[tokens[place].end : tokens[end].start]


def _group_end(tokens: list[Token], place: int) -> int | None:
    depth = 0
    for position in range(place, len(tokens)):
        if tokens[position].text == "{":
            depth += 1
        elif tokens[position].text == "}":
            depth -= 1
            if depth == 0:
                return position
    return None


def _skip_group(parser: Parser) -> None:
    end = _group_end(parser.tokens, parser.place)
    parser.place = len(parser.tokens) - 1 if end is None else end + 1


# Relations ------------------------------------------------------------------------------------------------------------


def relation_ahead(parser: Parser) -> bool:
    """Tell whether a relation comes next."""
    token = parser.next
    if token.text == "\\not":
        return parser.peek().text in RELATIONS
    if token.text in ("\\overset", "\\stackrel", "\\underset"):
        return _stacked(parser) is not None
    return token.text in RELATIONS


def relation_after_gap(parser: Parser) -> bool:
    """Tell whether a relation follows the gap that comes next."""
    return parser.peek().text in RELATIONS


def take_relation(parser: Parser) -> tuple[str, str] | None:
    """Read a relation with the note above it, or return None."""
    if not relation_ahead(parser):
        return None
    token = parser.take()
    if token.text == "\\not":
        inner = RELATIONS[parser.take().text]
        return _NOT.get(inner, "not " + inner), ""
    if token.text in ("\\overset", "\\stackrel", "\\underset"):
        parser.place -= 1
        stacked = _stacked(parser)
        assert stacked is not None
        relation, note, parser.place = stacked
        return (":=" if "def" in note and relation == "=" else relation), note
    if token.text == "\\xrightarrow" and parser.next.text == "{":
        parser.group()
    if token.text == ":=" or (False):
        return ":=", ""
    return RELATIONS[token.text], ""


def _stacked(parser: Parser) -> tuple[str, str, int] | None:
    """Read ``\\overset{note}{=}``: the relation, its note and the place behind it."""
    tokens = parser.tokens
    note = _raw(parser, parser.place + 1)
    if note is None:
        return None
    end = _group_end(tokens, parser.place + 1)
    assert end is not None
    if tokens[end + 1].text in RELATIONS:
        return RELATIONS[tokens[end + 1].text], note, end + 2
    inner = _raw(parser, end + 1)
    if inner is None or inner.strip() not in RELATIONS:
        return None
    close = _group_end(tokens, end + 1)
    assert close is not None
    return RELATIONS[inner.strip()], note, close + 1


def is_spacing(parser: Parser) -> bool:
    """Tell whether a gap is only spacing: no words and no list item begin behind it."""
    place = parser.place
    parser.take()
    behind = parser.next
    spacing = not (is_words(parser) or behind.kind in ("end", "newline", "gap") or behind.text in (",", "(", "&", "}"))
    parser.place = place
    return spacing and not _relation_later(parser)


def _relation_later(parser: Parser) -> bool:
    """Tell whether another relation stands between the gap and the next separator: then the gap separates two formulas."""
    depth = 0
    for token in parser.tokens[parser.place : parser.place + 200]:
        if token.text == "{" or token.text in OPENING:
            depth += 1
        elif token.text == "}" or token.text in CLOSING:
            depth -= 1
            if depth < 0:
                return False
        elif depth == 0 and (token.kind in ("end", "newline") or token.text in (",", ";")):
            return False
        elif depth == 0 and token.text in RELATIONS:
            return True
    return False


# Bars -----------------------------------------------------------------------------------------------------------------


def ends_operand(token: Token) -> bool:
    """Tell whether a token can be the last of an operand: a bar behind it closes or separates."""
    if token.kind in ("number", "letter"):
        return True
    if token.text in ("}", "'", "!") or token.text in CLOSING:
        return True
    if token.kind == "command":
        return token.text not in PRODUCT_OPERATORS and token.text not in RELATIONS and token.text not in SUM_OPERATORS
    return token.kind in ("ellipsis", "environment")


def is_placeholder(parser: Parser) -> bool:
    """Tell whether a dot stands for an argument: ``\\|\\cdot\\|``, ``f(\\cdot, y)``."""
    behind = parser.peek().text
    before = parser.tokens[parser.place - 1].text if parser.place else ""
    closed = behind in BARS or behind in CLOSING or behind in (",", "\\right", "\\mid", ";")
    return closed and (before in BARS or before in OPENING or before in (",", "\\left", "|", "("))


def has_partner(parser: Parser, bar: str) -> bool:
    """Tell whether the bar that comes next has a partner before the fence around it ends."""
    depth = 0
    count = 0
    for token in parser.tokens[parser.place + 1 : parser.place + _BAR_REACH]:
        if token.text == "{" or token.text in OPENING or token.text == "\\left":
            depth += 1 if token.text != "\\left" else 0
        elif token.text == "}" or token.text in CLOSING:
            depth -= 1
            if depth < 0:
                break
        elif depth == 0 and token.kind in ("end", "newline"):
            break
        elif depth == 0 and BARS.get(token.text) == bar:
            count += 1
    return count % 2 == 1


# Primaries ------------------------------------------------------------------------------------------------------------


def primary(parser: Parser, stops: frozenset[str]) -> Tree | None:
    """Read one thing without its scripts."""
    token = parser.next
    place = Place(token.start, token.end)
    if token.kind == "number":
        parser.take()
        return Numeral(token.text.replace("{,}", ""), place)
    if token.kind == "letter" or token.text in UNICODE_LETTERS:
        parser.take()
        return Name(UNICODE_LETTERS.get(token.text, token.text), place)
    if token.kind == "ellipsis":
        parser.take()
        return Hole(token.text, "ellipsis", place)
    if token.text in ("\\cdot", "·"):
        parser.take()
        return Name("cdot", place)
    if token.text == "{":
        return parser.group()
    if token.text in ("\\left", *OPENING) or token.text in BARS:
        return _fence(parser, stops)
    if token.kind == "environment":
        return parser.environment() if token.text.startswith("\\begin") else None
    if token.text in BIG:
        return _big(parser, BIG[token.text], parser.take().start, stops)
    if token.kind == "command":
        return _command(parser, stops)
    return None


def too_deep(parser: Parser) -> Hole:
    """Skip what is nested too deeply."""
    token = parser.next
    if token.text == "{":
        _skip_group(parser)
    else:
        parser.take()
    return parser.hole(token.start, "nested too deeply")


def _fence(parser: Parser, stops: frozenset[str]) -> Tree:
    token = parser.take()
    start = token.start
    sized = token.text == "\\left"
    if sized:
        token = parser.take()
    if token.text in BARS and not sized:
        return _bars(parser, BARS[token.text], start, stops)
    opening = OPENING.get(token.text) or BARS.get(token.text) or token.text
    ends = frozenset({"\\right"}) if sized else frozenset()
    if token.text in ("\\lvert", "\\lVert"):
        ends = frozenset({"\\rvert", "\\rVert"})
    bars, parser.bars = parser.bars, []
    body = parser.rows(ends) if sized else parser.listing(ends)
    parser.bars = bars
    if isinstance(body, Hole) and body.reason == "an empty formula":
        body = None
    closing = parser.next
    if sized:
        if closing.text != "\\right":
            return parser.hole(start, "\\left without \\right")
        parser.take()
        closing = parser.take()
        mark = CLOSING.get(closing.text) or BARS.get(closing.text) or OPENING.get(closing.text) or closing.text
        return Fenced(opening, mark, body, parser.span(start))
    if closing.text not in CLOSING:
        return parser.hole(start, f"'{token.text}' is not closed")
    parser.take()
    return Fenced(opening, CLOSING[closing.text], body, parser.span(start))


def _bars(parser: Parser, bar: str, start: int, stops: frozenset[str]) -> Tree:
    if parser.next.text in ("_", "^"):  # an evaluation bar: it opens nothing
        return Fenced(".", bar, None, parser.span(start))
    parser.bars.append(bar)
    body = parser.listing(stops)
    parser.bars.pop()
    if BARS.get(parser.next.text) != bar:
        return parser.hole(start, "a bar without its partner")
    parser.take()
    return Fenced(bar, bar, body, parser.span(start))


def _big(parser: Parser, operator: str, start: int, stops: frozenset[str], below: Tree | None = None) -> Tree:
    sub, sup = below, None
    while parser.next.text in ("_", "^"):
        if parser.take().text == "_":
            sub = parser.argument()
        else:
            sup = parser.argument()
    if operator in ("int", "iint", "oint"):
        return _integral(parser, operator, start, sub, sup, stops)
    body = parser.sum(stops) if operator in OBJECTIVES else _signed_product(parser, stops)
    return Big(operator, sub, sup, body, parser.span(start))


def _signed_product(parser: Parser, stops: frozenset[str]) -> Tree | None:
    sign = parser.next
    if sign.text in ("-", "+", "−"):
        parser.take()
        operand = parser.product(stops)
        return None if operand is None else Prefix(SUM_OPERATORS[sign.text], operand, parser.span(sign.start))
    return parser.product(stops)


def _integral(parser: Parser, operator: str, start: int, sub: Tree | None, sup: Tree | None, stops: frozenset[str]) -> Tree:
    place = parser.place
    body = parser.sum(stops)
    split = _differential(body) if body is not None else None
    if split is None:
        parser.place = place
        body = _signed_product(parser, stops)
        split = _differential(body) if body is not None else None
    inner, variable = split if split is not None else (body, None)
    return Big(operator, sub, sup, inner, parser.span(start), variable)


def _differential(tree: Tree) -> tuple[Tree, Tree] | None:
    """Split ``dx`` off the end of a body."""
    match tree:
        case Adjacent(items) if len(items) >= 3 and isinstance(items[-2], Name) and items[-2].text == "d":
            rest = items[:-2]
            return (rest[0] if len(rest) == 1 else Adjacent(rest, tree.place)), items[-1]
        case Infix(_, _, right):
            split = _differential(right)
            return None if split is None else (replace(tree, right=split[0]), split[1])
        case _:
            return None


# Control words ----------------------------------------------------------------------------------------------------------


def _command(parser: Parser, stops: frozenset[str]) -> Tree | None:
    token = parser.take()
    text, start = token.text, token.start
    place = Place(token.start, token.end)
    if text[1:] in GREEK:
        return Name(text[1:], place)
    if text in SYMBOLS:
        return Name(SYMBOLS[text], place)
    if text == "\\arg" and parser.next.text in ("\\min", "\\max"):
        return _big(parser, "arg" + parser.take().text[1:], start, stops)
    if text[1:] in NAMED_FUNCTIONS:
        if text[1:] in BIG_WITH_LIMITS and parser.next.text == "_":
            return _big(parser, BIG_WITH_LIMITS[text[1:]], start, stops)
        return Name(text[1:], place, "roman")
    if text in UPRIGHT:
        return _upright(parser, token, stops)
    if text in FONTS:
        return _font(parser, FONTS[text], start)
    if text in ACCENTS:
        return _accent(parser, ACCENTS[text], start)
    return _structure(parser, token, stops)


def _structure(parser: Parser, token: Token, stops: frozenset[str]) -> Tree | None:
    text, start = token.text, token.start
    if text in _FRACTIONS or text in _BINOMIALS:
        numerator, denominator = parser.argument(), parser.argument()
        return Fraction(numerator, denominator, parser.span(start), text in _FRACTIONS)
    if text == "\\sqrt":
        return _root(parser, start)
    if text in _BRACES:
        body = parser.argument()
        note = None
        if parser.next.text in ("_", "^"):
            parser.take()
            note = parser.argument()
        return Annotated(body, note, parser.span(start))
    if text in ("\\overset", "\\underset", "\\stackrel"):
        return _stack(parser, text, start, stops)
    if text in _TRANSPARENT:
        return Annotated(parser.argument(), None, parser.span(start))
    if text == "\\textcolor":
        _skip_group(parser)
        return Annotated(parser.argument(), None, parser.span(start))
    if text in IGNORED_WITH_ARGUMENT:
        if parser.next.text == "{":
            _skip_group(parser)
        return parser.factor(stops)
    if text in ("\\%", "\\$", "\\#", "\\&", "\\_"):
        return Name(text[1:], Place(token.start, token.end), "roman")
    while parser.next.text == "{":
        _skip_group(parser)
    return parser.hole(start, f"unknown macro {text}")


def _root(parser: Parser, start: int) -> Tree:
    degree: Tree | None = None
    if parser.next.text == "[":
        parser.take()
        degree = parser.listing(frozenset({"]"}))
        if parser.next.text == "]":
            parser.take()
    return Root(parser.argument(), degree, parser.span(start))


def _stack(parser: Parser, text: str, start: int, stops: frozenset[str]) -> Tree:
    note = parser.argument()
    place = parser.place
    content = _raw(parser, place) or parser.next.text
    name = content.strip().replace("\\operatorname*", "").replace("\\operatorname", "").replace("\\mathrm", "")
    name = re.sub(r"[\\{}\s,;!]+", " ", name).strip().replace("arg ", "arg")
    if text == "\\underset" and name in BIG_WITH_LIMITS:
        parser.argument()
        return _big(parser, BIG_WITH_LIMITS[name], start, stops, note)
    return Annotated(parser.argument(), note, parser.span(start))


def _upright(parser: Parser, token: Token, stops: frozenset[str]) -> Tree:
    content = _raw(parser, parser.place)
    if content is None:
        return parser.argument()
    text = re.sub(r"\\[,;:! ]|~", " ", content).strip()
    name = text.replace(" ", "")
    if name in BIG_WITH_LIMITS or name.replace("\\", "") in ("argmin", "argmax"):
        _skip_group(parser)
        operator = name.replace("\\", "")
        if parser.next.text == "_":
            return _big(parser, operator, token.start, stops)
        return Name(operator, parser.span(token.start), "roman")
    if token.text in ("\\textbf",) and len(text) == 1:
        _skip_group(parser)
        return Name(text, parser.span(token.start), "bold")
    if _NAME.fullmatch(text):
        _skip_group(parser)
        return Name(re.sub(r"[\s.]+", "_", text), parser.span(token.start), "roman")
    return parser.group()


def _font(parser: Parser, font: str, start: int) -> Tree:
    content = _raw(parser, parser.place)
    if content is not None and re.fullmatch(r"\s*(\d+|[A-Za-z]{2,})\s*", content) and font != "italic":
        _skip_group(parser)
        text, place = content.strip(), parser.span(start)
        if text.isdigit() or font in ("sans", "typewriter"):
            return Name(text, place, font)
        return Adjacent(tuple(Name(letter, place, font) for letter in text), place)
    if content is None and parser.next.kind == "number":
        argument = parser.argument()
        return Name(argument.text, parser.span(start), font) if isinstance(argument, Numeral) else argument
    tree = parser.argument()
    return _with_font(tree, font, parser.span(start))


def _with_font(tree: Tree, font: str, place: Place) -> Tree:
    match tree:
        case Name():
            return replace(tree, font=font, place=place)
        case Scripted(base):
            return replace(tree, base=_with_font(base, font, base.place), place=place)
        case Adjacent(items):
            return replace(tree, items=tuple(_with_font(item, font, item.place) for item in items), place=place)
        case _:
            return tree


def _accent(parser: Parser, kind: str, start: int) -> Tree:
    tree = parser.argument()
    place = parser.span(start)
    if isinstance(tree, Name):
        return replace(tree, accents=(*tree.accents, kind), place=place)
    if isinstance(tree, Scripted) and isinstance(tree.base, Name):
        return replace(tree, base=replace(tree.base, accents=(*tree.base.accents, kind)), place=place)
    return Accented(kind, tree, place)
