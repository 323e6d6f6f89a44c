"""Bare prompts: ``Answer:`` and ``Solution:`` lines behind a question in words, ``\\begin{solution}\\end{solution}``.

The question is the last one that the words before the prompt ask about a formula: a formula that itself asks (``$\\nabla_w L$``,
``$f'(2)$``), or words that say what is asked of one (``the gradient of $F$ with respect to $w$``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradproof.completion.places import BLANK_MARK, Place, formulas_of, inner_of
from gradproof.reader.document import Document, Heading
from gradproof.reader.positions import Positions
from gradproof.reader.webpage import BREAK

_LINE = rf"(?:^|(?<=\n)|(?<={BREAK}))"
_PROMPT = re.compile(
    rf"""{_LINE}[ \t\n>]*(?:[-+*][ \t]+)?(?:\\noindent\s*)?(?:\\(?:textbf|textit|emph|underline)\s*\{{)?[*_]{{0,3}}[ ]*
    (?:your\s+)?(?:answer|solution|ans|result)(?:[ \t]+\(?[a-z0-9]{{1,2}}\)?)?[ \t]*
    (?P<colon>[:.])?(?:[ ]*\*{{1,3}}|_(?!_))?\}}?(?P<late>:)?[ ]*(?:\*\*)?(?P<rest>[ \t]*[^\n{BREAK}]*)""",
    re.VERBOSE | re.IGNORECASE,
)
_ENVIRONMENT = re.compile(
    r"\\begin\{(solution|solutionorbox|answer)\}(?:\[[^][]*\])?(?P<gap>\s*(?:\\vspace\*?\{[^{}]*\}\s*)?)\\end\{\1\}"
)
_GAP = re.compile(rf"[ \t]*(?P<fill>\*{{0,2}}(?:{BLANK_MARK})\*{{0,2}})[ \t]*[.,;]?[ \t]*$")
_NEXT = re.compile(
    rf"""[\s{BREAK}|]*(?:\Z|\#|[-+*][ \t]|\d{{1,2}}[.)]\s|\(?[a-z]\)|---
    |\\(?:item|section|subsection|question|part|subpart|end|begin\{{(?:solution|answer))
    |\*{{0,2}}(?:question|problem|exercise|task|part|answer|solution|compute|find|derive|what|show|calculate|give|write|determine
    |evaluate|differentiate|now|next|let|suppose|for|state|prove|minimi[sz]e)\b)""",
    re.IGNORECASE | re.VERBOSE,
)
_ITEM = re.compile(rf"{_LINE}[ \t]*(?:[-+*][ \t]|\d{{1,2}}[.)][ \t]|\(?(?:[a-z]|[ivx]{{2,4}})\)[ \t]|\\item(?![A-Za-z]))")
_RELATION = re.compile(
    r"(?<!\\)(?:=|<|>|≤|≥|∈|≈)|\\(?:in|to|mapsto|approx|leq?|geq?|lt|gt|neq?|sim|equiv|propto|colon|quad)(?![A-Za-z])"
)
_ASKS = re.compile(
    r"\\nabla|\\partial|\\[dt]?frac\s*\{\s*d|\\operatorname\*?\s*\{(?:prox|argmin|arg\\,min)\}|\\arg\s*\\min|\\argmin|\\prox|[A-Za-z]'+\s*\(|^[\d\s.+\-*/^(){}\\]*$"
)
_IMPERATIVE = re.compile(
    r"\b(?:compute|find|derive|calculate|evaluate|determine|give|what\s+is|simplify|write(?:\s+down)?|state|work\s+out|is)\b[^.?!:;]{0,60}$",
    re.IGNORECASE,
)
_BY = re.compile(
    r"^\W*(?:with\s+respect\s+to|w\.?\s?r\.?\s?t\.?|by|over|in|as\s+a\s+function\s+of)(?:\s+(?:the\s+)?\w+){0,2}\W*$", re.IGNORECASE
)
_AT = re.compile(r"^\W*(?:at|for|when|where|if)(?:\s+the\s+point)?\W*$", re.IGNORECASE)
#: What words ask of the formula behind them, and how that is written.
_WORDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"\b(?:{words})\b[^.?!;$]{{0,50}}$", re.IGNORECASE), kind)
    for words, kind in (
        ("hessian|second\\s+derivatives?", "hessian"),
        ("jacobian", "quotient"),
        ("gradients?", "gradient"),
        ("(?:partial\\s+)?derivatives?|differentiate|slope", "quotient"),
        ("proximal\\s+(?:operator|mapping|map|point)|prox", "prox"),
        ("minimi[sz]er|minimum\\s+point|minimi[sz]es?|argmin", "argmin"),
    )
)
_NAME = r"(?:\\(?:mathcal|mathbf|boldsymbol|mathrm|bm)\s*\{[A-Za-z]\}|\\[A-Za-z]+|[A-Za-z])(?:_(?:\w|\{[^{}]*\}))?"
_CALL = re.compile(rf"^(?P<name>{_NAME})\s*(?:\\left)?\((?P<argument>{_NAME})(?:\\right)?\)$")
#: A function that has a command of its own is no name of the document.
_COMMAND = re.compile(r"\\(?!(?:phi|psi|sigma|rho|ell|Phi|Psi|mathcal|mathbf|boldsymbol|mathrm|bm)(?![A-Za-z]))")
_LETTER = re.compile(r"\\(?:theta|beta|alpha|phi|mu|omega|xi)(?![A-Za-z])|(?<![A-Za-z\\])[a-z](?![A-Za-z])")
_NOT_UNDERSTOOD = "no question about a formula was understood before it"


@dataclass(frozen=True, slots=True)
class _Piece:
    """A formula before a prompt: the words before it, and whether it has open places itself."""

    before: str
    latex: str
    is_open: bool


def prompted_places(document: Document, taken: Sequence[Place]) -> tuple[list[Place], list[tuple[int, str]]]:
    """Return the places behind bare prompts, and the offsets of prompts that stay open with the reason."""
    text = document.source
    found: list[Place] = []
    open_ones: list[tuple[int, str]] = []
    boundary = 0
    for start, at, end, frame in _prompts(document):
        first, boundary = boundary, max(at, end)
        pieces = _pieces(document, _begin(document, first, start), start, taken)
        if any(piece.is_open for piece in pieces[-1:]) or any(place.start in range(start, end + 1) for place in taken):
            continue  # the question has a blank of its own
        known = _asked(pieces)
        if known is None:
            open_ones.append((at, _NOT_UNDERSTOOD))
            continue
        opening, closing = frame if frame is not None else ((" \\(", "\\)") if document.format == "html" else (" $", "$"))
        opening = opening.lstrip(" ") if text[at - 1 : at].isspace() else opening
        before = f"{opening}{known} = "
        found.append(Place(at, end, at, at, "=", before=before, after=closing, lead=len(opening) - len(opening.lstrip())))
    return found, open_ones


def _prompts(document: Document) -> Iterator[tuple[int, int, int, tuple[str, str] | None]]:
    """Yield the offsets of each bare prompt, where its answer goes, its end, and the delimiters that stand there already."""
    text = document.source
    skipped = [
        (match.start(), match.end()) for match in re.finditer(r"```.*?(?:```|\Z)|<!--.*?-->|(?<!\\)%[^\n]*", text, re.DOTALL)
    ]
    matches = sorted([*_PROMPT.finditer(text), *_ENVIRONMENT.finditer(text)], key=lambda match: match.start())
    for match in matches:
        if any(first <= match.start("gap" if "gap" in match.groupdict() else "rest") < last for first, last in skipped):
            continue
        if "gap" in match.groupdict():
            yield match.start(), match.start("gap"), match.end("gap"), ("\n$", "$\n")
            continue
        if not (match["colon"] or match["late"]):
            continue
        place = _blank_behind(text, match)
        if place is not None:
            yield (match.start(), *place)


def _blank_behind(text: str, match: re.Match[str]) -> tuple[int, int, tuple[str, str] | None] | None:
    """Return what an answer behind a prompt replaces: a blank on its line, nothing where nothing follows; None where it is answered."""
    start, rest = match.start("rest"), match["rest"]
    blank = _GAP.match(rest)
    if blank is not None:
        return start + blank.start("fill"), start + blank.end("fill"), None
    framed = re.compile(rf"(?P<open>\s*(?:\$\$?|\\\(|\\\[)\s*)(?:{BLANK_MARK})(?P<close>\s*(?:\$\$?|\\\)|\\\]))").match(text, start)
    if framed is not None:
        return start, framed.end(), (framed["open"], framed["close"])
    if rest.strip() or not _NEXT.match(text, match.end()):
        return None
    return start, start, None


def _begin(document: Document, first: int, start: int) -> int:
    """Return where the question before a prompt begins: behind the last prompt or heading, at the last list item or part."""
    positions = Positions(document.source)
    headings = (block.span for block in document.blocks if isinstance(block, Heading))
    ends = [positions.start_of(span.end_line) + span.end_column - 1 for span in headings]
    items = [match.start() for match in _ITEM.finditer(document.source, 0, start)]
    answered = [match.end("colon") for match in _PROMPT.finditer(document.source, 0, start) if match["colon"]]
    return max([first, *(end for end in (*ends, *items, *answered) if end <= start)])


def _pieces(document: Document, begin: int, end: int, taken: Sequence[Place]) -> list[_Piece]:
    found: list[_Piece] = []
    last = begin
    for start, stop, _, _ in formulas_of(document, Positions(document.source)):
        if not begin <= start < end:
            continue
        inner = inner_of(document.source, start, stop)
        if inner is None:
            continue
        latex = re.sub(
            r"\\(?:label|tag)\{[^{}]*\}|\\begin\{equation\*?\}|\\end\{equation\*?\}", "", document.source[inner[0] : inner[1]]
        )
        is_open = any(start <= place.start < stop for place in taken)
        found.append(_Piece(document.source[last:start], latex.strip(" .,;\n\t"), is_open))
        last = stop
    return found


def _asked(pieces: Sequence[_Piece]) -> str | None:
    """Return what is asked as LaTeX, None where that is not understood."""
    for place in range(len(pieces) - 1, -1, -1):
        behind = pieces[place + 1 :]
        variable = next((piece.latex for piece in behind[:1] if _BY.match(piece.before) and not _RELATION.search(piece.latex)), "")
        later = behind[1:] if variable else behind
        values = next((piece.latex for piece in later[:1] if _AT.match(piece.before) and "=" in piece.latex), "")
        known = _of_piece(pieces, place, variable)
        if known is not None:
            return at_values(known, values) if values else known
    return None


def at_values(known: str, values: str) -> str:
    """Return what is asked at given values: ``f'(2)`` where the argument is given, else behind a bar."""
    call = re.fullmatch(rf"(?P<name>{_NAME}'*)\((?P<argument>{_NAME})\)", known)
    letter, _, value = (part.strip() for part in values.partition("="))
    if call is not None and call["argument"] == letter:
        return f"{call['name']}({value})"
    return f"\\left. {known} \\right|_{{{values}}}"


def _of_piece(pieces: Sequence[_Piece], place: int, variable: str) -> str | None:
    piece = pieces[place]
    words = piece.before
    if place and (_BY.match(words) or _AT.match(words)):
        return None
    kind = kind_in(words)
    if kind:
        return written_as(kind, piece.latex, variable)
    if _RELATION.search(piece.latex):
        return None
    return piece.latex if _ASKS.search(piece.latex) or _IMPERATIVE.search(words) else None


def kind_in(words: str) -> str:
    """Return what words ask of the formula behind them ('gradient', 'prox' ...), or an empty string."""
    return next((kind for pattern, kind in _WORDS if pattern.search(words)), "")


def written_as(kind: str, latex: str, variable: str) -> str | None:
    """Return what words ask of a formula, in writing."""
    if _ASKS.search(latex) and not _RELATION.search(latex):
        return latex  # "the gradient $\\nabla f(x)$"
    sides = re.split(r"(?<![<>!:\\])=", latex)
    name = sides[0].strip()
    call = None if _COMMAND.match(name) else _CALL.match(name)
    target = name if len(sides) > 1 and (call or re.fullmatch(_NAME, name)) else latex
    if len(sides) > 1 and target is latex:
        return None
    if not variable:
        letters = set(_LETTER.findall(latex)) - {"e"}
        variable = call["argument"] if call else letters.pop() if len(letters) == 1 else ""
    if kind == "prox":
        point = next(letter for letter in "vuzp" if letter not in _LETTER.findall(latex))
        return f"\\operatorname{{prox}}_{{{target if call is None else call['name']}}}({point})"
    if not variable:
        return None
    is_plain = call is not None or bool(re.fullmatch(_NAME, target))
    operand = target if is_plain else f"\\left({target}\\right)"
    if kind == "quotient" and call is not None and call["argument"] == variable and len(variable) == 1:
        return f"{call['name']}'({variable})"
    if kind == "quotient":
        return (
            f"\\frac{{\\partial {target}}}{{\\partial {variable}}}"
            if is_plain
            else f"\\frac{{\\partial}}{{\\partial {variable}}} {operand}"
        )
    sign = {"gradient": "\\nabla", "hessian": "\\nabla^2", "argmin": "\\arg\\min"}[kind]
    return f"{sign}_{variable} {operand}" if len(variable) == 1 else f"{sign}_{{{variable}}} {operand}"
