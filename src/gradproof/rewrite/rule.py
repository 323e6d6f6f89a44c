"""What the canonical form speaks in: rules, steps, side conditions, the budget, and giving up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from gradproof.expr.node import Expr

#: What a proof that ran out of its time says.
OUT_OF_TIME = "out of time"


class GiveUp(Exception):
    """The expression is outside what the canonical form covers, or the work grew beyond its budget."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of rewriting: its textbook name, its law, what applies it, and where it is written."""

    name: str
    law: str
    apply: Callable[..., Any]
    source: str


@dataclass(frozen=True, slots=True)
class Step:
    """One use of a named rule: what stood there before and after."""

    rule: str
    before: Expr
    after: Expr


@dataclass(frozen=True, slots=True)
class SideCondition:
    """What has to hold for a proof: ``expr`` is 'nonzero', 'positive', 'nonnegative' or 'integer'."""

    kind: str
    expr: Expr


@dataclass(frozen=True, slots=True)
class Budget:
    """Bounds of one attempt: nodes of the input, products of monomials, nesting of binders, seconds."""

    nodes: int = 3_000
    products: int = 200_000
    depth: int = 24
    seconds: float = 1.0


class Clock:
    """Counts the work that was done and stops it when the budget ends."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.spent = 0
        self.depth = 0
        self.deadline = monotonic() + budget.seconds

    def spend(self, products: int) -> None:
        """Account for so many products of monomials, or raise ``GiveUp``."""
        self.spent += products
        if self.spent > self.budget.products:
            raise GiveUp("too many terms")
        if monotonic() > self.deadline:
            raise GiveUp(OUT_OF_TIME)

    def enter(self) -> None:
        """Go one binder deeper, or raise ``GiveUp``."""
        self.depth += 1
        if self.depth > self.budget.depth:
            raise GiveUp("nested too deeply")

    def leave(self) -> None:
        """Come back from a binder."""
        self.depth -= 1
