"""Which parts of some outputs are arrays of their own: products of matrices, functions of matrices, and what these take.

Everything between them is computed entry by entry, in loops.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

from gradproof.codegen.loop_code import own_entry
from gradproof.codegen.loop_ends import has_arrays
from gradproof.codegen.parts import of_square
from gradproof.codegen.windows import convolution_of
from gradproof.expr.build import multiply
from gradproof.expr.node import Add, Element, Expr, Index, Iverson, Multiply, Number, Reduce, TensorEntry
from gradproof.expr.walk import children

MATRIX_FUNCTIONS = frozenset({"inverse", "det", "logdet", "spectral_norm", "nuclear_norm"})


def steps(roots: Sequence[Expr], done: Container[Expr] = ()) -> list[list[Expr]]:
    """Return the nodes that are arrays of their own below some roots, in the order in which they are computed: step by step.

    Nodes of one step need nothing of each other; what is done is not computed again.
    """
    levels: dict[Expr, int] = {}
    order: dict[Expr, None] = {}
    stack: list[tuple[Expr, bool]] = [(root, False) for root in reversed(roots)]
    while stack:
        node, is_ready = stack.pop()
        if node in levels:
            continue
        below = operands(node) if is_by_library(node) else library_parts(node)
        inner = [part for part in below if not is_plain(part) and part not in done]
        if is_ready:
            levels[node] = max((levels[part] + 1 for part in inner), default=0)
            order[node] = None
            continue
        stack.append((node, True))
        stack += [(part, False) for part in inner]
    found: list[list[Expr]] = [[] for _ in range(max(levels.values(), default=-1) + 1)]
    for node in order:
        found[levels[node]].append(node)
    return found


def is_by_library(node: Expr) -> bool:
    """Tell whether a node is a product of matrices, one times a number, a convolution, or a function of a matrix."""
    if isinstance(node, TensorEntry):
        return node.function in MATRIX_FUNCTIONS
    return is_product(node) or scaled(node) is not None or convolution_of(node) is not None


def is_product(node: Expr) -> bool:
    """Tell whether a sum of products is one that a library multiplies: its factors have different axes, and no condition."""
    if not (isinstance(node, Reduce) and node.operation == "sum" and node.where is None):
        return False
    if any(index.lower.free_indices or index.upper.free_indices for index in node.indices):
        return False
    factors = factors_of(node)
    if len(factors) < 2 or any(isinstance(factor, Iverson) or not is_even(factor) for factor in factors):
        return False
    bound = set(node.indices)
    outer = [factor.free_indices - bound for factor in factors if factor.free_indices & bound]
    if not node.free_indices or len(outer) < 2 or any(_is_short(index) for index in bound):
        return False
    whole = frozenset().union(*(factor.free_indices for factor in factors))
    if any(factor.free_indices == whole and not is_plain(factor) for factor in factors):
        return False  # as large as all that the loops run over: nothing is won by an array of it
    return len({frozenset(axes) for axes in outer}) > 1


def _is_short(index: Index) -> bool:
    return isinstance(index.lower, Number) and isinstance(index.upper, Number) and index.upper.value - index.lower.value < 8


def is_even(node: Expr) -> bool:
    """Tell whether every entry of a variable in a factor stands at indices alone, not at sums of them."""
    pending = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, Element) and not all(isinstance(place, Index) for place in part.indices):
            return False
        pending += [] if isinstance(part, Index) else children(part)
    return True


def factors_of(node: Reduce) -> list[Expr]:
    """Return the factors of a sum of products; a square is a product of two."""
    return list(node.body.factors) if isinstance(node.body, Multiply) else of_square(node.body)


def operands(node: Expr) -> list[Expr]:
    """Return what a library takes to compute a node."""
    parts = scaled(node)
    if parts is not None:
        return [parts[0]]
    windows = convolution_of(node)
    if windows is not None:
        return list(windows.parts)
    if isinstance(node, Reduce):
        return factors_of(node)
    assert isinstance(node, TensorEntry)
    return [node.body]


def library_parts(node: Expr) -> list[Expr]:
    """Return the outermost parts of a node, below itself, that a library computes."""
    found: dict[Expr, None] = {}
    pending = [part for part in children(node) if not isinstance(part, Index)]
    seen: set[Expr] = set()
    while pending:
        part = pending.pop()
        if part in seen:
            continue
        seen.add(part)
        if is_by_library(part):
            found[own_entry(part) if isinstance(part, TensorEntry) else part] = None
        else:
            pending += [inner for inner in children(part) if not isinstance(inner, Index)]
    return list(found)


def is_plain(node: Expr) -> bool:
    """Tell whether a node is a variable as it stands."""
    return isinstance(node, Element) and all(isinstance(place, Index) for place in node.indices)


def scaled(node: Expr) -> tuple[Expr, Expr] | None:
    """Return a product by a library and the number that it is multiplied by, where a node is no more than that."""
    if isinstance(node, Add) and len(node.terms) == 1:
        factors = [Number(node.weights[0]), *(node.terms[0].factors if isinstance(node.terms[0], Multiply) else node.terms)]
    elif isinstance(node, Multiply):
        factors = list(node.factors)
    else:
        return None
    products = [factor for factor in factors if is_product(factor)]
    rest = [factor for factor in factors if factor not in products]
    if len(products) != 1 or any(factor.free_indices or has_arrays(factor) for factor in rest):
        return None
    return products[0], multiply(*rest)
