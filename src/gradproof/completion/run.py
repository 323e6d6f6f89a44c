"""One pass over a document: its open places asked, answered, verified and filled, with the steps that are wished for."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gradproof.checker.options import CheckOptions
from gradproof.checker.sections import PlannedFormula, Section
from gradproof.checker.verdict import FileReport, Verdict
from gradproof.completion.answer import Answer
from gradproof.completion.answering import Answering
from gradproof.completion.layout import asks_for_steps, step_edit
from gradproof.completion.places import Place
from gradproof.completion.questions import Question, marked, questions
from gradproof.completion.source import Edit, Source, edited_text, notebook_source, page_source, plain_source
from gradproof.completion.steps import StepLine
from gradproof.completion.verification import (
    Filled,
    Finding,
    checked,
    count_faults,
    decided,
    findings,
    proofs_hold,
)
from gradproof.elaborate.assumptions import declared_by_user
from gradproof.elaborate.scope import Declared
from gradproof.errors import FormulaError, GradproofError
from gradproof.reader.document import Document, Prose
from gradproof.reader.positions import Positions
from gradproof.reader.read import read_document

_MOST_ROUNDS = 8
_MOST_STEP_ROUNDS = 4
_EXCERPT = 70
_SOURCES = {"notebook": notebook_source, "html": page_source}


@dataclass(frozen=True, slots=True)
class FilledPlace:
    """An answer that was filled in: where, what, and how the checker showed that it holds."""

    line: int
    column: int
    latex: str
    verdict: Verdict
    method: str


@dataclass(frozen=True, slots=True)
class OpenPlace:
    """A place that was left open, with its formula and why."""

    line: int
    column: int
    text: str
    reason: str


@dataclass(frozen=True)
class Answered:
    """The places that have an answer, what the checker says of each, and its report of the document with all of them."""

    chosen: list[Filled]
    found: dict[int, Finding]
    report: FileReport | None
    answering: Answering
    declared: dict[str, Declared]


@dataclass
class Run:
    """The document under way."""

    path: str
    document: Document
    source: Source
    options: CheckOptions
    wants_steps: bool
    on_progress: Callable[[int, int], None] | None = None
    reasons: dict[int, str] = field(default_factory=dict)

    @staticmethod
    def of(
        path: str, text: str | None, options: CheckOptions, wants_steps: bool, on_progress: Callable[[int, int], None] | None
    ) -> Run:
        """Read a document. Raises: GradproofError: it cannot be written back as it is."""
        document = read_document(path, text)
        raw = Path(path).read_bytes().decode("utf-8") if text is None else text
        source = _SOURCES.get(document.format, plain_source)(raw)
        if source.text != document.source:
            raise GradproofError("a document that can be written back was expected", where=path, remedy="Save it again.")
        return Run(path, document, source, options, wants_steps, on_progress)

    def answered(self, places: Sequence[Place], first: Mapping[int, Sequence[Answer]] | None = None) -> Answered:
        """Answer places and verify the answers; ``reasons`` say why one has none.

        Args: first: answers to try before others, by the offset of their place.
        """
        declared = self.declared()
        asked = self._questions(places, declared)
        answering = Answering(self.document, asked.sections, self.options)
        candidates: dict[int, list[Answer]] = {}
        for done, place in enumerate(places):
            if place.start in asked.by_place:
                candidates[place.start] = [*(first or {}).get(place.start, ()), *answering.answers(asked.by_place[place.start])]
            if self.on_progress is not None:
                self.on_progress(done + 1, len(places))
        for place in places:
            if place.start not in asked.by_place:
                self.reasons[place.start] = "nothing before the blank says what is asked"
            elif not candidates[place.start]:
                self.reasons[place.start] = answering.reasons.get(place.start, "no rule answers this")
        chosen, found, report = self._verified(asked.by_place, candidates, declared)
        return Answered(chosen, found, report, answering, declared)

    def with_steps(self, answered: Answered) -> tuple[list[Edit], FileReport | None]:
        """Return the edits that write the answers with the steps that are wished for, and the report of the document with them."""
        chosen, report = answered.chosen, answered.report
        edits = self.edits(chosen)
        if report is None:
            return edits, None
        added, report = self._steps_below(chosen, answered.answering, edits, report, answered.declared)
        edits = [*self.edits(chosen, is_written=True), *added]
        if any(entry.question.place.bare is not None for entry in chosen):
            report = checked(self.path, self.source, edits, self.options, answered.declared)
        return edits, report

    def declared(self) -> dict[str, Declared]:
        """Return what the options and the document's own comments declare."""
        declared = declared_by_user(self.options.assume)
        for assumption in self.document.assumptions:
            try:
                declared.update(declared_by_user([assumption.declaration]))
            except FormulaError:
                continue  # the report of the document says so
        return declared

    def _questions(self, places: Sequence[Place], declared: Mapping[str, Declared]) -> _Questions:
        edits = marked(places, self.source.escape)
        if self.document.format == "notebook":
            path, text = "cells.md", edited_text(self.document.source, edits)
        else:
            path, text = self.path, self.source.edited(edits)
        by_number, sections = questions(read_document(path, text), places, declared)
        return _Questions({places[number].start: question for number, question in by_number.items()}, sections)

    def _verified(
        self, asked: Mapping[int, Question], candidates: Mapping[int, Sequence[Answer]], declared: Mapping[str, Declared]
    ) -> tuple[list[Filled], dict[int, Finding], FileReport | None]:
        """Fill in the best answers, check the document, and go on to the next ones where an answer does not hold."""
        turn = {start: 0 for start, answers in candidates.items() if answers}
        report: FileReport | None = None
        for count in itertools.count():
            chosen = [Filled(asked[start], candidates[start][number]) for start, number in sorted(turn.items())]
            edits = self.edits(chosen)
            report = checked(self.path, self.source, edits, self.options, declared)
            found = findings(report, edits, chosen, edited_text(self.document.source, edits))
            found |= self._steps(chosen, found, edits, declared)
            failing = [start for start, finding in found.items() if not finding.holds]
            poison = [start for start in failing if found[start].verdict is Verdict.STATED]
            failing = poison or failing  # what defines a name anew may be why the others fail
            if not failing:
                return chosen, found, report
            for start in failing:
                self.reasons[start] = f"no answer was verified: {found[start].reason}"
                turn[start] += 1
                if turn[start] >= len(candidates[start]) or count >= _MOST_ROUNDS:
                    del turn[start]
        raise AssertionError("every round leaves one answer less")

    def _steps(
        self, chosen: Sequence[Filled], found: Mapping[int, Finding], edits: Sequence[Edit], declared: Mapping[str, Declared]
    ) -> dict[int, Finding]:
        """Return the steps of algorithms whose proofs do not hold."""
        steps = [entry for entry in chosen if found[entry.question.place.start].is_step]
        return {
            entry.question.place.start: Finding(Verdict.UNCHECKED, reason="its gradient could not be verified")
            for entry in steps
            if not proofs_hold(self.path, self.source, edits, entry, self.options, declared)
        }

    def _steps_below(
        self,
        chosen: Sequence[Filled],
        answering: Answering,
        edits: Sequence[Edit],
        report: FileReport,
        declared: Mapping[str, Declared],
    ) -> tuple[list[Edit], FileReport]:
        """Return the edits that add the steps that are wished for, each of their lines decided by the checker, and the report with them."""
        blocks = {
            entry.question.place: answering.steps(entry.question) for entry in chosen if self._wants_steps(entry.question.planned)
        }
        blocks = {place: lines for place, lines in blocks.items() if any(not line.introduces for line in lines)}
        for _ in range(_MOST_STEP_ROUNDS):
            if not blocks:
                break
            text, kind = self.document.source, self.document.format
            added = [step_edit(text, place, lines, kind) for place, lines in blocks.items()]
            everything = [*edits, *added]
            found = checked(self.path, self.source, everything, self.options, declared)
            kept = {place: decided(lines, found) for place, lines in blocks.items()}
            kept = {place: lines for place, lines in kept.items() if any(not line.introduces for line in lines)}
            text = edited_text(self.document.source, everything)
            checks = findings(found, everything, chosen, text)
            harmed = {start for start, finding in checks.items() if not finding.holds}
            if kept == blocks and not harmed and count_faults(found) <= count_faults(report):
                return added, found
            blocks = kept if kept != blocks else _without_harm(kept, harmed)
        return [], report

    def _wants_steps(self, planned: PlannedFormula) -> bool:
        opening = next((block for block in self.document.blocks if isinstance(block, Prose)), None)
        words = " ".join(piece for piece in opening.pieces if isinstance(piece, str)) if opening is not None else ""
        return self.wants_steps or asks_for_steps(planned.before) or asks_for_steps(planned.section) or asks_for_steps(words)

    def edits(self, chosen: Sequence[Filled], *, is_written: bool = False) -> list[Edit]:
        """Return the edits that put the answers at their places, as they are verified or as they are written."""
        pairs = [(entry.question.place, entry.answer.latex) for entry in chosen]
        texts = [(place, place.written(latex) if is_written else place.filled(latex)) for place, latex in pairs]
        return [Edit(place.start, place.end, self.source.escape(text, place.start)) for place, text in texts]

    # The result -----------------------------------------------------------------------------------------------------------

    def filled(self, entry: Filled, finding: Finding) -> FilledPlace:
        """Return a filled place as it is told."""
        line, column = self.at(entry.question.place.start)
        return FilledPlace(line, column, entry.answer.latex, finding.verdict, finding.method)

    def left_open(self, places: Sequence[Place], doubtful: Sequence[tuple[int, str]], chosen: Sequence[Filled]) -> list[OpenPlace]:
        """Return the places that stay open, in order, with the reasons."""
        filled = {entry.question.place.start for entry in chosen}
        left = [(place.start, self.reasons.get(place.start, "")) for place in places if place.start not in filled]
        left += doubtful
        found = []
        for start, reason in sorted(left):
            line, column = self.at(start)
            begin, end = self.document.source.rfind("\n", 0, start) + 1, self.document.source.find("\n", start)
            text = self.document.source[begin : end if end != -1 else None].strip()
            found.append(OpenPlace(line, column, text[:_EXCERPT], reason))
        return found

    def at(self, start: int) -> tuple[int, int]:
        """Return the line and the column of an offset."""
        span = Positions(self.document.source).span(start, start)
        return span.line, span.column


def _without_harm(blocks: Mapping[Place, list[StepLine]], harmed: set[int]) -> dict[Place, list[StepLine]]:
    """Leave out the steps of the answers that no longer hold, else those that introduce names, else all."""
    naming = {place.start for place, lines in blocks.items() if any(line.introduces for line in lines)}
    for left_out in (harmed, naming):
        kept = {place: lines for place, lines in blocks.items() if place.start not in left_out}
        if kept != blocks:
            return kept
    return {}


@dataclass(frozen=True)
class _Questions:
    by_place: dict[int, Question]
    sections: Sequence[Section]
