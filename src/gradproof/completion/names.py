"""Definitions put back by their names: ``(softmax(W x + b) - y) x'`` becomes ``(p - y) x'`` where the document defines p."""

from __future__ import annotations

from itertools import permutations

from gradproof.checker.environment import Environment
from gradproof.derivation.tidy import tidied
from gradproof.derivative.differentiate import Named
from gradproof.expr.build import add, multiply, number, power, subtract
from gradproof.expr.node import Add, Axis, Element, Expr, Index, Reduce, Symbol, TensorEntry
from gradproof.expr.walk import children, postorder, substitute, symbols, transform
from gradproof.printer.layout import factors_of, split_quotient
from gradproof.rewrite.simplify import cost, simplified

#: A definition that costs less to read is not worth a name, one of the asked quantity itself needs to cost more.
_CHEAPEST = 3
_CHEAPEST_OWN = 9
_GAIN_OWN = 0.5
_MOST_AXES = 3
#: Bound indices that are named by their depth count down from here, far from all others.
_FIRST_DUMMY = -1_000_000


def with_names(body: Expr, environment: Environment, own: frozenset[str]) -> Expr:
    """Return an expression with the definitions of its place put back by name, where that makes it shorter.

    Args: own: the names that the question itself is about; they come back only for long parts.
    """
    found = start = _with_plain_dummies(body)
    for symbol, named in _by_length(environment):
        least, gain = (_CHEAPEST_OWN, _GAIN_OWN) if symbol.name in own else (_CHEAPEST, 1.0)
        if cost(named.body) < least or symbol in symbols(named.body):
            continue
        for candidate in (_replaced(found, symbol, named), _by_quotient(found, symbol, named), _in_sums(found, symbol, named)):
            if candidate is not found and cost(candidate) < gain * cost(found):
                found = candidate
    return body if found is start else found


def _by_length(environment: Environment) -> list[tuple[Symbol, Named]]:
    """Return the definitions with their bodies expanded, the longest first."""
    found = []
    for key, named in environment.definitions().items():
        if environment.scope.function(key, environment.position) is not None:
            continue
        definition = environment.scope.definition(key, environment.position)
        if definition is None or definition.position > environment.position or len(named.axes) > _MOST_AXES:
            continue
        symbol = environment.scope.symbol(key, environment.position)
        if len(symbol.axes) != len(named.axes):
            continue
        axes = tuple(Axis(environment.scope.sizes.resolve(axis.size), axis.origin, axis.name) for axis in symbol.axes)
        body = simplified(environment.expanded(named.body))
        # A derivative may have the definition in a reader's form: a quotient of exponentials as a softmax.
        for form in dict.fromkeys(_with_plain_dummies(form) for form in (body, tidied(body))):
            found.append((Symbol(symbol.name, axes, symbol.properties), Named(named.axes, form)))
    return sorted(found, key=lambda entry: -cost(entry[1].body))


def _replaced(root: Expr, symbol: Symbol, named: Named) -> Expr:
    """Put a name in for its definition wherever it stands as a whole, over whatever indices."""

    def change(node: Expr) -> Expr:
        at = _places(node, named)
        return node if at is None else _entry(symbol, at)

    return transform(root, change)


def _entry(symbol: Symbol, at: tuple[Index, ...]) -> Expr:
    return Element(symbol, at) if at else symbol


def _places(node: Expr, named: Named) -> tuple[Index, ...] | None:
    """Return the indices at which a node is the definition's body, or None."""
    if type(node) is not type(named.body) or len(node.free_indices) != len(named.axes):
        return None
    for order in permutations(sorted(node.free_indices, key=lambda index: index.uid)):
        moved = substitute(named.body, dict(zip(named.axes, order, strict=True)))
        if moved is node:
            return order
    return None


def _with_plain_dummies(root: Expr) -> Expr:
    """Name the bound indices of an expression by how deep they stand, so that equal sums are the same node."""
    depths: dict[Expr, int] = {}

    def change(node: Expr) -> Expr:
        depth = max((depths.get(part, 0) for part in children(node)), default=0)
        if isinstance(node, Reduce | TensorEntry):
            bound = node.indices if isinstance(node, Reduce) else node.bound
            dummies = [Index("_", _FIRST_DUMMY - 8 * depth - place, at.lower, at.upper) for place, at in enumerate(bound)]
            names = dict(zip(bound, dummies, strict=True))
            depth += 1
            if isinstance(node, Reduce):
                where = None if node.where is None else substitute(node.where, names)
                node = Reduce(node.operation, tuple(dummies), substitute(node.body, names), where)
            else:
                node = TensorEntry(node.function, tuple(dummies), substitute(node.body, names), node.at)
        depths[node] = depth
        return node

    return transform(root, change)


def _by_quotient(root: Expr, symbol: Symbol, named: Named) -> Expr:
    """Put in a quotient ``N / D`` where its parts stand apart: N becomes the name times D, and D cancels."""
    above, below = split_quotient(factors_of(named.body))
    if not below or not above:
        return root
    numerator = multiply(*above)
    denominator = multiply(*(power(base, number(exponent)) for base, exponent in below))
    whole = Symbol(f"{symbol.name}_below")
    shielded = transform(root, lambda node: whole if node is denominator else node)
    if shielded is root or denominator.free_indices:
        return root

    def change(node: Expr) -> Expr:
        at = _places(node, Named(named.axes, numerator))
        return node if at is None else multiply(_entry(symbol, at), whole)

    changed = simplified(transform(shielded, change))
    return substitute(changed, {whole: denominator})


def _in_sums(root: Expr, symbol: Symbol, named: Named) -> Expr:
    """Put in a sum where its terms stand among others: ``W h + b - t`` is ``z - t``."""
    if not isinstance(named.body, Add):
        return root

    def change(node: Expr) -> Expr:
        if not isinstance(node, Add) or len(node.free_indices) < len(named.axes):
            return node
        weights = dict(zip(node.terms, node.weights, strict=True))
        for at in permutations(sorted(node.free_indices, key=lambda index: index.uid), len(named.axes)):
            moved = substitute(named.body, dict(zip(named.axes, at, strict=True)))
            if not isinstance(moved, Add) or len(moved.terms) >= len(node.terms):
                continue
            if all(weights.get(term) == weight for term, weight in zip(moved.terms, moved.weights, strict=True)):
                return add(subtract(node, moved), _entry(symbol, at))
        return node

    return transform(root, change)


def asked_names(root: Expr) -> frozenset[str]:
    """Return the names of the symbols in an expression."""
    return frozenset(node.name for node in postorder(root) if isinstance(node, Symbol))
