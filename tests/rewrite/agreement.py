"""The referee: both sides at random instances, in balls."""

from __future__ import annotations

from gradproof.evaluate.bindings import NotRational, Undecidable, Undetermined
from gradproof.evaluate.enclose import are_disjoint, enclose, paired
from gradproof.evaluate.instances import instances
from gradproof.expr.node import Expr
from gradproof.expr.walk import symbols

_SIZES = (3, 2, 1, 0, 4)
TESTS = {
    "nonzero": lambda ball: ball != 0,
    "positive": lambda ball: ball > 0,
    "nonnegative": lambda ball: ball >= 0,
    "integer": lambda ball: ball.is_integer(),
}


def compared(left: Expr, right: Expr, requirements=(), count: int = 6, seed: int = 0) -> tuple[int, list[str]]:
    """Return at how many entries both sides are defined, and where they differ though all requirements hold."""
    agreed = 0
    differ: list[str] = []
    wanted = set(symbols(left) | symbols(right))
    for root in (left, right):
        for index in root.free_indices:
            wanted |= symbols(index.lower) | symbols(index.upper)
    for positive in (False, True):
        for bindings in instances(sorted(wanted, key=lambda s: s.digest), seed=seed, count=count, positive=positive, sizes=_SIZES):
            try:
                if not all(_holds(requirement, bindings) for requirement in requirements):
                    continue
                tables = enclose(left, bindings, 20), enclose(right, bindings, 20)
            except (Undecidable, NotRational, Undetermined):
                continue
            for entry in paired(*tables):
                if entry.left.is_finite() and entry.right.is_finite():
                    agreed += 1
                    if are_disjoint(entry.left, entry.right):
                        differ.append(f"{bindings.values} {entry}")
    return agreed, differ


def _holds(requirement, bindings) -> bool:
    table = enclose(requirement.expr, bindings, 20)
    return all(TESTS[requirement.kind](value) for value in table.entries.ravel())
