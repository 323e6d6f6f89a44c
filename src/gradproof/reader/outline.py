"""Presentation trees as text on one line, for tests and for looking at."""

from __future__ import annotations

from typing import assert_never

from gradproof.reader.presentation import (
    Accented,
    Adjacent,
    Annotated,
    Big,
    Cases,
    Chain,
    Fenced,
    Fraction,
    Grid,
    Hole,
    Infix,
    Listing,
    Name,
    Numeral,
    Postfix,
    Prefix,
    Root,
    Rows,
    Scripted,
    Tree,
    Words,
)

_Parts = list["str | Tree | None"]


def dump(tree: Tree) -> str:
    """Return a tree as nested lists; deep trees too.

    Example:
        >>> from gradproof.reader.parser import parse_formula
        >>> print(dump(parse_formula("x_i = 2 x + 1 ...")))
        (chain (script x _ i) = (+ (beside 2 x) (beside 1 ?'...' ellipsis?)))
    """
    pieces: list[str] = []
    waiting: _Parts = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            pieces.append(part if part == ")" else f" {part}")
        elif part is None:
            pieces.append(" -")
        else:
            waiting.extend(reversed(_parts(part)))
    return "".join(pieces).strip()


def _parts(tree: Tree) -> _Parts:
    match tree:
        case Name() | Numeral() | Words() | Hole():
            return [_leaf(tree)]
        case Adjacent(items):
            return ["(beside", *items, ")"]
        case Infix(operator, left, right):
            return [f"({operator}", left, right, ")"]
        case Prefix(operator, operand):
            return [f"(prefix {operator}", operand, ")"]
        case Postfix(operator, operand):
            return [f"(postfix {operator}", operand, ")"]
        case Scripted(base, sub, sup, _, primes):
            return ["(script", base, *_marked("_", sub), *_marked("^", sup), *(["'" * primes] if primes else []), ")"]
        case Fraction(numerator, denominator, _, bar):
            return ["(frac" if bar else "(binom", numerator, denominator, ")"]
        case Root(radicand, degree):
            return ["(root", radicand, *_marked(":", degree), ")"]
        case Fenced(opening, closing, body):
            return [f"(fence {opening}{closing}", *_marked("", body), ")"]
        case Listing(items, separators):
            return ["(list", *_between(items, separators), ")"]
        case Big(operator, sub, sup, body, _, differential):
            marks = [*_marked("_", sub), *_marked("^", sup), *_marked(":", body), *_marked("d", differential)]
            return [f"({operator}", *marks, ")"]
        case Grid(rows, fence):
            return [f"(grid{' ' if fence else ''}{fence}", *(part for row in rows for part in ("[", *row, "]")), ")"]
        case Cases(rows):
            return ["(cases", *(part for value, test in rows for part in ("[", value, *_marked(":", test), "]")), ")"]
        case Chain(first, links, _, notes):
            return ["(chain", first, *_links(links, notes), ")"]
        case Rows(rows):
            return ["(rows", *rows, ")"]
        case Annotated(body, note):
            return ["(note", body, *_marked(":", note), ")"]
        case Accented(kind, body):
            return [f"(accent {kind}", body, ")"]
        case _:
            assert_never(tree)


def _leaf(tree: Name | Numeral | Words | Hole) -> str:
    match tree:
        case Name(text, _, font, accents, primes):
            styles = accents if font == "italic" else (font, *accents)
            return "".join((text, *(f"/{style}" for style in styles), "'" * primes))
        case Numeral(text):
            return text
        case Words(text):
            return f'"{text}"'
        case Hole(text, reason):
            return f"?'{text}' {reason}?"


def _marked(mark: str, tree: Tree | None) -> _Parts:
    if tree is None:
        return []
    return [mark, tree] if mark else [tree]


def _between(items: tuple[Tree, ...], separators: tuple[str, ...]) -> _Parts:
    parts: _Parts = [items[0]]
    for separator, item in zip(separators, items[1:], strict=True):
        parts += [separator, item]
    return parts


def _links(links: tuple[tuple[str, Tree], ...], notes: tuple[str, ...]) -> _Parts:
    parts: _Parts = []
    for (relation, item), note in zip(links, notes or ("",) * len(links), strict=True):
        parts += [f"{relation}[{note}]" if note else relation, item]
    return parts
