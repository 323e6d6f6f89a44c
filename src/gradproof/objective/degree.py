"""How an expression depends on variables: its degree as a polynomial, whether it is smooth."""

from __future__ import annotations

from collections.abc import Collection

from gradproof.derivative.kinks import kinks
from gradproof.expr.build import ZERO
from gradproof.expr.node import Add, Apply, Element, Expr, Multiply, Number, Power, Reduce, Symbol
from gradproof.expr.walk import contains, fold, transform

_INFINITE = 10**6
_KINKED = frozenset({"abs", "relu", "maximum", "minimum"})


def degree(root: Expr, over: Collection[Symbol]) -> int:
    """Return the degree of a polynomial in the variables; a million for what is none."""

    def step(node: Expr, parts: tuple[int, ...]) -> int:
        match node:
            case Symbol() if node in over:
                return 1
            case Element(symbol) if symbol in over and not any(parts):
                return 1
            case Add():
                return max(parts)
            case Multiply():
                return min(sum(parts), _INFINITE)
            case Power(_, Number(exponent, _)) if exponent.denominator == 1 and exponent >= 0:
                return min(parts[0] * int(exponent), _INFINITE)
            case Reduce("sum", _, _, None):
                return parts[-1]
            case _:
                return _INFINITE if any(parts) else 0

    return fold(root, step)


def depends(root: Expr, over: Collection[Symbol]) -> bool:
    """Tell whether any of the variables occurs, other than in sizes."""
    return bool(fold(root, lambda node, parts: any(parts) or (node.symbol if isinstance(node, Element) else node) in over))


def is_smooth(root: Expr, over: Collection[Symbol]) -> bool:
    """Tell whether an expression has a gradient everywhere; the square of what has a kink at zero has one."""
    opened = transform(root, _without_squared_kinks)
    if any(kinks(opened, symbol) for symbol in over):
        return False
    return not contains(opened, lambda node: _is_root_of_squares(node) and depends(node, over))


def _is_root_of_squares(node: Expr) -> bool:
    """Tell whether a node is the root of a sum of squares: a norm, with a kink at zero; with a constant added it has none."""
    if not (isinstance(node, Power) and isinstance(node.exponent, Number) and 0 < node.exponent.value < 1):
        return False
    terms = node.base.terms if isinstance(node.base, Add) else (node.base,)
    return all(_is_square(term.body if isinstance(term, Reduce) and term.operation == "sum" else term) for term in terms)


def _is_square(node: Expr) -> bool:
    return isinstance(node, Power) and isinstance(node.exponent, Number) and node.exponent.value == 2


def _without_squared_kinks(node: Expr) -> Expr:
    match node:
        case Power(Apply(function, arguments) as base, Number(exponent, _)) if exponent >= 2 and function in _KINKED:
            if function in ("abs", "relu") or ZERO in arguments:
                moving = next((part for part in arguments if part is not ZERO), base)
                return Power(moving, node.exponent)
            return node
        case _:
            return node


def at_zero(root: Expr, over: Collection[Symbol]) -> Expr:
    """Return an expression with all entries of the variables zero."""

    def change(node: Expr) -> Expr:
        head = node.symbol if isinstance(node, Element) else node
        return ZERO if isinstance(head, Symbol) and head in over else node

    return transform(root, change)
