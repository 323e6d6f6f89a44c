"""Sizes by unification: what the reach of subscripts says of an axis."""

from gradproof.elaborate.sizes import Sizes, named_size
from gradproof.expr.build import ONE, add, subtract
from gradproof.expr.node import Axis


def test_an_axis_reaches_as_far_as_the_furthest_subscript():
    sizes, n = Sizes(), named_size("n")
    axis = Axis(sizes.unknown())
    index = sizes.index("i", subtract(n, ONE))
    sizes.access(axis, index, "x")
    assert sizes.resolve(axis.size) is subtract(n, ONE)
    sizes.access(axis, add(index, ONE), "x")
    sizes.settle()
    assert sizes.resolve(axis.size) is n


def test_an_axis_that_was_declared_does_not_grow():
    sizes, n = Sizes(), named_size("n")
    axis = Axis(n)
    sizes.access(axis, add(sizes.index("i", n), ONE), "x")
    sizes.settle()
    assert sizes.resolve(axis.size) is n
