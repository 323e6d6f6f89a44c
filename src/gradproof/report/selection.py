"""Which codes a report is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches

from gradproof.checker.codes import CODES
from gradproof.checker.verdict import Equation, Report
from gradproof.errors import GradproofError


def parse_codes(texts: Sequence[str], option: str) -> tuple[str, ...]:
    """Return the codes and prefixes of an option, several between commas.

    Raises: GradproofError: something is no code and no beginning of one.
    """
    found = tuple(code.strip().upper() for text in texts for code in text.split(",") if code.strip())
    for code in found:
        if not any(known.startswith(code) for known in CODES):
            close = get_close_matches(code, CODES, n=1, cutoff=0.3)
            remedy = f"Did you mean {close[0]}?" if close else "See 'gradproof explain'."
            raise GradproofError(
                f"{option}: a code such as R101 or a family such as R was expected", got=f"'{code}'", remedy=remedy
            )
    return found


def selected(report: Report, select: Sequence[str], ignore: Sequence[str]) -> Report:
    """Return the report with only the selected and without the ignored codes."""
    if not select and not ignore:
        return report

    def keeps(code: str) -> bool:
        wanted = not select or any(code.startswith(prefix) for prefix in select)
        return wanted and not any(code.startswith(prefix) for prefix in ignore)

    def keep(equation: Equation) -> bool:
        return keeps(equation.code)

    files = tuple(
        replace(
            file,
            equations=tuple(filter(keep, file.equations)),
            unanswered=file.unanswered if keeps("D101") else (),
            unused_suppressions=file.unused_suppressions if keeps("D102") else (),
            problems=file.problems if keeps("D103") else (),
        )
        for file in report.files
    )
    return replace(report, files=files)
