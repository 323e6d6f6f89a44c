"""The rank of a formula's part, its number of axes, as far as the evidence tells."""

from __future__ import annotations

from itertools import pairwise

from gradproof.elaborate.evidence import Survey, letters_in
from gradproof.elaborate.names import GREEK
from gradproof.elaborate.references import is_transpose, reference_of
from gradproof.expr.catalogue import FUNCTIONS
from gradproof.reader.presentation import Adjacent, Fenced, Grid, Infix, Name, Numeral, Prefix, Scripted, Tree

_ENTRYWISE = frozenset(name for function in FUNCTIONS.values() if function.arity == 1 for name in function.text)
#: Operators between parts of one shape.
ELEMENTWISE = frozenset({"+", "-", "⊙", "±"})


def rank_of(tree: Tree, found: Survey) -> int | None:
    """Return the rank of a tree where it is certain, None where a bare name without evidence decides."""
    match tree:
        case Numeral():
            return 0
        case Name() | Scripted():
            return _rank_of_reference(tree, found)
        case Infix(operator) if operator in ELEMENTWISE:
            ranks = [rank_of(term, found) for term in terms(tree)]
            known = [rank for rank in ranks if rank is not None]
            return max(known) if known and (max(known) > 0 or len(known) == len(ranks)) else None
        case Prefix(_, operand):
            return rank_of(operand, found)
        case Fenced("(" | "[", _, body) if body is not None:
            return rank_of(body, found)
        case Fenced("|" | "‖", _, _):
            return 0
        case Grid(rows):
            return (len(rows) > 1) + (len(rows[0]) > 1)
        case Adjacent((function, argument)) if is_entrywise(function):
            return rank_of(argument, found)
        case Adjacent(items):
            return _rank_of_product(items, found)
        case Infix(operator):
            return _rank_of_product(tuple(terms(tree, frozenset({operator}))), found)
        case _:
            return None


def _rank_of_reference(tree: Tree, found: Survey) -> int | None:
    read = reference_of(tree)
    if read is None:
        return None
    key, subscripts = found.key_of(read[0])
    rank = found.rank(key) - len(subscripts)
    if rank > 0 or key in found.declared or subscripts:
        return max(rank, 0)
    return None


def _rank_of_product(items: tuple[Tree, ...], found: Survey) -> int | None:
    ranks = [rank_of(item, found) for item in items]
    if any(rank is None for rank in ranks):
        return None
    if any(
        is_row(left) and rank == 1 and sample_of(right, found) for (left, right), rank in zip(pairwise(items), ranks, strict=False)
    ):
        return None  # x_i of w^T x_i is about to be found a vector
    tensors = [(item, rank) for item, rank in zip(items, ranks, strict=True) if rank]
    if len(tensors) <= 1:
        return tensors[0][1] if tensors else 0
    first, last = tensors[0], tensors[-1]
    left = 0 if is_row(first[0]) and first[1] == 1 else 1
    right = (1 if is_row(last[0]) else 0) if last[1] == 1 else 1
    return left + right


def is_entrywise(tree: Tree) -> bool:
    """Tell whether a tree is the name of a function of one number, which takes a vector entry by entry: ``ReLU``, ``tanh``."""
    return isinstance(tree, Name) and len(tree.text) > 1 and tree.text not in GREEK and tree.text in _ENTRYWISE


def terms(tree: Tree, operators: frozenset[str] = ELEMENTWISE) -> list[Tree]:
    """Return the operands of a long sum or product from left to right, without recursion."""
    found: list[Tree] = []
    while isinstance(tree, Infix) and tree.operator in operators:
        found.append(tree.right)
        tree = tree.left
    found.append(tree)
    return found[::-1]


def is_row(tree: Tree) -> bool:
    """Tell whether a tree is transposed."""
    return isinstance(tree, Scripted) and is_transpose(tree.sup)


def sample_of(tree: Tree, found: Survey) -> tuple[str, frozenset[str]] | None:
    """Return the name and the letters of ``x_i`` where it looks like an entry and may be a row."""
    read = reference_of(tree) if isinstance(tree, Scripted) else None
    if read is None or read[1].power is not None or len(read[0].subscripts) != 1 or read[0].numerals:
        return None
    key, letters = read[0].key, frozenset(letters_in(read[0].subscripts[0]))
    if not letters or found.indexed.get(key) != 1 or found.declared.get(key, 1) != 1 or found.rank(key) > 1:
        return None
    return key, letters
