"""Names of a formula as names of a program."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SAFE = re.compile(r"[A-Za-z]\w*\Z")


def safe_name(name: str, taken: Iterable[str]) -> str:
    """Return a Python identifier for a variable: its own name where that is one, never a keyword or a name of the module."""
    plain = re.sub(r"\W", "_", name.replace("'", "_prime"), flags=re.ASCII)
    made = plain if _SAFE.match(plain) else f"v{plain}"
    while made in taken:
        made += "_"
    return made
