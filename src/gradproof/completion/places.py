"""Open places: where a document asks for a right side (``= ?``, ``= \\_\\_``, ``\\boxed{}``, ``TODO``, nothing at all)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gradproof.reader.document import Display, Document, Formula, Heading, Prose
from gradproof.reader.positions import Positions

_RELATION = r"(?:(?<![<>:!≤≥])=|:=|\\(?:approx|simeq|equiv|coloneqq|leftarrow|gets|doteq)(?![A-Za-z])|≈|←)"
_GAP = r"(?:\s|&|~|\\[,;:! ]|\\q?quad(?![A-Za-z])|\\displaystyle(?![A-Za-z])|\\hspace\*?\{[^{}]*\}|\\(?:h|v)?phantom\{[^{}]*\})*"
_WORD = (
    r"(?:\?+|TODO|TBD|XXX|(?:\\_\s*)+|\\?\.\.\.|\\l?dots|…|_{2,}"
    r"|\(?\[?(?:your|insert|write)\s+(?:your\s+)?answer(?:\s+here)?\]?\)?|fill\s+in)"
)
_CORE = rf"""(?:
    (?:\\(?:[lc]?dots)(?![A-Za-z])|\.\.\.|…)\s*\?+          # \ldots ?
  | \?+
  | (?:\\_\s*)+ | _{{2,}}                                   # \_\_
  | (?:TODO|TBD|XXX)(?![A-Za-z])
  | \\(?:text|textrm|textbf|textit|mbox|mathrm|mathbf|operatorname)\s*\{{\s*{_WORD}\s*\}}
  | \\underline\s*\{{(?:{_GAP}|\\rule\{{[^{{}}]*\}}\{{[^{{}}]*\}})\}} | \\rule\s*\{{[^{{}}]*\}}\{{[^{{}}]*\}}
  | \\(?:hrulefill|dotfill|square|Box|blank|placeholder|fillin|answerline|fillwithdottedlines)(?![A-Za-z])(?:\[[^][]*\])?(?:\{{[^{{}}]*\}})?
)"""
_END = r"(?:$|\\\\|\\tag|\\label|\\end\{|\\nonumber|\\notag|\\q?quad|\(\d+[a-z]?\)\s*$|[,.;](?!\d)|\\text\s*\{)"
_DOTS = r"(?:\\[lc]?dots(?![A-Za-z])|…)"

#: The right side of a relation that is a blank, alone or in a frame; group 'fill' is what the answer replaces.
_BLANK = re.compile(
    rf"""{_RELATION}{_GAP}
    (?: \\(?:boxed|fbox|framebox|bbox)\s*\{{(?P<framed>{_GAP}{_CORE}?{_GAP})\}}
      | \\(?:textcolor|colorbox)\s*\{{\w+\}}\s*\{{{_GAP}(?P<colored>{_CORE}){_GAP}\}}
      | \{{?{_GAP}\\color\s*\{{\w+\}}\s*\{{?{_GAP}(?P<tinted>{_CORE})
      | \{{{_GAP}(?P<grouped>{_CORE}){_GAP}\}}
      | (?P<bare>{_CORE})
      | (?P<dots>{_DOTS})(?={_GAP}(?:{_END}))
    )(?={_GAP}(?:{_END}|{_RELATION}|\}}))""",
    re.VERBOSE,
)
_EMPTY = re.compile(
    rf"{_RELATION}(?P<gap>[ \t]*)"
    rf"(?={_GAP}(?P<end>$|\\\\|\\tag|\\label|\\end\{{|\\nonumber|\\notag|[,.;]{_GAP}(?:$|\\\\|\\q?quad|\\tag|\\end\{{)))"
)
_LEFT = re.compile(rf"(?:^|\\\\|\\begin\{{[^{{}}]*\}}){_GAP}(?P<fill>\?+){_GAP}&?{_GAP}(?={_RELATION})", re.VERBOSE)
#: A blank in running text.
BLANK_MARK = (
    r"\?+|(?:\\?_){2,}|TODO|TBD|\[[ \t]*\]|…|\.{3,}|\[?\(?your answer(?: here)?\)?\]?"
    r"|\\(?:underline\{\\hspace\*?\{[^{}]*\}\}|hrulefill|dotfill|rule\{[^{}]*\}\{[^{}]*\})"
)
_BEHIND = re.compile(
    r"[ \t]*(?P<fill>\*{0,2}(?:\?+|(?:\\?_){2,}|TODO|TBD|\[[ \t]*\]|…|\.{3,}|"
    r"\\underline\{\\hspace\*?\{[^{}]*\}\}|\\hrulefill|\\dotfill|\\rule\{[^{}]*\}\{[^{}]*\})\*{0,2})"
    r"(?=[\s.,;:|)]|$)"
)
_ENDS_OPEN = re.compile(rf"{_RELATION}(?P<gap>\s*)$")
_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_STACKED = re.compile(r"\\(?:stackrel|overset|underset)\s*\{[^{}]*\}")
_DELIMITERS = (("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)"), ("$", "$"))


@dataclass(frozen=True, slots=True)
class Place:
    """An open place: the stretch of the text that an answer replaces, with what has to stand around the answer.

    ``relation`` is the sign before it; ``formula`` and ``formula_end`` are the offsets of its formula with the delimiters; ``is_left`` tells
    that it is the left side of its relation. ``lead`` counts the characters of ``before`` in front of a formula that comes with the answer.
    ``bare`` has the delimiters where the answer is written alone, in a cell of a table (whose bars have to be spelled out: ``avoids_bars``);
    what is verified is all that ``filled`` gives. ``decimals`` counts those of a number that is to be replaced.
    """

    start: int
    end: int
    formula: int
    formula_end: int
    relation: str
    before: str = ""
    after: str = ""
    is_left: bool = False
    lead: int = 0
    bare: tuple[str, str] | None = None
    avoids_bars: bool = False
    decimals: int = 0

    def filled(self, latex: str) -> str:
        """Return what stands at the place once it has its answer."""
        return f"{self.before}{latex}{self.after}"

    def written(self, latex: str) -> str:
        """Return what a reader of the completed document sees at the place."""
        if self.bare is None:
            return self.filled(latex)
        shown = latex.replace("\\|", "\\Vert ").replace("|", "\\vert ") if self.avoids_bars else latex
        return f"{self.bare[0]}{shown}{self.bare[1]}"


def open_places(document: Document) -> tuple[list[Place], list[int]]:
    """Return the open places of a document in order, and the offsets of blanks that no rule covers."""
    positions = Positions(document.source)
    found: dict[int, Place] = {}
    doubtful: list[int] = []
    for start, end, formula, is_last in formulas_of(document, positions):
        inner = inner_of(document.source, start, end)
        if inner is None:
            continue
        body = _COMMENT.sub(lambda match: " " * len(match.group()), document.source[inner[0] : inner[1]])
        is_cut = formula.display and _formula_follows(document.source, end)
        for place in _inside(body, inner[0], start, end, formula.display and not is_cut):
            found.setdefault(place.start, place)
        behind = None if formula.display else _behind(document.source, body, inner, (start, end), is_last)
        if behind is not None:
            found.setdefault(behind.start, behind)
        doubtful += _doubtful(body, inner[0], found)
    return [found[start] for start in sorted(found)], sorted(set(doubtful))


def formulas_of(document: Document, positions: Positions) -> Iterator[tuple[int, int, Formula, bool]]:
    """Yield each formula of the document's own text with its offsets, and whether its paragraph ends with it."""
    seen: set[tuple[int, int]] = set()
    for block in document.blocks:
        if isinstance(block, Display):
            pieces: tuple[str | Formula, ...] = (block.formula,)
        elif isinstance(block, Prose | Heading):
            pieces = block.pieces
        else:
            continue
        for number, piece in enumerate(pieces):
            if not isinstance(piece, Formula):
                continue
            start = positions.start_of(piece.span.line) + piece.span.column - 1
            end = positions.start_of(piece.span.end_line) + piece.span.end_column - 1
            if (start, end) in seen:
                continue
            seen.add((start, end))
            rest = "".join(part if isinstance(part, str) else "x" for part in pieces[number + 1 :])
            yield start, end, piece, not rest.strip(" \t\n.,;:*_|")


def inner_of(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Return the offsets of a formula without its delimiters, or None where its text stands elsewhere (in an included file)."""
    for opening, closing in _DELIMITERS:
        if text.startswith(opening, start) and text.endswith(closing, start + len(opening), end):
            return start + len(opening), end - len(closing)
    if text.startswith("\\begin{", start):
        return start, end
    if text.startswith(("```", "~~~"), start):
        return text.find("\n", start, end) + 1, text.rfind("\n", start, end) + 1
    return None


def _inside(body: str, offset: int, start: int, end: int, is_display: bool) -> Iterator[Place]:
    """Yield the open places inside one formula."""
    for match in _BLANK.finditer(body):
        name = next(key for key in ("framed", "colored", "tinted", "grouped", "bare", "dots") if match.group(key) is not None)
        first, last = match.span(name)
        first, last = _trimmed(body, first, last)
        yield Place(offset + first, offset + last, start, end, _sign(match.group()))
    for match in _LEFT.finditer(body):
        first, last = match.span("fill")
        yield Place(offset + first, offset + last, start, end, "=", is_left=True)
    for match in _EMPTY.finditer(body):
        ends_row = match.group("end") == "\\\\"
        if (match.group("end") or is_display) and not (ends_row and _goes_on(body, match.end())):
            first, last = match.span("gap")
            behind = match.group("gap") if match.group("end") else ""
            yield Place(offset + first, offset + last, start, end, _sign(match.group()), before=" ", after=behind)


def _trimmed(body: str, first: int, last: int) -> tuple[int, int]:
    """Leave the blanks around a mark where they are; a frame that holds only blanks is replaced with them."""
    bare = body[first:last].strip()
    if not bare:
        return first, last
    begin = body.index(bare, first)
    return begin, begin + len(bare)


def _sign(text: str) -> str:
    match = re.match(_RELATION, text)
    assert match is not None
    return match.group()


def _goes_on(body: str, end: int) -> bool:
    """Tell whether the row below a relation without a right side may be that side: it has no left side of its own."""
    row = re.split(r"\\\\", body[body.index("\\\\", end) + 2 :])[0]
    relation = re.search(_RELATION, row)
    return relation is None or not row[: relation.start()].strip(" &\t\n")


def _behind(text: str, body: str, inner: tuple[int, int], outer: tuple[int, int], is_last: bool) -> Place | None:
    """Return the place of an inline formula that ends in a relation: a blank behind it, or the end of its line."""
    match = _ENDS_OPEN.search(body)
    if match is None:
        return None
    sign = _sign(match.group())
    begin = inner[0] + match.start("gap")
    closing = text[inner[1] : outer[1]]
    blank = _BEHIND.match(text, outer[1])
    if blank is not None:
        return Place(begin, blank.end(), outer[0], outer[1], sign, before=" ", after=closing)
    if is_last and not _formula_follows(text, outer[1]):
        return Place(begin, inner[1], outer[0], outer[1], sign, before=" ")
    return None


def _formula_follows(text: str, end: int) -> bool:
    """Tell whether the next thing in a text is mathematics, which may be the right side."""
    return text[end:].lstrip(" \t\n.,:*_").startswith(("$", "\\(", "\\[", "\\begin", "|"))


def _doubtful(body: str, offset: int, found: dict[int, Place]) -> Iterator[int]:
    """Yield the offsets of question marks and blanks that are neither a whole side nor a sign over a relation."""
    bare = _STACKED.sub(lambda match: " " * len(match.group()), body)
    bare = re.sub(r"\\(?:text|mbox)\s*\{[^{}]*\}", lambda match: " " * len(match.group()), bare)
    for match in re.finditer(r"\?+|(?:\\_\s*){2,}|\\boxed\s*\{\s*\}", bare):
        at = offset + match.start()
        if not any(
            place.start <= at < max(place.end, place.start + 1) or at <= place.start <= at + len(match.group())
            for place in found.values()
        ):
            yield at
