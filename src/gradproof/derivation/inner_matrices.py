"""Index notation with matrix notation inside: ``softmax(W*x + b)[p]`` for a softmax whose argument is a sum over a new index."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gradproof.expr.build import add, number, scale
from gradproof.expr.node import Axis, Element, Expr, Index, Reduce, Symbol, TensorEntry, fresh_index
from gradproof.expr.walk import children, postorder, rebuild
from gradproof.printer.matrix.recognize import matrix_form
from gradproof.printer.matrix.tree import Tree, count, to_latex, to_plain

#: The LaTeX of symbols whose names are plain text.
Heads = dict[str, str]


#: Tells whether a text means an expression over some axes.
Check = Callable[[str, Expr, Sequence[Index]], bool]


def with_inner_matrices(root: Expr, means: Check) -> tuple[Expr, Heads]:
    """Return an expression in which the outermost sums and tensor functions with a matrix form are symbols named by its text.

    It serves to be printed, nothing else: the symbols have no values. A text is taken where it ``means`` what it stands for.
    """
    heads: Heads = {}
    changed: dict[Expr, Expr] = {}

    def parts(node: Expr) -> tuple[Expr, ...]:
        entry = _entry(node, heads, means)
        if entry is not None:
            changed[node] = entry
            return ()
        return children(node)

    for node in postorder(root, parts):
        if node not in changed:
            inner = tuple(changed[part] for part in children(node))
            changed[node] = node if inner == children(node) else rebuild(node, inner)
    return changed[root], heads


def _entry(node: Expr, heads: Heads, means: Check) -> Expr | None:
    """Return a sum or a tensor function as an entry of what its matrix form is called, None where it has none."""
    match node:
        case TensorEntry(function, bound, body, at) if at:
            places = tuple(fresh_index(index.name, index.lower, index.upper) for index in bound)
            if len(places) != len(at):
                return None
            whole: Expr = TensorEntry(function, bound, body, places)
            rows = sorted(whole.free_indices - set(places), key=lambda index: index.uid)
            return _named(whole, (*rows, *places), (*rows, *at), heads, means)
        case TensorEntry() | Reduce():
            axes = tuple(sorted(node.free_indices, key=lambda index: index.uid))
            return _named(node, axes, axes, heads, means)
        case _:
            return None


def _named(whole: Expr, axes: tuple[Index, ...], places: tuple[Expr, ...], heads: Heads, means: Check) -> Expr | None:
    tree = matrix_form(whole, axes) if len(axes) <= 2 else None
    if tree is None or count(tree, "ones") > 1 or not means(to_plain(tree), whole, axes):
        return None
    name = _in_brackets(to_plain(tree), tree)
    heads[name] = _in_brackets(to_latex(tree), tree)
    if not places:
        return Symbol(name)
    sizes = tuple(Axis(add(index.upper, number(1), scale(-1, index.lower))) for index in axes)
    return Element(Symbol(name, sizes), places)


def _in_brackets(text: str, tree: Tree) -> str:
    return text if tree.operation in ("name", "call") else f"({text})"
