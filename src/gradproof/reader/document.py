"""What a reader makes of a document: blocks in order, with the exact place of every formula."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gradproof.errors import Span


@dataclass(frozen=True, slots=True)
class Formula:
    """One piece of mathematics in a document.

    ``latex`` is the source verbatim, without its delimiters (for a bare environment: with its
    ``\\begin`` and ``\\end``). ``expanded`` is what the formula parser gets: user macros expanded,
    comments, ``\\tag``, ``\\label`` and a trailing printed number such as ``\\quad (9)`` removed.
    ``lead`` is a name and '=' that stand in the prose right before the formula (``output F =`` gives
    ``F =``), else empty; ``trail`` likewise what the prose adds right behind it (``, where``: empty).
    ``problem`` says in words why the source could not be delimited or expanded, else empty.
    """

    latex: str
    expanded: str
    span: Span
    display: bool
    tag: str | None = None
    lead: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: ``number`` is the printed one ('3', '4.2'), or empty."""

    level: int
    title: str
    number: str
    span: Span
    pieces: tuple[str | Formula, ...] = ()


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph, list item or table row: text and inline formulas in reading order.

    ``part`` is the label of the part that this paragraph opens ('(a)', '12'), or empty.
    """

    pieces: tuple[str | Formula, ...]
    span: Span
    part: str = ""


@dataclass(frozen=True, slots=True)
class Display:
    """A formula set on lines of its own."""

    formula: Formula
    span: Span


@dataclass(frozen=True, slots=True)
class Code:
    """A code block; shown in reports, never read as mathematics and never run."""

    text: str
    language: str
    span: Span


Block = Heading | Prose | Display | Code


@dataclass(frozen=True, slots=True)
class Suppression:
    """``gradproof: ignore[CODE, ...] reason``: silences codes in the block that follows or encloses it."""

    codes: tuple[str, ...]
    reason: str
    span: Span
    first_line: int
    last_line: int


@dataclass(frozen=True, slots=True)
class Assumption:
    """``gradproof: assume DECL`` inside a document: holds from its place on."""

    declaration: str
    span: Span


@dataclass(frozen=True, slots=True)
class EmptyPart:
    """A part that the document announces and leaves empty, such as '2(b)'."""

    part: str
    line: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Trouble that the reader met and survived: an unclosed ``$$``, an unreadable ``\\input``."""

    message: str
    span: Span


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it was read. ``source`` is the text that all spans refer to."""

    path: str
    source: str
    blocks: tuple[Block, ...]
    suppressions: tuple[Suppression, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    empty_parts: tuple[EmptyPart, ...] = ()
    problems: tuple[Problem, ...] = ()
    format: Literal["markdown", "latex", "notebook", "html"] = "markdown"
    cell_lines: tuple[int, ...] = field(default=())

    def formulas(self) -> tuple[Formula, ...]:
        """All formulas in reading order, inline ones and displays."""
        found: list[Formula] = []
        for block in self.blocks:
            if isinstance(block, Display):
                found.append(block.formula)
            elif isinstance(block, Prose | Heading):
                found.extend(piece for piece in block.pieces if isinstance(piece, Formula))
        return tuple(found)
