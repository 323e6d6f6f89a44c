"""How a verdict is shown: symbol, word and style, the same in every report."""

from __future__ import annotations

from dataclasses import dataclass

from gradproof.checker.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Appearance:
    """``style`` is a terminal style; ``plain`` replaces ``symbol`` where the output cannot encode it."""

    symbol: str
    plain: str
    word: str
    style: str


APPEARANCE: dict[Verdict, Appearance] = {
    Verdict.REFUTED: Appearance("✗", "x", "refuted", "bold red"),
    Verdict.MALFORMED: Appearance("▲", "!", "malformed", "bold magenta"),
    Verdict.CARRIED: Appearance("↪", ">", "carried forward", "bold yellow"),
    Verdict.UNCHECKED: Appearance("?", "?", "unchecked", "cyan"),
    Verdict.TESTED: Appearance("≈", "~", "tested", "blue"),
    Verdict.PROVED: Appearance("✓", "+", "proved", "green"),
    Verdict.STATED: Appearance("≔", "-", "stated", "dim"),
}

UNANSWERED = Appearance("○", "o", "unanswered", "yellow")

# The order in which the last line counts: what holds, then what is wrong, then the rest.
COUNTED = (
    Verdict.PROVED,
    Verdict.TESTED,
    Verdict.REFUTED,
    Verdict.CARRIED,
    Verdict.MALFORMED,
    Verdict.STATED,
    Verdict.UNCHECKED,
)
