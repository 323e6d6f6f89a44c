"""Conditions: what stands in indicator brackets, below sums and behind the cases of a definition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradproof.elaborate.trouble import Unreadable
from gradproof.elaborate.value import Value, elementwise, freshened, scalar
from gradproof.expr import build
from gradproof.expr.node import Compare, Expr, Iverson, Logic
from gradproof.reader.presentation import Adjacent, Chain, Fenced, Infix, Listing, Prefix, Tree, Words

if TYPE_CHECKING:
    from gradproof.elaborate.lowering import Lowering

RELATIONS = {"=": "=", "≡": "=", "≠": "!=", "<": "<", ">": ">", "≤": "<=", "≥": ">="}
_OPENERS = frozenset({"if", "for", "when", "where", "as", "with", "for all", "if and only if", "whenever"})
_OTHERWISE = frozenset({"otherwise", "else", "elsewhere", "other", "others", "otherwise."})
_AND = frozenset({"and", "∧", ","})
_OR = frozenset({"or", "∨"})


def condition(lowering: Lowering, tree: Tree) -> Expr:
    """Return the condition that a tree states."""
    match tree:
        case Chain(first, links) if first is not None:
            return _chain(lowering, first, links)
        case Listing(items, separators) if set(separators) <= {",", ";"}:
            return build.all_of(*(condition(lowering, item) for item in items if not isinstance(item, Words)))
        case Fenced(_, _, body) if body is not None:
            return condition(lowering, body)
        case Infix("∧", left, right):
            return Logic("and", (condition(lowering, left), condition(lowering, right)))
        case Infix("∨", left, right):
            return Logic("or", (condition(lowering, left), condition(lowering, right)))
        case Prefix("¬", operand):
            return Logic("not", (condition(lowering, operand),))
        case Adjacent(items):
            return _with_words(lowering, items)
        case _:
            raise Unreadable("U110", "no rule for this condition")


def _chain(lowering: Lowering, first: Tree, links: tuple[tuple[str, Tree], ...]) -> Expr:
    parts: list[Expr] = []
    left = lowering.scalar(first, "a side of a condition")
    for relation, tree in links:
        if relation not in RELATIONS:
            raise Unreadable("U110", f"no rule for the condition '{relation}'")
        right = lowering.scalar(tree, "a side of a condition")
        parts.append(Compare(RELATIONS[relation], left, right))
        left = right
    return build.all_of(*parts)


def _with_words(lowering: Lowering, items: tuple[Tree, ...]) -> Expr:
    """Read ``if x > 0 and y > 0``: openers are dropped, 'and' and 'or' join."""
    parts: list[Expr] = []
    operation = "and"
    for item in items:
        if isinstance(item, Words):
            word = item.text.lower().strip(" ,.")
            if word in _OR:
                operation = "or"
            elif word not in _OPENERS and word not in _AND:
                raise Unreadable("U110", f"no rule for the words '{item.text}' in a condition")
        else:
            parts.append(condition(lowering, item))
    if not parts:
        raise Unreadable("U110", "no rule for this condition")
    return parts[0] if len(parts) == 1 else Logic(operation, tuple(parts))


def bracket(lowering: Lowering, tree: Tree) -> Expr:
    """Return the Iverson bracket of the condition."""
    return Iverson(condition(lowering, tree))


def indicator(lowering: Lowering, tree: Tree) -> Value:
    """Return the Iverson bracket of a condition; an order between tensors is taken entry by entry."""
    match tree:
        case Chain(first, ((relation, right),)) if first is not None and relation in RELATIONS:
            sides = lowering.value(first), lowering.value(right)
            is_broadcast = not (sides[0].rank and sides[1].rank)
            if (sides[0].rank or sides[1].rank) and (relation not in ("=", "≡", "≠") or is_broadcast):
                lowering.note("the condition is taken entry by entry")
                sign = RELATIONS[relation]
                return elementwise(
                    lambda one, other: Iverson(Compare(sign, one, other)),
                    sides[0], freshened(sides[1]), lowering.scope.sizes, "a condition",
                )  # fmt: skip
    return scalar(bracket(lowering, tree))


def case_condition(lowering: Lowering, tree: Tree) -> Expr | None:
    """Return the condition of a case, None for 'otherwise'."""
    if isinstance(tree, Words) and tree.text.lower().strip(" ,.") in _OTHERWISE:
        return None
    if isinstance(tree, Adjacent | Listing):
        items = tuple(item for item in tree.items if not _is_opener(item))
        if len(items) == 1:
            return case_condition(lowering, items[0])
    return condition(lowering, tree)


def _is_opener(tree: Tree) -> bool:
    return isinstance(tree, Words) and tree.text.lower().strip(" ,.") in _OPENERS | {""}
