"""What a report amounts to: the order of its equations, the counts of its last line, the exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from gradproof.checker.verdict import Equation, FileReport, Kind, Link, Report, Verdict
from gradproof.report.words import APPEARANCE, COUNTED

CLEAN, FAULTY, FAILED = 0, 1, 2


def worst_first(equations: Iterable[Equation]) -> list[Equation]:
    """Return the equations sorted by verdict, the worst first; equal verdicts stay in document order."""
    return sorted(equations, key=lambda equation: (equation.verdict.severity, equation.span.line, equation.span.column))


def reported(file: FileReport) -> list[Equation]:
    """Return the equations that count: those that no suppression silences, the worst first."""
    return worst_first(equation for equation in file.equations if not equation.suppressed)


def items(equation: Equation) -> tuple[Link | Equation, ...]:
    """Return what carries the verdicts of an equation: its links, or itself if it has none."""
    return equation.links or (equation,)


def count_verdicts(report: Report) -> Counter[Verdict]:
    """Return how many equations have each verdict, over all files."""
    return Counter(equation.verdict for file in report.files for equation in reported(file))


def count_codes(report: Report) -> Counter[str]:
    """Return how often each code was given, to links and to documents, over all files."""
    counts: Counter[str] = Counter()
    for file in report.files:
        counts.update(item.code for equation in reported(file) for item in items(equation))
        counts.update({"D101": len(file.unanswered)})
        counts.update({"D102": len(file.unused_suppressions)})
        counts.update({"D103": len(file.problems)})
    return +counts


def counts_in_words(report: Report) -> list[tuple[Verdict | None, str]]:
    """Return the pieces of the last line: '9 proved', '2 refuted', ..., only those that are not zero."""
    verdicts = count_verdicts(report)
    pieces: list[tuple[Verdict | None, str]] = [
        (verdict, f"{verdicts[verdict]} {APPEARANCE[verdict].word}") for verdict in COUNTED if verdicts[verdict]
    ]
    others = {
        "unanswered": sum(len(file.unanswered) for file in report.files),
        "suppressed": sum(equation.suppressed for file in report.files for equation in file.equations),
    }
    pieces += [(None, f"{number} {word}") for word, number in others.items() if number]
    if failed := sum(bool(file.error) for file in report.files):
        pieces.append((None, f"{failed} {'file' if failed == 1 else 'files'} not read"))
    return pieces or [(None, "no equations found")]


def last_line(report: Report) -> str:
    """Return the line of counts that ends every report: ``9 proved, 2 refuted, 14 unanswered``."""
    return ", ".join(words for _, words in counts_in_words(report))


def exit_code(report: Report, *, strict: bool = False, exit_zero: bool = False) -> int:
    """Return 0 for a clean report, 1 for a faulty one, 2 if a file could not be read; 2 outranks 1.

    ``strict`` also counts unchecked claims, unanswered parts and trouble in a document as faults;
    ``exit_zero`` turns 1 into 0, never 2.
    """
    if any(file.error for file in report.files):
        return FAILED
    if exit_zero:
        return CLEAN
    if any(equation.verdict.is_fault for file in report.files for equation in reported(file)):
        return FAULTY
    if strict and any(_is_unfinished(file) for file in report.files):
        return FAULTY
    return CLEAN


def _is_unfinished(file: FileReport) -> bool:
    if file.unanswered or file.problems:
        return True
    return any(_is_open_claim(item) for equation in reported(file) for item in items(equation))


def _is_open_claim(item: Link | Equation) -> bool:
    if item.verdict is not Verdict.UNCHECKED or item.code == "U105":
        return False
    return isinstance(item, Equation) or item.kind is Kind.CLAIM
