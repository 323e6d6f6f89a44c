"""Products of long chains: kept nested while a chain is differentiated, flat when it is done.

The derivative of ``f(g(h(...)))`` is a product with a factor for each link. To keep it flat at every link would take time
and memory that grow with the square of the depth.
"""

from __future__ import annotations

from fractions import Fraction

from gradproof.expr.build import ONE, multiply, scale
from gradproof.expr.node import Add, Expr, Multiply, Number
from gradproof.expr.walk import children, postorder, rebuild

#: Products of more factors than this are nested instead of merged.
_LONGEST = 24


def times(*factors: Expr) -> Expr:
    """Return a product; a long product among the factors is put inside as it is."""
    weight = Fraction(1)
    long: list[Expr] = []
    short: list[Expr] = []
    for factor in factors:
        if isinstance(factor, Add) and len(factor.terms) == 1:
            weight, factor = weight * factor.weights[0], factor.terms[0]
        (long if _is_long(factor) else short).append(factor)
    if not long:
        return scale(weight, multiply(*short))
    rest = multiply(*short)
    if isinstance(rest, Number) and rest.ulp is None:
        weight, rest = weight * rest.value, ONE
    elif isinstance(rest, Add) and len(rest.terms) == 1:
        weight, rest = weight * rest.weights[0], rest.terms[0]
    parts = tuple(long) if rest is ONE else (*long, rest)
    return scale(weight, parts[0] if len(parts) == 1 else Multiply(parts))


def _is_long(factor: Expr) -> bool:
    """A nested product counts as long: it holds one."""
    return isinstance(factor, Multiply) and (len(factor.factors) > _LONGEST or _is_nested(factor))


def _is_nested(node: Expr) -> bool:
    return isinstance(node, Multiply) and any(isinstance(factor, Multiply) for factor in node.factors)


def flattened(root: Expr) -> Expr:
    """Return the expression with nested products merged, in normal shape."""
    if not any(_is_nested(node) for node in postorder(root)):
        return root
    done: dict[Expr, Expr] = {}
    for node in postorder(root, _leaves):
        parts = _leaves(node)
        results = tuple(done[part] for part in parts)
        if isinstance(node, Multiply):
            done[node] = multiply(*results)
        else:
            done[node] = node if results == parts else rebuild(node, results)
    return done[root]


def _leaves(node: Expr) -> tuple[Expr, ...]:
    """Return the parts of a node; those of a product are the factors of the whole nest."""
    if not isinstance(node, Multiply):
        return children(node)
    found: list[Expr] = []
    stack = list(reversed(node.factors))
    while stack:
        factor = stack.pop()
        if isinstance(factor, Multiply):
            stack.extend(reversed(factor.factors))
        else:
            found.append(factor)
    return tuple(found)
