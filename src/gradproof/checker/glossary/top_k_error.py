"""Top-k error: the share of samples whose true class is not among the k classes of the highest scores.

With R the number of classes scored strictly higher than the true one, a sample is a miss exactly when R >= k; with R the rank
counted from 1 (the true class included), when R > k.
"""

from __future__ import annotations

import re

from gradproof.checker.glossary.entry import GlossaryEntry
from gradproof.checker.outcome import Outcome
from gradproof.checker.sections import PlannedFormula, PlannedLink, Section
from gradproof.checker.verdict import Certificate, Verdict
from gradproof.elaborate.references import reference_of
from gradproof.reader.presentation import Big, Chain, Fenced, Infix, Name, Numeral, Scripted, Tree
from gradproof.reader.walk import subtrees

_NAME = re.compile(r"top[-\s]*\$?(?:k|K|\d+)\$?[-\s]*(error|accuracy|errors)", re.IGNORECASE)
_MISS = re.compile(r"not (?:among|in|one of|part of|contained|within)", re.IGNORECASE)
_FLIPPED = {"<": ">", ">": "<", "≤": "≥", "≥": "≤"}
_NEGATED = {"<": "≥", ">": "≤", "≤": ">", "≥": "<"}
_SHOWN = {"<": "<", ">": ">", "≤": "\\le", "≥": "\\ge"}

DEFINITION = "E_k = \\frac{1}{m} \\sum_{i=1}^m \\mathbb{1}[\\#\\{c : \\hat{y}_{ic} > \\hat{y}_{i,\\text{true}}\\} \\ge k]"


def _check(planned: PlannedFormula, link: PlannedLink, section: Section) -> Outcome | None:
    words = " ".join([section.title, *section.prose])
    named = _NAME.search(words)
    if named is None:
        return None
    bracket = _rank_bracket(link.right)
    if bracket is None:
        return None
    rank, relation, bound = bracket
    count = _count_relation(rank, section)
    if count is None:
        return None
    is_accuracy = named.group(1).lower() == "accuracy" and not _MISS.search(words)
    right = "≥" if count == "strict" else ">"
    right = _NEGATED[right] if is_accuracy else right
    if relation == right:
        return None
    return _refuted(rank, relation, right, bound, count, is_accuracy)


def _refuted(rank: str, relation: str, right: str, bound: str, count: str, is_accuracy: bool) -> Outcome:
    k = bound if bound.isdigit() else "1"
    is_tie = {relation, right} in ({">", "≥"}, {"<", "≤"})  # the two differ only at the rank k itself
    value = k if is_tie else "0" if count == "strict" else "1"
    what = "hit" if is_accuracy else "miss"
    classes = "scored strictly higher than" if count == "strict" else "scored at least as high as"
    reason = (
        f"{rank} counts the classes {classes} the true one, so a sample is a {what} exactly when "
        f"{rank} {right} {bound}, not {rank} {relation} {bound}"
    )
    witness = {rank: value} if bound.isdigit() else {bound: k, rank: value}
    details = {"definition": DEFINITION, "stated": f"{rank} {relation} {bound}", "right": f"{rank} {right} {bound}"}
    expected = f"{rank} {_SHOWN[right]} {bound}"
    certificate = Certificate("glossary", details=details)
    hint = f"write {expected} inside the indicator"
    return Outcome(Verdict.REFUTED, "R104", certificate, reason, hint, witness, expected)


def _rank_bracket(tree: Tree) -> tuple[str, str, str] | None:
    """Find ``[R_i > k]`` below a mean or a sum: the name of the rank, the relation, the name of the bound."""
    if not any(isinstance(node, Big) and node.operator == "sum" for node in subtrees(tree)):
        return None
    for chain in _indicators(tree):
        if chain.first is None or len(chain.links) != 1:
            continue
        relation, right = chain.links[0]
        left_name, right_name = _name(chain.first), _name(right)
        if relation not in _FLIPPED or not left_name:
            continue
        if right_name.lower() == "k" or isinstance(right, Numeral):
            return left_name, relation, right_name or _text(right)
        if left_name.lower() == "k" and right_name:
            return right_name, _FLIPPED[relation], left_name
    return None


def _indicators(tree: Tree) -> list[Chain]:
    """Return the conditions inside indicators, below the sign or in brackets."""
    found: list[Chain] = []
    for node in subtrees(tree):
        inner: Tree | None = None
        if isinstance(node, Scripted) and isinstance(node.base, Name) and node.base.text in ("1", "I", "delta"):
            inner = node.sub
        elif isinstance(node, Fenced):
            inner = node.body
        if isinstance(inner, Fenced):
            inner = inner.body
        if isinstance(inner, Chain):
            found.append(inner)
    return found


def _name(tree: Tree) -> str:
    read = reference_of(tree) if isinstance(tree, Name | Scripted) else None
    return read[0].key if read is not None else ""


def _text(tree: Tree) -> str:
    return tree.text if isinstance(tree, Numeral) else ""


def _count_relation(rank: str, section: Section) -> str | None:
    """Return 'strict' where the rank counts strictly higher scores, 'inclusive' where it counts ties or itself too."""
    for planned in section.formulas:
        for sentence in planned.sentences:
            for link in sentence.links:
                if link.relation in ("=", ":=") and _name(link.left) == rank:
                    kind = _counted(link.right)
                    if kind is not None:
                        return kind
    return _counted_in_words(rank, " ".join(section.prose))


def _counted(tree: Tree) -> str | None:
    for chain in _indicators(tree):
        if len(chain.links) == 1 and chain.links[0][0] in _FLIPPED:
            strict = chain.links[0][0] in ("<", ">")
            plus_one = isinstance(tree, Infix) and tree.operator == "+" and "1" in (_text(tree.left), _text(tree.right))
            return "strict" if strict and not plus_one else "inclusive"
    return None


def _counted_in_words(rank: str, prose: str) -> str | None:
    match = re.search(
        rf"\${rank}(?:_\{{?\w+\}}?)?\$[^.]*?\b(?:number|count\w*)\b[^.]*?\b(larger|greater|higher|above|at least)\b",
        prose,
    )
    if match is None:
        return None
    return "inclusive" if match.group(1) == "at least" else "strict"


ENTRY = GlossaryEntry("top-k error", DEFINITION, "Russakovsky et al. 2015, section 4", _check)
