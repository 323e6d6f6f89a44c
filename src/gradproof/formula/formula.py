"""A formula as it was read: what it is, and every choice that reading it took."""

from __future__ import annotations

from dataclasses import dataclass

from gradproof.expr.node import Expr, Index, Symbol


@dataclass(frozen=True, slots=True)
class Intermediate:
    """A named part of a formula: ``z = W*x + b``. ``value`` has the entries of ``axes`` free."""

    name: str
    value: Expr
    axes: tuple[Index, ...]


@dataclass(frozen=True, slots=True)
class Formula:
    """A scalar, vector, matrix or tensor formula, pointful: ``value`` is its entry at the free indices ``axes``.

    ``symbols`` are the variables in the order in which they appear; ``intermediates`` the parts that the user named, already put in;
    ``conditions`` what is assumed of the variables; ``notes`` the choices of the reading, in words.
    """

    text: str
    value: Expr
    axes: tuple[Index, ...]
    symbols: tuple[Symbol, ...]
    intermediates: tuple[Intermediate, ...] = ()
    conditions: tuple[Expr, ...] = ()
    notes: tuple[str, ...] = ()

    def symbol(self, name: str) -> Symbol | None:
        """Return the variable with this name, if it occurs."""
        return next((symbol for symbol in self.symbols if symbol.name == name), None)
