"""The scopes of a document: its formulas parsed, each with its place, the words before it and the symbol table that it shares."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gradproof.checker.statements import Sentence
from gradproof.checker.verdict import Kind
from gradproof.elaborate.ellipsis import without_dots
from gradproof.elaborate.evidence import Survey
from gradproof.elaborate.reach import with_wide_sums
from gradproof.elaborate.scope import Definition, Scope
from gradproof.elaborate.trouble import Trouble
from gradproof.expr.node import Compare, Expr
from gradproof.reader.document import Block, Document, Formula, Heading, Prose
from gradproof.reader.parser import parse_formula
from gradproof.reader.presentation import Tree

_ITEM = re.compile(r"\s*(?:[-+*]|\d{1,3}[.)]|\\item)(?:\s|$)")
_OPENING = re.compile(r"\s*(?:(?:now|next)[\s,]+)?(?:let|consider|suppose|define|take|given)\b", re.IGNORECASE)
_PROBLEM = re.compile(r"\s*[*_]*(?:problem|exercise|question|task)\s+\d+", re.IGNORECASE)
#: A title that runs into its paragraph: ``**Batch norm.** For ...``, ``\\paragraph{Attention} ...``.
_RUN_IN = re.compile(
    r"\s*(?:(?:\*\*|__)(?=[A-Za-z])([^*_\n]{2,80})(?:\*\*|__)|\\(?:textbf|(?:sub)?paragraph)\*?\{([^{}\n]{2,80})\})"
)
_SAME_SUBJECT = re.compile(
    r"(?:solution|answer|proof|hint|note|remark|step|part|result|claim|where|given|show|derivation)\b", re.IGNORECASE
)
#: Characters before a formula that may say what it does.
_LONGEST_BEFORE = 600


@dataclass
class PlannedLink:
    """One link with its kind; ``code`` is set where nothing is left to decide, ``trouble`` where reading failed.

    ``definition`` is what the link introduced; ``again`` tells that the name was defined before.
    """

    left: Tree
    relation: str
    right: Tree
    kind: Kind
    code: str = ""
    trouble: Trouble | None = None
    key: str = ""
    definition: Definition | None = None
    again: bool = False
    first: bool = True


@dataclass
class PlannedSentence:
    """A sentence with its links."""

    sentence: Sentence
    links: list[PlannedLink]


@dataclass
class PlannedFormula:
    """A formula of the document with its place, its tree and its sentences.

    ``passage`` counts the headings and run-in titles before it; ``item`` is the line where the list item that it stands in begins, 0
    outside of lists; ``opens`` tells that its paragraph begins with 'Let', 'Consider' or the like.
    """

    formula: Formula
    position: int
    id: str
    tree: Tree
    source: str
    before: str
    part: str
    scope: Scope
    section: str
    passage: int = 0
    item: int = 0
    opens: bool = False
    sentences: list[PlannedSentence] = field(default_factory=list)
    conditions: dict[Expr, Expr] = field(default_factory=dict)
    assumptions: list[Compare] = field(default_factory=list)
    heads: list[Expr] = field(default_factory=list)
    final: str = ""
    trouble: Trouble | None = None


@dataclass
class Section:
    """A stretch of the document with one symbol table: its title, its prose, its formulas."""

    title: str
    prose: list[str] = field(default_factory=list)
    formulas: list[PlannedFormula] = field(default_factory=list)
    scope: Scope = field(default_factory=lambda: Scope(Survey()))


def sections_of(document: Document, on_formula: Callable[[int], None] | None) -> list[Section]:
    """Cut a document into scopes: numbered exercises stand alone, other documents are one scope."""
    numbered = sum(isinstance(block, Heading) and bool(block.number) for block in document.blocks)
    parted = any(isinstance(block, Prose) and block.part for block in document.blocks)
    separate = numbered >= 2 and parted
    sections = [Section("")]
    part, before, passage, item = "", "", 0, 0
    lines = document.source.split("\n")
    for block in document.blocks:
        item = _item(block, lines, item)
        if isinstance(block, Heading):
            passage += 1
            top = "." not in block.number
            if separate and block.number and top:
                sections.append(Section(block.title))
            sections[-1].prose.append(block.title + ". ")
            part, before = block.number, ""
        if isinstance(block, Prose) and _opens_problem(block):
            sections.append(Section(""))
            part = ""
        if isinstance(block, Prose) and _opens_subject(block):
            passage += 1
        if isinstance(block, Prose) and block.part:
            part = block.part
        if isinstance(block, Prose | Heading):
            before = "" if isinstance(block, Prose) else before
            opens = isinstance(block.pieces[0], str) and bool(_OPENING.match(block.pieces[0])) if block.pieces else False
            for piece in block.pieces:
                if isinstance(piece, str):
                    before = (before + piece)[-_LONGEST_BEFORE:]
                    sections[-1].prose.append(piece)
                else:
                    _add(sections[-1], piece, before, part, (passage, item), on_formula)
                    sections[-1].formulas[-1].opens = opens
                    opens = False
                    before = f"{before}${piece.expanded}$"[-_LONGEST_BEFORE:]
                    sections[-1].prose.append(f"${piece.expanded}$")
        elif hasattr(block, "formula"):
            _add(sections[-1], block.formula, before, part, (passage, item), on_formula)
            before = ""
    _number(sections)
    return sections


def _item(block: Block, lines: Sequence[str], item: int) -> int:
    """Return the line where the list item that a block stands in begins, 0 where it stands in none."""
    line = lines[block.span.line - 1] if 0 < block.span.line <= len(lines) else ""
    if _ITEM.match(line):
        return block.span.line
    goes_on = item and (line[:1] in (" ", "\t") or not isinstance(block, Prose | Heading))
    return item if goes_on else 0


def _opens_problem(block: Prose) -> bool:
    """Tell whether a paragraph begins a problem of its own: ``**Problem 1.** Let ...``."""
    first = block.pieces[0]
    return isinstance(first, str) and bool(_PROBLEM.match(first))


def _opens_subject(block: Prose) -> bool:
    """Tell whether a paragraph begins with a title of its own, other than 'Solution' and the like."""
    first = block.pieces[0]
    title = _RUN_IN.match(first) if isinstance(first, str) else None
    return title is not None and not _SAME_SUBJECT.match(title[1] or title[2])


def _add(
    section: Section, formula: Formula, before: str, part: str, at: tuple[int, int], on_formula: Callable[[int], None] | None
) -> None:
    source = f"{_as_formula(formula.lead)} {formula.expanded}" if formula.lead else formula.expanded
    tree = with_wide_sums(without_dots(parse_formula(source)))
    planned = PlannedFormula(formula, 0, "", tree, source, before, part, section.scope, section.title, *at)
    if formula.problem:
        planned.trouble = Trouble("U102", formula.problem)
    section.formulas.append(planned)
    if on_formula is not None:
        on_formula(len(section.formulas))


def _as_formula(lead: str) -> str:
    """A word before a relation is one name: ``result =`` becomes ``\\mathrm{result} =``."""
    return re.sub(r"^([A-Za-z]{2,})(?=[\s(])", r"\\mathrm{\1}", lead)


def _number(sections: list[Section]) -> None:
    count = 0
    for section in sections:
        for planned in section.formulas:
            count += 1
            planned.position = count
            planned.id = f"e{count}"
