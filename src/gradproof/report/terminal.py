"""The report for a terminal: faults first, calm, colour only as a help."""

from __future__ import annotations

from collections import Counter

from rich.console import Console
from rich.text import Text

from gradproof.checker.codes import CODES
from gradproof.checker.verdict import Equation, FileReport, Link, Report, Verdict
from gradproof.report.json_report import worst_first
from gradproof.report.words import SYMBOLS, counted, name_of, plain, title_of, word_of, worst_link

_STYLES = {
    Verdict.REFUTED: "bold red",
    Verdict.MALFORMED: "bold magenta",
    Verdict.CARRIED: "bold yellow",
    Verdict.UNCHECKED: "cyan",
    Verdict.TESTED: "green",
    Verdict.PROVED: "bold green",
    Verdict.STATED: "dim",
}
_LONGEST_SOURCE = 100


def print_report(report: Report, console: Console, *, quiet: bool = False, statistics: bool = False) -> None:
    """Print the report; ``quiet`` leaves faults and the last line alone."""
    for file in report.files:
        _print_file(file, console, quiet)
    if statistics:
        _print_statistics(report, console)
    console.print(Text(counted(report)), soft_wrap=True)


def _print_file(file: FileReport, console: Console, quiet: bool) -> None:
    if file.error:
        return
    shown = [equation for equation in worst_first(file.equations) if not equation.suppressed]
    for equation in shown:
        if equation.verdict.is_fault:
            _print_fault(file, equation, console)
    if quiet:
        return
    _print_open(file, [equation for equation in shown if equation.verdict is Verdict.UNCHECKED], console)
    if file.unanswered:
        parts = " ".join(part.part for part in file.unanswered)
        _line(console, Text.assemble((f"{file.file}: ", "bold"), "unanswered: ", parts))
        _line(console, Text(""))
    for problem in file.problems:
        place = f"{file.file}:{problem.span.line}:{problem.span.column}: "
        _line(console, Text.assemble((place, "bold"), plain(problem.message)))
    for unused in file.unused_suppressions:
        place = f"{file.file}:{unused.span.line}:{unused.span.column}: "
        codes = ", ".join(unused.codes)
        _line(console, Text.assemble((place, "bold"), f"the suppression of {codes} silences nothing. Remove it."))


def _line(console: Console, text: Text) -> None:
    console.print(text, soft_wrap=True)


def _print_fault(file: FileReport, equation: Equation, console: Console) -> None:
    style = _STYLES[equation.verdict]
    place = f"{file.file}:{equation.span.line}:{equation.span.column}: "
    head = Text.assemble(
        (place, "bold"),
        (f"{SYMBOLS[equation.verdict]} {word_of(equation.verdict)}", style),
        f" {equation.code} {name_of(equation)} {title_of(equation)}".replace("  ", " "),
    )
    _line(console, head)
    _line(console, Text("    " + _source(equation), "dim"))
    link = worst_link(equation)
    if link is not None:
        for name, value in _facts(file, equation, link):
            _line(console, Text.assemble((f"    {name:<10} ", "bold"), plain(value)))
    elif equation.reason:
        _line(console, Text(f"    {plain(equation.reason)}"))
    _line(console, Text(""))


def _facts(file: FileReport, equation: Equation, link: Link) -> list[tuple[str, str]]:
    facts: list[tuple[str, str]] = []
    if link.stated:
        facts.append(("stated", link.stated))
    if link.expected:
        facts.append(("expected", link.expected))
    if link.from_stated_inputs:
        facts.append(("from these", f"{link.from_stated_inputs} follows from the stated inputs"))
    if link.depends_on:
        facts.append(("because of", ", ".join(_called(file, name) for name in link.depends_on)))
    if link.reason and not link.depends_on:
        facts.append(("why", link.reason))
    if link.hint:
        facts.append(("hint", link.hint))
    if link.witness:
        facts.append(("witness", ", ".join(f"{name} = {value}" for name, value in link.witness.items())))
    if equation.readings:
        facts.append(("read as", "; ".join(equation.readings)))
    return facts


def _called(file: FileReport, identity: str) -> str:
    for equation in file.equations:
        if equation.id == identity:
            return name_of(equation) or f"line {equation.span.line}"
    return identity


def _source(equation: Equation) -> str:
    text = plain(" ".join(equation.latex.split()))
    return text if len(text) <= _LONGEST_SOURCE else text[: _LONGEST_SOURCE - 1] + "…"


def _print_open(file: FileReport, equations: list[Equation], console: Console) -> None:
    for equation in equations:
        place = f"{file.file}:{equation.span.line}:{equation.span.column}: "
        style = _STYLES[Verdict.UNCHECKED]
        reason = plain(equation.reason or title_of(equation))
        head = (f"{SYMBOLS[Verdict.UNCHECKED]} unchecked", style)
        _line(console, Text.assemble((place, "bold"), head, f" {equation.code} {name_of(equation)} {reason}"))
    if equations:
        _line(console, Text(""))


def _print_statistics(report: Report, console: Console) -> None:
    codes = Counter(equation.code for file in report.files for equation in file.equations if not equation.suppressed)
    for code, count in codes.most_common():
        _line(console, Text(f"{count:6d}  {code}  {CODES[code].title}"))
    _line(console, Text(""))
