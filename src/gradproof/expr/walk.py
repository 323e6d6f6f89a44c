"""The one walker: every pass over an expression goes through it, without recursion and each shared part once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from gradproof.expr import build
from gradproof.expr.node import (
    Add,
    Apply,
    Axis,
    Call,
    Compare,
    Constant,
    Element,
    Expr,
    Hole,
    Index,
    Iverson,
    Logic,
    Multiply,
    Number,
    Operator,
    Piecewise,
    Power,
    Reduce,
    Symbol,
    TensorEntry,
    fresh_index,
)

Result = TypeVar("Result")


def children(node: Expr) -> tuple[Expr, ...]:
    """Return the direct parts of a node, in the order that ``rebuild`` takes them.

    The limits of an index are parts of the index; the bound indices of a reduction are parts of the reduction.
    The head of an element and the sizes of its axes are not parts: they belong to the symbol.
    """
    return _CHILDREN[type(node)](node)


def _none(_: Any) -> tuple[Expr, ...]:
    return ()


#: The parts of a node by its kind: a table, for this is asked more often than anything else.
_CHILDREN: dict[type[Expr], Callable[[Any], tuple[Expr, ...]]] = {
    Number: _none,
    Constant: _none,
    Symbol: _none,
    Hole: _none,
    Index: lambda node: (node.lower, node.upper),
    Element: lambda node: node.indices,
    Add: lambda node: node.terms,
    Multiply: lambda node: node.factors,
    Power: lambda node: (node.base, node.exponent),
    Apply: lambda node: node.arguments,
    Call: lambda node: node.arguments,
    Reduce: lambda node: (*node.indices, node.body) if node.where is None else (*node.indices, node.body, node.where),
    TensorEntry: lambda node: (*node.bound, node.body, *node.at),
    Compare: lambda node: (node.left, node.right),
    Logic: lambda node: node.operands,
    Iverson: lambda node: (node.condition,),
    Piecewise: lambda node: (*node.conditions, *node.values, node.otherwise),
    Operator: lambda node: (*node.bound, *node.operands, *node.parameters),
}


def rebuild(node: Expr, parts: tuple[Expr, ...]) -> Expr:
    """Return the node of the same kind with other parts; sums, products and powers come back in normal shape."""
    match node:
        case Number() | Constant() | Symbol() | Hole():
            return node
        case Index(name, uid):
            return Index(name, uid, parts[0], parts[1])
        case Element(symbol):
            return Element(symbol, parts)
        case Add(_, weights):
            return build.weighted_sum(list(zip(weights, parts, strict=True)))
        case Multiply():
            return build.multiply(*parts)
        case Power():
            return build.power(parts[0], parts[1])
        case Apply(function):
            return Apply(function, parts)
        case Call(function, _, orders):
            return Call(function, parts, orders)
        case Reduce(operation, indices, _, where):
            count = len(indices)
            condition = None if where is None else parts[count + 1]
            return build.reduce(operation, _as_indices(parts[:count]), parts[count], condition)
        case TensorEntry(function, bound):
            count = len(bound)
            return TensorEntry(function, _as_indices(parts[:count]), parts[count], parts[count + 1 :])
        case Compare(relation):
            return Compare(relation, parts[0], parts[1])
        case Logic(operation):
            return Logic(operation, parts)
        case Iverson():
            return Iverson(parts[0])
        case Piecewise(conditions):
            count = len(conditions)
            return Piecewise(parts[:count], parts[count : 2 * count], parts[2 * count])
        case Operator(kind, bound, operands):
            first, second = len(bound), len(bound) + len(operands)
            return Operator(kind, parts[:first], parts[first:second], parts[second:])
        case _:
            raise AssertionError(f"unknown node kind {type(node).__name__}")


def _as_indices(parts: tuple[Expr, ...]) -> tuple[Index, ...]:
    assert all(isinstance(part, Index) for part in parts), "a bound index must stay an index"
    return tuple(part for part in parts if isinstance(part, Index))


def postorder(root: Expr, parts: Callable[[Expr], tuple[Expr, ...]] = children) -> Iterator[Expr]:
    """Yield every distinct node below ``root``, its parts before it, ``root`` last; ``parts`` may leave some out."""
    seen: set[Expr] = set()
    stack: list[Expr | None] = [root]
    while stack:
        node = stack.pop()
        if node is None:  # the parts of the node below are done
            done = stack.pop()
            assert done is not None
            yield done
            continue
        if node in seen:
            continue
        seen.add(node)
        inner = parts(node) if parts is not children else _CHILDREN[type(node)](node)
        if not inner:
            yield node
            continue
        stack += (node, None)
        stack += [part for part in reversed(inner) if part not in seen]


def fold(root: Expr, step: Callable[[Expr, tuple[Result, ...]], Result]) -> Result:
    """Compute ``step(node, results of its parts)`` for every node, children first; return the root's."""
    results: dict[Expr, Result] = {}
    for node in postorder(root):
        results[node] = step(node, tuple([results[part] for part in _CHILDREN[type(node)](node)]))
    return results[root]


