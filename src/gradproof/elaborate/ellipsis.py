"""Dots between terms: ``x_1 + x_2 + \\cdots + x_n`` is the sum over the index in which its terms differ.

The terms before the dots and the one behind them have to be one pattern, with whole numbers that count up to the end. Dots that leave
more to guess stay a hole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from functools import reduce
from itertools import islice
from typing import Any

from gradproof.reader.presentation import (
    Adjacent,
    Annotated,
    Big,
    Chain,
    Hole,
    Infix,
    Name,
    Numeral,
    Place,
    Tree,
    Words,
)
from gradproof.reader.walk import rewritten, subtrees

#: What a reader is told: by two or more terms the pattern is settled, by one it is a guess.
SETTLED = "the dots go on as their first terms do"
GUESSED = "the dots are taken for the terms between the first and the last"
_LETTERS = ("k", "j", "l", "m", "t", "s", "q", "r")
_LONGEST_GROUP = 3
_LARGEST_END = 40


def without_dots(tree: Tree) -> Tree:
    """Return a formula in which sums and products with dots are written with a sum or product sign."""
    holes = any(isinstance(node, Hole) and node.reason == "ellipsis" for node in subtrees(tree))
    if not holes:
        return tree
    used = {node.text for node in subtrees(tree) if isinstance(node, Name)}
    letters = [letter for letter in _LETTERS if letter not in used]
    return rewritten(tree, lambda node: _opened(node, letters[0])) if letters else tree


def _opened(node: Tree, letter: str) -> Tree:
    match node:
        case Infix("+", Infix("+", before, Hole(_, "ellipsis")), last):
            return _sum(node, _terms(before), last, letter)
        case Adjacent(items) if any(_is_dots(item) for item in items):
            return _product(node, items, letter)
        case _:
            return node


def _is_dots(tree: Tree) -> bool:
    return isinstance(tree, Hole) and tree.reason == "ellipsis"


def _terms(tree: Tree) -> list[Tree]:
    found: list[Tree] = []
    while isinstance(tree, Infix) and tree.operator == "+":
        found.append(tree.right)
        tree = tree.left
    found.append(tree)
    return found[::-1]


def _sum(node: Tree, before: list[Tree], last: Tree, letter: str) -> Tree:
    for start in range(len(before)):
        big = _big("sum", before[start:], last, letter, node.place)
        if big is not None:
            return reduce(lambda left, right: Infix("+", left, right, node.place), [*before[:start], big])
    return node


def _product(node: Adjacent, items: tuple[Tree, ...], letter: str) -> Tree:
    at = next(place for place, item in enumerate(items) if _is_dots(item))
    for size in range(1, _LONGEST_GROUP + 1):
        for start in range(at % size, at, size):
            if len(items) < at + 1 + size:
                continue
            groups = [_group(items[place : place + size]) for place in range(start, at, size)]
            big = _big("prod", groups, _group(items[at + 1 : at + 1 + size]), letter, node.place)
            if big is not None:
                made = (*items[:start], big, *items[at + 1 + size :])
                return made[0] if len(made) == 1 else replace(node, items=made)
    return node


def _group(items: Sequence[Tree]) -> Tree:
    return items[0] if len(items) == 1 else Adjacent(tuple(items), Place(items[0].place.start, items[-1].place.end))


def _big(operator: str, first: Sequence[Tree], last: Tree, letter: str, place: Place) -> Tree | None:
    """Return the sum or product that the terms before and behind the dots are part of."""
    found = _pattern(first[0], last, letter)
    if found is None:
        return None
    body, start, end = found
    for step, term in enumerate(first):
        other = _pattern(term, last, letter)
        if other is None or other[1] != start + step or _shape(other[2]) != _shape(end):
            return None
    bound = Chain(Name(letter, place), (("=", Numeral(str(start), place)),), place)
    note = Words(SETTLED if len(first) > 1 else GUESSED, place)
    return Annotated(Big(operator, bound, end, body, place), note, place)


def _pattern(first: Tree, last: Tree, letter: str) -> tuple[Tree, int, Tree] | None:
    """Return the last term with ``letter`` where it differs from the first, the number there, and what is there at the end."""
    differences: dict[int, tuple[Tree, Tree]] = {}
    if not _compare(first, last, differences) or not differences:
        return None
    if any(len(list(islice(subtrees(other), _LARGEST_END))) == _LARGEST_END for _, other in differences.values()):
        return None
    starts = {mine.text for mine, _ in differences.values() if isinstance(mine, Numeral) and mine.text.isdigit()}
    ends = {_shape(other) for _, other in differences.values()}
    if len(starts) != 1 or len(ends) != 1 or any(not isinstance(mine, Numeral) for mine, _ in differences.values()):
        return None
    end = next(iter(differences.values()))[1]
    body = rewritten(last, lambda node: Name(letter, node.place) if _is_among(node, differences) else node)
    return body, int(next(iter(starts))), end


def _is_among(node: Tree, differences: dict[int, tuple[Tree, Tree]]) -> bool:
    return any(node is other for _, other in differences.values())


def _compare(first: Any, last: Any, differences: dict[int, tuple[Tree, Tree]]) -> bool:
    """Walk two trees side by side; where they differ the first has to have a number."""
    stack = [(first, last)]
    while stack:
        mine, other = stack.pop()
        if isinstance(mine, Place) or mine is other:
            continue
        if isinstance(mine, tuple) and isinstance(other, tuple):
            if len(mine) != len(other):
                return False
            stack.extend(zip(mine, other, strict=True))
        elif isinstance(mine, str | int | bool) or mine is None or other is None:
            if mine != other:
                return False
        elif isinstance(mine, Numeral) and not (isinstance(other, Numeral) and other.text == mine.text):
            differences[id(other)] = (mine, other)
        elif type(mine) is type(other):
            stack.extend((getattr(mine, entry.name), getattr(other, entry.name)) for entry in fields(mine))
        else:
            return False
    return True


def _shape(tree: Any) -> Any:
    """Return what a tree is without its places."""
    if isinstance(tree, tuple):
        return tuple(_shape(item) for item in tree)
    if isinstance(tree, Place):
        return None
    if isinstance(tree, str | int | bool) or tree is None:
        return tree
    return (type(tree).__name__, *(_shape(getattr(tree, entry.name)) for entry in fields(tree)))
