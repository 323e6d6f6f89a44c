"""The check of a completed document: every answer has to hold where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gradproof.checker.options import CheckOptions
from gradproof.checker.verdict import Equation, FileReport, Kind, Link, Verdict
from gradproof.checker.worker import Task, run_tasks
from gradproof.completion.answer import Answer
from gradproof.completion.questions import Question
from gradproof.completion.source import Edit, Source, moved
from gradproof.completion.steps import StepLine
from gradproof.elaborate.scope import Declared
from gradproof.reader.positions import Positions


@dataclass(frozen=True, slots=True)
class Finding:
    """What the checker says of one filled place: the verdict on its link, and in words why it does not hold."""

    verdict: Verdict
    method: str = ""
    reason: str = ""
    is_step: bool = False

    @property
    def holds(self) -> bool:
        """Whether the answer is shown to be right; a step of an algorithm is right by its proof."""
        return self.is_step or self.verdict in (Verdict.PROVED, Verdict.TESTED)


@dataclass(frozen=True, slots=True)
class Filled:
    """A question with the answer that stands at its place."""

    question: Question
    answer: Answer


def checked(
    path: str, source: Source, edits: Sequence[Edit], options: CheckOptions, declared: Mapping[str, Declared]
) -> FileReport:
    """Return the checker's report of a document with some edits made."""
    (report,) = run_tasks([Task(path, source.edited(edits))], options, declared, None)
    return report


def findings(report: FileReport, edits: Sequence[Edit], filled: Sequence[Filled], text: str) -> dict[int, Finding]:
    """Return what a report says of each filled place, by the place's offset."""
    if report.document is None:
        return {entry.question.place.start: Finding(Verdict.UNCHECKED, reason=report.error) for entry in filled}
    positions = Positions(text)
    by_place: dict[tuple[int, int], list[Equation]] = {}
    for equation in report.equations:
        by_place.setdefault((equation.span.line, equation.span.column), []).append(equation)
    found: dict[int, Finding] = {}
    for entry in filled:
        place = entry.question.place
        start = moved(place.formula, edits) + place.lead
        at = positions.span(start, start)
        equations = by_place.get((at.line, at.column), [])
        found[place.start] = _finding(equations, entry, _links_before(entry, filled))
    return found


def proofs_hold(
    path: str, source: Source, edits: Sequence[Edit], entry: Filled, options: CheckOptions, declared: Mapping[str, Declared]
) -> bool:
    """Tell whether the equations behind a step of an algorithm hold where the step stands."""
    proofs = entry.answer.proofs
    if not proofs:
        return True
    behind = entry.question.place.formula_end
    added = [*edits, Edit(behind, behind, source.escape("".join(f"\n\n${proof}$" for proof in proofs) + "\n\n", behind))]
    report = checked(path, source, added, options, declared)
    wanted = {_bare(proof) for proof in proofs}
    shown = [equation for equation in report.equations if _bare(equation.latex) in wanted]
    links = [link for equation in shown for link in equation.links]
    is_whole = {_bare(equation.latex) for equation in shown} == wanted
    return is_whole and all(link.verdict in (Verdict.PROVED, Verdict.TESTED) for link in links)


def decided(lines: Sequence[StepLine], report: FileReport) -> list[StepLine]:
    """Return the lines of a derivation that the checker shows to hold where they stand; without the names that they use, none."""
    kept: list[StepLine] = []
    for line in lines:
        if line.is_words:
            kept.append(line)
            continue
        verdicts = [equation.verdict for equation in report.equations if _bare(equation.latex) == _bare(line.latex)]
        allowed = {Verdict.PROVED, Verdict.TESTED} | ({Verdict.STATED} if line.introduces else set())
        if verdicts and allowed.issuperset(verdicts):
            kept.append(line)
        elif line.introduces:
            return []
    return kept


def count_faults(report: FileReport) -> int:
    """Return how many equations of a document are wrong."""
    return sum(equation.verdict.is_fault for equation in report.equations)


def _bare(latex: str) -> str:
    """Return a formula without its blanks, which a page pads its signs with."""
    return "".join(latex.replace("<", "\\lt").replace(">", "\\gt").split())


def _links_before(entry: Filled, filled: Sequence[Filled]) -> int:
    """Return how many links the answers before this one in the same formula add."""
    others = (other for other in filled if other.question.place.formula == entry.question.place.formula)
    return sum(other.answer.links for other in others if other.question.place.start < entry.question.place.start)


def _finding(equations: Sequence[Equation], entry: Filled, added: int) -> Finding:
    links = [link for equation in equations for link in equation.links]
    number = entry.question.number + added
    own = links[number : number + 1 + entry.answer.links]
    if len(own) != 1 + entry.answer.links:
        return Finding(Verdict.UNCHECKED, reason="the completed formula is read in another way")
    if entry.answer.is_step and own[0].verdict is Verdict.STATED:
        return Finding(Verdict.STATED, "a step of an algorithm", is_step=True)
    worst = min(own, key=lambda link: link.verdict.severity)
    return Finding(worst.verdict, worst.certificate.method if worst.certificate else "", _reason(worst))


def _reason(link: Link) -> str:
    if link.verdict is Verdict.STATED:
        return "it would introduce what is asked for" if link.kind is Kind.DEFINITION else "the checker takes it for no claim"
    return link.reason or link.code
