"""What the glossary knows of a quantity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gradproof.checker.outcome import Outcome
from gradproof.checker.sections import PlannedFormula, PlannedLink, Section

#: Returns None where the formula is not about the quantity or agrees with it.
Check = Callable[[PlannedFormula, PlannedLink, Section], Outcome | None]


@dataclass(frozen=True, slots=True)
class GlossaryEntry:
    """A named quantity: its name, its definition in LaTeX, where it is defined, and the check of a formula."""

    name: str
    definition: str
    source: str
    check: Check