def transform(root: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """Rebuild the expression from its leaves, each node passed through ``change`` after its parts."""
    results: dict[Expr, Expr] = {}
    for node in postorder(root):
        before = _CHILDREN[type(node)](node)
        parts = tuple([results[part] for part in before])
        results[node] = change(node if parts == before else rebuild(node, parts))
    return results[root]


def contains(root: Expr, wanted: Callable[[Expr], bool]) -> bool:
    """Tell whether any node below ``root`` is wanted."""
    return any(wanted(node) for node in postorder(root))


def symbols(root: Expr) -> frozenset[Symbol]:
    """Return all symbols of an expression: scalars, heads of elements, and the symbols in the sizes of axes and limits."""
    found: set[Symbol] = set()
    pending = [root]
    while pending:
        for node in postorder(pending.pop()):
            symbol = node.symbol if isinstance(node, Element) else node
            if isinstance(symbol, Symbol) and symbol not in found:
                found.add(symbol)
                pending.extend(axis.size for axis in symbol.axes)
    return frozenset(found)


def free_symbols(root: Expr) -> frozenset[Symbol]:
    """Return the symbols of an expression but for the variables of its integrals."""

    def step(node: Expr, parts: tuple[frozenset[Symbol], ...]) -> frozenset[Symbol]:
        if isinstance(node, Symbol | Element):
            return frozenset[Symbol]().union(symbols(node), *parts)
        if isinstance(node, Operator) and node.kind == "integral":
            first = len(node.bound) + len(node.operands)
            inside = frozenset[Symbol]().union(*parts[len(node.bound) : first]).difference(node.bound)
            return inside.union(*parts[first:])
        return frozenset[Symbol]().union(*parts)

    return fold(root, step)


def substitute(root: Expr, mapping: Mapping[Any, Expr]) -> Expr:
    """Replace nodes by others, everywhere at once and without capture.

    Keys may be any nodes; scalar symbols and free indices are the usual ones. A bound index is left alone, and is
    renamed where a replacement would be captured by it; the symbol of an integral is left alone inside it. Where a key
    is a size, the axes of symbols change with it.
    """
    if all(key is value for key, value in mapping.items()):
        return root
    if all(isinstance(key, Index) for key in mapping):
        replaced = _with_indices(root, mapping)
        if replaced is not None:
            return replaced
    entering = frozenset().union(*(value.free_indices for value in mapping.values()))
    leaving = frozenset().union(*(key.free_indices for key in mapping))  # where i is bound, x[i] is another x[i]
    clashing = bound_indices(root) & (entering | leaving)
    if not clashing:
        return _replaced(root, mapping)
    originals: dict[Expr, Expr] = {}
    replaced = _replaced(_apart(root, clashing, originals), mapping)
    return rename_free(replaced, {name: index for name, index in originals.items() if index not in entering})


def bound_indices(root: Expr) -> frozenset[Index]:
    """Return all indices that are bound somewhere below ``root``."""
    found: set[Index] = set()
    for node in postorder(root):
        found.update(_bound_by(node))
    return frozenset(found)


def _bound_by(node: Expr) -> tuple[Index, ...]:
    return node.indices if isinstance(node, Reduce) else node.bound if isinstance(node, TensorEntry) else ()


def _replaced(root: Expr, mapping: Mapping[Any, Expr]) -> Expr:
    def step(node: Expr, parts: tuple[Expr, ...]) -> Expr:
        if node in mapping:
            return mapping[node]
        if isinstance(node, Operator) and node.kind != "derivative" and any(part in mapping for part in node.bound):
            kept = {key: value for key, value in mapping.items() if key not in node.bound}
            inside = tuple(substitute(operand, kept) for operand in node.operands)
            return Operator(node.kind, node.bound, inside, parts[len(node.bound) + len(node.operands) :])
        return _with_sizes(node if parts == children(node) else rebuild(node, parts), mapping)

    return fold(root, step)


def _with_indices(root: Expr, mapping: Mapping[Any, Expr]) -> Expr | None:
    """Replace free indices: what they are not free in stays as it is, unseen. None where a binder is in the way."""
    keys = frozenset(mapping)
    if keys.isdisjoint(root.free_indices):
        return root
    taken = keys.union(*[value.free_indices for value in mapping.values()])
    done: dict[Expr, Expr] = dict(mapping)
    stack = [root]
    while stack:
        node = stack[-1]
        if node in done:
            stack.pop()
            continue
        if not taken.isdisjoint(_bound_by(node)):
            return None
        parts = _CHILDREN[type(node)](node)
        inner = [part for part in parts if part not in done and not keys.isdisjoint(part.free_indices)]
        if inner:
            stack += inner
            continue
        done[node] = rebuild(node, tuple([done.get(part, part) for part in parts]))
    return done[root]


def _apart(root: Expr, clashing: frozenset[Index], originals: dict[Expr, Expr]) -> Expr:
    """Give the clashing indices fresh names wherever they are bound, and note which fresh name stands for which."""

    def step(node: Expr, parts: tuple[Expr, ...]) -> Expr:
        bound = _bound_by(node)
        named = [index for index in bound if index in clashing]
        if not named:
            return node if parts == children(node) else rebuild(node, parts)
        fresh: dict[Any, Expr] = {index: fresh_index(index.name, index.lower, index.upper) for index in named}
        originals.update({name: index for index, name in fresh.items()})
        outside = len(bound) + 1 if isinstance(node, TensorEntry) else len(parts)
        inner = tuple(rename_free(part, fresh) for part in parts[:outside])
        return rebuild(node, inner + parts[outside:])

    return fold(root, step)


def rename_free(root: Expr, names: Mapping[Any, Expr]) -> Expr:
    """Replace indices by fresh ones, also where they are bound: for use on the parts of a binder."""
    return transform(root, lambda node: names.get(node, node)) if names else root


def _with_sizes(node: Expr, mapping: Mapping[Expr, Expr]) -> Expr:
    if isinstance(node, Element):
        changed = _resized(node.symbol, mapping)
        return node if changed is node.symbol else Element(changed, node.indices)
    return node


def _resized(symbol: Symbol, mapping: Mapping[Expr, Expr]) -> Symbol:
    if symbol in mapping:
        other = mapping[symbol]
        assert isinstance(other, Symbol), "the head of an element can only become another symbol"
        return other
    if not symbol.axes:
        return symbol
    axes = tuple(Axis(substitute(axis.size, mapping), axis.origin, axis.name) for axis in symbol.axes)
    return symbol if axes == symbol.axes else Symbol(symbol.name, axes, symbol.properties)
