"""The error family, and the places that errors and verdicts point to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a document. Lines and columns count from 1; the end is exclusive in its column."""

    line: int
    column: int
    end_line: int
    end_column: int


class GradproofError(Exception):
    """A failure that a user can act on: where, what was expected, what came, what to do.

    Printed as ``{where}: {expected}, got {got}. {remedy}``, with the source line and a caret where
    there is one.
    """

    def __init__(
        self,
        expected: str,
        *,
        got: str = "",
        remedy: str = "",
        where: str = "",
        source_line: str = "",
        caret: int | None = None,
    ) -> None:
        self.expected = expected
        self.got = got
        self.remedy = remedy
        self.where = where
        self.source_line = source_line
        self.caret = caret
        super().__init__(self.message())

    def message(self) -> str:
        """Return the line that a user sees, with the source and a caret where there is one."""
        text = f"{self.where}: " if self.where else ""
        text += self.expected
        if self.got:
            text += f", got {self.got}"
        if not text.endswith("."):
            text += "."
        if self.remedy:
            text += f" {self.remedy}"
        if self.source_line and self.caret is not None:
            text += f"\n    {self.source_line}\n    {' ' * self.caret}^"
        return text


class ReadError(GradproofError):
    """A document that cannot be read: missing, binary, too large, not of a known kind."""


class FormulaError(GradproofError):
    """A formula or a declaration typed by the user that cannot be read."""


class ShapeError(GradproofError):
    """Axes that do not fit together."""


class DomainError(GradproofError):
    """A value outside the domain of a function."""


class UnsupportedError(GradproofError):
    """An operation that something does not have: a gradient of a kink, a prox without a closed form."""
