"""Where an expression is defined: what is divided by, what stands below roots and logarithms."""

from __future__ import annotations

from collections.abc import Iterable

from gradproof.expr.build import ONE, add, subtract
from gradproof.expr.node import Apply, Expr, Multiply, Number, Power, Reduce
from gradproof.expr.walk import postorder
from gradproof.rewrite.rule import SideCondition
from gradproof.rewrite.signs import NONNEGATIVE, POSITIVE, SignTable


def side_conditions(roots: Iterable[Expr], signs: SignTable) -> tuple[SideCondition, ...]:
    """Return what expressions need to be defined, as far as it is not known to hold."""
    found: dict[SideCondition, None] = {}
    for root in roots:
        for node in postorder(root):
            for condition in _domain(node, signs):
                found.setdefault(condition)
    return tuple(found)


def _domain(node: Expr, signs: SignTable) -> list[SideCondition]:
    match node:
        case Power(base, Number(value, None)) if not isinstance(base, Number):
            if value.denominator != 1 and not signs.of(base) <= (NONNEGATIVE if value > 0 else POSITIVE):
                return [SideCondition("nonnegative" if value > 0 else "positive", base)]
            if value < 0 and 0 in signs.of(base):
                return _nonzero(base, signs)
        case Apply("log" | "log2" | "log10", (argument,)):
            if not isinstance(argument, Number) and not signs.is_positive(argument):
                return _nonzero(argument, signs) if signs.is_nonnegative(argument) else [SideCondition("positive", argument)]
        case _:
            return []
    return []


def _nonzero(node: Expr, signs: SignTable) -> list[SideCondition]:
    """A sum of positive terms is not zero where it has terms."""
    if isinstance(node, Reduce) and node.operation == "sum" and node.where is None and signs.is_positive(node.body):
        counts = [add(subtract(index.upper, index.lower), ONE) for index in node.indices]
        return [SideCondition("positive", count) for count in counts if not signs.is_positive(count)]
    match node:
        case Multiply(factors):
            return [condition for factor in factors for condition in _nonzero(factor, signs)]
        case Power(base, Number(value, None)) if value > 0:
            return _nonzero(base, signs)
        case _:
            return [SideCondition("nonzero", node)] if 0 in signs.of(node) else []
