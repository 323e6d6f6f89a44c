"""Where an expression is not differentiable, in words."""

from __future__ import annotations

from gradproof.derivative.ties import entries_tie
from gradproof.expr.catalogue import FUNCTIONS, TENSOR_FUNCTIONS
from gradproof.expr.node import Apply, Compare, Element, Expr, Logic, Piecewise, Reduce, Symbol, TensorEntry
from gradproof.expr.node import Iverson as Bracket
from gradproof.expr.walk import children, postorder


def kinks(root: Expr, wrt: Symbol) -> tuple[str, ...]:
    """Return where the derivative by a symbol does not exist, and what is taken there, in the order of occurrence."""
    moving: set[Expr] = set()
    found: dict[str, None] = {}
    for node in postorder(root):
        symbol = node.symbol if isinstance(node, Element) else node
        if symbol is wrt or any(part in moving for part in children(node)):
            moving.add(node)
            words = _kink(node, moving)
            if words:
                found[words] = None
    return tuple(found)


def _kink(node: Expr, moving: set[Expr]) -> str:
    match node:
        case Apply(function):
            words = FUNCTIONS[function].kink
            return f"{function}: {words}" if words else ""
        case TensorEntry(function):
            words = TENSOR_FUNCTIONS[function].kink
            return f"{function}: {words}" if words else ""
        case Reduce("max" | "min" as operation):
            return f"{operation}: where entries tie, {'they share it' if entries_tie(node) else 'each that attains it counts'}"
        case Reduce("prod"):
            return "prod: where a factor is 0, since the derivative divides by it"
        case Bracket(Compare() | Logic()):
            return "bracket: where its condition changes, at which it jumps"
        case Piecewise(conditions) if any(condition in moving for condition in conditions):
            return "cases: where the branch changes"
        case _:
            return ""
