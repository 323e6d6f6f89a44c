"""A number one that is meant as a column of ones: ``X*W + 1*c'``."""

from __future__ import annotations

from dataclasses import replace

from gradproof.reader.plain.tree import Call, Infix, Name, Numeral, Postfix, Tree, parts


def with_columns_of_ones(root: Tree) -> tuple[Tree, frozenset[str]]:
    """Return a tree in which every term ``1*c'`` of a sum is ``vector(1)*c'``, and the names of the rows; the same tree where there is none.

    Sums, products, transposes and the arguments of functions are looked through.
    """
    rows: set[str] = set()
    done: dict[Tree, Tree] = {}
    stack: list[tuple[Tree, bool]] = [(root, False)]
    while stack:
        node, is_ready = stack.pop()
        if not is_ready:
            stack.append((node, True))
            stack.extend((part, False) for part in parts(node))
            continue
        done[node] = _changed(node, done, rows)
    return done[root], frozenset(rows)


def _changed(node: Tree, done: dict[Tree, Tree], rows: set[str]) -> Tree:
    match node:
        case Infix("+" | "-", left, right):
            sides = [_as_ones(side, rows) or done[side] for side in (left, right)]
            return node if sides == [left, right] else replace(node, left=sides[0], right=sides[1])
        case Infix(_, left, right) if done[left] is not left or done[right] is not right:
            return replace(node, left=done[left], right=done[right])
        case Call(_, arguments) if any(done[part] is not part for part in arguments):
            return replace(node, arguments=tuple(done[part] for part in arguments))
        case Postfix(_, operand) if done[operand] is not operand:
            return replace(node, operand=done[operand])
        case _:
            return node


def _as_ones(term: Tree, rows: set[str]) -> Tree | None:
    match term:
        case Infix("*", Numeral("1") as one, Postfix("'", Name(row))):
            rows.add(row)
            return replace(term, left=Call("vector", (one,), (), one.place, one.place))
        case _:
            return None
