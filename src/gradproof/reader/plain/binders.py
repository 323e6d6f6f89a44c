"""What binds indices: ``sum_k``, ``sum(k=1..n, ...)``, ``i=1..n -> x[i]``; and the cases of a piecewise value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradproof.reader.plain.binding import OR, PRODUCT, SUM
from gradproof.reader.plain.descent import Descent
from gradproof.reader.plain.tokens import Token
from gradproof.reader.plain.tree import Big, Cases, Name, Numeral, Range, Subscripted, Tensor, Tree
from gradproof.reader.presentation import Place

if TYPE_CHECKING:
    from gradproof.reader.plain.grammar import Grammar

#: Reductions that can be written with their indices below.
OPERATIONS = frozenset({"sum", "prod", "max", "min"})
_INDICES = re.compile(r"[A-Za-z]{1,3}|[A-Za-z]\d+")
#: ``sum_ijk`` binds three indices.
_MOST_LETTERS = 3
_INDEX_LETTERS = frozenset("ijkl")


def split_operator(grammar: Grammar, token: Token) -> tuple[str, str]:
    """Split ``sum_k`` into the operation and its letters; the letters are empty where a brace or nothing follows."""
    operation, underscore, letters = token.text.partition("_")
    if operation not in OPERATIONS or not underscore or grammar.is_function(token.text):
        return "", ""
    if _INDICES.fullmatch(letters) or (not letters and grammar.sees("{") and not grammar.next.spaced):
        return operation, letters
    return "", ""


def large_operator(grammar: Grammar, token: Token, operation: str, letters: str) -> Descent[Tree]:
    """Read ``sum_k x[k]``, ``sum_{i,j} ...``, ``sum_{i=1}^n ...`` with the product that it takes."""
    condition: Tree | None = None
    if letters:
        names = list(letters) if letters.isalpha() and len(letters) <= _MOST_LETTERS else [letters]
        ranges = [Range(name, None, None, token.place) for name in names]
    else:
        grammar.enter()
        ranges = yield bound_ranges(grammar)
        if grammar.sees("|", ":"):
            grammar.take()
            condition = yield grammar.expression(OR)
        grammar.leave("}", "',' or '}' was expected")
    if grammar.sees("^"):
        grammar.take()
        upper: Tree = yield grammar.exponent()
        if len(ranges) != 1:
            raise grammar.source.error(upper.place, "one index was expected below this limit", got=str(len(ranges)))
        first = ranges[0]
        lower = first.lower if first.lower is not None else Numeral("1", first.place)
        ranges = [Range(first.name, lower, upper, first.place)]
    for entry in ranges:
        if (entry.lower is None) != (entry.upper is None):
            raise grammar.source.error(entry.place, f"an upper limit of {entry.name} was expected", remedy="Write k=1..n.")
    body: Tree = yield from _under(grammar, ranges, PRODUCT)
    return Big(operation, tuple(ranges), condition, body, grammar.since(token.start))


def _under(grammar: Grammar, ranges: list[Range], power: int) -> Descent[Tree]:
    """Read what a binder reaches over; its indices may stand there as subscripts of names."""
    grammar.bound.extend(entry.name for entry in ranges)
    body: Tree = yield grammar.expression(power)
    del grammar.bound[len(grammar.bound) - len(ranges) :]
    return body


def entry_below(grammar: Grammar, token: Token) -> Tree | None:
    """Return ``p[i, j]`` for the name ``p_ij`` under a sum over i or j; None for a name whose ending is none of indices."""
    head, underscore, letters = token.text.rpartition("_")
    if not head or not underscore or not letters or grammar.sees("["):
        return None
    if letters in grammar.bound:
        names = [letters]
    elif _are_indices(letters, grammar.bound):
        names = list(letters)
    else:
        return None
    first = token.end - len(letters)
    places = [Place(first, token.end)] if len(names) == 1 else [Place(first + at, first + at + 1) for at in range(len(names))]
    below = tuple(Name(name, place) for name, place in zip(names, places, strict=True))
    return Subscripted(Name(head, Place(token.start, first - 1)), below, token.place)


def _are_indices(letters: str, bound: list[str]) -> bool:
    """Tell whether letters are subscripts: one of them at least is bound, the others are letters that everybody uses for indices."""
    others = set(letters) - set(bound)
    return len(letters) <= _MOST_LETTERS and len(others) < len(set(letters)) and others <= _INDEX_LETTERS


def bound_ranges(grammar: Grammar) -> Descent[list[Range]]:
    """Read ``i, j`` or ``i=1..n, j=1..m``, or one index with its lower limit alone."""
    found: list[Range] = []
    while True:
        if grammar.next.kind != "name":
            raise grammar.unexpected("an index was expected")
        name = grammar.take()
        lower: Tree | None = None
        upper: Tree | None = None
        if grammar.sees("="):
            grammar.take()
            lower = yield grammar.expression(SUM)
            if grammar.sees(".."):
                grammar.take()
                upper = yield grammar.expression(SUM)
        found.append(Range(name.text, lower, upper, grammar.since(name.start)))
        if not grammar.sees(",") or not is_range(grammar, 1, anything=True):
            return found
        grammar.take()


def is_range(grammar: Grammar, ahead: int = 0, *, anything: bool = False) -> bool:
    """Tell whether ``k=1..n`` comes: a name, '=', and '..' before the next comma of this level."""
    place = grammar.at + ahead
    if grammar.tokens[min(place, len(grammar.tokens) - 1)].kind != "name":
        return False
    if anything and grammar.open and grammar.open[-1].text == "{":
        return True
    if grammar.tokens[place + 1].text != "=":
        return False
    depth = 0
    for token in grammar.tokens[place + 2 : place + 40]:
        if token.kind == "sign" and token.text == ".." and depth == 0:
            return True
        depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        if depth < 0 or (depth == 0 and token.text in (",", ";")) or token.kind == "stop":
            return False
    return False


def bounded(grammar: Grammar, name: Token) -> Descent[Tree]:
    """Read ``sum(k=1..n | k != i, body)``."""
    ranges: list[Range] = yield bound_ranges(grammar)
    condition: Tree | None = None
    if grammar.sees("|"):
        grammar.take()
        condition = yield grammar.expression(OR)
    grammar.expect(",", "',' and what is reduced were expected")
    body: Tree = yield from _under(grammar, ranges, OR)
    grammar.leave(")", "')' was expected")
    return Big(name.text, tuple(ranges), condition, body, grammar.since(name.start))


def tensor(grammar: Grammar) -> Descent[Tree]:
    """Read ``i=1..n, j=1..m -> body``."""
    start = grammar.next.start
    ranges: list[Range] = yield bound_ranges(grammar)
    grammar.expect("->", "'->' and the entries were expected")
    body: Tree = yield grammar.expression(OR)
    return Tensor(tuple(ranges), body, grammar.since(start))


def cases(grammar: Grammar, name: Token) -> Descent[Tree]:
    """Read ``cases(value if condition; value otherwise)``."""
    values: list[Tree] = []
    conditions: list[Tree] = []
    while True:
        value: Tree = yield grammar.expression(OR)
        word = grammar.take().text
        if word == "otherwise":
            grammar.leave(")", "')' was expected")
            return Cases(tuple(values), tuple(conditions), value, grammar.since(name.start))
        if word != "if":
            grammar.at -= 1
            raise grammar.unexpected("'if' or 'otherwise' was expected")
        values.append(value)
        conditions.append((yield grammar.expression(OR)))
        grammar.expect(";", "';' and the next case were expected")
