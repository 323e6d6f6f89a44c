"""Sentences about verdicts that all reports share."""

from __future__ import annotations

import re

from gradproof.checker.codes import CODES
from gradproof.checker.verdict import Equation, Link, Report, Verdict

#: How a verdict is shown: a symbol, a word, never colour alone.
SYMBOLS = {
    Verdict.REFUTED: "✗",
    Verdict.MALFORMED: "▲",
    Verdict.CARRIED: "↪",
    Verdict.UNCHECKED: "?",
    Verdict.TESTED: "≈",
    Verdict.PROVED: "✓",
    Verdict.STATED: "·",
}
_WORDS = {Verdict.CARRIED: "carried forward"}
_COUNTED = (
    Verdict.PROVED,
    Verdict.TESTED,
    Verdict.REFUTED,
    Verdict.CARRIED,
    Verdict.MALFORMED,
    Verdict.STATED,
    Verdict.UNCHECKED,
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def word_of(verdict: Verdict) -> str:
    """Return the word for a verdict."""
    return _WORDS.get(verdict, verdict.value)


def name_of(equation: Equation) -> str:
    """Return how an equation is called: its printed number, else its first line."""
    return f"({equation.tag})" if equation.tag else ""


def title_of(equation: Equation) -> str:
    """Return what is wrong in a few words."""
    return CODES[equation.code].title


def worst_link(equation: Equation) -> Link | None:
    """Return the link that gives an equation its verdict."""
    return next((link for link in equation.links if link.verdict is equation.verdict), None)


def explained(equation: Equation) -> str:
    """Return one paragraph: what was stated, what is right, why."""
    link = worst_link(equation)
    parts = [equation.reason or title_of(equation)]
    if link is not None and link.expected:
        stated = f"stated {link.stated}, " if link.stated else ""
        parts.append(f"{stated}expected {link.expected}")
    if link is not None and link.from_stated_inputs:
        parts.append(f"from the stated inputs {link.from_stated_inputs}")
    if equation.hint:
        parts.append(equation.hint)
    return "; ".join(parts)


def counted(report: Report) -> str:
    """Return the last line of a report: '9 proved, 2 tested, 2 refuted, ...'."""
    totals = dict.fromkeys(Verdict, 0)
    for file in report.files:
        for verdict, count in file.summary().items():
            totals[Verdict(verdict)] += count
    parts = [f"{totals[verdict]} {word_of(verdict)}" for verdict in _COUNTED if totals[verdict]]
    unanswered = sum(len(file.unanswered) for file in report.files)
    parts += [f"{unanswered} unanswered"] if unanswered else []
    return ", ".join(parts) if parts else "no equations"


def plain(text: str) -> str:
    """Return a text without control characters."""
    return _CONTROL.sub("�", text)
