"""A small hand-made report with every verdict in it, for all report formats."""

from __future__ import annotations

import re
from fractions import Fraction

from gradproof.checker.verdict import Certificate, Equation, FileReport, Kind, Link, Verdict
from gradproof.errors import Span
from gradproof.reader.document import (
    Block,
    Code,
    Display,
    Document,
    EmptyPart,
    Formula,
    Heading,
    Problem,
    Prose,
    Suppression,
)

SHEET = r"""# 3 Chain rule

(a) Let

$$f = \frac{a}{b} \tag{1}$$

$$\frac{\partial \sigma(x)}{\partial x} = \sigma(x) \cdot (1 - \sigma(x)) \tag{6}$$

(b) For $x = 1$ the value is

$$\sigma(x) = \sigma(1) = 0.269 \tag{7}$$

$$b = 3 * 1 + 0 - \sigma(1) = 2.731 \tag{10}$$

# 5 Convolution

The window has $(5 - 3 + 1)^2 = 9$ places and $\sum_{i=2}^{4} X_{ij} W_{ij} = 3$ is wrong <b>here</b>.

$$E = a_1 + \dots + a_n + \foo{x} \tag{14}$$

$$\int_0^1 g(x) \, dx = G \tag{15}$$

# 6 Optimization

(c)
"""

READING = "σ is the logistic function"


def blocks_of(source: str) -> tuple[Block, ...]:
    """Split a sheet into blocks, well enough for the sheets of these tests."""
    blocks: list[Block] = []
    lines = source.split("\n")
    for number, line in enumerate(lines, 1):
        span = Span(number, 1, number, len(line) + 1)
        if line.startswith("# "):
            title = line[2:].split(" ", 1)
            blocks.append(Heading(1, title[-1], title[0], span))
        elif line.startswith("$$"):
            inside = line[2:-2]
            tag = re.search(r"\\tag\{(.*?)\}", inside)
            expanded = re.sub(r"\\tag\{.*?\}", "", inside).strip()
            formula = Formula(inside, expanded, span, True, tag[1] if tag else None)
            blocks.append(Display(formula, span))
        elif line.startswith("    "):
            blocks.append(Code(line[4:], "", span))
        elif line.strip():
            part = re.match(r"\(\w\)", line)
            blocks.append(Prose(tuple(_pieces(line, number)), span, part[0] if part else ""))
    return tuple(blocks)


def _pieces(line: str, number: int) -> list[str | Formula]:
    pieces: list[str | Formula] = []
    end = 0
    for match in re.finditer(r"\$(.+?)\$", line):
        pieces.append(line[end : match.start()])
        span = Span(number, match.start() + 1, number, match.end() + 1)
        pieces.append(Formula(match[1], match[1], span, False))
        end = match.end()
    return [*pieces, line[end:]]


def document_of(source: str, path: str = "sheet.md") -> Document:
    return Document(path, source, blocks_of(source))


def equation_of(document: Document, index: int, links: tuple[Link, ...], **fields: object) -> Equation:
    formula = document.formulas()[index]
    worst = min(links, key=lambda link: link.verdict.severity)
    return Equation(
        id=f"e{index + 1}",
        tag=formula.tag,
        display=formula.display,
        span=formula.span,
        latex=formula.latex,
        verdict=worst.verdict,
        code=worst.code,
        reason=worst.reason,
        hint=worst.hint,
        links=links,
        **fields,  # type: ignore[arg-type]
    )


def sheet_report() -> FileReport:
    document = document_of(SHEET)
    sigma = r"\sigma(x) \cdot (1 - \sigma(x))"
    proof = Certificate(
        "canonical form",
        ("b ≠ 0",),
        (("derivative of the logistic function", sigma), ("expand", r"\sigma(x) - \sigma(x)^2")),
        {"terms": 2, "seed": 0, "exact": Fraction(1, 3)},
    )
    balls = Certificate("disjoint enclosures", details={"left": "[0.73105857863 +/- 4.9e-13]", "right": "[0.268, 0.270]"})
    equations = (
        equation_of(document, 0, (Link("f", "=", r"\frac{a}{b}", Kind.DEFINITION, Verdict.STATED, "S101"),)),
        equation_of(
            document,
            1,
            (Link(r"\frac{\partial \sigma(x)}{\partial x}", "=", sigma, Kind.CLAIM, Verdict.PROVED, "P101", certificate=proof),),
            readings=(READING,),
        ),
        equation_of(document, 2, (Link("x", "=", "1", Kind.CONDITION, Verdict.STATED, "S103"),)),
        equation_of(
            document,
            3,
            (
                Link(r"\sigma(x)", "=", r"\sigma(1)", Kind.CLAIM, Verdict.PROVED, "P101", certificate=proof),
                Link(
                    r"\sigma(1)",
                    "=",
                    "0.269",
                    Kind.CLAIM,
                    Verdict.REFUTED,
                    "R102",
                    hint="that is σ(-1)",
                    certificate=balls,
                    witness={"x": "1"},
                    stated="0.269",
                    expected="0.7310585786",
                ),
            ),
            readings=(READING,),
        ),
        equation_of(
            document,
            4,
            (
                Link("b", "=", r"3 * 1 + 0 - \sigma(1)", Kind.DEFINITION, Verdict.STATED, "S101"),
                Link(
                    r"3 * 1 + 0 - \sigma(1)",
                    "=",
                    "2.731",
                    Kind.CLAIM,
                    Verdict.CARRIED,
                    "C101",
                    reason="it follows from the wrong value of $\\sigma(1)$",
                    certificate=Certificate("carried value"),
                    stated="2.731",
                    expected="2.2689414214",
                    from_stated_inputs="2.731",
                    depends_on=("e4",),
                ),
            ),
            readings=(READING,),
        ),
        equation_of(
            document,
            5,
            (Link("(5 - 3 + 1)^2", "=", "9", Kind.CLAIM, Verdict.PROVED, "P102", certificate=Certificate("arithmetic")),),
        ),
        equation_of(
            document,
            6,
            (
                Link(
                    r"\sum_{i=2}^{4} X_{ij} W_{ij}",
                    "=",
                    "3",
                    Kind.CLAIM,
                    Verdict.MALFORMED,
                    "M101",
                    reason="W is 3x3, yet i runs to 4",
                    certificate=Certificate("shapes", details={"W": [3, 3]}),
                ),
            ),
        ),
        equation_of(
            document,
            7,
            (
                Link(
                    "E",
                    "=",
                    r"a_1 + \dots + a_n + \foo{x}",
                    Kind.CLAIM,
                    Verdict.UNCHECKED,
                    "U101",
                    reason="the dots stand for terms that are not written",
                ),
            ),
        ),
        equation_of(
            document,
            8,
            (
                Link(
                    r"\int_0^1 g(x) \, dx",
                    "=",
                    "G",
                    Kind.CLAIM,
                    Verdict.TESTED,
                    "T101",
                    certificate=Certificate("random instances", details={"instances": 8, "digits": 30}),
                ),
            ),
        ),
    )
    return FileReport(
        "sheet.md",
        document,
        equations,
        (EmptyPart("6(c)", 25),),
        (Problem("'$$' is not closed. Close it.", Span(21, 1, 21, 3)),),
        (Suppression(("R101",), "old", Span(2, 1, 2, 30), 3, 3),),
    )
