"""Maxima whose entries tie at whole regions of points, and maxima of numbers that no precision tells from their entries."""

import pytest

from gradproof.derivation.derivation import derive
from gradproof.derivative.ties import entries_tie
from gradproof.expr.node import Reduce
from gradproof.expr.walk import postorder
from gradproof.formula.parse import parse
from gradproof.formula.value import value_of

SHARED = (
    ("min(relu6(x) + a)", "a", ["a:", "x: n"]),
    ("min(sign(x) + min(x))", "x", ["x: n"]),
    ("max(max(x, a))", "a", ["a:", "x: n"]),
    ("min(x./x + a)", "a", ["a:", "x: n"]),
    ("max_{i,j} (x[i] - x[j])^2", "x", ["x: n"]),
    ("max_pool1d(relu(x) + b, 2)", "b", ["b:", "x: 6"]),
    ("max(P)", "P", ["P: n,n symmetric"]),
    ("max_i min_j (A[i,j] + A[j,i])", "A", ["A: n,n"]),
)
APART = (
    ("max(W*x + b)", "x", ["W: m,n"]),
    ("max(softmax(z))", "z", ["z: n"]),
    ("max(relu(x))", "x", ["x: n"]),
    ("max_pool2d(relu(X), 3, stride=2)", "X", ["X: 7,7"]),
    ("max(exp(W*x))", "W", ["W: m,n"]),
    ("max_pool1d(sigma(x), 2)", "x", ["x: 6"]),
)


@pytest.mark.parametrize(("text", "wrt", "assume"), SHARED + APART)
def test_a_maximum_agrees_with_central_differences(text, wrt, assume):
    check = derive(text, wrt, assume=assume).verify()
    assert check.agrees
    assert check.points >= 5


@pytest.mark.parametrize(("text", "wrt", "assume"), SHARED)
def test_entries_that_may_tie_share(text, wrt, assume):
    assert any(entries_tie(node) for node in maxima(text, assume))
    assert any(words.endswith("they share it") for words in derive(text, wrt, assume=assume).kinks)


@pytest.mark.parametrize(("text", "wrt", "assume"), APART)
def test_the_indicator_stands_alone_where_entries_differ(text, wrt, assume):
    assert not any(entries_tie(node) for node in maxima(text, assume))
    assert any(words.endswith("each that attains it counts") for words in derive(text, wrt, assume=assume).kinks)


def maxima(text, assume):
    return [node for node in postorder(parse(text, assume).value) if isinstance(node, Reduce) and node.operation in ("max", "min")]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("sum(exp(x) = max(exp(x)))", 2),
        ("sum(exp(x) >= max(exp(x)))", 2),
        ("sum(exp(x) < max(exp(x)))", 1),
        ("sum(log(x) = min(log(x)))", 1),
        ("sum(exp(x) = max(exp(x)) + 1)", 0),
    ],
)
def test_an_irrational_maximum_is_recognised_where_it_is_attained(text, count):
    (value,) = value_of(parse(text, at={"x": [1, 3, 3]}), {"x": [1, 3, 3]}).ravel()
    assert float(value) == count
