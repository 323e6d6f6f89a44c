"""A compiled kernel as an object: its lines and loops, its arguments, and which rows of these it looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gradproof.expr.node import Expr, Index, Symbol
from gradproof.expr.walk import symbols

#: What the code of the rows of a block calls their number.
ROWS = "rows"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a kernel, at a depth."""

    depth: int
    code: str

    @property
    def text(self) -> str:
        """The line as it is written."""
        return "    " * self.depth + self.code


@dataclass(frozen=True, slots=True)
class Loop:
    """The line that opens a loop over an index; ``limits`` are what its ends hang on, which may be more than the index says."""

    depth: int
    index: Index
    letter: str
    low: str
    high: str
    is_parallel: bool
    limits: tuple[Expr, ...]

    @property
    def text(self) -> str:
        """The line as it is written."""
        ends = self.high if self.low == "0" else f"{self.low}, {self.high}"
        return f"{'    ' * self.depth}for {self.letter} in {'prange' if self.is_parallel else 'range'}({ends}):"

    @property
    def sizes(self) -> set[Symbol]:
        """The sizes that its ends hang on."""
        return {symbol for limit in self.limits for symbol in symbols(limit)}


@dataclass(frozen=True, slots=True)
class Kernel:
    """A compiled function: ``real`` is the code of the type of its numbers, empty where it needs none, ``returned`` that of its results.

    ``touched`` tells of each array, by the name of the parameter, the first subscripts of the entries that are read or written: an index
    that stands alone, else None.
    """

    name: str
    parameters: tuple[str, ...]
    lines: tuple[Line | Loop, ...]
    real: str
    returned: tuple[str, ...]
    touched: Mapping[str, frozenset[Index | None]]
    is_parallel: bool

    @property
    def source(self) -> str:
        """The code of the function."""
        real = [f"    real = {self.real}"] if self.real else []
        body = "\n".join([*real, *(line.text for line in self.lines)])
        returned = f"    return {', '.join(self.returned)}\n" if self.returned else ""
        decorator = "parallel=True, **LOOPS" if self.is_parallel else "**LOOPS"
        return f"@njit({decorator})\ndef {self.name}({', '.join(self.parameters)}):\n{body}\n{returned}"

    def goes_by_rows(self, arrays: Sequence[str], row: Expr) -> bool:
        """Tell whether its outermost loops run over the rows of some arrays, and look at no other row of these than their own."""
        if self.returned or any(isinstance(line, Line) and line.depth == 1 for line in self.lines):
            return False
        loops = [line for line in self.lines if isinstance(line, Loop)]
        outer = {loop.index for loop in loops if loop.depth == 1}
        if not all(_is_over(loop, row) for loop in loops if loop.depth == 1):
            return False
        if any(row in loop.sizes for loop in loops if loop.depth > 1):
            return False
        return bool(outer) and all(self.touched.get(name, frozenset()) <= outer for name in arrays)

    def of_rows(self) -> Kernel:
        """Return the kernel for the rows of a block: it is called by every thread, so nothing in it is parallel."""
        lines = tuple(
            replace(line, high=ROWS if line.depth == 1 else line.high, is_parallel=False) if isinstance(line, Loop) else line
            for line in self.lines
        )
        return replace(self, parameters=(ROWS, *self.parameters), lines=lines, is_parallel=False)


def _is_over(loop: Loop, row: Expr) -> bool:
    """Tell whether a loop runs over as many turns as there are rows, from the first to the last."""
    return loop.low == "0" and loop.limits == (loop.index.lower, loop.index.upper) and loop.index.upper is row
