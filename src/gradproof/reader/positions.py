"""Offsets to lines and columns."""

from __future__ import annotations

from bisect import bisect_right

from gradproof.errors import Span


class Positions:
    """Turns offsets of a text into spans, in logarithmic time each."""

    def __init__(self, text: str) -> None:
        self._starts = [0]
        place = text.find("\n")
        while place != -1:
            self._starts.append(place + 1)
            place = text.find("\n", place + 1)

    def line(self, offset: int) -> int:
        """Return the line of an offset, from 1."""
        return bisect_right(self._starts, offset)

    def start_of(self, line: int) -> int:
        """Return the offset at which a line begins."""
        return self._starts[min(line, len(self._starts)) - 1]

    def span(self, start: int, end: int) -> Span:
        """Return the span of two offsets."""
        first, last = self.line(start), self.line(end)
        return Span(first, start - self._starts[first - 1] + 1, last, end - self._starts[last - 1] + 1)
