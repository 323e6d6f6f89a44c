"""Identity of nodes, and passes that never recurse."""

import copy
import pickle

import pytest
from flint import fmpq

from gradproof.evaluate.bindings import Bindings
from gradproof.evaluate.evaluator import evaluate
from gradproof.evaluate.fields import Exact
from gradproof.expr.build import ONE, TWO, add, apply, multiply, number, power, scale, sum_over
from gradproof.expr.node import (
    Axis,
    Element,
    Hole,
    Operator,
    Reduce,
    Symbol,
    TensorEntry,
    fresh_index,
)
from gradproof.expr.walk import bound_indices, postorder, substitute, symbols

X, Y = Symbol("x"), Symbol("y")
SIZE = Symbol("n", (), frozenset({"size"}))
A = Symbol("A", (Axis(SIZE), Axis(SIZE)))
I, J = fresh_index("i", ONE, SIZE), fresh_index("j", ONE, SIZE)  # noqa: E741


def test_equal_fields_are_the_same_node():
    assert add(X, Y) is add(Y, X)
    assert multiply(X, X) is power(X, TWO)
    assert Symbol("x") is X


@pytest.mark.parametrize(
    "node",
    [
        X,
        Element(A, (I, J)),
        sum_over([I], Element(A, (I, I))),
        TensorEntry("softmax", (I,), Element(A, (I, J)), (J,)),
        Operator("integral", (X,), (power(X, TWO),), (ONE, Y)),
        Hole("\\foo", "unknown macro"),
        add(scale(3, X), number(7)),
    ],
)
def test_copies_and_pickles_are_the_same_node(node):
    assert copy.copy(node) is node
    assert copy.deepcopy(node) is node
    assert pickle.loads(pickle.dumps(node)) is node


def _deep(depth):
    node = X
    for _ in range(depth):
        node = apply("sin", node)
    return node


def test_a_deep_expression_is_walked_pickled_and_substituted():
    node = _deep(10_000)
    assert sum(1 for _ in postorder(node)) == 10_001
    assert pickle.loads(pickle.dumps(node)) is node
    assert symbols(substitute(node, {X: Y})) == {Y}


def test_a_replacement_is_not_captured():
    node = sum_over([I], multiply(Element(A, (I, J)), X))
    replaced = substitute(node, {X: Element(A, (I, I))})
    assert I in replaced.free_indices
    assert isinstance(replaced, Reduce)
    assert replaced.indices[0] is not I


def test_a_bound_index_is_left_alone():
    node = sum_over([I], Element(A, (I, I)))
    assert substitute(node, {I: number(2)}) is node
    both = multiply(node, Element(A, (I, I)))
    assert substitute(both, {I: ONE}) is multiply(node, Element(A, (ONE, ONE)))


def test_an_entry_at_a_bound_index_is_another_one():
    vector = Symbol("v", (Axis(SIZE),))
    entry = Element(vector, (I,))
    inner = TensorEntry("softmax", (I,), entry, (I,))
    replaced = substitute(multiply(inner, entry), {entry: X})
    assert replaced is multiply(inner, X)


def test_nested_captures_take_linear_work():
    node = X
    for _ in range(200):
        node = add(sum_over([I], multiply(Element(A, (I, I)), node)), X)
    replaced = substitute(node, {X: Element(A, (I, I))})
    assert replaced.free_indices == {I, *SIZE.free_indices}
    assert I not in bound_indices(replaced)


def test_the_symbol_of_an_integral_is_left_alone_inside():
    node = Operator("integral", (X,), (multiply(X, Y),), (ONE, X))
    replaced = substitute(node, {X: TWO})
    assert replaced is Operator("integral", (X,), (multiply(X, Y),), (ONE, TWO))


def test_sizes_change_with_the_axes():
    node = sum_over([I], Element(A, (I, I)))
    replaced = substitute(node, {SIZE: number(2)})
    values = Bindings({"A": [[fmpq(1), fmpq(2)], [fmpq(3), fmpq(4)]]})
    assert evaluate(replaced, values, Exact()).entries[()] == 5
