"""One name for what runs over the same range: equal parts of several outputs become one node, which is computed once."""

from __future__ import annotations

from collections.abc import Sequence

from gradproof.expr.node import Expr, Index, Reduce, TensorEntry, fresh_index
from gradproof.expr.walk import children, rebuild


class Renaming:
    """Gives every index the first name of its range that nothing around it has."""

    def __init__(self) -> None:
        self._names: dict[tuple[Expr, Expr], list[Index]] = {}
        self._done: dict[tuple[Expr, frozenset[tuple[Index, Index]]], Expr] = {}

    def of_output(self, root: Expr, axes: Sequence[Index]) -> tuple[Expr, tuple[Index, ...]]:
        """Return an expression and its axes under the common names."""
        scope: dict[Index, Index] = {}
        for index in axes:
            scope[index] = self._next(index, set(scope.values()), scope)
        return self._renamed(root, scope), tuple(scope[index] for index in axes)

    def _next(self, index: Index, taken: set[Index], scope: dict[Index, Index]) -> Index:
        lower, upper = (self._renamed(limit, scope) for limit in (index.lower, index.upper))
        known = self._names.setdefault((lower, upper), [])
        for name in known:
            if name not in taken:
                return name
        known.append(fresh_index(index.name, lower, upper))
        return known[-1]

    def _renamed(self, root: Expr, scope: dict[Index, Index]) -> Expr:
        stack: list[tuple[Expr, dict[Index, Index], tuple[dict[Index, Index], ...] | None]] = [(root, scope, None)]
        while stack:
            node, around, inner = stack.pop()
            key = _key(node, around)
            if key in self._done:
                continue
            if isinstance(node, Index):
                self._done[key] = around.get(node, node)
                continue
            parts = children(node)
            if inner is None:
                scopes = self._scopes(node, around)
                stack.append((node, around, scopes))
                stack += [(part, scopes[place], None) for place, part in enumerate(parts)]
            else:
                made = tuple(self._done[_key(part, inner[place])] for place, part in enumerate(parts))
                self._done[key] = node if made == parts else rebuild(node, made)
        return self._done[_key(root, scope)]

    def _scopes(self, node: Expr, around: dict[Index, Index]) -> tuple[dict[Index, Index], ...]:
        """Return what the indices are called in each part of a node."""
        parts = children(node)
        bound = node.indices if isinstance(node, Reduce) else node.bound if isinstance(node, TensorEntry) else ()
        if not bound:
            return (around,) * len(parts)
        inner = {index: around.get(index, index) for index in node.free_indices}
        for index in bound:
            inner[index] = self._next(index, set(inner.values()), inner)
        outside = len(bound) + 1 if isinstance(node, TensorEntry) else len(parts)
        return tuple(inner if place < outside else around for place in range(len(parts)))


def _key(node: Expr, scope: dict[Index, Index]) -> tuple[Expr, frozenset[tuple[Index, Index]]]:
    return node, frozenset((index, scope[index]) for index in node.free_indices if index in scope)
