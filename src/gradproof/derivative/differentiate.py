"""Differentiation: a loop over the nodes that applies the table of rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gradproof.derivative.chains import flattened
from gradproof.derivative.rules import RULES
from gradproof.errors import GradproofError
from gradproof.expr.build import ONE, ZERO, delta, multiply
from gradproof.expr.node import (
    Element,
    Expr,
    Hole,
    Index,
    Iverson,
    Logic,
    Operator,
    Reduce,
    Symbol,
    TensorEntry,
    fresh_index,
)
from gradproof.expr.walk import children, postorder, substitute


@dataclass(frozen=True, slots=True)
class Named:
    """What a named quantity stands for: ``body`` over the free indices ``axes`` (none for a scalar)."""

    axes: tuple[Index, ...]
    body: Expr


Definitions = Mapping[str, Named] | Mapping[Symbol, Named] | Mapping[Symbol, Expr]


def differentiate(
    root: Expr,
    wrt: Symbol,
    at: tuple[Expr, ...] = (),
    definitions: Definitions | None = None,
) -> Expr:
    """Return the derivative of an expression by a symbol, or by the entry ``at`` of a tensor symbol.

    Formula:  d root / d wrt[at], with the free indices of ``root`` and of ``at``.
    Args:     definitions: what named quantities stand for, by name or symbol; they are differentiated through by the
              chain rule and stay named in the result. ``wrt`` itself is never expanded.
    Returns:  0 where ``wrt`` does not occur. The entries of a symmetric symbol count as independent. A hole is never
              taken for a constant: its derivative is an operator of that name.
    Raises:   GradproofError: a function without a derivative rule occurs.
    Source:   Laue, Mitterreiter, Giesen 2018 (pointful tensor calculus).
    Example:  >>> from gradproof.expr.build import apply
              >>> differentiate(apply("exp", Symbol("x")), Symbol("x"))
              Apply('exp', (x))
    """
    if len(at) != len(wrt.axes):
        raise GradproofError(
            f"{wrt.name}: a subscript for each of its {len(wrt.axes)} axes",
            got=str(len(at)),
            remedy="Name the entry to differentiate by.",
        )
    try:
        return Differentiation(wrt, at, definitions or {}).of(root)
    except NotImplementedError as missing:
        raise GradproofError(str(missing)) from None


class Differentiation:
    """The derivatives of all parts of an expression by one variable; ``done`` keeps them for whoever shows the steps."""

    def __init__(self, wrt: Symbol, at: tuple[Expr, ...], definitions: Definitions) -> None:
        self.wrt = wrt
        self.asked = at
        self.at = at
        self.definitions = {_name(key): _named(value) for key, value in definitions.items()}
        self.done: dict[Expr, Expr] = {}

    def of(self, root: Expr) -> Expr:
        """Return the derivative of an expression."""
        order = list(postorder(root, self._parts))
        back = self._set_apart(order)
        for node in order:
            if node not in self.done:
                self.done[node] = self._derivative(node)
        return substitute(flattened(self.done[root]), back)

    def _parts(self, node: Expr) -> tuple[Expr, ...]:
        """The parts of a named quantity are those of its definition."""
        symbol = node.symbol if isinstance(node, Element) else node
        named = self._definition(symbol) if isinstance(symbol, Symbol) else None
        return children(node) if named is None else (*children(node), named.body)

    def _definition(self, symbol: Symbol) -> Named | None:
        if symbol.name == self.wrt.name or "bound" in symbol.properties:
            return None
        return self.definitions.get(symbol.name)

    def _set_apart(self, order: list[Expr]) -> dict[Expr, Expr]:
        """Rename the indices asked for that also occur inside, bound there or of a definition; return the way back."""
        taken: set[Index] = {axis for named in self.definitions.values() for axis in named.axes}
        for node in order:
            if isinstance(node, Reduce | TensorEntry):
                taken.update(node.indices if isinstance(node, Reduce) else node.bound)
        wanted = frozenset[Index]().union(*(place.free_indices for place in self.asked))
        clashing = sorted(taken & wanted, key=lambda index: index.digest)
        fresh: dict[Any, Expr] = {index: fresh_index(index.name, index.lower, index.upper) for index in clashing}
        self.at = tuple(substitute(place, fresh) for place in self.asked)
        return {name: index for index, name in fresh.items()}

    def _derivative(self, node: Expr) -> Expr:
        if isinstance(node, Symbol):
            return ONE if node is self.wrt and not self.at else self._through(node, ())
        if isinstance(node, Element):
            if node.symbol.name == self.wrt.name and len(node.indices) == len(self.at):
                return multiply(*(delta(mine, other) for mine, other in zip(node.indices, self.at, strict=True)))
            return self._through(node.symbol, node.indices)
        if isinstance(node, Hole) or (isinstance(node, Operator) and node.kind == "derivative"):
            return self._by_name(node)
        rule = RULES.get(type(node))
        if rule is None or isinstance(node, Iverson | Logic):
            return ZERO
        return rule.apply(node, lambda part: self.done.get(part, ZERO))

    def _through(self, symbol: Symbol, indices: tuple[Expr, ...]) -> Expr:
        """Differentiate through the definition of a named quantity; one that defines itself stays a constant."""
        named = self._definition(symbol)
        if named is None or len(named.axes) != len(indices):
            return ZERO
        inner = self.done.get(named.body, ZERO)
        return substitute(inner, dict(zip(named.axes, indices, strict=True))) if indices else inner

    def _by_name(self, node: Expr) -> Expr:
        """A derivative that cannot be taken is differentiated by name."""
        variable = Element(self.wrt, self.at) if self.at else self.wrt
        if isinstance(node, Hole):
            return Operator("derivative", (variable,), (node,))
        assert isinstance(node, Operator)
        if self.done.get(node.operands[0], ZERO) is ZERO:
            return ZERO
        return Operator("derivative", (*node.bound, variable), node.operands)


def _name(key: object) -> str:
    return key.name if isinstance(key, Symbol) else str(key)


def _named(value: Named | Expr) -> Named:
    return value if isinstance(value, Named) else Named((), value)
