"""Parts of a sheet: headings with numbers, parts with letters, and the ones that are announced and left empty."""

from __future__ import annotations

import re

from gradproof.reader.document import Block, Code, Display, EmptyPart, Formula, Heading, Prose

_PART = re.compile(r"^\s*(?:[-+*]\s+)?[*_]*(?:\(([a-z]|[ivx]{1,4})\)|([a-z])\))[*_]*(?=\s|$|[.:])")
_WORDED = re.compile(r"^(?:exercise|question|problem|task|part|aufgabe)\s+(\d+(?:\.\d+)*|[a-z])\b[.:)]?\s*", re.IGNORECASE)
_NUMBERED = re.compile(r"^(\d{1,2}(?:\.\d{1,2})*)[.)]?\s+(?=[^\W\d_])")
_SHORT_ANSWER = re.compile(r"(?:\*\*|__)?(?:answer|solution|todo|proof)(?:\*\*|__)?\s*[:.]?\s*(?:\*\*|__)?", re.IGNORECASE)
_LONGEST_TITLE = 80


def part_label(text: str) -> tuple[str, int]:
    """Return the letter of the part that a text opens and the length of its label, ('', 0) where it opens none."""
    match = _PART.match(text)
    return ((match.group(1) or match.group(2)), match.end()) if match else ("", 0)


def heading_number(title: str) -> tuple[str, str]:
    """Split a title into its printed number and the rest."""
    match = _WORDED.match(title) or _NUMBERED.match(title)
    if match is None:
        return "", title
    return match.group(1), title[match.end() :].strip() or title


def looks_like_heading(line: str) -> bool:
    """Tell whether a line alone is a numbered title: short, no sentence."""
    bare = line.strip().strip("*_ ").strip()
    if not bare or len(bare) > _LONGEST_TITLE or bare.endswith((".", ",", ";")) or "$" in bare:
        return False
    return bool(_NUMBERED.match(bare) or (_WORDED.match(bare) and len(bare) < 40))


def empty_parts(blocks: tuple[Block, ...]) -> tuple[EmptyPart, ...]:
    """Return the numbered or lettered parts below which nothing stands."""
    found: list[EmptyPart] = []
    section, section_line, section_level, section_filled = "", 0, 0, True
    part, part_line, part_filled = "", 0, True

    def close_part() -> None:
        if part and not part_filled:
            found.append(EmptyPart(f"{section}({part})", part_line))

    for block in blocks:
        if isinstance(block, Heading) and not part_label(block.title)[0]:
            close_part()
            part, part_filled = "", True
            deeper = bool(section) and block.level > section_level and block.number.startswith(section)
            if section and not section_filled and not deeper:
                found.append(EmptyPart(section, section_line))
            section, section_line, section_level = block.number, block.span.line, block.level
            section_filled = not block.number
            continue
        label = block.part if isinstance(block, Prose) else part_label(block.title)[0] if isinstance(block, Heading) else ""
        if label:
            close_part()
            part, part_line, part_filled = label, block.span.line, False
            section_filled = True
        filled = _fills(block)
        if filled is not None:
            if part:
                part_filled = filled
            section_filled = section_filled or filled
    close_part()
    if section and not section_filled:
        found.append(EmptyPart(section, section_line))
    return tuple(found)


def _fills(block: Block) -> bool | None:
    """Tell whether a block answers something: None says nothing, False takes back what came before (an empty answer)."""
    if isinstance(block, Display | Code):
        return True
    pieces = block.pieces
    if any(isinstance(piece, Formula) for piece in pieces):
        return True
    text = "".join(piece for piece in pieces if isinstance(piece, str))
    text = text[part_label(text)[1] :] if isinstance(block, Prose) else block.title[part_label(block.title)[1] :]
    bare = text.strip().strip("*_-#: ").strip()
    if not bare:
        return None
    return not _SHORT_ANSWER.fullmatch(bare)
