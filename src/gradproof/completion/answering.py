"""The methods that answer open places, and the order in which they are asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from gradproof.checker.options import CheckOptions
from gradproof.checker.sections import PlannedFormula, Section
from gradproof.checker.statements import source_of
from gradproof.completion.answer import Answer, Asked, Method
from gradproof.completion.embeddings import embedding_answers
from gradproof.completion.formulas import formula_answers
from gradproof.completion.limits import TookTooMuch, bounded
from gradproof.completion.minimizer_steps import minimizer_lines
from gradproof.completion.minimizers import minimizer_answers
from gradproof.completion.notation import Notation
from gradproof.completion.numbers import Precision, precision_of
from gradproof.completion.questions import Context, Question
from gradproof.completion.spelling import macro_uses, macros_of, spellings
from gradproof.completion.steps import StepLine, derivation_lines
from gradproof.completion.updates import update_answers
from gradproof.completion.values import numeric_answers
from gradproof.elaborate.reading import Reading
from gradproof.elaborate.trouble import Trouble
from gradproof.elaborate.value import Value
from gradproof.errors import GradproofError
from gradproof.expr.node import Index, Operator
from gradproof.reader.document import Document, Heading, Prose

#: The methods by what they answer, in the order in which they are asked.
METHODS: dict[str, Method] = {
    "update": update_answers,
    "value": numeric_answers,
    "minimizer": minimizer_answers,
    "embedding": embedding_answers,
    "formula": formula_answers,
}
_MOST_ANSWERS = 6
_DECIMAL = re.compile(r"\d\.\d")
_ORDINARY = re.compile(r"\\[dt]?frac\s*\{\s*(?:d|\\mathrm\s*\{?\s*d\s*\}?)(?![A-Za-z])|'")
_FAILURES = (Trouble, GradproofError, RecursionError, ZeroDivisionError, OverflowError, NotImplementedError, AssertionError)


@dataclass
class Answering:
    """Answers the questions of one document; ``reasons`` say by place why one has no answer."""

    document: Document
    sections: Sequence[Section]
    options: CheckOptions
    reasons: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.macros = macro_uses(self.document.source, macros_of(self.document.source))
        self.prose = _prose(self.document)
        self.notations: dict[int, Notation] = {}
        self.taken: set[str] = set()

    def answers(self, question: Question) -> list[Answer]:
        """Return the answers to a question, the best first: those of its widest context before those of narrower ones."""
        try:
            found, reason = bounded(lambda: self._answers_and_reason(question), self.options.timeout, self.options.memory_limit)
        except TookTooMuch as trouble:
            found, reason = [], str(trouble)
        if reason:
            self.reasons[question.place.start] = reason
        return found

    def _answers_and_reason(self, question: Question) -> tuple[list[Answer], str]:
        return self._answers(question), self.reasons.get(question.place.start, "")

    def _answers(self, question: Question) -> list[Answer]:
        found: list[Answer] = []
        guessed: list[Answer] = []
        read: list[tuple[Context, Value, bool]] = []
        for context in question.contexts:
            try:
                value, is_sure = context.value(Reading())
                read.append((context, value, is_sure and not _is_odd(context, value)))
            except _FAILURES as trouble:
                self.reasons.setdefault(question.place.start, _in_words(trouble))
        has_plain = any(is_sure and _is_of_scalar(value) for _, value, is_sure in read)
        for context, value, is_sure in read:
            is_sure = is_sure and (not has_plain or _is_of_scalar(value) is not False)
            (found if is_sure else guessed).extend(self._in_context(question, context, value))
        found += guessed
        first: dict[str, Answer] = {}
        for answer in found:
            first.setdefault(answer.latex, answer)
        return list(first.values())[:_MOST_ANSWERS]

    def _in_context(self, question: Question, context: Context, value: Value) -> list[Answer]:
        asked = self._asked(question, context, value)
        found: list[Answer] = []
        for name, method in METHODS.items():
            if name == "value" and not question.is_last:
                continue  # a further blank of the chain asks for the value
            try:
                found += method(asked)
            except _FAILURES as trouble:
                self.reasons.setdefault(question.place.start, _in_words(trouble))
        return found

    def steps(self, question: Question) -> list[StepLine]:
        """Return the lines that lead to the answer of a question, from the widest context that gives any; none where it takes too long."""
        taken = self._letters()
        try:
            lines, letters = bounded(lambda: (self._steps(question, taken), taken), self.options.timeout, self.options.memory_limit)
        except TookTooMuch:
            return []
        taken |= letters
        return lines

    def _steps(self, question: Question, taken: set[str]) -> list[StepLine]:
        for context in question.contexts:
            try:
                value, is_sure = context.value(Reading())
                asked = self._asked(question, context, value)
                lines = (minimizer_lines(asked) or derivation_lines(asked, taken)) if is_sure else []
            except _FAILURES:
                continue
            if lines:
                return lines
        return []

    def _letters(self) -> set[str]:
        """Return the letters that the document and the steps so far have taken."""
        if not self.taken:
            self.taken.update(name for section in self.sections for name in spellings(section.formulas).alone)
        return self.taken

    def _asked(self, question: Question, context: Context, value: Value) -> Asked:
        return Asked(
            question,
            context,
            tuple(self._section(question.planned).formulas),
            "".join(self._section(question.planned).prose),
            value,
            self._notation(question.planned),
            self._precision(question),
            bool(_DECIMAL.search(self._notation(question.planned).text)),
        )

    def _precision(self, question: Question) -> Precision:
        decimals = question.place.decimals
        return Precision(decimals, True, True) if decimals else precision_of(self._paragraph(question), self.prose)

    def _paragraph(self, question: Question) -> str:
        """Return the paragraph that a place stands in, and the words before its formula."""
        text, place = self.document.source, question.place
        begin, end = text.rfind("\n\n", 0, place.formula), text.find("\n\n", place.formula_end)
        return f"{question.planned.before} {text[max(begin, 0) : end if end != -1 else None]}"

    def _section(self, planned: PlannedFormula) -> Section:
        return next(section for section in self.sections if section.scope is planned.scope)

    def _notation(self, planned: PlannedFormula) -> Notation:
        """Return the notation of the section that a formula stands in."""
        key = id(planned.scope)
        if key not in self.notations:
            section = self._section(planned)
            text = " ".join(formula.source for formula in section.formulas)
            found = spellings(section.formulas)
            self.notations[key] = Notation(
                found.alone, text, found.indexed, self.macros, found.raised, found.numbers, found.only_indexed
            )
        return self.notations[key]


def _prose(document: Document) -> str:
    pieces = [piece for block in document.blocks if isinstance(block, Prose | Heading) for piece in block.pieces]
    return " ".join(piece for piece in pieces if isinstance(piece, str))


def _is_odd(context: Context, value: Value) -> bool:
    """Tell whether the derivative by a number, as it is written, is read as a Jacobian: the letter is a vector elsewhere."""
    return len(value.axes) == 2 and bool(_ORDINARY.search(source_of(context.known, context.planned.source)))


def _is_of_scalar(value: Value) -> bool | None:
    """Tell whether a derivative is that of a scalar, None where a value is no derivative.

    Where both readings exist the scalar one is meant: a label y beside labels ``y_i`` is a number.
    """
    body = value.body
    if not (isinstance(body, Operator) and body.kind == "derivative"):
        return None
    added = frozenset[Index]().union(*(variable.free_indices for variable in body.bound))
    return not set(value.axes) - added


def _in_words(trouble: BaseException) -> str:
    if isinstance(trouble, Trouble):
        return trouble.reason
    return str(trouble).splitlines()[0] if isinstance(trouble, GradproofError) else "it is too much to work out"
