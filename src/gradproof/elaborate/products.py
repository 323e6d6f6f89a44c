"""Products: what stands side by side or between product signs, with functions applied to what follows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradproof.elaborate import applications, derivatives, probability
from gradproof.elaborate.trouble import Misfit, Unreadable
from gradproof.elaborate.value import (
    Value,
    dot,
    elementwise,
    freshened,
    mapped,
    product,
    scalar,
    shape_text,
)
from gradproof.expr import build
from gradproof.reader.presentation import Adjacent, Infix, Tree, Words

if TYPE_CHECKING:
    from gradproof.elaborate.lowering import Lowering


def adjacent(lowering: Lowering, items: tuple[Tree, ...]) -> Value:
    """Return the product of things side by side; functions and derivative signs take their arguments first."""
    factors: list[Value] = []
    rest = items
    while rest:
        taken = (
            derivatives.operator(lowering, rest)
            or derivatives.taken_at(lowering, rest)
            or probability.application(lowering, rest)
            or applications.application(lowering, rest)
        )
        if taken is not None:
            value, rest = taken
            factors.append(value)
            continue
        if isinstance(rest[0], Words):
            raise Unreadable("U110", f"no rule for the words '{rest[0].text}' inside a formula")
        factors.append(lowering.value(rest[0]))
        rest = rest[2:] if derivatives.is_taken_at_its_variable(rest) else rest[1:]
    return chain(lowering, factors)


def chain(lowering: Lowering, factors: list[Value]) -> Value:
    """Return the product of several values from left to right, scalars pulled together."""
    scalars = [factor.body for factor in factors if factor.rank == 0]
    tensors = [factor for factor in factors if factor.rank]
    weight = build.multiply(*scalars) if scalars else build.ONE
    if not tensors:
        return scalar(weight)
    result = tensors[0]
    for factor in tensors[1:]:
        result = product(result, factor, lowering.scope.sizes)
    return mapped(lambda body: build.multiply(weight, body), result) if scalars else result


def infix(lowering: Lowering, tree: Infix) -> Value:
    """Return a product, quotient or elementwise product; the left spine is walked without recursion."""
    steps: list[tuple[str, str, Tree]] = []
    node: Tree = tree
    while isinstance(node, Infix) and node.operator in ("*", "/", "⊙", "⊘", "∘", "⊗"):
        steps.append((node.operator, node.symbol, node.right))
        node = node.left
    node, left = derivatives.before_product(lowering, node, steps[::-1])
    steps = left[::-1]
    result = _with_operator(lowering, node, steps)
    if result is not None:
        return result
    value = lowering.value(node)
    for operator, symbol, right in reversed(steps):
        factor = _entrywise(lowering, right) if operator == "⊙" else lowering.value(right)
        value = _step(lowering, value, operator, symbol, factor)
    return value


def _entrywise(lowering: Lowering, tree: Tree) -> Value:
    """Return a factor of an entry by entry product: two columns side by side are such a product too, ``a (1 - a)``."""
    factors = tree.items if isinstance(tree, Adjacent) else ()
    if len(factors) != 2 or not applications.is_fence(factors[1]) or applications.application(lowering, factors) is not None:
        return lowering.value(tree)
    left, right = (lowering.value(factor) for factor in factors)
    if not (left.rank == right.rank == 1) or left.is_row or right.is_row:
        return lowering.value(tree)
    lowering.note("columns side by side in an entry by entry product are multiplied entry by entry alone")
    return elementwise(build.multiply, left, freshened(right), lowering.scope.sizes, "an entry by entry product")


def _with_operator(lowering: Lowering, first: Tree, steps: list[tuple[str, str, Tree]]) -> Value | None:
    """``\\frac{d}{dx} \\cdot f``: a derivative sign in front of a product sign takes what follows."""
    if not steps or not derivatives.is_operator(first):
        return None
    operator, _, right = steps[-1]
    if operator != "*":
        return None
    taken = derivatives.operator(lowering, (first, right))
    if taken is None:
        return None
    value = taken[0]
    for sign, symbol, factor in reversed(steps[:-1]):
        value = _step(lowering, value, sign, symbol, lowering.value(factor))
    return value


def _step(lowering: Lowering, left: Value, operator: str, symbol: str, right: Value) -> Value:
    sizes = lowering.scope.sizes
    match operator:
        case "*" if left.rank == right.rank == 1 and not left.is_row and symbol in ("\\cdot", "·", "\\bullet"):
            return dot(left, right, sizes)
        case "*" if symbol in ("*", "\\ast") and left.rank and right.rank:
            raise Unreadable("U110", "no rule for '*' between tensors (a product or a convolution)")
        case "*" if symbol in ("\\times",) and left.rank and right.rank:
            raise Unreadable("U110", "no rule for the cross between tensors")
        case "*":
            return product(left, right, sizes)
        case "/":
            return _quotient(lowering, left, right)
        case "⊙":
            return elementwise(build.multiply, left, freshened(right), sizes, "an entry by entry product")
        case "⊘":
            return elementwise(build.divide, left, freshened(right), sizes, "an entry by entry quotient")
        case "∘" if left.rank and right.rank:
            return elementwise(build.multiply, left, freshened(right), sizes, "an entry by entry product")
        case _:
            raise Unreadable("U110", f"no rule for the operator '{operator}' here")


def _quotient(lowering: Lowering, left: Value, right: Value) -> Value:
    if right.rank == 0:
        return mapped(lambda body: build.divide(body, right.body), left)
    if left.rank not in (0, right.rank):
        raise Misfit("M102", f"{shape_text(left)} over {shape_text(right)}", is_certain=False)
    lowering.note("the quotient of vectors is taken entry by entry")
    return elementwise(build.divide, left, freshened(right), lowering.scope.sizes, "a quotient")
