"""Values for the symbols of an expression, and why an evaluation may have no answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gradproof.expr.node import Expr, Symbol


class Undecidable(Exception):
    """The expression has no value that can be computed: a hole, an opaque operator, a missing value, too much work."""


class MissingValue(Undecidable):
    """A symbol has no value in the instance."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"no value for {name}")


class NotRational(Exception):
    """A value is not rational, so exact arithmetic does not reach it; balls do."""


class Undetermined(Exception):
    """A comparison of balls that overlap: more precision may tell."""


@dataclass(frozen=True)
class UnknownFunction:
    """A concrete smooth function that stands in for an unknown one: ``body`` in the symbols ``parameters``."""

    parameters: tuple[Symbol, ...]
    body: Expr


@dataclass(frozen=True)
class Bindings:
    """An instance: what the symbols, the unknown functions and some whole nodes are worth.

    ``values`` holds a number for each scalar symbol (int, ``Fraction``, ``fmpq``, ``arb`` for an interval, float) and
    an array or nested list for each tensor symbol. Its keys are names; symbols are taken for theirs. A node in
    ``overrides`` has the value given there and is not evaluated: that is how a stated value enters by name.
    """

    values: Mapping[Any, Any] = field(default_factory=dict)
    functions: Mapping[str, UnknownFunction] = field(default_factory=dict)
    overrides: Mapping[Expr, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        named: dict[str, Any] = {}
        for key, value in self.values.items():
            name = key.name if isinstance(key, Symbol) else key
            assert name not in named, f"two values for {name}"
            named[name] = value
        object.__setattr__(self, "values", named)

    def value(self, symbol: Symbol) -> Any:
        """Return the value of a symbol, or raise ``MissingValue`` naming it."""
        if symbol.name not in self.values:
            raise MissingValue(symbol.name)
        return self.values[symbol.name]

    def with_values(self, values: Mapping[Any, Any]) -> Bindings:
        """Return the instance with other values for some symbols."""
        return Bindings({**self.values, **Bindings(values).values}, self.functions, self.overrides)
