"""The report as one self-contained HTML page: MathML, no script, no request, nothing of the document is ever markup."""

from __future__ import annotations

from html import escape
from importlib.resources import files

from gradproof.checker.verdict import Certificate, Equation, FileReport, Link, Report, Verdict
from gradproof.reader.document import Block, Code, Display, Formula, Heading, Prose
from gradproof.report.json_report import worst_first
from gradproof.report.mathml import to_mathml
from gradproof.report.words import SYMBOLS, counted, explained, name_of, plain, title_of, word_of

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def to_html(report: Report) -> str:
    """Return the report as an HTML page."""
    style = files("gradproof.report").joinpath("style.css").read_text(encoding="utf-8")
    title = "Gradproof: " + ", ".join(file.file for file in report.files)[:120]
    body = "".join(_file(number, file) for number, file in enumerate(report.files))
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{_text(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#main">To the verdicts</a>\n'
        f'<header class="top"><h1>Gradproof report</h1><p>{_text(counted(report))}</p></header>\n'
        f'<main id="main">\n{_navigation(report)}{body}</main>\n'
        f"<footer>gradproof {_text(report.version)}, seed {report.seed}</footer>\n</body>\n</html>\n"
    )


def _text(value: str) -> str:
    return escape(plain(value), quote=True)


def _anchor(number: int, equation: str) -> str:
    return f"f{number}-{escape(equation)}"


def _navigation(report: Report) -> str:
    if len(report.files) < 2:
        return ""
    items = "".join(f'<li><a href="#file-{number}">{_text(file.file)}</a></li>' for number, file in enumerate(report.files))
    return f'<nav aria-label="Documents"><ul>{items}</ul></nav>\n'


def _file(number: int, file: FileReport) -> str:
    head = f'<section id="file-{number}" aria-labelledby="title-{number}">\n<h2 id="title-{number}">{_text(file.file)}</h2>\n'
    if file.error or file.document is None:
        return head + f'<p class="open">{_text(file.error)}</p>\n</section>\n'
    return head + _summary(number, file) + _document(number, file) + "</section>\n"


def _summary(number: int, file: FileReport) -> str:
    counts = "".join(f"<li>{_badge(Verdict(name))} <b>{count}</b></li>" for name, count in file.summary().items() if count)
    faults = "".join(
        f'<li>{_badge(equation.verdict)} <a href="#{_anchor(number, equation.id)}">'
        f"line {equation.span.line} {_text(name_of(equation))}</a> {_text(explained(equation))}</li>"
        for equation in worst_first(file.equations)
        if equation.verdict.is_fault and not equation.suppressed
    )
    text = f'<ul class="counts" aria-label="Verdicts">{counts}</ul>\n'
    text += f'<ul class="faults" aria-label="Faults">{faults}</ul>\n' if faults else "<p>No fault was found.</p>\n"
    if file.unanswered:
        parts = ", ".join(f"{part.part} (line {part.line})" for part in file.unanswered)
        text += f'<p class="open">Unanswered: {_text(parts)}</p>\n'
    for problem in file.problems:
        text += f'<p class="open">Line {problem.span.line}: {_text(problem.message)}</p>\n'
    return text


def _badge(verdict: Verdict) -> str:
    return f'<span class="badge {verdict.value}"><span aria-hidden="true">{SYMBOLS[verdict]}</span> {word_of(verdict)}</span>'


def _document(number: int, file: FileReport) -> str:
    assert file.document is not None
    pending: dict[tuple[int, int], list[Equation]] = {}
    for equation in file.equations:
        pending.setdefault((equation.span.line, equation.span.column), []).append(equation)
    blocks = "".join(_block(number, file, block, pending) for block in file.document.blocks)
    return f"<h3>The document</h3>\n{blocks}"


def _block(number: int, file: FileReport, block: Block, pending: dict[tuple[int, int], list[Equation]]) -> str:
    match block:
        case Display(formula):
            found = _taken(formula, pending)
            return _equation(number, file, found) if found else _formula_only(formula)
        case Code(text):
            return f"<pre>{_text(text)}</pre>\n"
        case Heading(level, title, printed):
            depth = min(max(level + 2, 3), 6)
            return f"<h{depth}>{_text(f'{printed} {title}'.strip())}</h{depth}>\n"
        case Prose(pieces):
            return _prose(number, file, pieces, pending)


def _taken(formula: Formula, pending: dict[tuple[int, int], list[Equation]]) -> Equation | None:
    found = pending.get((formula.span.line, formula.span.column), [])
    for equation in found:
        if equation.latex == formula.latex:
            found.remove(equation)
            return equation
    return None


def _formula_only(formula: Formula) -> str:
    return f'<div class="wide">{to_mathml(formula.expanded, display=True)}</div>\n'


def _prose(number: int, file: FileReport, pieces: tuple[str | Formula, ...], pending: dict[tuple[int, int], list[Equation]]) -> str:
    text = ""
    below = ""
    for piece in pieces:
        if isinstance(piece, str):
            text += _text(piece)
            continue
        text += f'<span class="inline">{to_mathml(piece.expanded, display=False)}</span>'
        equation = _taken(piece, pending)
        if equation is None:
            continue
        target = _anchor(number, equation.id)
        text += f' <a class="badge {equation.verdict.value}" href="#{target}" title="{word_of(equation.verdict)}">'
        text += f'<span aria-hidden="true">{SYMBOLS[equation.verdict]}</span>'
        text += f'<span class="skip">{word_of(equation.verdict)}</span></a>'
        below += _equation(number, file, equation)
    body = text.strip()
    return (f'<p class="text">{body}</p>\n' if body else "") + below


def _equation(number: int, file: FileReport, equation: Equation) -> str:
    verdict = equation.verdict
    name = _text(name_of(equation) or f"line {equation.span.line}")
    label = f"Formula, line {equation.span.line}"
    latex = to_mathml(_shown_source(equation), display=True)
    head = (
        f'<div class="head">{_badge(verdict)} <span>{name}</span> '
        f'<span class="code">{equation.code} {_text(title_of(equation))}</span></div>'
    )
    links = "".join(_link(number, file, link, len(equation.links) > 1) for link in equation.links)
    alone = f"<p>{_text(equation.reason)}</p>" if not equation.links and equation.reason else ""
    readings = f"<p>Read as: {_text('; '.join(equation.readings))}</p>" if equation.readings else ""
    return (
        f'<article class="equation is-{verdict.value}" id="{_anchor(number, equation.id)}">{head}'
        f'<div class="wide" role="region" tabindex="0" aria-label="{_text(label)}">{latex}</div>'
        f"{alone}{links}{readings}</article>\n"
    )


def _shown_source(equation: Equation) -> str:
    return equation.latex


def _link(number: int, file: FileReport, link: Link, several: bool) -> str:
    facts: list[tuple[str, str]] = []
    if link.reason and link.verdict is not Verdict.STATED:
        facts.append(("why", _text(link.reason)))
    if link.stated:
        facts.append(("stated", to_mathml(link.stated, display=False)))
    if link.expected:
        facts.append(("expected", to_mathml(link.expected, display=False)))
    if link.from_stated_inputs:
        facts.append(("from the stated inputs", to_mathml(link.from_stated_inputs, display=False)))
    if link.hint:
        facts.append(("hint", _text(link.hint)))
    if link.depends_on:
        facts.append(("because of", ", ".join(_reference(number, file, name) for name in link.depends_on)))
    if link.witness:
        facts.append(("witness", _text(", ".join(f"{name} = {value}" for name, value in link.witness.items()))))
    rows = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts)
    body = (f"<dl>{rows}</dl>" if rows else "") + _certificate(link.certificate)
    if not several:
        return body
    sides = to_mathml(f"{link.lhs} {_relation(link.relation)} {link.rhs}", display=False)
    shown = f"<details{' open' if link.verdict.is_fault else ''}><summary>{_badge(link.verdict)} link</summary>"
    return f'{shown}<div class="wide">{sides}</div>{body}</details>' if body or link.verdict.is_fault else ""


