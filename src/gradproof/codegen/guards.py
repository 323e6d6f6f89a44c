"""Arguments of what a condition guards, for libraries that compute every entry and warn of those that nobody takes.

``[x > 0] log(x)`` becomes ``[x > 0] log(x where x > 0, else 1)``: the same value, no warning where the condition fails, and the library's
own warning where it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from gradproof.codegen.signs import is_nonnegative
from gradproof.expr.build import ONE, ZERO, all_of, number
from gradproof.expr.node import Add, Apply, Expr, Index, Iverson, Logic, Multiply, Number, Piecewise, Power, Reduce
from gradproof.expr.walk import children, rebuild, transform

#: For each function that warns outside its domain, or overflows, an argument where it does not.
_SAFE = {
    **dict.fromkeys(
        ("log", "log2", "log10", "log1p", "arcsin", "arccos", "arccosh", "tan", "cot", "sec", "csc", "coth", "csch"), ONE
    ),
    **dict.fromkeys(("exp", "expm1", "sinh", "cosh", "arctanh"), ZERO),
    "logit": number(Fraction(1, 2)),
}


def guarded(root: Expr) -> Expr:
    """Return an expression whose guarded parts have safe arguments where their conditions fail."""
    return transform(root, _guarded)


def _guarded(node: Expr) -> Expr:
    match node:
        case Multiply(factors) if tests := [factor.condition for factor in factors if isinstance(factor, Iverson)]:
            condition = all_of(*tests)
            return rebuild(node, tuple(part if isinstance(part, Iverson) else _safe(part, condition) for part in factors))
        case Reduce(_, _, body, where) if where is not None:
            parts = children(node)
            return rebuild(node, tuple(_safe(part, where) if part is body else part for part in parts))
        case Piecewise(conditions, values, otherwise):
            safe = [_safe(value, test) for value, test in zip(values, conditions, strict=True)]
            none = Logic("not", (conditions[0] if len(conditions) == 1 else Logic("or", conditions),))
            return Piecewise(conditions, tuple(safe), _safe(otherwise, none))
    return node


def _safe(root: Expr, condition: Expr) -> Expr:
    """Return a guarded part with safe arguments for what is computed entry by entry, down to its sums."""
    made: dict[Expr, Expr] = {}
    stack: list[tuple[Expr, bool]] = [(root, False)]
    while stack:
        node, is_ready = stack.pop()
        if node in made:
            continue
        parts = _entrywise(node)
        if is_ready:
            new = rebuild(node, tuple(made.get(part, part) for part in children(node))) if parts else node
            made[node] = _with_safe_argument(new, condition)
        else:
            stack.append((node, True))
            stack += [(part, False) for part in parts]
    return made[root]


def _entrywise(node: Expr) -> Sequence[Expr]:
    """Return the parts that a node computes with entry by entry; what has a choice of its own is left as it is."""
    return children(node) if isinstance(node, Add | Multiply | Power | Apply) else ()


def _with_safe_argument(node: Expr, condition: Expr) -> Expr:
    if not condition.free_indices <= node.free_indices:
        return node  # it has fewer axes than the condition: it is computed once for many entries
    match node:
        case Apply(function, (argument,)) if function in _SAFE:
            return Apply(function, (_where(condition, argument, _SAFE[function]),))
        case Power(base, Number(value) as exponent) if (value < 0 or value.denominator != 1) and not _is_positive(base):
            return Power(_where(condition, base, ONE), exponent)
        case Power(base, exponent) if not isinstance(exponent, Number):
            return Power(_where(condition, base, ONE), exponent)
    return node


def _where(condition: Expr, argument: Expr, safe: Expr) -> Expr:
    is_settled = isinstance(argument, Number | Index) or (isinstance(argument, Piecewise) and argument.conditions == (condition,))
    return argument if is_settled else Piecewise((condition,), (argument,), safe)


def _is_positive(base: Expr) -> bool:
    """Tell whether a number is above zero by its form: one and what is not negative."""
    match base:
        case Number(value):
            return value > 0
        case Add(terms, weights):
            return any(term is ONE and weight > 0 for term, weight in zip(terms, weights, strict=True)) and is_nonnegative(base)
        case Apply("exp"):
            return True
    return False
