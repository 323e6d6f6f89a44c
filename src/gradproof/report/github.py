"""The report as workflow commands: annotations beside the lines of a pull request."""

from __future__ import annotations

from gradproof.checker.verdict import Equation, FileReport, Report, Verdict
from gradproof.report.words import explained, title_of


def to_github(report: Report) -> str:
    """Return one annotation for each fault (error), undecided claim (warning) and unanswered part (notice)."""
    lines: list[str] = []
    for file in report.files:
        if file.error:
            lines.append(f"::error file={_property(file.file)}::{_message(file.error)}")
        lines.extend(_file(file))
    return "".join(line + "\n" for line in lines)


def _file(file: FileReport) -> list[str]:
    lines = [
        _annotation(file.file, equation)
        for equation in file.equations
        if not equation.suppressed and (equation.verdict.is_fault or _is_open_claim(equation))
    ]
    for part in file.unanswered:
        lines.append(f"::notice file={_property(file.file)},line={part.line},title=D101::part {part.part} is unanswered")
    for problem in file.problems:
        place = f"file={_property(file.file)},line={problem.span.line}"
        lines.append(f"::warning {place},title=D103::{_message(problem.message)}")
    for unused in file.unused_suppressions:
        place = f"file={_property(file.file)},line={unused.span.line}"
        lines.append(f"::warning {place},title=D102::this suppression silences nothing")
    return lines


def _is_open_claim(equation: Equation) -> bool:
    return equation.verdict is Verdict.UNCHECKED and equation.code != "U105"


def _annotation(file: str, equation: Equation) -> str:
    level = "error" if equation.verdict.is_fault else "warning"
    span = equation.span
    place = f"file={_property(file)},line={span.line},endLine={span.end_line},col={span.column}"
    title = _property(f"{equation.code} {title_of(equation)}")
    return f"::{level} {place},title={title}::{_message(explained(equation))}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
