"""``--select`` and ``--ignore``: which findings of a report are shown and count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradproof.checker.verdict import Equation, FileReport, Report


def select_codes(report: Report, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> Report:
    """Return the report with only the findings whose code begins with one of ``select`` and none of ``ignore``.

    An empty ``select`` selects everything. A link that is left out no longer counts for the verdict of its
    equation; an equation with nothing left is left out. Files that could not be read stay.
    """
    if not select and not ignore:
        return report

    def is_wanted(code: str) -> bool:
        return (not select or code.startswith(tuple(select))) and not (ignore and code.startswith(tuple(ignore)))

    def filter_equation(equation: Equation) -> Equation | None:
        own = equation.code not in {link.code for link in equation.links}
        if own and is_wanted(equation.code):
            return equation
        links = tuple(link for link in equation.links if is_wanted(link.code))
        if len(links) == len(equation.links):
            return equation if links else None
        if not links:
            return None
        worst = min(links, key=lambda link: link.verdict.severity)
        return replace(equation, links=links, verdict=worst.verdict, code=worst.code, reason=worst.reason, hint=worst.hint)

    def filter_file(file: FileReport) -> FileReport:
        kept = (filter_equation(equation) for equation in file.equations)
        return replace(
            file,
            equations=tuple(equation for equation in kept if equation is not None),
            unanswered=file.unanswered if is_wanted("D101") else (),
            unused_suppressions=file.unused_suppressions if is_wanted("D102") else (),
            problems=file.problems if is_wanted("D103") else (),
        )

    return replace(report, files=tuple(filter_file(file) for file in report.files))
