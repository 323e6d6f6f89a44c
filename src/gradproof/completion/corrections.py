"""``--correct``: right sides that the checker refutes are answered anew, from the side before them, and marked with what stood there.

A corrected value may show that what was carried forward from it is wrong too, so the document is checked again until nothing more is found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from gradproof.checker.options import CheckOptions
from gradproof.checker.verdict import Equation, FileReport, Verdict
from gradproof.completion.answer import Answer
from gradproof.completion.places import Place, inner_of
from gradproof.completion.run import Run
from gradproof.completion.source import Edit
from gradproof.completion.verification import checked
from gradproof.reader.positions import Positions

_MOST_ROUNDS = 8
_NUMBER = r"-?\d+(?:\.\d+)?"
_CORRECTABLE = frozenset({"=", "≈"})


@dataclass(frozen=True, slots=True)
class Correction:
    """A right side that was replaced: where it stood in the document as it was then, what stood there, what stands there now."""

    line: int
    column: int
    before: str
    after: str
    verdict: Verdict


def corrected(
    path: str, text: str | None, options: CheckOptions, on_progress: Callable[[int, int], None] | None = None
) -> tuple[str | None, tuple[Correction, ...]]:
    """Return a document with its refuted right sides corrected and marked, and what was corrected; the text as it is where nothing was."""
    made: list[Correction] = []
    for _ in range(_MOST_ROUNDS):
        run = Run.of(path, text, options, False, on_progress)
        declared = run.declared()
        report = checked(path, run.source, [], options, declared)
        places = list(_refuted(run, report))
        if not places:
            break
        answered = run.answered(places, {place.start: _carried_over(run, place, made) for place in places})
        if not answered.chosen:
            break
        marks = []
        for entry in answered.chosen:
            place = entry.question.place
            old = " ".join(run.document.source[place.start : place.end].split())
            line, column = run.at(place.start)
            made.append(Correction(line, column, old, entry.answer.latex, answered.found[place.start].verdict))
            marks.append(Edit(place.formula_end, place.formula_end, _mark(old, run)))
        text = run.source.edited([*run.edits(answered.chosen), *marks])
    return text, tuple(made)


def _carried_over(run: Run, place: Place, made: Sequence[Correction]) -> list[Answer]:
    """Return a side with the numbers in it that were corrected before, where there are any."""
    side = run.document.source[place.start : place.end]
    changed = side
    for change in made:
        if re.fullmatch(_NUMBER, change.before) and re.fullmatch(_NUMBER, change.after):
            changed = re.sub(rf"(?<![\d.]){re.escape(change.before)}(?![\d.])", change.after, changed)
    return [Answer(changed)] if changed != side else []


def _refuted(run: Run, report: FileReport) -> Iterator[Place]:
    """Yield the right sides of the refuted links of a document, the first one of each chain."""
    text, positions = run.document.source, Positions(run.document.source)
    for equation in report.equations:
        start = positions.start_of(equation.span.line) + equation.span.column - 1
        end = positions.start_of(equation.span.end_line) + equation.span.end_column - 1
        inner = inner_of(text, start, end)
        side = None if inner is None or equation.suppressed else _side(text, inner, equation)
        if side is not None:
            first, last, relation = side
            decimals = re.fullmatch(r"-?\d+\.(\d+)", text[first:last])
            yield Place(first, last, start, end, relation, decimals=len(decimals[1]) if decimals else 0)


def _side(text: str, inner: tuple[int, int], equation: Equation) -> tuple[int, int, str] | None:
    """Return the offsets of the first refuted right side of a formula and the relation before it; None where its text stands elsewhere."""
    at = inner[0]
    for number, link in enumerate(equation.links):
        follows = number > 0 and equation.links[number - 1].rhs == link.lhs
        if not follows:
            left = _find(text, link.lhs, at, inner[1])
            at = left[1] if left is not None else at
        right = _find(text, link.rhs, at, inner[1])
        if right is None:
            return None
        if link.verdict is Verdict.REFUTED:
            return (*right, link.relation) if link.relation in _CORRECTABLE else None
        at = right[1]
    return None


def _find(text: str, side: str, begin: int, end: int) -> tuple[int, int] | None:
    """Find a side in a stretch of text, whatever blanks stand in it."""
    pattern = r"\s*".join(map(re.escape, re.findall(r"\\[A-Za-z]+|\S", side)))
    match = re.compile(pattern).search(text, begin, end) if pattern else None
    return None if match is None else match.span()


def _mark(old: str, run: Run) -> str:
    """Return what tells the reader of a document what stood in a formula."""
    match run.document.format:
        case "latex":
            return f" \\emph{{(corrected, was \\texttt{{\\detokenize{{{old}}}}})}}"
        case "html":
            return f" <em>(corrected, was <code>{run.source.escape(old, 0)}</code>)</em>"
        case _:
            return f" *(corrected, was `{old}`)*"
