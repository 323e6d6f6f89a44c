"""Sentences of a formula: chains of relations, with what the words around them make of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from gradproof.elaborate.names import base_name
from gradproof.elaborate.references import Reference, named_arguments, reference_of
from gradproof.expr.catalogue import BY_TEXT
from gradproof.reader.presentation import (
    Adjacent,
    Big,
    Chain,
    Fenced,
    Fraction,
    Grid,
    Hole,
    Infix,
    Listing,
    Name,
    Numeral,
    Place,
    Prefix,
    Rows,
    Scripted,
    Tree,
    Words,
)
from gradproof.reader.walk import subtrees

_CONDITION_WORDS = re.compile(
    r"(?:\b(?:for(?! example| instance)|when|if|at|where|with|given|suppose|assume|assuming|let|set|setting|taking|take|"
    r"having|point|values?|whenever|"
    r"since|as|consider|substituting|plugging(?: in)?|evaluate|evaluated)\b[^.;=]{0,40})$",
    re.IGNORECASE,
)
_BEHIND_A_CLAIM = re.compile(
    r"(?:^|\$)[\s,(]*(?:(?:only|but|and|holds|valid|true)\s+)*(?:if|when|whenever|for|at|provided(?:\s+that)?|as\s+long\s+as|assuming)"
    r"(?:\s+(?:all|any|every|each))?\s*$"
)
_LET_WORDS = re.compile(
    r"\b(?:let|define|denote|suppose|consider|given by|defined as|called|introduce|assume|choose)\b(?:\s+[\w$]+){0,4}[\s:,]*$",
    re.IGNORECASE,
)
_SUPPOSING_WORDS = re.compile(
    r"\b(?:if|such that|whenever)(?:,? (?:for )?(?:all|every|each|any)\b[^.;,:]{0,60})?[\s,:]*$", re.IGNORECASE
)
_CLAIM_WORDS = re.compile(
    r"\b(?:so|hence|thus|therefore|then|we (?:get|have|obtain|find|see|conclude)|becomes?|simplif\w+|equals?|gives?|yields?|"
    r"follows|implies|rewrit\w+|is equal)\b",
    re.IGNORECASE,
)
#: The reason of the hole that a chain without a left side begins with.
NOTHING_BEFORE = "nothing stands before the relation"
_IMPLICATIONS = frozenset({"⇒", "⇔", "⇐"})
_CONDITIONAL_WORDS = frozenset({"if", "for", "when", "where", "with", "whenever", "given", "for all", "as", "since", "let"})


@dataclass(frozen=True, slots=True)
class Sentence:
    """One chain, ``sides`` and the ``relations`` between them; ``condition`` tells that it restricts and does not claim."""

    sides: tuple[Tree, ...]
    relations: tuple[str, ...]
    condition: bool = False


@dataclass(frozen=True, slots=True)
class Definiendum:
    """The name that the left side of a definition introduces: its subscripts (letters) or its arguments."""

    reference: Reference
    arguments: tuple[Tree, ...] = ()
    is_function: bool = False


def sentences(tree: Tree) -> list[Sentence]:
    """Return the chains of a formula in order; what follows 'if', 'for' and the like is a condition."""
    return _collect(tree, False)


def _collect(tree: Tree, condition: bool) -> list[Sentence]:
    match tree:
        case Chain():
            return _chain(tree, condition)
        case Rows(rows):
            return [found for row in rows for found in _collect(row, condition)]
        case Listing(_, separators) if ":" in separators and any(mark == ":" for mark in separators[1:]):
            return []  # ratios such as 64 : 128 : 32
        case Listing(items):
            return _items(items, condition)
        case Adjacent(items) if any(isinstance(item, Words | Chain) for item in items):
            return _items(items, condition)
        case Fenced("(" | "[" | "{" | ".", _, body) if isinstance(body, Chain):
            return _chain(body, True)
        case _:
            return []


def _items(items: tuple[Tree, ...], condition: bool) -> list[Sentence]:
    found: list[Sentence] = []
    later = condition
    pending: list[Tree] = []
    for item in items:
        if isinstance(item, Words):
            word = item.text.lower().strip(" ,.:")
            later = condition or word.split(" ")[0] in _CONDITIONAL_WORDS
            continue
        if isinstance(item, Name | Scripted):
            pending.append(item)
        elif pending and isinstance(item, Chain) and item.first is not None and item.links[0][0] in ("∈", "⊂"):
            names = Listing((*pending, item.first), (",",) * len(pending), item.place)
            item = Chain(names, item.links, item.place, item.notes)
        if not isinstance(item, Name | Scripted):
            pending = []
        found.extend(_collect(item, later))
    return found


def joined_digits(tree: Tree) -> Tree:
    """Read ``F_11`` (which TeX sets as F_1 and 1) as F with the subscript 11, where nothing stands between the digits."""
    if not isinstance(tree, Adjacent):
        return tree
    items: list[Tree] = []
    for item in tree.items:
        last = items[-1] if items else None
        if (
            isinstance(last, Scripted)
            and isinstance(last.sub, Numeral)
            and last.sup is None
            and isinstance(item, Numeral)
            and item.text.isdigit()
            and last.place.end == item.place.start
        ):
            number = Numeral(last.sub.text + item.text, Place(last.sub.place.start, item.place.end))
            items[-1] = Scripted(last.base, number, None, Place(last.place.start, item.place.end))
        else:
            items.append(item)
    return items[0] if len(items) == 1 else Adjacent(tuple(items), tree.place)


def _chain(tree: Chain, condition: bool) -> list[Sentence]:
    """Split a chain at implications; a chain that begins with a relation has an empty first side."""
    first = tree.first if tree.first is not None else Hole("", NOTHING_BEFORE, tree.place)
    first = joined_digits(first)
    sides: list[Tree] = [first]
    relations: list[str] = []
    found: list[Sentence] = []
    for relation, right in tree.links:
        if relation in _IMPLICATIONS:
            if relations:
                found.append(Sentence(tuple(sides), tuple(relations), condition))
            sides, relations = [right], []
        else:
            sides.append(joined_digits(right))
            relations.append(relation)
    if relations:
        pairs = _tuple_pairs(sides, relations)
        found.extend(pairs if pairs else [Sentence(tuple(sides), tuple(relations), condition)])
    return found


def _tuple_pairs(sides: list[Tree], relations: list[str]) -> list[Sentence]:
    """``(x, y) = (2, 0)`` fixes each name of the left tuple."""
    if relations != ["="] or not all(isinstance(side, Fenced) and isinstance(side.body, Listing) for side in sides):
        return []
    left, right = (side.body.items for side in sides if isinstance(side, Fenced) and isinstance(side.body, Listing))
    if len(left) != len(right) or not all(isinstance(name, Name) for name in left) or not all(map(is_number, right)):
        return []
    return [Sentence((name, value), ("=",), True) for name, value in zip(left, right, strict=True)]


def is_condition_context(before: str) -> bool:
    """Tell whether the words right before a formula make it a condition: 'For', 'when', 'at the point'."""
    return bool(_CONDITION_WORDS.search(before[-80:]))


def supposes(before: str) -> bool:
    """Tell whether the words right before a formula make it what is supposed: 'if for all z', 'such that'."""
    return bool(_SUPPOSING_WORDS.search(re.sub(r"\s+", " ", before[-120:])))


def restricts_before(before: str) -> bool:
    """Tell whether a formula restricts the one right before it: nothing but 'if', 'for all', 'provided that' stands between them."""
    return bool(_BEHIND_A_CLAIM.search(before[-80:]))


def introduces(before: str) -> bool:
    """Tell whether the words before a formula introduce a name: 'Let', 'we define'."""
    return bool(_LET_WORDS.search(before[-120:]))


def concludes(before: str) -> bool:
    """Tell whether the words before a formula announce a result: 'so', 'hence', 'we get'."""
    return bool(_CLAIM_WORDS.search(before[-160:]))


def definiendum(tree: Tree) -> Definiendum | None:
    """Return what the left side of a definition introduces, or None when it is not a mere name."""
    if isinstance(tree, Name | Scripted):
        read = reference_of(tree)
        if read is None or read[1].power is not None or read[1].is_transpose:
            return None
        if read[0].numerals or all(isinstance(part, Name) for part in read[0].subscripts):
            return Definiendum(read[0])
        return None
    if isinstance(tree, Adjacent) and len(tree.items) == 2:
        return _function_definiendum(tree.items[0], tree.items[1])
    return None


def _function_definiendum(head: Tree, fence: Tree) -> Definiendum | None:
    if not isinstance(fence, Fenced) or fence.opening != "(" or fence.body is None:
        return None
    read = reference_of(head) if isinstance(head, Name | Scripted) else None
    if read is None or read[0].subscripts or read[1].power is not None or read[1].is_transpose:
        return None
    if isinstance(head, Name) and head.primes:
        return None  # a derivative is no new function
    if isinstance(fence.body, Listing) and not set(fence.body.separators) <= {",", "‖", ";"}:
        return None
    arguments = named_arguments(fence.body)
    keys = [reference_of(argument) for argument in arguments]
    if any(key is None or (key[0].subscripts and not key[0].numerals) or key[1].power is not None for key in keys):
        return None
    return Definiendum(read[0], arguments, True)


def said_at_once(sentence: Sentence, is_known: Callable[[str], bool]) -> Tree | None:
    """Return what an unknown function is said to be in the same breath: of ``C = \\mathrm{KL}(P \\| Q) = \\sum ...`` the sum."""
    if len(sentence.sides) < 3 or sentence.relations[:2] != ("=", "="):
        return None
    head = sentence.sides[1].items[0] if isinstance(sentence.sides[1], Adjacent) else None
    base = head.base if isinstance(head, Scripted) else head
    name = applied_name(sentence.sides[1])
    is_word = (isinstance(base, Name) and base.font == "roman" and len(base.text) > 1) or name == "KL"
    is_said = bool(name) and is_word and not is_known(name) and hole_in(sentence.sides[2]) is None
    return sentence.sides[2] if is_said else None


def applied_name(tree: Tree) -> str:
    """Return the name of the function that a side is the value of, ``k`` of ``k(x_i, x_j)``, or nothing."""
    if not isinstance(tree, Adjacent) or len(tree.items) != 2:
        return ""
    head, fence = tree.items
    if not isinstance(fence, Fenced) or fence.opening not in "([" or fence.body is None or isinstance(fence.body, Infix):
        return ""
    read = reference_of(head) if isinstance(head, Name | Scripted) else None
    if read is None or read[1].power is not None or read[1].is_transpose or (isinstance(head, Name) and head.primes):
        return ""
    return read[0].key


def mentions(tree: Tree, key: str) -> bool:
    """Tell whether a name occurs in a tree."""
    for node in subtrees(tree):
        read = reference_of(node) if isinstance(node, Name | Scripted) else None
        if read is not None and (read[0].key == key or read[0].label_key == key):
            return True
    return False


def is_number(tree: Tree) -> bool:
    """Tell whether a side is a printed number, signed or a fraction of digits."""
    match tree:
        case Numeral():
            return True
        case Prefix(_, operand):
            return is_number(operand)
        case Infix("/", left, right) | Fraction(left, right, _, True):
            return is_number(left) and is_number(right)
        case _:
            return False


def is_data(tree: Tree) -> bool:
    """Tell whether a side is a matrix of printed numbers."""
    return isinstance(tree, Grid) and all(is_number(cell) for row in tree.rows for cell in row)


def is_closed_form(tree: Tree) -> bool:
    """Tell whether a side is arithmetic on numbers, with functions at numbers: ``1 + \\sigma(0)``."""
    nodes = list(subtrees(tree))
    if isinstance(tree, Name) or any(isinstance(node, Hole | Grid | Listing | Words | Big | Chain) for node in nodes):
        return False
    applied = {
        id(function)
        for node in nodes
        if isinstance(node, Adjacent)
        for function, argument in pairwise(node.items)
        if isinstance(argument, Fenced) and isinstance(function, Name) and function.text in BY_TEXT
    }
    names = [node for node in nodes if isinstance(node, Name)]
    return all(id(name) in applied or (name.font == "roman" and name.text in BY_TEXT) for name in names)


def has_ellipsis(tree: Tree) -> bool:
    """Tell whether something is left out with dots."""
    return any(isinstance(node, Hole) and node.reason == "ellipsis" for node in subtrees(tree))


def hole_in(tree: Tree) -> Hole | None:
    """Return the first hole of a tree."""
    return next((node for node in subtrees(tree) if isinstance(node, Hole)), None)


def is_objective(tree: Tree) -> bool:
    """Tell whether a formula states a problem: a minimisation without a relation."""
    return any(isinstance(node, Big) and node.operator in ("min", "max", "argmin", "argmax") for node in subtrees(tree))


def source_of(tree: Tree, source: str) -> str:
    """Return the source of a tree."""
    place: Place = tree.place
    return source[place.start : place.end].strip()


def name_text(tree: Tree) -> str:
    """Return a name as plain text, empty when the tree is none."""
    return base_name(tree) if isinstance(tree, Name) else ""