def _relation(relation: str) -> str:
    names = {"≈": "\\approx", "≤": "\\le", "≥": "\\ge", "≠": "\\ne", "≡": "\\equiv", "∈": "\\in", "←": "\\leftarrow"}
    return names.get(relation, relation)


def _reference(number: int, file: FileReport, identity: str) -> str:
    for equation in file.equations:
        if equation.id == identity:
            name = name_of(equation) or f"line {equation.span.line}"
            return f'<a href="#{_anchor(number, identity)}">{_text(name)}</a>'
    return _text(identity)


def _certificate(certificate: Certificate | None) -> str:
    if certificate is None:
        return ""
    steps = "".join(f"<li>{_text(rule)}: {to_mathml(formula, display=False)}</li>" for rule, formula in certificate.steps)
    conditions = "".join(f"<li>{to_mathml(condition, display=False)}</li>" for condition in certificate.side_conditions)
    details = "".join(f"<li>{_text(name)}: {_text(str(value)[:600])}</li>" for name, value in certificate.details.items())
    text = f"<details><summary>certificate: {_text(certificate.method)}</summary>"
    text += f"<p>Rules used</p><ol>{steps}</ol>" if steps else ""
    text += f"<p>Side conditions</p><ul>{conditions}</ul>" if conditions else ""
    text += f"<ul>{details}</ul>" if details else ""
    return text + "</details>"
