"""What the open places of a document ask: the side that is known, with everything that the document says at its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gradproof.checker.environment import Environment
from gradproof.checker.judge import is_sure
from gradproof.checker.neighbourhood import Neighbourhoods
from gradproof.checker.plan import plan
from gradproof.checker.sections import PlannedFormula, PlannedSentence, Section
from gradproof.checker.statements import source_of
from gradproof.completion.places import Place
from gradproof.completion.source import Edit
from gradproof.elaborate.lowering import Lowering
from gradproof.elaborate.reading import Reading
from gradproof.elaborate.scope import Declared
from gradproof.elaborate.value import Value
from gradproof.expr.node import Index
from gradproof.reader.document import Document
from gradproof.reader.presentation import Annotated, Hole, Tree
from gradproof.reader.walk import subtrees

_MARK = "openplace"


@dataclass(frozen=True, slots=True)
class Context:
    """One reading of a question: the known side with the symbols that hold at its place. ``words`` say which formulas were read with it."""

    planned: PlannedFormula
    sentence: PlannedSentence
    known: Tree
    words: str = ""

    @property
    def environment(self) -> Environment:
        """The definitions that hold at the place."""
        return Environment(self.planned.scope, self.planned.position, self.planned.conditions)

    def value(self, reading: Reading) -> tuple[Value, bool]:
        """Return the known side as a value, its axes and sizes resolved, and whether it was read without a guess.

        Raises: Trouble: it cannot be read, or its shapes do not fit.
        """
        sizes = self.planned.scope.sizes
        state = sizes.snapshot()
        try:
            lowering = Lowering(self.planned.scope, reading, self.planned.position)
            lowering.announce([self.known])
            value = lowering.value(self.known)
            sizes.settle()
        except Exception:
            sizes.restore(state)
            raise
        axes = tuple(axis for axis in (sizes.resolve(axis) for axis in value.axes) if isinstance(axis, Index))
        return Value(sizes.resolve(value.body), axes, value.is_row), is_sure(lowering.notes)


@dataclass(frozen=True, slots=True)
class Question:
    """An open place with its formula: ``number`` counts its link in the formula, ``rank`` its place among the blanks of its chain.

    ``is_last`` tells that no further blank of the chain follows; ``contexts`` are the readings to try, the widest first;
    ``sides`` are the known sides of its chain as they are written.
    """

    place: Place
    planned: PlannedFormula
    number: int
    rank: int
    is_last: bool
    contexts: tuple[Context, ...]
    sides: tuple[str, ...] = ()


def marked(places: Sequence[Place], escape: Callable[[str, int], str] = lambda text, _: text) -> list[Edit]:
    """Return the edits that put a mark at every open place; the reader takes it for something that it cannot read."""
    return [Edit(place.start, place.end, escape(place.filled(_mark(number)), place.start)) for number, place in enumerate(places)]


def _mark(number: int) -> str:
    return f"\\begin{{{_MARK}{number}}}\\end{{{_MARK}{number}}}"


def questions(
    document: Document, places: Sequence[Place], declared: Mapping[str, Declared]
) -> tuple[dict[int, Question], list[Section]]:
    """Return the questions of a marked document by the number of their place, and its sections.

    A place whose formula the reader takes for something else has no question.
    """
    assumed = dict(declared)
    sections = plan(document, assumed)
    neighbourhoods = Neighbourhoods(sections, assumed)
    found: dict[int, Question] = {}
    for section in sections:
        for planned in section.formulas:
            for number, question in _in_formula(planned, places, neighbourhoods):
                found.setdefault(number, question)
    return found, sections


def _in_formula(planned: PlannedFormula, places: Sequence[Place], neighbourhoods: Neighbourhoods) -> Iterator[tuple[int, Question]]:
    """Yield the questions of one formula with the numbers of their places."""
    earlier = 0
    for sentence in planned.sentences:
        marks = [_number_of(side) for side in sentence.sentence.sides]
        blanks = [place for place, mark in enumerate(marks) if mark is not None]
        for rank, side in enumerate(blanks):
            known = _known(marks, side)
            mark = marks[side]
            if known is None or mark is None or mark >= len(places):
                continue
            link = max(side - 1, 0)
            sides = tuple(
                source_of(tree, planned.source) for tree, other in zip(sentence.sentence.sides, marks, strict=True) if other is None
            )
            contexts = [Context(planned, sentence, sentence.sentence.sides[known])]
            for words, narrow, other, at in neighbourhoods.narrower(planned, earlier + link):
                tree = other.links[at].right if side == 0 else other.sentence.sides[min(known, len(other.sentence.sides) - 1)]
                if _number_of(tree) is None:
                    contexts.append(Context(narrow, other, tree, words))
            yield mark, Question(places[mark], planned, earlier + link, rank, rank == len(blanks) - 1, tuple(contexts), sides)
        earlier += len(sentence.links)


def _known(marks: Sequence[int | None], side: int) -> int | None:
    """Return the side that says what a blank is: the nearest one before it without a blank, else the nearest one behind it."""
    before = [place for place in range(side) if marks[place] is None]
    behind = [place for place in range(side + 1, len(marks)) if marks[place] is None]
    return before[-1] if before else behind[0] if behind else None


def _number_of(tree: Tree) -> int | None:
    """Return the number of the mark that a side is, or None."""
    while isinstance(tree, Annotated):
        tree = tree.body
    hole = next((node for node in subtrees(tree) if isinstance(node, Hole) and f"{{{_MARK}" in node.text), None)
    if hole is None:
        return None
    digits = hole.text.partition(f"{{{_MARK}")[2].partition("}")[0]
    return int(digits) if digits.isdigit() else None
