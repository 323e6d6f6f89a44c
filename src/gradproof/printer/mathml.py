"""Formulas to MathML, by ``math-core``; what it does not know is mapped first, the rest falls back to the source."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape
from html.parser import HTMLParser

from math_core import LatexError, LatexToMathML

from gradproof.printer.safe_text import neutralize

# Bounds within which the converter answers in milliseconds: it recurses natively over nesting, and tries an opening
# bracket without its partner in two ways, so that a hostile formula could otherwise take the process with it.
_LONGEST = 10_000
_DEEPEST = 400
_MOST_UNPAIRED = 12

_COMMANDS = {
    **{name: rf"\operatorname{{{name}}}" for name in ("Tr", "tr", "rank", "diag", "Diag", "Var", "Cov", "KL", "vec")},
    **{name: rf"\operatorname{{{name}}}" for name in ("sgn", "sign", "softmax", "relu", "ReLU", "prox", "dom", "conv")},
    "E": r"\mathbb{E}",
    "R": r"\mathbb{R}",
    "N": r"\mathbb{N}",
    "mbox": r"\text{#1}",
    "hbox": r"\text{#1}",
    "ref": r"\text{#1}",
    "eqref": r"\text{(#1)}",
    "nicefrac": r"\frac{#1}{#2}",
    "d": r"\mathrm{d}",
}

# A formula has its number beside it; environments that would print one again become their unnumbered inner forms.
_ENVIRONMENTS = {
    **dict.fromkeys(("align", "align*", "flalign", "flalign*", "split", "eqnarray", "eqnarray*"), "aligned"),
    **dict.fromkeys(("gather", "gather*", "multline", "multline*"), "gathered"),
    **dict.fromkeys(("equation", "equation*", "displaymath", "math", "dmath", "dmath*"), ""),
    **dict.fromkeys(("alignat", "alignat*"), "alignedat"),
}

_BOUNDARY = re.compile(r"\\(begin|end)\s*\{\s*([A-Za-z]+\*?)\s*\}")
_NUMBERING = re.compile(r"\\(?:label|tag\*?)\s*\{[^{}]*\}|\\(?:nonumber|notag)(?![A-Za-z])")
_MACRO_DEFINITION = re.compile(r"\\(?:[gex]?def|let|(?:re|provide)?newcommand|renewcommand|providecommand)(?![A-Za-z])")
_EQNARRAY = re.compile(r"\\begin\s*\{\s*eqnarray\*?\s*\}(.*?)\\end\s*\{\s*eqnarray\*?\s*\}", re.DOTALL)
_RELATION_CELL = re.compile(r"(?<!\\)&(\s*[^&\\]{0,8}|\s*\\[A-Za-z]+\s*)(?<!\\)&")
_MATHS_IN_TEXT = re.compile(r"(\\(?:text|mbox|hbox|textrm)\s*\{[^{}$]*)\$([^$]*)\$(?=[^{}]*\})")
_TOKEN = re.compile(r"\\(?:begin|end|left|right)(?![A-Za-z])|\\[A-Za-z]+|\\.|[(){}\[\]]", re.DOTALL)
_OPENING = {"(", "[", r"\{", r"\langle", r"\lfloor", r"\lceil", r"\lvert", r"\lVert", r"\lbrace", r"\lbrack"}
_CLOSING = {")", "]", r"\}", r"\rangle", r"\rfloor", r"\rceil", r"\rvert", r"\rVert", r"\rbrace", r"\rbrack"}

_CONVERTER = LatexToMathML(macros=_COMMANDS, fancy_error=False)


@lru_cache(maxsize=4096)
def to_mathml(latex: str, *, display: bool) -> str | None:
    """Return a ``<math>`` element with the source as its label, or None if the formula cannot be shown as MathML.

    The element holds nothing but presentation: no link, no id, no event.
    """
    if not is_convertible(latex):
        return None
    source = _mapped(latex)
    try:
        markup = _CONVERTER.convert_with_local_state(source, displaystyle=display)
    except LatexError:
        return None
    return markup if _is_pure_presentation(markup) else None


def to_html(latex: str, *, display: bool, fallback: str | None = None) -> str:
    """Return MathML, or the source as escaped text in a ``<code>`` element."""
    shown = to_mathml(latex, display=display)
    if shown is not None:
        return shown
    return f'<code class="source">{escape(neutralize(fallback if fallback is not None else latex).strip())}</code>'


def is_convertible(latex: str) -> bool:
    """Whether the converter may be given this text: short and shallow enough, brackets mostly paired, no macro made."""
    if not latex.strip() or len(latex) > _LONGEST or _MACRO_DEFINITION.search(latex):
        return False
    depth = unpaired = 0
    open_brackets = [0]
    for token in _TOKEN.findall(latex):
        if token in ("{", r"\begin", r"\left"):
            depth += 1
            open_brackets.append(0)
        elif token in ("}", r"\end", r"\right"):
            depth -= 1
            unpaired += open_brackets.pop() if len(open_brackets) > 1 else 0
        elif token in _OPENING:
            open_brackets[-1] += 1
        elif token in _CLOSING:
            open_brackets[-1] = max(0, open_brackets[-1] - 1)
        if depth + sum(open_brackets[-2:]) > _DEEPEST:
            return False
    return unpaired + sum(open_brackets) <= _MOST_UNPAIRED


def without_numbering(latex: str) -> str:
    """Return the source without its tag and labels, which are shown beside it."""
    return _NUMBERING.sub("", latex).strip()


def _mapped(latex: str) -> str:
    text = _EQNARRAY.sub(lambda match: _RELATION_CELL.sub(r"& \1", match[0]), latex)
    text = _NUMBERING.sub("", text)
    text = _MATHS_IN_TEXT.sub(r"\1}\2\\text{", text)
    text = _BOUNDARY.sub(_inner_environment, text)
    return _without_blank_end(text)


def _inner_environment(match: re.Match[str]) -> str:
    inner = _ENVIRONMENTS.get(match[2])
    if inner is None:
        return match[0]
    return rf"\{match[1]}{{{inner}}}" if inner else ""


def _without_blank_end(text: str) -> str:
    return text.strip().removesuffix(r"\\").rstrip()


_ELEMENT_NAMES = """
math mrow mi mn mo ms mtext mspace mfrac msqrt mroot mstyle merror mpadded mphantom msub msup msubsup munder
mover munderover mmultiscripts mprescripts none mtable mtr mtd menclose semantics span b i
"""
_ATTRIBUTE_NAMES = """
display displaystyle scriptlevel stretchy symmetric fence separator lspace rspace minsize maxsize largeop form
movablelimits accent accentunder mathvariant width height depth voffset linethickness style class columnalign
columnlines columnspacing rowspacing rowlines frame notation dir mathsize mathcolor mathbackground alttext
xmlns
"""
_ELEMENTS = frozenset(_ELEMENT_NAMES.split())
_HARMLESS = frozenset(_ATTRIBUTE_NAMES.split())
_STYLE = re.compile(r"[-A-Za-z0-9 .:;%#]*")


class _Inspector(HTMLParser):
    """Looks for anything beyond presentation."""

    def __init__(self) -> None:
        super().__init__()
        self.is_pure = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _ELEMENTS:
            self.is_pure = False
        for name, value in attrs:
            if name not in _HARMLESS or (name == "style" and not _STYLE.fullmatch(value or "")):
                self.is_pure = False

    def handle_comment(self, data: str) -> None:
        self.is_pure = False

    def handle_decl(self, decl: str) -> None:
        self.is_pure = False

    def unknown_decl(self, data: str) -> None:
        self.is_pure = False

    def handle_pi(self, data: str) -> None:
        self.is_pure = False


def _is_pure_presentation(markup: str) -> bool:
    """Whether the markup has only elements and attributes of presentation: a second lock behind the converter."""
    inspector = _Inspector()
    inspector.feed(markup)
    inspector.close()
    return inspector.is_pure
