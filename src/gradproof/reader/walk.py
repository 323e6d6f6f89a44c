"""Walks over presentation trees without recursion: every node, the parts of one, a tree with some of its nodes replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

from gradproof.reader.presentation import Place, Tree


def subtrees(root: Tree) -> Iterator[Tree]:
    """Yield every node of a presentation tree, parents first."""
    stack: list[Tree] = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(parts(node)))


def parts(node: Tree) -> list[Tree]:
    """Return the direct parts of a presentation node."""
    found: list[Tree] = []
    for entry in fields(node):
        _collect(getattr(node, entry.name), found)
    return found


def rewritten(root: Tree, change: Callable[[Tree], Tree]) -> Tree:
    """Return a tree in which ``change`` was applied to every node, parts first; what does not change stays the same object."""
    made: dict[int, Tree] = {}
    stack: list[tuple[Tree, bool]] = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if not ready:
            stack.append((node, True))
            stack.extend((part, False) for part in parts(node))
            continue
        made[id(node)] = change(_with_parts(node, made))
    return made[id(root)]


def _collect(value: object, found: list[Tree]) -> None:
    if isinstance(value, tuple):
        for item in value:
            _collect(item, found)
    elif value is not None and not isinstance(value, str | int | bool | Place):
        found.append(value)  # type: ignore[arg-type]


def _with_parts(node: Tree, made: dict[int, Tree]) -> Tree:
    changed: dict[str, Any] = {}
    for entry in fields(node):
        value = getattr(node, entry.name)
        put_in = _put_in(value, made)
        if put_in is not value:
            changed[entry.name] = put_in
    return replace(node, **changed) if changed else node


def _put_in(value: Any, made: dict[int, Tree]) -> Any:
    if isinstance(value, tuple):
        items = tuple(_put_in(item, made) for item in value)
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    return made.get(id(value), value)
