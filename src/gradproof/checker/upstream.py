"""Backpropagation through a loss that the document never defines: ``dL/dW`` by way of the quantities that L depends on.

Where the same claim differentiates L by a quantity h and by what h is made of, L is taken to depend on the latter through h alone, and
its derivative by h is a tensor of its own. The chain rule then does the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

from gradproof.checker.environment import Environment, is_derivative
from gradproof.elaborate.names import spoken
from gradproof.expr.build import add, multiply, sum_over
from gradproof.expr.node import Element, Expr, Operator, Symbol
from gradproof.expr.walk import postorder, symbols, transform


@dataclass(frozen=True, slots=True)
class Upstream:
    """The sides of a claim with the derivatives of an unknown loss opened, and what that took for granted, in words."""

    left: Expr
    right: Expr
    words: str


def through_intermediates(left: Expr, right: Expr, environment: Environment) -> Upstream | None:
    """Open the derivatives of an undefined loss by the chain rule, or return None where there is nothing to open."""
    found = [node for side in (left, right) for node in postorder(side) if _is_of_unknown(node, environment)]
    losses = {node.operands[0] for node in found if isinstance(node, Operator)}
    if len(losses) != 1:
        return None
    (loss,) = losses
    assert isinstance(loss, Symbol)
    variables = {_symbol(node): node for node in found}
    tops = [symbol for symbol in variables if symbol is not None and _is_top(symbol, variables, environment)]
    others = [symbol for symbol in variables if symbol is not None and symbol not in tops]
    if not others or not _is_closed_under((left, right), tops, others, loss, environment):
        return None

    def change(node: Expr) -> Expr:
        if not _is_of_unknown(node, environment):
            return node
        assert isinstance(node, Operator)
        return _opened(node, loss, tops, environment)

    below = ", ".join(sorted(spoken(symbol.name) for symbol in others))
    above = " and ".join(sorted(spoken(symbol.name) for symbol in tops))
    words = f"{spoken(loss.name)} depends on {below} through {above} alone"
    return Upstream(transform(left, change), transform(right, change), words)


def _is_of_unknown(node: Expr, environment: Environment) -> bool:
    if not (is_derivative(node) and isinstance(node, Operator) and len(node.bound) == 1):
        return False
    operand = node.operands[0]
    return isinstance(operand, Symbol) and not operand.axes and environment.named(operand.name) is None


def _symbol(node: Expr) -> Symbol | None:
    variable = node.bound[0] if isinstance(node, Operator) else None
    head = variable.symbol if isinstance(variable, Element) else variable
    return head if isinstance(head, Symbol) else None


def _is_top(symbol: Symbol, variables: dict[Symbol | None, Expr], environment: Environment) -> bool:
    """Tell whether a variable is nearest to the loss: defined, and no other variable is made of it."""
    return not any(_depends(other, symbol, environment) for other in variables if other is not None and other is not symbol)


def _depends(symbol: Symbol, on: Symbol, environment: Environment) -> bool:
    named = environment.named(symbol.name)
    return named is not None and environment.depends(named.body, on)


def _is_closed_under(
    sides: tuple[Expr, Expr], tops: list[Symbol], others: list[Symbol], loss: Symbol, environment: Environment
) -> bool:
    """Tell whether the claim speaks only of the loss and of what its intermediates are made of, and none is made of itself."""
    if any(_depends(top, top, environment) for top in tops):
        return False
    if not all(any(_depends(top, other, environment) for top in tops) for other in others):
        return False
    reached = {loss.name, *(symbol.name for symbol in (*tops, *others))}
    pending = list(reached)
    while pending:
        named = environment.named(pending.pop())
        for symbol in symbols(named.body) if named is not None else ():
            if symbol.name not in reached:
                reached.add(symbol.name)
                pending.append(symbol.name)
    return all(symbol.name in reached or "size" in symbol.properties for side in sides for symbol in symbols(side))


def _opened(node: Operator, loss: Symbol, tops: list[Symbol], environment: Environment) -> Expr:
    variable = node.bound[0]
    head = _symbol(node)
    for top in tops:
        if head is top:
            return _cotangent(loss, top, variable.indices if isinstance(variable, Element) else ())
    terms: list[Expr] = []
    for top in tops:
        places = tuple(environment.scope.sizes.axis_index("k", axis) for axis in top.axes)
        entry: Expr = Element(top, places) if places else top
        inner = Operator("derivative", (variable,), (entry,))
        product = multiply(_cotangent(loss, top, places), inner)
        terms.append(sum_over(places, product) if places else product)
    return add(*terms)


def _cotangent(loss: Symbol, top: Symbol, places: tuple[Expr, ...]) -> Expr:
    """Return an entry of the derivative of the loss by a quantity, as a tensor of its own."""
    symbol = Symbol(f"∂{loss.name}/∂{top.name}", top.axes)
    return Element(symbol, places) if top.axes else symbol
