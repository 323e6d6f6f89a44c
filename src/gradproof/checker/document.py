"""One document from its text to its verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from gradproof.checker.glossary import GLOSSARY
from gradproof.checker.judge import Judge
from gradproof.checker.neighbourhood import Neighbourhoods
from gradproof.checker.options import CheckOptions
from gradproof.checker.outcome import Outcome
from gradproof.checker.plan import plan
from gradproof.checker.sections import PlannedFormula, Section
from gradproof.checker.statements import hole_in, is_objective, source_of
from gradproof.checker.verdict import Equation, FileReport, Kind, Link, Verdict
from gradproof.elaborate.assumptions import declared_by_user
from gradproof.elaborate.reading import Reading
from gradproof.elaborate.scope import Declared
from gradproof.elaborate.trouble import Trouble
from gradproof.errors import FormulaError
from gradproof.reader.document import Document, Problem, Suppression

#: Called before an equation is decided, with its number from 0 and how many there are.
Progress = Callable[[int, int], None]
#: Decides one equation under a time limit; returns None where the limit was reached.
Guard = Callable[[Callable[[], tuple[Link, ...]]], tuple[Link, ...] | None]


def check_document(
    document: Document,
    options: CheckOptions,
    declared: Mapping[str, Declared],
    guard: Guard,
    on_progress: Progress,
    skipped: frozenset[str] = frozenset(),
) -> FileReport:
    """Return the verdicts of a document.

    ``skipped`` are equations that an earlier worker died of.
    """
    assumed = {**declared, **_assumed(document)}
    sections = plan(document, assumed)
    judge = Judge(options.seed, _reading(assumed), Neighbourhoods(sections, assumed))
    total = sum(len(section.formulas) for section in sections)
    equations: list[Equation] = []
    for section in sections:
        for planned in section.formulas:
            on_progress(planned.position - 1, total)
            equation = _equation(planned, section, judge, guard, skipped)
            if equation is not None:
                equations.append(equation)
    equations, unused = _suppressed(equations, document.suppressions)
    return FileReport(
        file=document.path,
        document=document,
        equations=tuple(equations),
        unanswered=document.empty_parts,
        problems=document.problems + _malformed_assumptions(document),
        unused_suppressions=unused,
    )


def _assumed(document: Document) -> dict[str, Declared]:
    """Return the assumptions in the comments of a document; a malformed one is reported by the reader's caller."""
    found: dict[str, Declared] = {}
    for assumption in document.assumptions:
        try:
            found.update(declared_by_user([assumption.declaration]))
        except FormulaError:
            continue
    return found


def _malformed_assumptions(document: Document) -> tuple[Problem, ...]:
    found: list[Problem] = []
    for assumption in document.assumptions:
        try:
            declared_by_user([assumption.declaration])
        except FormulaError as trouble:
            found.append(Problem(trouble.message().splitlines()[0], assumption.span))
    return tuple(found)


def _reading(assumed: Mapping[str, Declared]) -> Reading:
    """Return the reading that the assumptions fix (``sigma is softmax``)."""
    answers: dict[str, str] = {}
    for key, declared in assumed.items():
        for word in declared.properties:
            if word.startswith("reading "):
                answers[key] = word.removeprefix("reading ")
    return replace(Reading(), **answers)


def _equation(planned: PlannedFormula, section: Section, judge: Judge, guard: Guard, skipped: frozenset[str]) -> Equation | None:
    if planned.id in skipped:
        links = _timed_out(planned)
        return _made(planned, links, ())
    if planned.trouble is not None:
        return _alone(planned, planned.trouble.code, planned.trouble.reason)
    if not any(sentence.links for sentence in planned.sentences):
        return _without_links(planned)

    def decide() -> tuple[Link, ...]:
        links = judge.links(planned)
        return tuple(_by_name(planned, section, links, judge))

    try:
        decided = guard(decide)
    except Exception as trouble:  # one formula must not take the document with it
        return _alone(planned, "U109", f"an internal error, please report it: {type(trouble).__name__}: {trouble}")
    if decided is None:
        return _made(planned, _timed_out(planned), ())
    return _made(planned, decided, tuple(judge.readings))


