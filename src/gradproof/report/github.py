"""The report as workflow commands: GitHub shows them as annotations beside the changed lines."""

from __future__ import annotations

from collections.abc import Iterator

from gradproof.checker.codes import CODES
from gradproof.checker.verdict import Equation, FileReport, Link, Report, Verdict
from gradproof.errors import Span
from gradproof.printer.safe_text import neutralize
from gradproof.report.facts import facts, faulty_links, names, spelled
from gradproof.report.outcome import items, last_line, reported
from gradproof.report.words import APPEARANCE


def render_github(report: Report) -> str:
    """Return one workflow command a finding: error for faults, warning for unchecked, notice for the rest.

    Source: docs.github.com, 'Workflow commands for GitHub Actions'.
    """
    lines = [line for file in report.files for line in _commands(file)]
    return "\n".join([*lines, last_line(report)]) + "\n"


def _commands(file: FileReport) -> Iterator[str]:
    if file.error:
        yield _command("error", file.file, None, "cannot be read", file.error)
    for equation in reported(file):
        if equation.verdict.is_fault:
            yield _command("error", file.file, equation.span, _title(equation), _message(file, equation))
        elif equation.verdict is Verdict.UNCHECKED:
            yield _command("warning", file.file, equation.span, _title(equation), _message(file, equation))
    for part in file.unanswered:
        span = Span(part.line, 1, part.line, 1)
        yield _command("notice", file.file, span, "D101 unanswered part", f"{part.part} is announced and left empty.")
    for problem in file.problems:
        yield _command("warning", file.file, problem.span, "D103 trouble in the document", problem.message)
    for unused in file.unused_suppressions:
        message = f"ignore[{', '.join(unused.codes)}] silences nothing. Remove it."
        yield _command("notice", file.file, unused.span, "D102 unused suppression", message)


def _title(equation: Equation) -> str:
    number = f"({equation.tag}) " if equation.tag else ""
    title = CODES[equation.code].title if equation.code in CODES else ""
    return f"{equation.code} {number}{APPEARANCE[equation.verdict].word}: {title}"


def _message(file: FileReport, equation: Equation) -> str:
    deciding: list[Link | Equation] = [item for item in items(equation) if item.verdict is equation.verdict]
    if equation.verdict.is_fault:
        deciding = [*faulty_links(equation)] or [equation]
    lines = [line for item in deciding for line in _lines(item, names(file))]
    if equation.readings:
        lines.append(f"reading: {'; '.join(equation.readings)}")
    return "\n".join(lines) or equation.latex


def _lines(item: Link | Equation, called: dict[str, str]) -> Iterator[str]:
    if isinstance(item, Link):
        yield spelled(item)
    yield from (f"{fact.label}: {fact.in_words(called)}" for fact in facts(item))


def _command(level: str, file: str, span: Span | None, title: str, message: str) -> str:
    fields = {"file": file}
    if span:
        fields |= {"line": str(span.line), "col": str(span.column), "endLine": str(span.end_line)}
        # GitHub ignores the end column of an annotation over several lines, and some of its views reject it.
        if span.end_line == span.line and span.end_column > span.column:
            fields["endColumn"] = str(span.end_column)
    fields["title"] = title
    joined = ",".join(f"{name}={_escape_property(value)}" for name, value in fields.items())
    return f"::{level} {joined}::{_escape_data(message)}"


def _escape_data(text: str) -> str:
    return neutralize(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")
