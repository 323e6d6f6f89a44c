"""The report as one self-contained HTML file: the document with a verdict beside each equation; no script, no request."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from typing import Any

from gradproof.checker.codes import CODES
from gradproof.checker.verdict import Certificate, Equation, FileReport, Link, Report, Verdict
from gradproof.errors import Span
from gradproof.printer.mathml import to_html, without_numbering
from gradproof.printer.safe_text import encodable, neutralize, one_line
from gradproof.reader.document import Block, Display, Formula, Heading, Prose
from gradproof.reader.document import Code as CodeBlock
from gradproof.report.facts import Fact, facts, faulty_links, name_of, names, spelled
from gradproof.report.outcome import count_codes, count_verdicts, last_line, reported
from gradproof.report.words import APPEARANCE, COUNTED, UNANSWERED

# A formula with more visible characters than this may not fit on a telephone; its box can then be scrolled by keyboard.
_WIDE = 18
_HASHES = re.compile(r"^\s*#+\s*|\s+#+\s*$")
_MARKUP = (
    (re.compile(r"`([^`\n]+)`"), "code"),
    (re.compile(r"\*\*([^*\n]+)\*\*"), "strong"),
    (re.compile(r"(?<![\w*])\*([^*\s][^*\n]*)\*(?![\w*])"), "em"),
)


@dataclass(slots=True)
class ShownBlock:
    """One block of the document as HTML: its own markup, the equations in it, the unanswered parts that start here."""

    kind: str
    html: str
    id: str = ""
    level: int = 2
    equations: list[Equation] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)

    @property
    def noted(self) -> list[Equation]:
        """The equations about which more is to be said than the mark beside an inline formula says."""
        return [equation for equation in self.equations if not is_plain(equation)]


@dataclass(slots=True)
class ShownFile:
    """One file of the report as the template needs it."""

    id: str
    report: FileReport
    page: FilePage
    blocks: list[ShownBlock]
    unanswered: list[tuple[str, int, str]]
    elsewhere: list[Equation]
    faults: list[Equation]
    unchecked: list[Equation]


def render_html(report: Report) -> str:
    """Return the report as one HTML document."""
    # Jinja is slow to import and needed by this report alone.
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    room = files("gradproof.report") / "templates"
    environment = Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        loader=FunctionLoader(lambda name: (room / name).read_text(encoding="utf-8")),
    )
    style = (room / "report.css").read_text(encoding="utf-8")
    shown = [_shown_file(file, f"f{number}") for number, file in enumerate(report.files, 1)]
    codes = count_codes(report)
    page = environment.get_template("report.html.j2").render(
        report=report,
        title=_title(report),
        style=_safe(style),
        policy=_policy(style),
        files=shown,
        counts=[(verdict, number) for verdict in COUNTED if (number := count_verdicts(report)[verdict])],
        unanswered=sum(len(file.unanswered) for file in report.files),
        last_line=last_line(report),
        appearance=APPEARANCE,
        unanswered_appearance=UNANSWERED,
        glossary=[CODES[code] for code in CODES if codes[code]],
        titles={code: entry.title for code, entry in CODES.items()},
        words=_words,
        place=one_line,
        Verdict=Verdict,
    )
    return encodable(page.strip()) + "\n"


class FilePage:
    """Turns the equations of one file into pieces of HTML, with anchors that are unique in the page."""

    def __init__(self, file: FileReport, id: str) -> None:
        self.id = id
        self._called = names(file)
        self._anchors = {equation.id: f"{id}-e{number}" for number, equation in enumerate(file.equations, 1)}

    def anchor(self, equation: Equation) -> str:
        """Return the id of the note on an equation."""
        return self._anchors[equation.id]

    def name(self, equation: Equation) -> str:
        """Return how an equation is spoken of: ``(7)`` or ``line 12``."""
        return neutralize(name_of(equation))

    def shown_links(self, equation: Equation) -> list[Link | Equation]:
        """Return what explains the verdict beside the formula: its faulty or undecided links, or itself; what holds needs none."""
        if equation.verdict in (Verdict.PROVED, Verdict.STATED):
            return []
        if equation.verdict.is_fault:
            wrong = list(faulty_links(equation))
        else:
            wrong = [link for link in equation.links if link.verdict is equation.verdict is Verdict.UNCHECKED]
        return [*wrong] or [equation]

    def right(self, equation: Equation) -> Any:
        """Return the right value or formula of the first faulty link that has one, as HTML, else nothing."""
        known = (link.expected for link in faulty_links(equation) if link.expected is not None)
        right = next(known, None)
        return _value(right) if right else ""

    def has_more(self, equation: Equation) -> bool:
        """Whether the links say more than the verdict of the equation does."""
        return len(equation.links) > 1 or any(link.certificate for link in equation.links)

    def facts(self, item: Link | Equation) -> list[tuple[str, Any]]:
        """Return what is known beyond the verdict: pairs of a label and HTML."""
        return [(fact.label, self._fact(fact)) for fact in facts(item)]

    def formula(self, latex: str) -> Any:
        """Return a formula as HTML."""
        return _safe(to_html(latex, display=False))

    def spelled(self, link: Link) -> Any:
        """Return both sides of a link as HTML."""
        return self.formula(spelled(link))

    def details(self, certificate: Certificate) -> list[tuple[str, str]]:
        """Return what the method of a certificate adds: pairs of a name and words."""
        return [(str(name), _detail(value)) for name, value in certificate.details.items()]

    def _fact(self, fact: Fact) -> Any:
        if fact.content == "formula":
            return _value(fact.text)
        if fact.content == "words":
            return _words(fact.text)
        links = (
            f'<a href="#{self._anchors[id]}">{escape(neutralize(self._called[id]))}</a>'
            if id in self._anchors
            else escape(neutralize(id))
            for id in fact.text.split()
        )
        return _safe(", ".join(links))


def is_plain(equation: Equation) -> bool:
    """Whether an inline equation is only 'stated', with no reading to tell: its mark says it all."""
    return equation.verdict is Verdict.STATED and not equation.readings and not equation.suppressed


def _shown_file(file: FileReport, id: str) -> ShownFile:
    page = FilePage(file, id)
    places = _Places(file)
    blocks = [_shown_block(block, page, places) for block in (file.document.blocks if file.document else ())]
    anchors = _place_unanswered(file, blocks)
    counted = reported(file)
    return ShownFile(
        id=id,
        report=file,
        page=page,
        blocks=[block for block in blocks if block.html or block.unanswered],
        unanswered=[(part.part, part.line, anchor) for part, anchor in zip(file.unanswered, anchors, strict=True)],
        elsewhere=places.rest(),
        faults=[equation for equation in counted if equation.verdict.is_fault],
        unchecked=[equation for equation in counted if equation.verdict is Verdict.UNCHECKED],
    )


class _Places:
    """Finds the equations of a formula by their place in the source; each equation is handed out once."""

    def __init__(self, file: FileReport) -> None:
        self._waiting = list(file.equations)
        self._exact: dict[Span, list[Equation]] = {}
        for equation in file.equations:
            self._exact.setdefault(equation.span, []).append(equation)
        self._by_line: dict[int, list[Equation]] = {}
        for equation in file.equations:
            self._by_line.setdefault(equation.span.line, []).append(equation)
        self._given: set[int] = set()

    def take(self, formula: Formula) -> list[Equation]:
        found = self._exact.get(formula.span, [])
        if not found:
            lines = range(formula.span.line, formula.span.end_line + 1)
            near = (equation for line in lines for equation in self._by_line.get(line, []))
            found = [equation for equation in near if _is_inside(equation.span, formula.span)]
        fresh = [equation for equation in found if id(equation) not in self._given]
        self._given.update(id(equation) for equation in fresh)
        return fresh

    def rest(self) -> list[Equation]:
        return [equation for equation in self._waiting if id(equation) not in self._given]


def _is_inside(inner: Span, outer: Span) -> bool:
    starts = (inner.line, inner.column) >= (outer.line, outer.column)
    return starts and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)


def _shown_block(block: Block, page: FilePage, places: _Places) -> ShownBlock:
    match block:
        case Heading():
            html, equations = _inline(block.pieces or (block.title,), page, places)
            html = _labelled("number", block.number, _HASHES.sub("", html))
            shown = ShownBlock("heading", _safe(html), level=min(6, block.level + 2), equations=equations)
        case Prose():
            html, equations = _inline(block.pieces, page, places)
            shown = ShownBlock("prose", _safe(_labelled("part", block.part, html)), equations=equations)
        case Display():
            equations = places.take(block.formula)
            shown = ShownBlock("display", _display(block.formula, equations), equations=equations)
        case CodeBlock():
            shown = ShownBlock("code", _safe(f"<code>{escape(neutralize(block.text))}</code>"))
    shown.id = f"{page.id}-l{block.span.line}-{block.span.column}"
    return shown


def _labelled(kind: str, label: str, html: str) -> str:
    """Set the printed number of a heading or part apart, whether or not its text repeats it."""
    html, shown = html.strip(), escape(neutralize(label))
    if not label:
        return html
    repeated = re.match(rf"(\(?{re.escape(shown)}\)?)(?![\w])[.:]?\s*", html)
    if repeated:
        shown = repeated.group(1)
    return f'<span class="{kind}">{shown}</span> {html[repeated.end() :] if repeated else html}'.strip()


def _inline(pieces: Iterable[str | Formula], page: FilePage, places: _Places) -> tuple[str, list[Equation]]:
    html: list[str] = []
    equations: list[Equation] = []
    for piece in pieces:
        if isinstance(piece, str):
            html.append(_with_markup(escape(neutralize(piece))))
            continue
        found = places.take(piece)
        equations += found
        html.append(_inline_formula(piece, found, page))
    return "".join(html), equations


def _with_markup(html: str) -> str:
    """Set the commonest marks of Markdown in text that is escaped already: code, strong and emphasized words."""
    for pattern, tag in _MARKUP:
        html = pattern.sub(rf"<{tag}>\1</{tag}>", html)
    return html


def _inline_formula(formula: Formula, equations: list[Equation], page: FilePage) -> str:
    shown = to_html(formula.expanded or formula.latex, display=False, fallback=without_numbering(formula.latex))
    if not equations:
        return f'<span class="inline">{_boxed(shown)}</span>'
    worst = min(equations, key=lambda equation: equation.verdict.severity)
    appearance = APPEARANCE[worst.verdict]
    words = f'<span aria-hidden="true">{appearance.symbol}</span> {appearance.word}'
    if all(is_plain(equation) for equation in equations):
        mark = f'<span class="mark" id="{page.anchor(worst)}">{words}</span>'
    else:
        mark = f'<a class="mark" href="#{page.anchor(worst)}">{words}</a>'
    return f'<span class="inline judged v-{worst.verdict.value}">{_boxed(shown)}{mark}</span>'


def _boxed(shown: str) -> str:
    """Give a wide inline formula a box of its own to scroll in; others stay on the line as they are."""
    if not _is_wide(shown):
        return shown
    tall = " tall" if "<mtable" in shown else ""
    return f'<span class="scroll{tall}" tabindex="0" role="group" aria-label="Formula">{shown}</span>'


def _is_wide(shown: str) -> bool:
    return len(re.sub(r"<[^>]*>|&[a-zA-Z#0-9]+;", "", shown)) > _WIDE


def _display(formula: Formula, equations: list[Equation]) -> Any:
    shown = to_html(formula.expanded or formula.latex, display=True, fallback=without_numbering(formula.latex))
    tag = formula.tag or next((equation.tag for equation in equations if equation.tag), None)
    label = f"Formula ({tag})" if tag else f"Formula on line {formula.span.line}"
    reach = f' tabindex="0" role="region" aria-label="{escape(neutralize(label))}"' if _is_wide(shown) else ""
    number = f'<span class="tag">({escape(neutralize(tag))})</span>' if tag else ""
    return _safe(f'<div class="formula"{reach}>{shown}</div>{number}')


def _place_unanswered(file: FileReport, blocks: list[ShownBlock]) -> list[str]:
    """Mark the parts that stand empty at the block where they are announced; return the anchors of these blocks."""
    spans = [block.span for block in file.document.blocks] if file.document else []
    anchors: list[str] = []
    for part in file.unanswered:
        holding = (block for block, span in zip(blocks, spans, strict=True) if span.line <= part.line <= span.end_line)
        block = next(holding, None)
        if block:
            block.unanswered.append(part.part)
        anchors.append(block.id if block else "")
    return anchors


def _words(text: str) -> Any:
    """Return words as HTML, formulas between dollar signs rendered."""
    pieces = neutralize(text).split("$")
    if len(pieces) % 2 == 0:
        return _safe(escape(neutralize(text)))
    return _safe("".join(_piece(piece, position) for position, piece in enumerate(pieces)))


def _piece(text: str, position: int) -> str:
    return to_html(text, display=False) if position % 2 and text.strip() else escape(text)


def _value(text: str) -> Any:
    """Return a value as HTML: as a formula if it is written as one, else as it stands."""
    if re.search(r"[\\^_{}]", text):
        return _safe(to_html(text, display=False))
    return _safe(f"<span class='value'>{escape(neutralize(text))}</span>")


def _detail(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} = {_detail(entry)}" for name, entry in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_detail(entry) for entry in value)
    return neutralize(str(value))


def _safe(html: str) -> Any:
    from markupsafe import Markup

    return Markup(html)


def _policy(style: str) -> str:
    """Return a content security policy under which nothing runs, loads or is sent; only our own style applies."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; style-src-elem 'sha256-{digest}'; "
        "style-src-attr 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    )


def _title(report: Report) -> str:
    if len(report.files) == 1:
        return one_line(report.files[0].file)
    return f"{len(report.files)} documents"
