"""Web pages as the scanner of Markdown reads them: tags become marks of the same length, so that every offset, line and column stays.

What MathJax and KaTeX set is their source between dollars, ``\\(...\\)`` or ``\\[...\\]``; that source is what is read. Mathematics that a
page already holds as MathML has no source and is passed over, as are scripts, styles and code.
"""

from __future__ import annotations

import html
import re

#: Cuts a page into paragraphs, in the place of a tag that begins or ends a block.
BREAK = "\u2029"

_ATTRIBUTES = r"""(?:"[^"]*"|'[^']*'|[^"'<>])*"""
_PART = re.compile(
    rf"(?P<comment><!--.*?-->)|(?P<declaration><[!?][^>]*>)"
    rf"|<(?P<skipped>style|pre|code|textarea|head|math|svg|noscript|template|select|button)\b{_ATTRIBUTES}>.*?</(?P=skipped)\s*>"
    rf"|(?P<script><script\b(?P<kind>{_ATTRIBUTES})>)(?P<source>.*?)(?P<close></script\s*>)"
    rf"|(?P<line><u\b{_ATTRIBUTES}>(?:&nbsp;|&emsp;|&ensp;|&#160;|[ \t\u00a0_])*</u\s*>)"
    rf"|(?P<blank><(?P<holder>span|b|em|strong|div)\b(?=[^<>]*class\s*=\s*[\"'][^\"']*\b(?:blank|fill-?in|placeholder|answer-?blank)\b)"
    rf"{_ATTRIBUTES}>(?:&nbsp;|[ \t\u00a0_])*</(?P=holder)\s*>)"
    rf"|(?P<tag></?(?P<name>[A-Za-z][A-Za-z0-9]*)(?=[\s/>]){_ATTRIBUTES}>)"
    rf"|(?P<entity>&(?:[A-Za-z][A-Za-z0-9]*|#\d+|#[xX][0-9A-Fa-f]+);)",
    re.DOTALL | re.IGNORECASE,
)
_TEX = re.compile(r"""type\s*=\s*["']?math/(?:la)?tex(?P<display>[^"'>]*mode=display)?""", re.IGNORECASE)
_INPUT = re.compile(r"""type\s*=\s*["']?(?:hidden|submit|button|reset|checkbox|radio|file|image)""", re.IGNORECASE)
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "details", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "footer", "form", "header", "hr", "html", "legend", "main", "nav", "ol", "p", "section", "summary", "table",
    "tbody", "tfoot", "thead", "tr", "ul",
})  # fmt: skip
_STRONG = frozenset(("b", "strong", "i", "em"))


def readable(page: str) -> str:
    """Return a page as text of the same length: paragraphs cut by ``BREAK``, headings as ``#2 Title``, items with ``-``, cells with ``|``."""
    made: list[str] = []
    done = 0
    for match in _PART.finditer(page):
        made += [page[done : match.start()], _mark(match)]
        done = match.end()
    made.append(page[done:])
    return "".join(made)


def escaped(text: str) -> str:
    """Return a text as a page holds it."""
    return html.escape(text, quote=False)


def _mark(match: re.Match[str]) -> str:
    whole = match.group()
    if match["comment"]:
        return whole
    if match["entity"]:
        return _letter(whole)
    if match["script"]:
        return _script(match)
    if match["line"] or match["blank"] or (match["name"] or "").lower() == "input":
        is_blank = "\n" not in whole and not (match["tag"] and _INPUT.search(whole))
        return "_" * len(whole) if is_blank else _blanked(whole)
    return _tag(whole, match["name"].lower()) if match["tag"] else _blanked(whole)


def _letter(entity: str) -> str:
    """Return the letter of an entity; signs of order as commands, which no later reader takes for a tag."""
    letter = html.unescape(entity)
    shown = {"<": "\\lt", ">": "\\gt", "$": " ", "\u00a0": " "}.get(letter, letter)
    return shown.ljust(len(entity)) if len(shown) <= len(entity) else _blanked(entity)


def _script(match: re.Match[str]) -> str:
    """Return the source that MathJax 2 keeps in a script between dollars, nothing of any other script."""
    kind = _TEX.search(match["kind"])
    if kind is None:
        return _blanked(match.group())
    sign = "$$" if kind["display"] else "$"
    opening = _blanked(match["script"])
    return f"{opening[: -len(sign)]}{sign}{match['source']}{sign}{_blanked(match['close'])[len(sign) :]}"


def _tag(whole: str, name: str) -> str:
    is_end = whole.startswith("</")
    bare = _blanked(whole)
    if name in _STRONG:
        return f"{bare[:-2]}**" if is_end else f"**{bare[2:]}"
    if name in ("td", "th"):  # what stands in a cell begins right behind the mark
        return bare if is_end else f"{bare[:-1]}|"
    if name == "tr" and is_end:
        return f"|{bare[1:]}"
    if re.fullmatch("h[1-6]", name):
        return f"{BREAK}{bare[1:]}" if is_end else f"{BREAK}#{name[1]}{bare[3:]}"
    if name == "li":
        return f"{BREAK}{bare[1:]}" if is_end else f"{BREAK}-{bare[2:]}"
    return f"{BREAK}{bare[1:]}" if name in _BLOCKS else bare


def _blanked(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)
