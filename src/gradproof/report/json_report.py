"""The report as JSON: stable, versioned, described by ``schema.json``."""

from __future__ import annotations

import json
from typing import Any

from gradproof.checker.verdict import Certificate, Equation, FileReport, Link, Report

SCHEMA_VERSION = 1


def to_json(report: Report) -> str:
    """Return the report as a JSON text that ends with a newline."""
    return json.dumps(as_dict(report), ensure_ascii=False, indent=2) + "\n"


def as_dict(report: Report) -> dict[str, Any]:
    """Return the report as plain values."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "gradproof", "version": report.version},
        "files": [_file(file) for file in report.files],
    }


def worst_first(equations: tuple[Equation, ...]) -> list[Equation]:
    """Return equations with the worst verdicts first, in the order of the document where they tie."""
    return sorted(equations, key=lambda equation: equation.verdict.severity)


def _file(file: FileReport) -> dict[str, Any]:
    return {
        "file": file.file,
        "error": file.error or None,
        "summary": file.summary(),
        "unanswered": [{"part": part.part, "line": part.line} for part in file.unanswered],
        "problems": [{"message": problem.message, "line": problem.span.line} for problem in file.problems],
        "unused_suppressions": [{"codes": list(unused.codes), "line": unused.span.line} for unused in file.unused_suppressions],
        "equations": [_equation(equation) for equation in worst_first(file.equations)],
    }


def _equation(equation: Equation) -> dict[str, Any]:
    span = equation.span
    return {
        "id": equation.id,
        "tag": equation.tag,
        "display": equation.display,
        "span": {
            "line": span.line,
            "column": span.column,
            "end_line": span.end_line,
            "end_column": span.end_column,
        },
        "latex": equation.latex,
        "verdict": equation.verdict.value,
        "code": equation.code,
        "reason": equation.reason,
        "hint": equation.hint,
        "readings": list(equation.readings),
        "suppressed": equation.suppressed,
        "links": [_link(link) for link in equation.links],
    }


def _link(link: Link) -> dict[str, Any]:
    return {
        "lhs": link.lhs,
        "relation": link.relation,
        "rhs": link.rhs,
        "kind": link.kind.value,
        "verdict": link.verdict.value,
        "code": link.code,
        "reason": link.reason,
        "hint": link.hint,
        "certificate": None if link.certificate is None else _certificate(link.certificate),
        "witness": link.witness,
        "stated": link.stated,
        "expected": link.expected,
        "from_stated_inputs": link.from_stated_inputs,
        "depends_on": list(link.depends_on),
    }


def _certificate(certificate: Certificate) -> dict[str, Any]:
    return {
        "method": certificate.method,
        "side_conditions": list(certificate.side_conditions),
        "steps": [{"rule": rule, "formula": formula} for rule, formula in certificate.steps],
        "details": certificate.details,
    }
