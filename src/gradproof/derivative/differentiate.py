"""Differentiation: a loop over the nodes that applies the table of rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gradproof.derivative.rules import RULES
from gradproof.errors import GradproofError
from gradproof.expr.build import ONE, ZERO, delta, multiply
from gradproof.expr.node import Element, Expr, Index, Iverson, Logic, Operator, Symbol
from gradproof.expr.walk import postorder, substitute


@dataclass(frozen=True, slots=True)
class Named:
    """What a named quantity stands for: ``body`` over the free indices ``axes`` (none for a scalar)."""

    axes: tuple[Index, ...]
    body: Expr


def differentiate(
    root: Expr,
    wrt: Symbol,
    at: tuple[Expr, ...] = (),
    definitions: Mapping[str, Named] | None = None,
) -> Expr:
    """Return the derivative of an expression by a symbol, or by the entry ``at`` of a tensor symbol.

    Formula:  d root / d wrt[at], with the free indices of ``root`` and of ``at``.
    Args:     definitions: what named quantities stand for, by name; they are differentiated through by the chain rule
              and stay named in the result. ``wrt`` itself is never expanded.
    Raises:   GradproofError: a function without a derivative rule occurs.
    Source:   Laue, Mitterreiter, Giesen 2018 (pointful tensor calculus).
    """
    try:
        return _Differentiation(wrt, at, definitions or {}).of(root)
    except NotImplementedError as missing:
        raise GradproofError(str(missing)) from None


class _Differentiation:
    def __init__(self, wrt: Symbol, at: tuple[Expr, ...], definitions: Mapping[str, Named]) -> None:
        self.wrt = wrt
        self.at = at
        self.definitions = definitions
        self.done: dict[Expr, Expr] = {}
        self.named: dict[str, Expr] = {}
        self.active: set[str] = set()

    def of(self, root: Expr) -> Expr:
        for node in postorder(root):
            if node not in self.done:
                self.done[node] = self._derivative(node)
        return self.done[root]

    def _derivative(self, node: Expr) -> Expr:
        if isinstance(node, Symbol):
            return ONE if node is self.wrt and not self.at else self._through(node, ())
        if isinstance(node, Element):
            if node.symbol.name == self.wrt.name and len(node.indices) == len(self.at):
                return multiply(*(delta(mine, other) for mine, other in zip(node.indices, self.at, strict=True)))
            return self._through(node.symbol, node.indices)
        if isinstance(node, Operator) and node.kind == "derivative":
            return self._opaque(node)
        rule = RULES.get(type(node))
        if rule is None or isinstance(node, Iverson | Logic):
            return ZERO
        return rule.apply(node, lambda part: self.done.get(part, ZERO))

    def _through(self, symbol: Symbol, indices: tuple[Expr, ...]) -> Expr:
        """Differentiate through the definition of a named quantity."""
        if symbol.name == self.wrt.name or symbol.name not in self.definitions or symbol.name in self.active:
            return ZERO
        named = self.definitions[symbol.name]
        if symbol.name not in self.named:
            self.active.add(symbol.name)
            self.named[symbol.name] = self.of(named.body)
            self.active.discard(symbol.name)
        if len(named.axes) != len(indices):
            return ZERO
        return substitute(self.named[symbol.name], dict(zip(named.axes, indices, strict=True)))

    def _opaque(self, node: Operator) -> Expr:
        """A derivative that could not be taken is differentiated by name."""
        if self.of(node.operands[0]) is ZERO:
            return ZERO
        variable = Element(self.wrt, self.at) if self.at else self.wrt
        return Operator("derivative", (*node.bound, variable), node.operands)
