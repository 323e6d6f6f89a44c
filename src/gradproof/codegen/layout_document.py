"""Text that may be broken: groups stay on a line where they fit, and are opened from the outside in where they do not.

The algorithm is that of Oppen and Wadler; what stands behind a group, up to the next place where a line may end, has to fit as well.
Source: Wadler, A prettier printer, 2003.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """A place where a line may end; ``flat`` stands there where it does not."""

    flat: str = ""


@dataclass(frozen=True, slots=True)
class Broken:
    """Text that is written where the group about it is broken."""

    text: str


@dataclass(frozen=True, slots=True)
class Indented:
    """Parts that stand further to the right where they start a line."""

    parts: Sequence[Document]


@dataclass(frozen=True, slots=True)
class Group:
    """Parts whose lines end all, or none of them."""

    parts: Sequence[Document]


Document = str | Line | Broken | Indented | Group
_Entry = tuple[int, bool, Document]


def fitted(document: Document, indent: int, width: int) -> str:
    """Return the text of a document whose first line starts behind an indent, which is part of it."""
    out = [" " * indent]
    column = indent
    waiting: list[_Entry] = [(indent, True, document)]
    while waiting:
        depth, is_broken, part = waiting.pop()
        match part:
            case str(text):
                out.append(text)
                column += len(text)
            case Line(flat):
                out.append("\n" + " " * depth if is_broken else flat)
                column = depth if is_broken else column + len(flat)
            case Broken(text):
                out.append(text if is_broken else "")
                column += len(text) if is_broken else 0
            case Indented(parts):
                waiting += [(depth + 4, is_broken, one) for one in reversed(parts)]
            case Group(parts):
                opened = is_broken and not _fits(part, waiting, width - column)
                waiting += [(depth, opened, one) for one in reversed(parts)]
    return "".join(out)


def _fits(group: Group, rest: Sequence[_Entry], room: int) -> bool:
    """Tell whether a group fits on the line, and what follows it up to where the line may end."""
    waiting: list[tuple[bool, Document]] = [(False, group)]
    behind = len(rest)
    while room >= 0:
        if not waiting:
            if not behind:
                return True
            behind -= 1
            _, is_broken, part = rest[behind]
            waiting.append((is_broken, part))
        is_broken, part = waiting.pop()
        match part:
            case str(text):
                room -= len(text)
            case Line(flat):
                if is_broken:
                    return True
                room -= len(flat)
            case Broken(text):
                room -= len(text) if is_broken else 0
            case Indented(parts) | Group(parts):
                waiting += [(is_broken, one) for one in reversed(parts)]
    return False
