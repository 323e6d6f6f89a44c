"""Values that a document gives: data that is exact as printed, and sentences with evaluation bars at the values of the bars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from gradproof.checker.statements import Sentence, is_closed_form, is_data, is_number, source_of
from gradproof.elaborate.evaluation_bars import Given, without_bar
from gradproof.elaborate.lowering import Lowering
from gradproof.elaborate.reading import Reading
from gradproof.elaborate.scope import Scope
from gradproof.expr.node import Expr, Number, Symbol
from gradproof.expr.walk import transform
from gradproof.reader.presentation import Hole, Tree


def without_bars(found: Sequence[Sentence], source: str) -> tuple[Sequence[Sentence], tuple[Given, ...]]:
    """Take the bars off the sides of a formula's sentences and return the values that they give.

    Where another side is no value, as in the definition ``h = f(x, y)|_{y = 0}``, or where two bars differ, all stays as it is.
    """
    bare = [[without_bar(side) for side in sentence.sides] for sentence in found]
    given = {tuple(source_of(part, source) for part in pair): pair for sides in bare for _, pairs in sides for pair in pairs}
    letters = {letter for letter, _ in given}
    is_whole = all(pairs or _is_value(side) for sides in bare for side, pairs in sides)
    if not given or len(letters) < len(given) or not is_whole:
        return found, ()
    sentences = [replace(sentence, sides=tuple(side for side, _ in sides)) for sentence, sides in zip(found, bare, strict=True)]
    return sentences, tuple(given.values())


def values_at(pairs: Iterable[Given], scope: Scope, position: int) -> dict[Expr, Expr]:
    """Return the letters of evaluation bars with their values."""
    found: dict[Expr, Expr] = {}
    for letter, value in pairs:
        lowering = Lowering(scope, Reading(), position)
        left, right = lowering.value(letter), lowering.value(value)
        if isinstance(left.body, Symbol) and not right.rank:
            found[left.body] = as_given(right.body, scope)
    return found


def as_given(body: Expr, scope: Scope) -> Expr:
    """Return given data as exact: a printed decimal that is an input is no rounding, here and where it is used again."""

    def change(node: Expr) -> Expr:
        if isinstance(node, Number) and node.ulp is not None:
            scope.given.add(abs(node.value))
            return Number(node.value)
        return node

    return transform(body, change)


def _is_value(tree: Tree) -> bool:
    return isinstance(tree, Hole) or is_number(tree) or is_closed_form(tree) or is_data(tree)
