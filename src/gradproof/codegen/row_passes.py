"""Products with a matrix and with its transpose that may read it once: ``sum_i f(x_i . w) x_i`` over the rows of a matrix.

The gradient of a sum over samples has this form, whatever the loss is, and so has the product of its Hessian with a vector:
a product with the matrix, work on each row of the result, and a product with the transpose of the same matrix.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace

from gradproof.codegen.kernel import Line, Loop
from gradproof.codegen.parts import is_whole
from gradproof.codegen.steps import factors_of, is_by_library, is_plain, is_product, library_parts
from gradproof.expr.build import multiply, reduce
from gradproof.expr.node import Element, Expr, Index, Reduce
from gradproof.expr.walk import contains


@dataclass(frozen=True, slots=True)
class Forward:
    """``sum_j X[i, j] W[j, c]``: one column for each c, or one where there is no c."""

    node: Expr
    other: Expr
    inner: Index
    columns: tuple[Index, ...]


@dataclass(frozen=True, slots=True)
class Backward:
    """``sum_i X[i, j] R[i, c]``, and the products with the same matrix that R is made of."""

    node: Expr
    rows_of: Expr
    inner: Index
    columns: tuple[Index, ...]
    forwards: tuple[Forward, ...]


@dataclass(frozen=True, slots=True)
class RowPass:
    """What one pass over the rows of a matrix computes."""

    matrix: Element
    row: Index
    backwards: tuple[Backward, ...]

    @property
    def forwards(self) -> tuple[Forward, ...]:
        """The products with the matrix, each once."""
        return tuple({forward.node: forward for backward in self.backwards for forward in backward.forwards}.values())

    @property
    def columns(self) -> tuple[Index, ...]:
        """The axes of columns, each once: where there is none, all products are with vectors."""
        found = [index for forward in self.forwards for index in forward.columns]
        return tuple(dict.fromkeys([*found, *(index for backward in self.backwards for index in backward.columns)]))


def vector_first(node: Expr) -> Expr:
    """Write ``sum_iq X[i, j] X[i, q] w[q]`` as ``sum_i X[i, j] sum_q X[i, q] w[q]``: a product with a vector leaves a vector."""
    if not (isinstance(node, Reduce) and is_product(node) and len(node.indices) == 2):
        return node
    factors = factors_of(node)
    for row, inner in (node.indices, node.indices[::-1]):
        within = [factor for factor in factors if inner in factor.free_indices]
        around = [factor for factor in factors if inner not in factor.free_indices]
        if not all(factor.free_indices <= {row, inner} for factor in within):
            continue
        matrices = [factor for factor in within if isinstance(factor, Element) and factor.indices == (row, inner)]
        outer = [
            factor for factor in around if isinstance(factor, Element) and len(factor.indices) == 2 and factor.indices[0] is row
        ]
        if len(matrices) == 1 and len(within) == 2 and len(outer) == 1 and outer[0].symbol is matrices[0].symbol:
            return reduce("sum", (row,), multiply(*around, reduce("sum", (inner,), multiply(*within))))
    return node


def row_pass(nodes: Iterable[Expr], done: Container[Expr]) -> RowPass | None:
    """Return a pass that can be made when some nodes are done, None where there is none."""
    found: dict[tuple[Expr, Index], list[tuple[Element, Backward]]] = {}
    for node in nodes:
        for matrix, row, backward in _backwards(node, done):
            found.setdefault((matrix, row), []).append((matrix, backward))
    for (_, row), group in found.items():
        return RowPass(group[0][0], row, tuple(backward for _, backward in group))
    return None


def _backwards(node: Expr, done: Container[Expr]) -> list[tuple[Element, Index, Backward]]:
    """Return the way in which a node is a product with a transpose that is ready for a pass, if it is one."""
    if node in done or not is_product(node):
        return []
    assert isinstance(node, Reduce)
    if len(node.indices) != 1:
        return []
    (row,) = node.indices
    factors = factors_of(node)
    matrices = [factor for factor in factors if isinstance(factor, Element) and _is_matrix(factor) and factor.indices[0] is row]
    if len(matrices) != 1:
        return []
    matrix = matrices[0]
    inner = matrix.indices[1]
    assert isinstance(inner, Index)
    rest = multiply(*(factor for factor in factors if factor is not matrix))
    columns = tuple(rest.free_indices - {row})
    if inner in columns or len(columns) > 1 or row not in rest.free_indices or _has_whole_sums(rest, row):
        return []
    below = [rest] if is_by_library(rest) else library_parts(rest)
    forwards: list[Forward] = []
    for part in below:
        forward = _forward(part, matrix, row, done)
        if forward is not None and part not in done:
            forwards.append(forward)
        elif part not in done and not is_plain(part):
            return []
    return [(matrix, row, Backward(node, rest, inner, columns, tuple(forwards)))] if forwards else []


def _forward(node: Expr, matrix: Element, row: Index, done: Container[Expr]) -> Forward | None:
    if not is_product(node):
        return None
    assert isinstance(node, Reduce)
    factors = factors_of(node)
    if len(node.indices) != 1 or len(factors) != 2:
        return None
    (inner,) = node.indices
    for first, other in (factors, factors[::-1]):
        is_same = isinstance(first, Element) and first.symbol is matrix.symbol and first.indices == (row, inner)
        columns = tuple(other.free_indices - {inner})
        if is_same and _is_matrix(first) and row not in columns and len(columns) <= 1 and (is_plain(other) or other in done):
            return Forward(node, other, inner, columns)
    return None


def _is_matrix(node: Expr) -> bool:
    """Tell whether a factor is a variable with two axes, read over the whole of both."""
    if not (isinstance(node, Element) and len(node.indices) == 2 and node.indices[0] is not node.indices[1]):
        return False
    return all(is_whole(place, axis.size, axis.origin) for place, axis in zip(node.indices, node.symbol.axes, strict=True))


def _has_whole_sums(node: Expr, row: Index) -> bool:
    """Tell whether a part sums over all rows: it is not known while these are read."""
    return contains(node, lambda part: isinstance(part, Reduce) and row in part.indices)


@dataclass(frozen=True, slots=True)
class Names:
    """What the code of a pass calls its arrays: the products and what the backward ones multiply, the sums of these by thread, and
    what the matrix is multiplied by: its code, and the name of its transpose."""

    matrix: str
    rows: str
    arrays: dict[Expr, str]
    sums: dict[Expr, str]
    factors: dict[Expr, str]
    turned: dict[Expr, str]


def pass_lines(made: RowPass, work: Sequence[Line | Loop], names: Names) -> list[Line | Loop]:
    """Return the lines of the kernel of a pass: ``work`` has one outermost loop, over the rows; every thread adds up its own.

    Where the matrix is not read ``once``, the products are made outside, and the kernel does the work on the rows alone.
    """
    matrix, count = names.matrix, names.rows
    start = next((place for place, line in enumerate(work) if isinstance(line, Loop) and line.depth == 1), len(work))
    end = next((place for place, line in enumerate(work) if place > start and line.depth == 1), len(work))
    lines: list[Line] = []
    before: list[Line] = []
    behind: list[Line] = []
    for forward in made.forwards:
        name, code, turned = names.arrays[forward.node], names.factors[forward.node], names.turned[forward.node]
        by_rows = f"np.ascontiguousarray({code}.T[: {code}.shape[1] if once else 0])"
        rows = by_rows if forward.columns else f"np.ascontiguousarray({code}).reshape((1, -1))"
        lines.append(Line(1, f"{turned} = {rows}"))
        columns = _columns(name, forward.columns)
        before.append(Line(4, f"row_products({matrix}, {turned}, {columns}, first_row, last_row)"))
    for backward in made.backwards:
        name, total = names.arrays[backward.rows_of], names.sums[backward.node]
        width = f"{name}.shape[1]" if backward.columns else "1"
        lines.append(Line(1, f"{total} = np.zeros((threads, {width} if once else 0, {matrix}.shape[1]), {matrix}.dtype)"))
        columns = _columns(name, backward.columns)
        behind.append(Line(4, f"add_rows({matrix}, {columns}, {total}[thread], first_row, last_row)"))
    return [
        *work[:start],
        *lines,
        Line(1, f"step = rows_at_once({matrix}) if once else max(1, {count})"),
        Line(1, "for thread in prange(threads):"),
        Line(2, f"end_row = {count} * (thread + 1) // threads"),
        Line(2, f"for first_row in range({count} * thread // threads, end_row, step):"),
        Line(3, "last_row = min(first_row + step, end_row)"),
        Line(3, "if once:"),
        *before,
        *(replace(line, depth=line.depth + 2) for line in work[start:end]),
        Line(3, "if once:"),
        *behind,
        *work[end:],
    ]


def _columns(name: str, columns: tuple[Index, ...]) -> str:
    return name if columns else f"{name}.reshape((-1, 1))"
