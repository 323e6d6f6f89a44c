"""What loops are written for: numbers that go into sums or into entries of arrays."""

from __future__ import annotations

from dataclasses import dataclass

from gradproof.expr.node import Expr, Index

_STEP = {
    "set": "{0} = {1}",
    "sum": "{0} += {1}",
    "prod": "{0} *= {1}",
    "max": "{0} = larger({0}, {1})",
    "min": "{0} = smaller({0}, {1})",
}


@dataclass(frozen=True, slots=True)
class Finish:
    """What is done with a number: by a ``step`` it goes into the number of a name, or into an entry of the array of that name.

    ``places`` are the subscripts of the entry; with ``is_along`` these are the loops around.
    """

    name: str
    step: str
    places: str | None = None
    is_along: bool = False

    @property
    def is_entry(self) -> bool:
        """Tell whether it is an entry of an array."""
        return self.is_along or self.places is not None

    def line(self, value: str, around: str) -> str:
        """Return the line that does it; ``around`` is the code of the loops around as subscripts."""
        entry = f"{self.name}[{around if self.is_along else self.places}]" if self.is_entry else self.name
        return _STEP[self.step].format(entry, value)


@dataclass(frozen=True)
class Goal:
    """A number that is computed at every turn of some loops and goes where ``finish`` says; ``rest`` are the loops still to be opened."""

    node: Expr
    rest: tuple[Index, ...]
    tests: tuple[Expr, ...]
    finish: Finish
