"""Verdicts and what comes with them: the values that every report is made from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from gradproof.errors import Span
from gradproof.reader.document import Document, EmptyPart, Problem, Suppression


class Verdict(StrEnum):
    """The seven verdicts, the worst first."""

    REFUTED = "refuted"
    MALFORMED = "malformed"
    CARRIED = "carried"
    UNCHECKED = "unchecked"
    TESTED = "tested"
    PROVED = "proved"
    STATED = "stated"

    @property
    def severity(self) -> int:
        """0 for the worst."""
        return list(Verdict).index(self)

    @property
    def is_fault(self) -> bool:
        """Whether the document is wrong here: refuted, malformed or carried."""
        return self in (Verdict.REFUTED, Verdict.MALFORMED, Verdict.CARRIED)


class Kind(StrEnum):
    """What a link of a chain does in its document."""

    DEFINITION = "definition"
    CLAIM = "claim"
    UPDATE = "update"
    CONDITION = "condition"
    OBJECTIVE = "objective"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Certificate:
    """Why a verdict may be believed.

    ``method`` is one of: 'arithmetic', 'rounds to', 'canonical form', 'random instances', 'disjoint enclosures', 'shapes',
    'glossary', 'carried value', 'optimality'. ``steps`` are pairs (rule, formula as LaTeX). ``details`` holds what the
    method adds: instances, seed, digits, enclosures, shapes.
    """

    method: str
    side_conditions: tuple[str, ...] = ()
    steps: tuple[tuple[str, str], ...] = ()
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Link:
    """One relation of one chain, with its verdict. ``lhs`` and ``rhs`` are LaTeX source."""

    lhs: str
    relation: str
    rhs: str
    kind: Kind
    verdict: Verdict
    code: str
    reason: str = ""
    hint: str = ""
    certificate: Certificate | None = None
    witness: dict[str, str] = field(default_factory=dict)
    stated: str | None = None
    expected: str | None = None
    from_stated_inputs: str | None = None
    depends_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Equation:
    """A formula of the document that has something to say: its links and the worst of their verdicts."""

    id: str
    tag: str | None
    display: bool
    span: Span
    latex: str
    verdict: Verdict
    code: str
    reason: str = ""
    hint: str = ""
    readings: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    suppressed: bool = False


@dataclass(frozen=True, slots=True)
class FileReport:
    """All verdicts of one document."""

    file: str
    document: Document | None
    equations: tuple[Equation, ...]
    unanswered: tuple[EmptyPart, ...] = ()
    problems: tuple[Problem, ...] = ()
    unused_suppressions: tuple[Suppression, ...] = ()
    error: str = ""

    def summary(self) -> dict[str, int]:
        """How many equations have each verdict, the worst first, zero counts included."""
        counts = Counter(equation.verdict for equation in self.equations if not equation.suppressed)
        return {verdict.value: counts[verdict] for verdict in Verdict}


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of one run of ``check`` over one or more documents."""

    files: tuple[FileReport, ...]
    version: str
    seed: int = 0
    seconds: float = 0.0
