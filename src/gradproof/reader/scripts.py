"""Primes, subscripts, superscripts and '!' behind a thing, and the arguments that TeX takes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradproof.reader import factors
from gradproof.reader.presentation import Adjacent, Name, Numeral, Place, Postfix, Prefix, Scripted, Tree, Words
from gradproof.reader.tokens import Token
from gradproof.reader.vocabulary import LOWERED, RAISED

if TYPE_CHECKING:
    from gradproof.reader.parser import Parser

#: More '!' than this behind one thing are a hole.
_MARKS = 20


def scripted(parser: Parser, base: Tree | None, start: int) -> Tree:
    """Read all marks behind a base; None stands for scripts that nothing carries."""
    sub: Tree | None = None
    sup: Tree | None = None
    primes = marks = 0
    tree = base
    while True:
        token = parser.next
        if token.kind == "prime":
            parser.take()
            primes += len(token.text)
        elif sub is None and (token.kind == "lowered" or (token.kind == "script" and token.text == "_")):
            sub = _script(parser)
        elif sup is None and (token.kind == "raised" or (token.kind == "script" and token.text == "^")):
            sup = _script(parser)
            counted = _primes(sup)
            if counted:
                sup, primes = None, primes + counted
        elif token.kind in ("script", "raised", "lowered"):
            _script(parser)
            return parser.hole(start, "a second script of the same kind")
        elif token.text == "!" and token.kind == "char" and tree is not None and marks < _MARKS:
            parser.take()
            tree = Postfix("!", _built(tree, sub, sup, primes, parser.span(start)), parser.span(start))
            sub, sup, primes, marks = None, None, 0, marks + 1
        elif tree is None:
            return parser.hole(start, "a script that nothing carries")
        else:
            return _built(tree, sub, sup, primes, parser.span(start))


def _script(parser: Parser) -> Tree | None:
    token = parser.take()
    if token.kind in ("raised", "lowered"):
        return _plain(token)
    return argument(parser)


def _built(tree: Tree, sub: Tree | None, sup: Tree | None, primes: int, place: Place) -> Tree:
    if primes and isinstance(tree, Name):
        whole = place if sub is None and sup is None else tree.place
        tree, primes = replace(tree, primes=tree.primes + primes, place=whole), 0
    if sub is None and sup is None and not primes:
        return tree
    return Scripted(tree, sub, sup, place, primes)


def _primes(sup: Tree | None) -> int:
    """Count the primes of ``^\\prime`` and ``^{\\prime\\prime}``, 0 for anything else."""
    names = factors.side_by_side(sup) if sup is not None else ()
    primes = [isinstance(name, Name) and name.text == "prime" for name in names]
    return len(primes) if primes and all(primes) else 0


def _label(tree: Tree | None) -> Tree | None:
    """A word alone is a label, also one that elsewhere speaks: ``n_{\\text{in}}``."""
    return Name(tree.text, tree.place, "roman") if isinstance(tree, Words) and tree.text.isalnum() else tree


def prime(parser: Parser) -> Tree:
    """Read a prime that stands for itself: ``x^{'}``."""
    token = parser.take()
    names = [Name("prime", Place(offset, offset + 1)) for offset in range(token.start, token.end)]
    return names[0] if len(names) == 1 else Adjacent(tuple(names), Place(token.start, token.end))


def _plain(token: Token) -> Tree:
    """Read raised or lowered characters: ``x²``, ``A⁻¹``, ``Aᵀ``, ``x₁``."""
    table = RAISED if token.kind == "raised" else LOWERED
    text = "".join(table[char] for char in token.text)
    place = Place(token.start, token.end)
    digits = text.lstrip("+-")
    inner = Place(token.start + len(text) - len(digits), token.end)
    tree: Tree = Numeral(digits, inner) if digits.isdigit() else Name(digits, inner)
    if not digits:
        return Name(text, place)
    return Prefix(text[0], tree, place) if len(text) == len(digits) + 1 else tree


def argument(parser: Parser) -> Tree | None:
    """Read the argument of a script or a control word: a group, else the shortest thing that TeX would take."""
    token = parser.next
    place = Place(token.start, token.end)
    if token.kind == "number" and len(token.text) > 1:
        parser.tokens[parser.place] = replace(token, text=token.text[1:], start=token.start + 1)
        parser.split_place = parser.place
        return Numeral(token.text[0], Place(token.start, token.start + 1))
    if token.kind in ("operator", "relation", "prime"):
        parser.take()
        text = parser.source[token.start : token.end].lstrip("\\")
        return Name("prime" if token.kind == "prime" else text, place)
    if token.kind in ("letter", "number", "name", "group", "command", "begin", "ellipsis", "lone", "open", "left", "char"):
        if parser.depth >= parser.depth_limit:
            return parser.too_deep()
        parser.depth += 1
        tree = factors.primary(parser)
        parser.depth -= 1
        return _label(tree)
    if token.kind == "words":
        return _label(parser.words())
    return parser.missing("nothing stands where an argument is needed")
