"""Where the steps of an answer stand in a document, and how its kind of text writes them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradproof.completion.places import Place
from gradproof.completion.source import Edit
from gradproof.completion.steps import StepLine
from gradproof.reader.webpage import BREAK, escaped

_WISH = re.compile(
    r"\b(?:show|give|write|include|with|list)\b[^.;:?!\n]{0,30}\b(?:steps|working|derivation|work)\b|\bstep[\s-]by[\s-]step\b|\bwith\s+steps\b",
    re.IGNORECASE,
)
_REST = re.compile(r"[ \t]*[.,;:]?[ \t]*(?=\n|$)")
_BLANK = re.compile(BREAK + r"|\n[ \t]*\n|\n(?=[ \t]*(?:[-+*]|\d+[.)]|\\item|#|\\section|\\end\{|\|))")


def asks_for_steps(words: str) -> bool:
    """Tell whether words ask for the steps of an answer."""
    return bool(_WISH.search(words))


def step_edit(text: str, place: Place, lines: Sequence[StepLine], kind: str) -> Edit:
    """Return the edit that puts steps below the formula of a place: a list of the document's own kind."""
    at = _below(text, place)
    begin = text.rfind("\n", 0, place.formula) + 1
    indent = re.match(r"[ \t]*", text[begin:]).group()  # type: ignore[union-attr]
    if kind != "latex" and re.match(r"(?:[-+*]|\d+[.)])[ \t]+", text[begin + len(indent) :]):
        indent += "   "
    if kind == "html":  # within the paragraph, whatever element that is
        return Edit(at, at, "".join(f"<br>{row}" for row in ("Steps:", *map(_page_item, lines))))
    items = [_item(line) for line in lines]
    if kind == "latex":
        rows = ["\\begin{itemize}", *(f"\\item {item}" for item in items), "\\end{itemize}"]
        return Edit(at, at, "".join(f"\n{indent}{row}" for row in rows))
    rows = ["", "Steps:", "", *(f"- {item}" for item in items)]
    block = "".join(f"\n{indent}{row}" if row else "\n" for row in rows)
    return Edit(at, at, block if text.startswith("\n\n", at) or at >= len(text.rstrip("\n")) else f"{block}\n")


def _item(line: StepLine) -> str:
    if line.is_words:
        return f"{line.rule}: {line.latex}"
    joint = " with" if line.introduces else ":"
    return f"{line.rule}{joint} ${line.latex}$"


def _page_item(line: StepLine) -> str:
    """Return a line with the delimiters that every page sets."""
    pieces = escaped(_item(line)).split("$")
    return "".join(f"\\({piece}\\)" if place % 2 else piece for place, piece in enumerate(pieces))


def _below(text: str, place: Place) -> int:
    """Return the end of the formula's line where nothing but punctuation follows it, else the end of its paragraph."""
    rest = _REST.match(text, max(place.formula_end, place.end))
    if rest is not None:
        return rest.end()
    end = _BLANK.search(text, place.formula_end)
    return end.start() if end is not None else len(text.rstrip())
