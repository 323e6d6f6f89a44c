"""The report as text for a terminal or a log: the faults in full, the rest grouped and short."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.text import Text

from gradproof.checker.codes import CODES
from gradproof.checker.verdict import Equation, FileReport, Link, Report, Verdict
from gradproof.printer.safe_text import neutralize, one_line
from gradproof.report.facts import Fact, facts, faulty_links, name_of, names, spelled
from gradproof.report.outcome import count_codes, counts_in_words, items, reported
from gradproof.report.words import APPEARANCE, UNANSWERED, Appearance

_SOURCE_LINES = 12
_FOLD_BELOW = 24
_LONG_LINE = 120
_CONTEXT = 30


@dataclass(frozen=True, slots=True)
class TerminalStyle:
    """How to write: ``width`` folds long lines (None: never), ``color`` allows colours, ``unicode`` symbols."""

    width: int | None = None
    color: bool = False
    unicode: bool = True
    quiet: bool = False
    statistics: bool = False


def render_text(report: Report, style: TerminalStyle | None = None) -> str:
    """Return the report as text that ends with a line feed; the last line counts the verdicts."""
    page = _Page(style or TerminalStyle())
    for file in report.files:
        page.add_file(file)
    if page.style.statistics:
        page.add_statistics(report)
    page.add_last_line(report)
    return page.text()


def render_statistics(report: Report) -> str:
    """Return how often each code was given, as plain text."""
    page = _Page(TerminalStyle())
    page.add_statistics(report)
    return page.text()


def render_total(report: Report) -> str:
    """Return only the last line, as plain text."""
    page = _Page(TerminalStyle())
    page.add_last_line(report)
    return page.text()


class _Page:
    """Collects lines of styled text; nothing is ever read as markup."""

    def __init__(self, style: TerminalStyle) -> None:
        self.style = style
        self.lines: list[Text] = []

    # -- the parts of a report ------------------------------------------------------------------------

    def add_file(self, file: FileReport) -> None:
        equations = reported(file)
        for equation in equations:
            if equation.verdict.is_fault:
                self._add_fault(file, equation)
        if self.style.quiet:
            return
        self._add_unchecked(file, [equation for equation in equations if equation.verdict is Verdict.UNCHECKED])
        self._add_unanswered(file)
        self._add_notes(file)

    def add_statistics(self, report: Report) -> None:
        counts = count_codes(report)
        if not counts:
            return
        self._heading("statistics", "bold")
        digits = len(str(max(counts.values())))
        for code, number in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])):
            title = CODES[code].title if code in CODES else ""
            line = Text.assemble("  ", (f"{number:>{digits}}", "bold"), "  ", (code, "cyan"), "  ", title)
            self.lines.append(line)
        self._gap()

    def add_last_line(self, report: Report) -> None:
        line = Text()
        for position, (verdict, words) in enumerate(counts_in_words(report)):
            line.append(", " if position else "")
            line.append(words, APPEARANCE[verdict].style if verdict else "")
        self.lines.append(line)

    def _add_fault(self, file: FileReport, equation: Equation) -> None:
        appearance = APPEARANCE[equation.verdict]
        title = CODES[equation.code].title if equation.code in CODES else ""
        head = Text().append(self._place(file, equation.span.line, equation.span.column), "bold")
        head.append(f" {self._symbol(appearance)} {appearance.word}", appearance.style)
        head.append(f" {equation.code}", "cyan")
        head.append(f" ({one_line(equation.tag)})" if equation.tag else "", "bold")
        head.append(f" {title}" if title else "")
        self._add_folded(head, indent="  ")
        gutter = len(str(_last_source_line(file, equation)))
        self._add_source(file, equation, gutter, appearance.style)
        self._add_facts(file, equation, gutter)
        self._gap()

    def _add_source(self, file: FileReport, equation: Equation, gutter: int, style: str) -> None:
        lines = _source_lines(file, equation)
        excerpt = _excerpt(lines[0][1], equation) if len(lines) == 1 else None
        if excerpt:
            lines = [(lines[0][0], excerpt[0])]
        for number, text in lines[:_SOURCE_LINES]:
            for part, piece in enumerate(self._fold(_flat(text), gutter + 4)):
                self._add_guttered(str(number) if part == 0 else "", gutter, piece)
        if excerpt and len(self._fold(excerpt[0], gutter + 4)) == 1:
            self._add_guttered("", gutter, excerpt[1], style)
        if len(lines) > _SOURCE_LINES:
            self._add_guttered("", gutter, f"... {len(lines) - _SOURCE_LINES} more lines", "dim")

    def _add_guttered(self, label: str, gutter: int, text: str, style: str = "") -> None:
        self.lines.append(Text.assemble((f" {label:>{gutter}} {self._bar()} ", "dim"), (text, style)))

    def _add_facts(self, file: FileReport, equation: Equation, gutter: int) -> None:
        called = names(file)
        wrong = faulty_links(equation)
        for link in wrong:
            if len(equation.links) > 1:
                self._add_fact(Fact(self._position(link, equation), spelled(link), "formula"), called, gutter)
            for fact in facts(link):
                self._add_fact(fact, called, gutter)
        for fact in () if wrong else facts(equation):
            self._add_fact(fact, called, gutter)
        if equation.readings:
            self._add_fact(Fact("reading", "; ".join(equation.readings)), called, gutter)

    def _position(self, link: Link, equation: Equation) -> str:
        return "at" if link.verdict is equation.verdict else f"{APPEARANCE[link.verdict].word} at"

    def _add_fact(self, fact: Fact, called: dict[str, str], gutter: int) -> None:
        text = fact.in_words(called)
        label = f" {'':{gutter}} = {fact.label}: "
        style = {"stated": "red", "right": "bold green", "hint": "bold"}.get(fact.label, "")
        wrap = self._fold if fact.content == "formula" else self._wrap
        for part, piece in enumerate(wrap(one_line(text), len(label))):
            self.lines.append(Text.assemble((label if part == 0 else " " * len(label), "dim"), (piece, style)))

    def _add_unchecked(self, file: FileReport, equations: list[Equation]) -> None:
        if not equations:
            return
        appearance = APPEARANCE[Verdict.UNCHECKED]
        self._heading(self._count(file, appearance, len(equations), "equation"), appearance.style)
        groups: dict[tuple[str, str], list[Equation]] = {}
        for equation in equations:
            item = _deciding(equation)
            groups.setdefault((item.code, one_line(item.reason)), []).append(equation)
        for (code, reason), members in sorted(groups.items(), key=lambda group: group[0]):
            title = CODES[code].title if code in CODES else ""
            places = ", ".join(_short_place(equation) for equation in members)
            line = Text.assemble("  ", (code, "cyan"), f" {title}")
            line.append(f": {addition}" if (addition := _beyond(title, reason)) else "")
            line.append(f"  {places}", "dim")
            self._add_folded(line, indent=" " * 7)
        self._gap()

    def _add_unanswered(self, file: FileReport) -> None:
        if not file.unanswered:
            return
        self._heading(self._count(file, UNANSWERED, len(file.unanswered), "part"), UNANSWERED.style)
        parts = ", ".join(f"{one_line(part.part)} line {part.line}" for part in file.unanswered)
        self._add_folded(Text(f"  {parts}"), indent="  ")
        self._gap()

    def _add_notes(self, file: FileReport) -> None:
        notes = [(problem.span, "D103", problem.message) for problem in file.problems]
        notes += [
            (unused.span, "D102", f"ignore[{', '.join(unused.codes)}] silences nothing. Remove it.")
            for unused in file.unused_suppressions
        ]
        for span, code, message in sorted(notes, key=lambda note: (note[0].line, note[0].column)):
            line = Text.assemble((self._place(file, span.line, span.column), "bold"), (f" {code}", "cyan"))
            line.append(f" {one_line(message)}")
            self._add_folded(line, indent="  ")
        if notes:
            self._gap()

    # -- lines ----------------------------------------------------------------------------------------

    def text(self) -> str:
        """Return the lines as one text, with escape codes only if colours are allowed."""
        sink = StringIO()
        console = Console(
            file=sink,
            force_terminal=self.style.color,
            color_system="standard" if self.style.color else None,
            no_color=not self.style.color,
            width=1_000_000,
            markup=False,
            highlight=False,
            emoji=False,
            legacy_windows=False,
            _environ={},
        )
        for line in self.lines:
            line.rstrip()
            console.print(line, no_wrap=True, overflow="ignore", crop=False, soft_wrap=True)
        return sink.getvalue()

    def _heading(self, words: str, style: str) -> None:
        self.lines.append(Text(words, style))

    def _gap(self) -> None:
        self.lines.append(Text())

    def _count(self, file: FileReport, appearance: Appearance, number: int, noun: str) -> str:
        plural = noun if number == 1 else f"{noun}s"
        return f"{one_line(file.file)}: {self._symbol(appearance)} {number} {plural} {appearance.word}"

    def _place(self, file: FileReport, line: int, column: int) -> str:
        return f"{one_line(file.file)}:{line}:{column}:"

    def _symbol(self, appearance: Appearance) -> str:
        return appearance.symbol if self.style.unicode else appearance.plain

    def _bar(self) -> str:
        return "│" if self.style.unicode else "|"

    def _room(self, used: int) -> int | None:
        if self.style.width is None:
            return None
        return max(self.style.width - used, _FOLD_BELOW)

    def _fold(self, text: str, used: int) -> list[str]:
        """Break a formula anywhere, so that no character is added to it or lost."""
        room = self._room(used)
        if room is None or cell_len(text) <= room:
            return [text]
        return chop_cells(text, room)

    def _wrap(self, text: str, used: int) -> list[str]:
        """Break words at spaces."""
        return [line.plain for line in self._wrap_styled(Text(text), used)]

    def _add_folded(self, line: Text, indent: str) -> None:
        for part, piece in enumerate(self._wrap_styled(line, len(indent))):
            self.lines.append(Text.assemble(indent if part else "", piece))

    def _wrap_styled(self, line: Text, used: int) -> Iterable[Text]:
        room = self._room(used)
        if room is None or line.cell_len <= room:
            return [line]
        return line.wrap(Console(width=room, _environ={}), room)


def _deciding(equation: Equation) -> Link | Equation:
    """Return what made the verdict: the first link that has it, else the equation."""
    return next((item for item in items(equation) if item.verdict is equation.verdict), equation)


def _spelled(link: Link) -> str:
    return f"{link.lhs} {link.relation} {link.rhs}"


def _short_place(equation: Equation) -> str:
    place = f"{equation.span.line}:{equation.span.column}"
    return f"{one_line(name_of(equation))} {place}" if equation.tag else place


def _beyond(title: str, reason: str) -> str:
    """Return what a reason adds to the title of its code."""
    return "" if reason == title else reason.removeprefix(f"{title}: ")


def _flat(text: str) -> str:
    return neutralize(text).replace("\n", " ")


def _excerpt(line: str, equation: Equation) -> tuple[str, str] | None:
    """Return the line of an inline formula, shortened around it if it is long, and the marks that underline it."""
    start, end = equation.span.column - 1, equation.span.end_column - 1
    if equation.display or not 0 <= start < end <= len(line) or end - start > _LONG_LINE:
        return None
    if len(line) > _LONG_LINE:
        first, last = max(0, start - _CONTEXT), min(len(line), end + _CONTEXT)
    else:
        first, last = 0, len(line)
    before = ("... " if first else "") + _flat(line[first:start])
    formula = _flat(line[start:end])
    after = _flat(line[end:last]) + (" ..." if last < len(line) else "")
    return before + formula + after, " " * cell_len(before) + "^" * cell_len(formula)


def _last_source_line(file: FileReport, equation: Equation) -> int:
    lines = _source_lines(file, equation)[:_SOURCE_LINES]
    return lines[-1][0] if lines else equation.span.line


def _source_lines(file: FileReport, equation: Equation) -> list[tuple[int, str]]:
    """Return the numbered lines of the document that the equation stands on, or its own source without a document."""
    return list(_numbered(file, equation))


def _numbered(file: FileReport, equation: Equation) -> Iterator[tuple[int, str]]:
    first, last = equation.span.line, equation.span.end_line
    source = file.document.source.split("\n") if file.document else []
    if last > first and equation.span.end_column <= 1:
        last -= 1
    if 1 <= first <= last <= len(source):
        yield from ((number, source[number - 1]) for number in range(first, last + 1))
    else:
        yield from ((first + offset, text) for offset, text in enumerate(equation.latex.split("\n")))
