"""The text that a user typed, and errors that point into it."""

from __future__ import annotations

from dataclasses import dataclass

from gradproof.errors import FormulaError, ShapeError
from gradproof.reader.presentation import Place

#: A source line longer than this is shown around the caret only.
_WIDTH = 100
_LONGEST_QUOTE = 32


@dataclass(frozen=True, slots=True)
class Source:
    """A formula's text with the name of where it stands ('formula', '--at')."""

    text: str
    where: str = "formula"

    def error(self, place: Place, expected: str, *, got: str = "", remedy: str = "") -> FormulaError:
        """Return an error of reading at a place, with the source line and a caret."""
        where, line, caret = self._shown(place.start)
        return FormulaError(expected, got=got, remedy=remedy, where=where, source_line=line, caret=caret)

    def misfit(self, place: Place, expected: str, *, got: str = "", remedy: str = "") -> ShapeError:
        """Return an error of shapes at a place, with the source line and a caret."""
        where, line, caret = self._shown(place.start)
        return ShapeError(expected, got=got, remedy=remedy, where=where, source_line=line, caret=caret)

    def quote(self, place: Place) -> str:
        """Return the text of a place, shortened where it is long."""
        words = " ".join(self.text[place.start : place.end].split())
        return words if len(words) <= _LONGEST_QUOTE else words[: _LONGEST_QUOTE - 4] + " ..."

    def _shown(self, offset: int) -> tuple[str, str, int]:
        """Return where an offset is, its line (around the caret where that is long), and the caret's column in it."""
        offset = min(offset, len(self.text))
        number = self.text.count("\n", 0, offset) + 1
        start = self.text.rfind("\n", 0, offset) + 1
        end = self.text.find("\n", offset)
        line = self.text[start : len(self.text) if end < 0 else end].replace("\t", " ").rstrip("\r")
        column = offset - start
        where = f"{self.where}:{number}:{column + 1}"
        first = max(0, min(column - _WIDTH // 2, len(line) - _WIDTH))
        shown = line[first : first + _WIDTH]
        return where, shown or " ", column - first
