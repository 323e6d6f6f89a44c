"""The definitions that hold at a place of the document, and what they make of an expression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gradproof.derivative.differentiate import Named, differentiate
from gradproof.elaborate.scope import Definition, Scope
from gradproof.elaborate.sizes import extent
from gradproof.elaborate.trouble import Misfit
from gradproof.errors import GradproofError
from gradproof.expr.node import Call, Element, Expr, Index, Operator, Symbol
from gradproof.expr.walk import contains, postorder, substitute, symbols, transform

_DEEPEST = 30


@dataclass
class Environment:
    """Definitions by name at one position; ``conditions`` are values that were fixed for variables.

    ``letters`` are the free indices of the claim at hand: the c of ``L = -z_c + ...`` is that of ``dL/dz_j = p_j - [j = c]``.
    """

    scope: Scope
    position: int
    conditions: Mapping[Expr, Expr] = field(default_factory=dict)
    letters: Mapping[str, Index] = field(default_factory=dict)
    _circular: dict[str, bool] = field(default_factory=dict)

    def beside(self, *sides: Expr) -> Environment:
        """Return the environment of a claim with these sides."""
        found = frozenset[Index]().union(*(side.free_indices for side in sides))
        return replace(self, letters={index.name: index for index in found}, _circular={})

    def named(self, key: str) -> Named | None:
        """Return what a name stands for here."""
        definition = self.scope.definition(key, self.position)
        if definition is None:
            function = self.scope.function(key, self.position)
            definition = function if function is not None and not any(entry.axes for entry in function.parameters) else None
        return None if definition is None else self._resolved(definition)

    def _resolved(self, definition: Definition) -> Named:
        sizes = self.scope.sizes
        own = {index: self.letters[index.name] for index in definition.body.free_indices if index.name in self.letters}
        same = {index: letter for index, letter in own.items() if index not in definition.axes and self._is_as_long(index, letter)}
        body = sizes.resolve(substitute(definition.body, same))
        axes = tuple(sizes.resolve(index) for index in definition.axes)
        return Named(axes, body)  # type: ignore[arg-type]

    def _is_as_long(self, index: Index, letter: Index) -> bool:
        """Tell whether two indices run, or may run, over one range."""
        state = self.scope.sizes.snapshot()
        try:
            self.scope.sizes.unify(extent(index), extent(letter), "one letter")
        except Misfit:
            self.scope.sizes.restore(state)
            return False
        return True

    def definitions(self) -> dict[str, Named]:
        """Return all definitions that hold here; a function's name alone stands for its value at its own variables."""
        found = {key: self.named(key) for key in (*self.scope.functions, *self.scope.definitions)}
        return {key: named for key, named in found.items() if named is not None}

    def expanded(self, root: Expr) -> Expr:
        """Return an expression with its derivatives taken and all names put in."""
        node = self.derived(self.scope.sizes.resolve(root))
        for _ in range(_DEEPEST):
            further = self.derived(self.opened(node))
            if further is node:
                break
            node = further
        return self.scope.sizes.resolve(node)

    def opened(self, root: Expr) -> Expr:
        """Return an expression with every defined name replaced by its definition once."""
        return transform(self.scope.sizes.resolve(root), self._opened)

    def _opened(self, node: Expr) -> Expr:
        match node:
            case Symbol(name) if not node.axes:
                named = self.named(name)
                return node if named is None or named.axes or self.is_circular(node) else named.body
            case Element(symbol, indices):
                named = self.named(symbol.name)
                if named is None or len(named.axes) != len(indices) or self.is_circular(symbol):
                    return node
                return substitute(named.body, dict(zip(named.axes, indices, strict=True)))
            case Call():
                return self._called(node)
            case _:
                return node

    def is_circular(self, symbol: Symbol) -> bool:
        """Tell whether a name is defined by way of itself: an angle by a product, and the product by the angle. It is not put in."""
        if symbol.name not in self._circular:
            named = self.named(symbol.name)
            self._circular[symbol.name] = named is not None and self.depends(named.body, symbol)
        return self._circular[symbol.name]

    def _called(self, node: Call) -> Expr:
        definition = self.scope.function(node.function, self.position, len(node.arguments))
        if definition is None:
            return node
        body = self.scope.sizes.resolve(definition.body)
        for parameter, order in zip(definition.parameters, node.orders or (0,) * len(node.arguments), strict=True):
            for _ in range(order):
                body = differentiate(body, parameter, (), self.definitions())
        return substitute(body, dict(zip(definition.parameters, node.arguments, strict=True)))

    # Derivatives ----------------------------------------------------------------------------------------------------

    def derived(self, root: Expr) -> Expr:
        """Return an expression with every derivative taken that can be; the others stay named."""
        return transform(root, lambda node: self._derivative(node) if is_derivative(node) else node)

    def _derivative(self, node: Expr) -> Expr:
        assert isinstance(node, Operator)
        body = node.operands[0]
        definitions = self.definitions()
        for variable in node.bound:
            symbol = variable.symbol if isinstance(variable, Element) else variable
            at = variable.indices if isinstance(variable, Element) else ()
            if not isinstance(symbol, Symbol) or not self.depends(body, symbol):
                return node
            try:
                body = differentiate(body, symbol, at, definitions)
            except GradproofError:
                return node
        return body

    def depends(self, root: Expr, symbol: Symbol) -> bool:
        """Tell whether an expression depends on a symbol, through the definitions too."""
        seen: set[str] = set()
        pending = [root]
        while pending:
            node = pending.pop()
            for part in postorder(node):
                if isinstance(part, Call):
                    definition = self.scope.function(part.function, self.position)
                    if definition is None and any(symbol in symbols(argument) for argument in part.arguments):
                        return True
            for found in symbols(node):
                if found.name == symbol.name:
                    return True
                named = self.named(found.name)
                if named is not None and found.name not in seen:
                    seen.add(found.name)
                    pending.append(named.body)
        return False

    def undefined(self, root: Expr) -> frozenset[str]:
        """Return the names in an expression that are opaque here: unknown functions and derivatives that were not taken."""
        found: set[str] = set()
        for node in postorder(root):
            if isinstance(node, Call):
                found.add(node.function)
            elif isinstance(node, Operator):
                found.add(node.kind)
        return frozenset(found)


def is_derivative(node: Expr) -> bool:
    """Tell whether a node is a derivative that waits to be taken."""
    return isinstance(node, Operator) and node.kind == "derivative"


def has_opaque(root: Expr) -> bool:
    """Tell whether an expression has parts without a value: operators, unknown functions."""
    return contains(root, lambda node: isinstance(node, Operator | Call))
