"""What a deciding method found."""

from __future__ import annotations

from dataclasses import dataclass, field

from gradproof.checker.verdict import Certificate, Verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a deciding method found."""

    verdict: Verdict
    code: str
    certificate: Certificate | None = None
    reason: str = ""
    hint: str = ""
    witness: dict[str, str] = field(default_factory=dict)
    expected: str | None = None


def undecided(code: str, reason: str, hint: str = "") -> Outcome:
    """Return the outcome of a claim that no method decides."""
    return Outcome(Verdict.UNCHECKED, code, reason=reason, hint=hint)
