"""What an equation may be meant as where it is no claim: a hypothesis, a condition, a system to be solved, a value that is given."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gradproof.checker.sections import PlannedFormula, PlannedLink, PlannedSentence
from gradproof.checker.statements import concludes, is_number
from gradproof.elaborate.reading import Reading
from gradproof.expr.build import ZERO
from gradproof.expr.node import Apply, Call, Element, Expr, Number, Operator, Power, Symbol, TensorEntry
from gradproof.expr.walk import contains, postorder, symbols
from gradproof.reader.presentation import Name

_HYPOTHESES = re.compile(
    r"\b(?:if|assum\w*|suppos\w*|provided|such that|whenever|where|solve|satisf\w*|require\w*|constraint|subject to|when)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sides:
    """The two sides of a link under one reading, over the same axes."""

    left: Expr
    right: Expr
    reading: Reading
    questions: frozenset[str]
    notes: tuple[str, ...]


def is_hypothetical(planned: PlannedFormula) -> bool:
    """Tell whether the sentence around an inline formula supposes rather than claims: 'if', 'assume', 'such that', 'solve'."""
    clause = re.split(r"[.;]\s", planned.before)[-1]
    return bool(_HYPOTHESES.search(clause)) and not (planned.formula.display and "solve" not in clause)


def speaks_of_result(planned: PlannedFormula, link: PlannedLink) -> bool:
    """Tell whether the left side is a word such as 'result' and no quantity of the document."""
    word = isinstance(link.left, Name) and link.left.text.lower() in ("result", "answer", "output", "solution")
    return word and link.first and not planned.scope.is_known(link.key)


def is_given(planned: PlannedFormula, sentence: PlannedSentence, left: Expr) -> bool:
    """Tell whether an inline ``k = 4`` gives a value to a quantity that nothing else determines, and concludes nothing."""
    if planned.formula.display or len(sentence.links) > 1 or concludes(planned.before[-80:]):
        return False
    return is_number(sentence.links[0].right) and isinstance(left, Symbol | Element | Call)


def is_condition(sides: Sides, left: Expr, right: Expr, derivative: bool) -> bool:
    """Tell whether an equation restricts its symbols rather than claiming something of all of them.

    An identity has both sides in the same symbols; a bare name, a number or a zero on one side makes an equation to be solved.
    """
    if any(side is ZERO for side in (left, right, sides.left, sides.right)):
        return True
    names = [{symbol.name for symbol in symbols(side)} for side in (left, right)]
    whole = [mine | {symbol.name for symbol in symbols(side)} for mine, side in zip(names, (sides.left, sides.right), strict=True)]
    if derivative:
        return not (names[1] <= whole[0] or names[0] <= whole[1])
    if any(isinstance(side, Symbol | Element | Number) for side in (left, right)):
        return True
    return names[0] != names[1]


def is_system(sides: Sides, left: Expr, right: Expr) -> bool:
    """Tell whether an equation between tensors of unknowns is one to be solved: nothing defined in it, no function."""
    if not left.free_indices or left is not sides.left or right is not sides.right:
        return False
    return not any(
        isinstance(node, Apply | TensorEntry) or (isinstance(node, Power) and not isinstance(node.base, Number))
        for side in (left, right)
        for node in postorder(side)
    )


def has_derivative(root: Expr) -> bool:
    """Tell whether a derivative waits to be taken."""
    return contains(root, lambda node: isinstance(node, Operator) and node.kind == "derivative")


def open_names(root: Expr) -> frozenset[str]:
    """Return the symbols and unknown functions without which an expression has no value."""
    found = {symbol.name for symbol in symbols(root) if not symbol.properties & {"size", "bound"}}
    found |= {node.function for node in postorder(root) if isinstance(node, Call)}
    minimisations = (node for node in postorder(root) if isinstance(node, Operator) and node.kind in ("argmin", "argmax"))
    bound = frozenset().union(*(symbols(variable) for node in minimisations for variable in node.bound))
    return frozenset(found) - {symbol.name for symbol in bound}


def is_numeric(root: Expr) -> bool:
    """Tell whether a side is made of numbers alone (a literal matrix has indices, and no symbols)."""
    if symbols(root):
        return False
    return not contains(root, lambda node: isinstance(node, Operator | Call))
