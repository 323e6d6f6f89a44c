"""Text of strangers made safe to show: a document or a file name may hold anything."""

from __future__ import annotations

import re

# C0 and C1 controls, line and paragraph separators, marks that reverse the direction of text, lone surrogates.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_TAB = "    "


def neutralize(text: str) -> str:
    """Return the text with its control characters spelled out, tabs as spaces, line feeds kept.

    Example: >>> neutralize("a" + chr(27) + "[31m")
             'a\\\\x1b[31m'
    """
    return _UNSAFE.sub(_spell, text.replace("\r\n", "\n").replace("\t", _TAB))


def one_line(text: str) -> str:
    """Return the neutralized text on one line, runs of white space as one space."""
    return " ".join(neutralize(text).split())


def encodable(text: str) -> str:
    """Return the text with lone surrogates replaced, so that UTF-8 can hold it."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _spell(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
