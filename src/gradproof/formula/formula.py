"""A formula as it was read: what it is, and every choice that reading it took."""

from __future__ import annotations

from dataclasses import dataclass

from gradproof.expr.node import Element, Expr, Index, Symbol


@dataclass(frozen=True, slots=True)
class Intermediate:
    """A named part of a formula: ``z = W*x + b``. ``value`` has the entries of ``axes`` free."""

    name: str
    value: Expr
    axes: tuple[Index, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a formula, such as a layer of a network: ``symbol`` stands for the entries ``value`` over ``axes``.

    ``text`` is the user's own text of it, earlier stages by their names, and ``head`` what stands left of it (``h``, ``z[m, k]``); both
    are empty for one that nobody wrote.
    """

    symbol: Symbol
    value: Expr
    axes: tuple[Index, ...]
    text: str = ""
    head: str = ""

    @property
    def entry(self) -> Expr:
        """The stage's own entry at its axes."""
        return Element(self.symbol, self.axes) if self.axes else self.symbol


@dataclass(frozen=True, slots=True)
class Stages:
    """A formula stage by stage: each in terms of variables and of the ones before it, ``value`` the formula in their terms."""

    order: tuple[Stage, ...]
    value: Expr
    axes: tuple[Index, ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Formula:
    """A scalar, vector, matrix or tensor formula, pointful: ``value`` is its entry at the free indices ``axes``.

    ``symbols`` are the variables in the order in which they appear; ``intermediates`` the parts that the user named, already put in;
    ``conditions`` what functions ask of their parameters; ``notes`` the choices of the reading, in words. ``stages`` are those of a
    formula that has layers upon layers.
    """

    text: str
    value: Expr
    axes: tuple[Index, ...]
    symbols: tuple[Symbol, ...]
    intermediates: tuple[Intermediate, ...] = ()
    conditions: tuple[Expr, ...] = ()
    notes: tuple[str, ...] = ()
    stages: Stages | None = None

    def symbol(self, name: str) -> Symbol | None:
        """Return the variable with this name, if it occurs."""
        return next((symbol for symbol in self.symbols if symbol.name == name), None)
