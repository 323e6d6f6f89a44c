"""The objective of t-SNE: the divergence of the affinities from the Student kernel's, ``sum_ij p_ij log(p_ij / q_ij)``."""

from __future__ import annotations

from gradproof.elaborate.sizes import extent
from gradproof.elaborate.value import Value, entry
from gradproof.expr.build import MINUS_ONE, ONE, TWO, ZERO, add, apply, compare, divide, multiply, power, subtract, sum_over
from gradproof.expr.node import Expr, Index, Piecewise, fresh_index
from gradproof.formula.context import Context
from gradproof.formula.entry import Arguments, Entry, tensor
from gradproof.formula.kinds import MATRIX, SCALAR, Table


def _kernel(points: Value, left: Index, right: Index) -> Expr:
    """``1 / (1 + |y_i - y_j|^2)``."""
    axis = fresh_index("d", points.axes[1].lower, points.axes[1].upper)
    gap = subtract(entry(points, (left, axis)).body, entry(points, (right, axis)).body)
    return power(add(ONE, sum_over([axis], power(gap, TWO))), MINUS_ONE)


def _lower(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
    """Return the sum over all pairs of different points; a pair of affinity 0 adds nothing."""
    points, affinities = values
    row, _ = points.axes
    first, second = (fresh_index(letter, row.lower, row.upper) for letter in ("i", "j"))
    got = f"{context.told(arguments.tensors[0], points)} and {context.told(arguments.tensors[1], affinities)}"
    trouble = context.source.misfit(arguments.place("P"), "an affinity for each pair of points was expected", got=got)
    for axis in affinities.axes:
        context.fit(extent(axis), extent(row), trouble)
    others = tuple(fresh_index(letter, row.lower, row.upper) for letter in ("k", "l"))
    total = sum_over(others, _kernel(points, *others), compare("!=", *others))
    kernel = _kernel(points, first, second)
    share = divide(kernel, total)
    context.named += [("w", Value(kernel, (first, second))), ("Q", Value(share, (first, second)))]
    affinity = entry(affinities, (first, second)).body
    loss = multiply(affinity, apply("log", divide(affinity, share)))
    body = Piecewise((compare("!=", affinity, ZERO),), (loss,), ZERO)
    context.note("the sum leaves out the pairs of a point with itself")
    return Value(sum_over((first, second), body, compare("!=", first, second)))


ENTRIES = (Entry(("tsne_kl",), (tensor("Y"), tensor("P")), lambda _: Table(((MATRIX, MATRIX, SCALAR),)), _lower),)