def _by_name(planned: PlannedFormula, section: Section, links: tuple[Link, ...], judge: Judge) -> list[Link]:
    """A definition of a quantity that the document names is a claim: the glossary knows what it has to be."""
    found = list(links)
    flat = [link for sentence in planned.sentences for link in sentence.links]
    for place, link in enumerate(flat):
        if found[place].verdict is not Verdict.STATED or link.kind is not Kind.DEFINITION:
            continue
        for entry in GLOSSARY:
            outcome = entry.check(planned, link, section)
            if outcome is not None:
                found[place] = _judged_by_name(found[place], outcome)
                judge.readings.append(f"the formula is given as the {entry.name}")
                break
    return found


def _judged_by_name(link: Link, outcome: Outcome) -> Link:
    return replace(
        link,
        kind=Kind.CLAIM,
        verdict=outcome.verdict,
        code=outcome.code,
        reason=outcome.reason,
        hint=outcome.hint,
        certificate=outcome.certificate,
        witness=outcome.witness,
        expected=outcome.expected,
        stated=link.rhs,
    )


def _timed_out(planned: PlannedFormula) -> tuple[Link, ...]:
    found: list[Link] = []
    for sentence in planned.sentences:
        for link in sentence.links:
            sides = source_of(link.left, planned.source), source_of(link.right, planned.source)
            reason = "the time or the memory for one equation ran out"
            found.append(Link(sides[0], link.relation, sides[1], link.kind, Verdict.UNCHECKED, "U106", reason))
    return tuple(found)


def _made(planned: PlannedFormula, links: tuple[Link, ...], readings: tuple[str, ...]) -> Equation:
    worst = min(links, key=lambda link: link.verdict.severity)
    return replace(
        _alone(planned, worst.code, worst.reason),
        verdict=worst.verdict,
        hint=worst.hint,
        readings=readings,
        links=links,
    )


def _alone(planned: PlannedFormula, code: str, reason: str, hint: str = "") -> Equation:
    verdict = Verdict.STATED if code[0] == "S" else Verdict.MALFORMED if code[0] == "M" else Verdict.UNCHECKED
    formula = planned.formula
    return Equation(
        id=planned.id,
        tag=formula.tag,
        display=formula.display,
        span=formula.span,
        latex=formula.latex,
        verdict=verdict,
        code=code,
        reason=reason,
        hint=hint,
    )


def _without_links(planned: PlannedFormula) -> Equation | None:
    """A formula without a relation: listed when it is a display or cannot be read."""
    hole = hole_in(planned.tree)
    if hole is not None and hole.reason != "an empty formula":
        if hole.reason == "ellipsis":
            trouble = Trouble("U101", "an ellipsis leaves something out")
        else:
            trouble = Trouble("U102", hole.reason, hint=hole.text[:60])
        return _alone(planned, trouble.code, trouble.reason, trouble.hint)
    if not planned.formula.display:
        return None
    if is_objective(planned.tree):
        return _alone(planned, "S104", "a problem to be solved")
    return _alone(planned, "S106", "an expression without a relation")


def _suppressed(equations: list[Equation], suppressions: tuple[Suppression, ...]) -> tuple[list[Equation], tuple[Suppression, ...]]:
    """Mark what the document itself asks to ignore; a suppression that ignores nothing is reported."""
    used: set[Suppression] = set()
    found: list[Equation] = []
    for equation in equations:
        hits = [
            suppression
            for suppression in suppressions
            if suppression.first_line <= equation.span.line <= suppression.last_line
            and any(equation.code.startswith(code) for code in suppression.codes)
        ]
        used.update(hits)
        found.append(replace(equation, suppressed=True) if hits else equation)
    return found, tuple(suppression for suppression in suppressions if suppression not in used)
