"""How far a sum reaches: ``-\\sum_i y_i \\log p_i + (1 - y_i) \\log(1 - p_i)`` is written without parentheses and meant with them.

By the rules a sum stops before a plus. Where the terms behind it have its index, and nothing else in the formula gives that index a meaning,
they stand under the sum too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from gradproof.reader.presentation import (
    Adjacent,
    Annotated,
    Big,
    Chain,
    Fenced,
    Infix,
    Listing,
    Name,
    Prefix,
    Scripted,
    Tree,
    Words,
)
from gradproof.reader.walk import parts, rewritten, subtrees

#: What a reader is told.
WIDENED = "a sum takes in the terms behind it that have its index: parentheses would end it earlier"
_PRODUCTS = frozenset({"*", "/", "⊙", "∘"})
_SIGNS = frozenset({"+", "-"})


def with_wide_sums(tree: Tree, known: frozenset[str] = frozenset()) -> Tree:
    """Return a formula in which each sum reaches over the terms behind it that have its index.

    Args: known: names that have a meaning of their own, and are no index.
    """
    letters = {letter for node in subtrees(tree) if isinstance(node, Big) for letter in bound_by(node)} - known
    while letters:
        widened = rewritten(tree, partial(_widened, letters=frozenset(letters)))
        loose = letters & set(_free_subscripts(widened))
        if widened is tree or not loose:
            return widened
        letters -= loose
    return tree


def _widened(node: Tree, letters: frozenset[str]) -> Tree:
    if not (isinstance(node, Infix) and node.operator in _SIGNS):
        return node
    edge = _at_right_edge(node.left)
    big = edge[-1]
    if not isinstance(big, Big) or big.body is None:
        return node
    if letters.isdisjoint(bound_by(big)) or set(bound_by(big)).isdisjoint(_free_subscripts(node.right)):
        return node
    body = Infix(node.operator, big.body, node.right, replace(node.place, start=big.body.place.start), node.symbol)
    wide: Tree = replace(big, body=body, place=replace(big.place, end=node.place.end))
    if not (len(edge) > 1 and isinstance(edge[-2], Annotated)):
        wide = Annotated(wide, Words(WIDENED, wide.place), wide.place)
    for outer in reversed(edge[:-1]):
        wide = _with_right_edge(outer, wide)
    return wide


def _at_right_edge(tree: Tree) -> list[Tree]:
    """Return the nodes along the right edge of a formula, down to a sum or what has no edge."""
    edge = [tree]
    while (inner := _last_part(edge[-1])) is not None:
        edge.append(inner)
    return edge


def _last_part(tree: Tree) -> Tree | None:
    match tree:
        case Adjacent(items):
            return items[-1]
        case Prefix("+" | "-", operand):
            return operand
        case Infix(operator, _, right) if operator in _SIGNS | _PRODUCTS:
            return right
        case Annotated(body, Words(note)) if note == WIDENED:
            return body
        case _:
            return None


def _with_right_edge(tree: Tree, last: Tree) -> Tree:
    place = replace(tree.place, end=last.place.end)
    match tree:
        case Adjacent(items):
            return replace(tree, items=(*items[:-1], last), place=place)
        case Prefix():
            return replace(tree, operand=last, place=place)
        case Infix():
            return replace(tree, right=last, place=place)
        case Annotated():
            return replace(tree, body=last, place=place)
        case _:
            raise AssertionError(f"{type(tree).__name__} has no right edge")


def bound_by(big: Big) -> list[str]:
    """Return the letters that a sum binds: of ``j \\neq i`` the first alone."""
    if big.operator != "sum" or big.sub is None:
        return []
    items = big.sub.items if isinstance(big.sub, Listing | Adjacent) else (big.sub,)
    heads = (item.first if isinstance(item, Chain) else item for item in items)
    return [head.text for head in heads if isinstance(head, Name)]


def _free_subscripts(root: Tree) -> Iterator[str]:
    """Yield the letters in subscripts, and in superscripts in parentheses, that no sum around them binds."""
    stack: list[tuple[Tree, frozenset[str], bool]] = [(root, frozenset(), False)]
    while stack:
        node, bound, inside = stack.pop()
        if isinstance(node, Name) and inside and node.text not in bound:
            yield node.text
        if isinstance(node, Big):
            bound |= set(bound_by(node))
            inner = [node.body] if node.body is not None else []
            stack += [(part, bound, inside) for part in inner]
        elif isinstance(node, Scripted):
            stack.append((node.base, bound, inside))
            stack += [(part, bound, True) for part in (node.sub,) if part is not None]
            stack += [(part, bound, isinstance(part, Fenced)) for part in (node.sup,) if part is not None]
        else:
            stack += [(part, bound, inside) for part in parts(node)]
