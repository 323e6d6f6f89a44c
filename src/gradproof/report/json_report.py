"""The report as JSON: stable, versioned, described by ``schema.json`` beside this file."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from importlib.resources import files
from typing import Any

from gradproof.checker.verdict import Certificate, Equation, FileReport, Link, Report
from gradproof.errors import Span
from gradproof.printer.safe_text import encodable
from gradproof.report.outcome import worst_first

SCHEMA_VERSION = 1


def render_json(report: Report) -> str:
    """Return the report as JSON text that ends with a line feed."""
    return json.dumps(as_json(report), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema that every JSON report obeys."""
    schema: dict[str, Any] = json.loads((files("gradproof.report") / "schema.json").read_text(encoding="utf-8"))
    return schema


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as plain dicts, lists, strings and numbers."""
    tree = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "gradproof", "version": report.version},
        "files": [_file(file) for file in report.files],
    }
    plain: dict[str, Any] = _plain(tree)
    return plain


def _file(file: FileReport) -> dict[str, Any]:
    return {
        "file": file.file,
        "error": file.error or None,
        "summary": file.summary(),
        "unanswered": [{"part": part.part, "line": part.line} for part in file.unanswered],
        "problems": [{"message": problem.message, "span": _span(problem.span)} for problem in file.problems],
        "unused_suppressions": [
            {"codes": list(unused.codes), "reason": unused.reason, "span": _span(unused.span)}
            for unused in file.unused_suppressions
        ],
        "equations": [_equation(equation) for equation in worst_first(file.equations)],
    }


def _equation(equation: Equation) -> dict[str, Any]:
    return {
        "id": equation.id,
        "tag": equation.tag,
        "display": equation.display,
        "span": _span(equation.span),
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
        "certificate": _certificate(link.certificate) if link.certificate else None,
        "witness": dict(link.witness),
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


def _span(span: Span) -> dict[str, int]:
    return {
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


def _plain(value: Any) -> Any:
    """Return a value that JSON can hold: what has no counterpart there becomes its text."""
    match value:
        case None | bool():
            return value
        case int():
            return value if value.bit_length() <= 63 else _digits(value)
        case str():
            return encodable(value)
        case float():
            return value if math.isfinite(value) else str(value)
        case dict():
            return {encodable(str(key)): _plain(entry) for key, entry in value.items()}
        case list() | tuple():
            return [_plain(entry) for entry in value]
        case set() | frozenset():
            return [_plain(entry) for entry in sorted(value, key=str)]
        case Fraction():
            return str(value)
        case _:
            return encodable(str(value))


def _digits(number: int) -> str:
    """Return a long integer as text; hexadecimal where Python refuses to print that many decimal digits."""
    try:
        return str(number)
    except ValueError:
        return hex(number)
