"""Values for the symbols of an expression, and why an evaluation may have no answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gradproof.expr.node import Symbol


class Undecidable(Exception):
    """The expression has no value that can be computed: a hole, an opaque operator, a missing value, too much work."""


class NotRational(Exception):
    """A value is not rational, so exact arithmetic does not reach it; balls do."""


class Undetermined(Exception):
    """A comparison of balls that overlap: more precision may tell."""


@dataclass(frozen=True)
class Bindings:
    """An instance: a number for each scalar symbol, an object array for each tensor symbol (by name).

    Numbers are ``fmpq`` (or ``arb`` for an interval); sizes are ints.
    """

    values: Mapping[str, Any] = field(default_factory=dict)

    def value(self, symbol: Symbol) -> Any:
        """Return the value of a symbol, or raise ``Undecidable`` naming it."""
        if symbol.name not in self.values:
            raise Undecidable(f"no value for {symbol.name}")
        return self.values[symbol.name]
