"""Sentences with evaluation bars: what stands before the bars, at the values that they give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradproof.checker.statements import Sentence, is_closed_form, is_data, is_number, source_of
from gradproof.elaborate.evaluation_bars import Given, without_bar
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


def _is_value(tree: Tree) -> bool:
    return isinstance(tree, Hole) or is_number(tree) or is_closed_form(tree) or is_data(tree)
