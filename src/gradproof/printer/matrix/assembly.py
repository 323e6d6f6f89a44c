"""Trees of matrix notation put together: scaled, divided, summed up, between diagonals, powers of powers."""

from __future__ import annotations

import re
from fractions import Fraction

from gradproof.printer.matrix.tree import Tree, product, scalar_text, transposed

NORMS = frozenset({"norm1", "norm2", "normF"})
_WHOLE_OR_HALVES = re.compile(r"\d+(/2)?")


def divided_entrywise(above: Tree, below: Tree) -> Tree:
    """Return ``a./b``; what is divided once more has both divisors below: ``a./(b.*c)``."""
    if above.operation == "quotient" and above.parts[1].rank:
        above, first = above.parts
        parts = [part for one in (first, below) for part in (one.parts if one.operation == "hadamard" else (one,))]
        below = Tree("hadamard", tuple(sorted(parts, key=lambda part: part.operation != "name")), 1)
    return Tree("quotient", (above, below), 1)


def between_diagonals(tree: Tree, above: list[Tree], beside: list[Tree]) -> Tree:
    """Return ``diag(u) M diag(v)``, in the shortest form: the identity between them is a diagonal, ones take the columns in."""
    if not above and not beside:
        return tree
    if tree.operation == "eye":
        return Tree("diagonal", (entrywise(above + beside),), 2)
    if tree.operation == "sum" and any(part.operation == "eye" for part in tree.parts):
        return Tree("sum", tuple(between_diagonals(part, above, beside) for part in tree.parts), 2, weights=tree.weights)
    if tree.operation == "product" and above and tree.parts[0].operation == "ones":
        return between_diagonals(product(entrywise(above), *tree.parts[1:], rank=2), [], beside)
    if tree.operation == "product" and beside and transposed(tree.parts[-1]).operation == "ones":
        return between_diagonals(product(*tree.parts[:-1], transposed(entrywise(beside)), rank=2), above, [])
    parts = [Tree("diagonal", (entrywise(above),), 2)] if above else []
    parts.append(tree)
    parts += [Tree("diagonal", (entrywise(beside),), 2)] if beside else []
    return product(*parts, rank=2)


def entrywise(trees: list[Tree]) -> Tree:
    """Return columns multiplied entry by entry."""
    return trees[0] if len(trees) == 1 else Tree("hadamard", tuple(trees), 1)


def joint_exponent(base: Tree, exponent: Tree) -> Tree | None:
    """Return one exponent for the power of a power: ``norm2(x)^2`` squared, or to the power of 3/2 as no norm is negative."""
    if base.operation != "power" or not base.parts[1].name.isdigit() or not _WHOLE_OR_HALVES.fullmatch(exponent.name):
        return None
    joint = Fraction(base.parts[1].name) * Fraction(exponent.name)
    is_kept = exponent.name.isdigit() or base.parts[0].name in NORMS
    return scalar_text(str(joint)) if is_kept and joint.denominator == 1 else None


def total(tree: Tree) -> Tree:
    """Return the sum of all entries: of squares it is a squared norm, of row sums the sum of a whole matrix."""
    if tree.operation == "product" and len(tree.parts) == 2 and tree.parts[1].operation == "ones":
        inner = tree.parts[0]
        tree = inner.parts[0] if inner.operation == "transpose" else inner
    two = scalar_text("2")
    if tree.operation == "power" and tree.parts[1] == two:
        return Tree("power", (Tree("call", tree.parts[:1], 0, "normF" if tree.rank == 2 else "norm2"), two), 0)
    return Tree("call", (tree,), 0, "sum")


def unweighted(tree: Tree | None, weight: Fraction) -> tuple[Tree | None, Fraction]:
    """Take the number before a tree, as in ``2 (x - y)``, into the weight of its product."""
    if tree is not None and tree.operation == "sum" and len(tree.parts) == 1:
        return tree.parts[0], weight * tree.weights[0]
    return tree, weight


def scaled(scalar: Tree, tree: Tree) -> Tree:
    """Return a tree times a scalar; what the reciprocal of a scalar multiplies is divided by it."""
    if scalar.operation == "quotient" and scalar.parts[0] == scalar_text("1") and not scalar.rank:
        return Tree("quotient", (tree, scalar.parts[1]), tree.rank)
    return Tree("scaled", (scalar, tree), tree.rank)
