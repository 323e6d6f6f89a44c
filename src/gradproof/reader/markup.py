"""Blocks of a text with mathematics: the scanner that Markdown, LaTeX and web pages share.

Displays cut the text; what lies between them falls into paragraphs at blank lines, headings, list items and part labels.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field, replace

from gradproof.reader.document import Block, Code, Display, Formula, Heading, Problem, Prose
from gradproof.reader.inline import Found, find_math
from gradproof.reader.macros import Macro, MacroError, collect, expand
from gradproof.reader.numbering import (
    bare_sign,
    lead_of,
    numbered_lines,
    tag_of,
    without_line_number,
    without_numbers,
)
from gradproof.reader.parts import heading_number, looks_like_heading, part_label
from gradproof.reader.positions import Positions
from gradproof.reader.webpage import BREAK

_FENCE = re.compile(r"^[ \t>]*(`{3,}|~{3,})[ \t]*([^\n`]*)$", re.MULTILINE)
_HEADING = re.compile(r"^\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_PAGE_HEADING = re.compile(r"^\s*#([1-6])\s+(.*?)\s*$", re.DOTALL)
_BOLD_LINE = re.compile(r"^\s*(?:\*\*|__)(.+?)(?:\*\*|__)\s*$")
_ITEM = re.compile(r"^\s*(?:[-+*]|\d+[.)])\s+")
_SECTION = re.compile(r"^\s*\\(part|chapter|section|subsection|subsubsection|paragraph)\*?\s*\{(.*)\}\s*$")
_LEVELS = {"part": 1, "chapter": 1, "section": 1, "subsection": 2, "subsubsection": 3, "paragraph": 4}
_TAGGED_ROW = re.compile(r"\\tag\*?\s*\{")


@dataclass
class Scan:
    """One scan of a text: what was found so far."""

    text: str
    markup: str
    macros: dict[str, Macro] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.positions = Positions(self.text)
        lines = self.text.split("\n")
        self.numbered = numbered_lines(lines) if self.markup == "markdown" else frozenset()

    def run(self) -> Scan:
        """Scan the whole text."""
        place = 0
        for start, end, language, inner in _code_blocks(self.text) if self.markup == "markdown" else []:
            self._stretch(place, start)
            self._code(start, end, language, inner)
            place = end
        self._stretch(place, len(self.text))
        return self

    def _code(self, start: int, end: int, language: str, inner: tuple[int, int]) -> None:
        span = self.positions.span(start, end)
        if language.strip().lower() == "math":
            found = Found(start, end, inner[0], inner[1], True)
            self.blocks.append(Display(self._formula(found, "", ""), span))
        else:
            self.blocks.append(Code(self.text[inner[0] : inner[1]], language.strip(), span))

    def _stretch(self, start: int, end: int) -> None:
        found = find_math(self.text, start, end)
        place = start
        pending: list[Found] = []
        for formula in found:
            if not formula.display:
                pending.append(formula)
                continue
            self._paragraphs(place, formula.start, pending)
            pending = []
            self._display(formula)
            place = formula.end
        self._paragraphs(place, end, pending)

    def _display(self, found: Found) -> None:
        line_end = self.text.find("\n", found.end)
        behind = self.text[found.end : line_end if line_end != -1 else len(self.text)]
        lead = ""
        if self.blocks and isinstance(self.blocks[-1], Prose):
            last = self.blocks[-1].pieces[-1]
            if isinstance(last, str):
                lead = lead_of(last)
        formula = self._formula(found, lead, behind)
        if not formula.expanded and not formula.problem:
            return  # a block that only defines macros
        self.blocks.append(Display(formula, formula.span))

    def _formula(self, found: Found, lead: str, behind: str) -> Formula:
        latex = self.text[found.inner_start : found.inner_end]
        problem = found.problem
        expanded = without_numbers(collect(latex, self.macros))
        try:
            expanded = expand(expanded, self.macros)
        except MacroError as trouble:
            problem = problem or str(trouble)
        span = self.positions.span(found.start, found.end)
        tag = tag_of(latex, behind) if found.display else tag_of(latex)
        return Formula(latex, expanded, span, found.display, tag, lead, problem)

    # Paragraphs ---------------------------------------------------------------------------------------------------

    def _paragraphs(self, start: int, end: int, formulas: list[Found]) -> None:
        """Cut a stretch without displays into blocks."""
        place = start
        begin = start
        while place < end:
            newline = self.text.find(BREAK if self.markup == "html" else "\n", place, end)
            stop = end if newline == -1 else newline
            line = self._line(place, stop)
            if self._inside(place, formulas):
                place = stop + 1
                continue
            if not line.strip():
                self._prose(begin, place, formulas)
                begin = stop + 1
            elif self._is_heading(line):
                self._prose(begin, place, formulas)
                self._heading(line, place, stop, formulas)
                begin = stop + 1
            elif place > begin and (part_label(line)[0] or _ITEM.match(line) or line.lstrip().startswith("\\item")):
                self._prose(begin, place, formulas)
                begin = place
            place = stop + 1
        self._prose(begin, end, formulas)

    def _inside(self, offset: int, formulas: list[Found]) -> bool:
        place = bisect_right(formulas, offset, key=lambda found: found.start)
        return place > 0 and formulas[place - 1].start < offset < formulas[place - 1].end

    def _line(self, start: int, stop: int) -> str:
        line = self.text[start:stop]
        at_line_start = start == 0 or self.text[start - 1] == "\n"
        if at_line_start and self.positions.line(start) - 1 in self.numbered:
            return without_line_number(line)
        return line

    def _is_heading(self, line: str) -> bool:
        if self.markup == "latex":
            return bool(_SECTION.match(line))
        if self.markup == "html":
            return bool(_PAGE_HEADING.match(line))
        if _HEADING.match(line):
            return True
        bold = _BOLD_LINE.match(line)
        if bold and not part_label(bold.group(1))[0]:
            return looks_like_heading(bold.group(1)) or len(bold.group(1)) < 60
        return looks_like_heading(line) and not _ITEM.match(line.replace(")", ""))

    def _heading(self, line: str, start: int, stop: int, formulas: list[Found]) -> None:
        level, title = 2, line.strip().strip("*_ ")
        if self.markup == "latex":
            match = _SECTION.match(line)
            assert match is not None
            level, title = _LEVELS[match.group(1)], match.group(2)
        elif match := (_PAGE_HEADING if self.markup == "html" else _HEADING).match(line):
            mark = match.group(1)
            level, title = int(mark) if mark.isdigit() else len(mark), match.group(2).strip().strip("*_ ")
        number, rest = heading_number(title)
        pieces = self._pieces(start, stop, [found for found in formulas if start <= found.start < stop])
        self.blocks.append(Heading(level, rest, number, self.positions.span(start, stop), pieces))

    def _prose(self, start: int, end: int, formulas: list[Found]) -> None:
        if not self.text[start:end].strip():
            return
        first_inside = bisect_left(formulas, start, key=lambda found: found.start)
        last_inside = bisect_left(formulas, end, key=lambda found: found.start)
        inside = formulas[first_inside:last_inside]
        pieces = self._pieces(start, end, inside)
        if not inside and not "".join(piece for piece in pieces if isinstance(piece, str)).strip():
            return
        lead = len(self.text[start:end]) - len(self.text[start:end].lstrip())
        first = pieces[0] if isinstance(pieces[0], str) else ""
        label = part_label(first.replace("\\item", " ").lstrip())[0]
        span = self.positions.span(start + lead, start + len(self.text[start:end].rstrip()))
        self.blocks.append(Prose(pieces, span, label))

    def _pieces(self, start: int, end: int, inside: list[Found]) -> tuple[str | Formula, ...]:
        pieces: list[str | Formula] = []
        place = start
        for found in inside:
            text = self._clean(place, found.start)
            lead = lead_of(text)
            sign = bare_sign(text)
            if sign and pieces and isinstance(pieces[-1], Formula):
                lead = f"{pieces[-1].expanded} {sign}"
            if text:
                pieces.append(text)
            pieces.append(self._formula(found, lead, ""))
            place = found.end
        rest = self._clean(place, end)
        if rest or not pieces:
            pieces.append(rest)
        return tuple(pieces)

    def _clean(self, start: int, end: int) -> str:
        """Return a text without comments, directives and line numbers."""
        parts: list[str] = []
        place = start
        while place < end:
            newline = self.text.find("\n", place, end)
            stop = end if newline == -1 else newline + 1
            parts.append(self._line(place, stop))
            place = stop
        return re.sub(r"<!--.*?-->", "", "".join(parts), flags=re.DOTALL)


def split_rows(formula: Formula) -> tuple[Formula, ...]:
    """Split an aligned display whose rows carry several different tags: one formula for each tag."""
    if len(set(_tags(formula.latex))) < 2:
        return (formula,)
    body = re.sub(r"^\s*\\begin\{[^{}]*\}|\\end\{[^{}]*\}\s*$", "", formula.latex.strip())
    groups: list[str] = [""]
    for row in re.split(r"(?<=\\\\)", body):
        groups[-1] += row
        if _TAGGED_ROW.search(row):
            groups.append("")
    rows = [group for group in groups if group.strip()]
    found = []
    for row in rows:
        bare = re.sub(r"\\\\\s*$", "", row.strip())
        found.append(replace(formula, latex=bare, expanded=without_numbers(bare).replace("&", " "), tag=tag_of(row)))
    return tuple(found)


def _tags(latex: str) -> list[str]:
    return re.findall(r"\\tag\*?\s*\{([^{}]*)\}", latex)


def _code_blocks(text: str) -> list[tuple[int, int, str, tuple[int, int]]]:
    """Return the fenced blocks: start, end, language, and the offsets of their content."""
    found: list[tuple[int, int, str, tuple[int, int]]] = []
    place = 0
    while (opening := _FENCE.search(text, place)) is not None:
        marks = opening.group(1)
        closing = re.compile(rf"^[ \t>]*{re.escape(marks[0])}{{{len(marks)},}}[ \t]*$", re.MULTILINE)
        close = closing.search(text, opening.end())
        end = close.end() if close else len(text)
        found.append((opening.start(), end, opening.group(2), (opening.end() + 1, close.start() if close else end)))
        place = end
    return found
