"""Stages: layers upon layers are set apart, each in terms of what came before."""

import gradproof
from gradproof.expr.node import Compare
from gradproof.printer.text import to_text

NETWORK = "h = max_pool1d(relu(conv1d(X, K, padding=1)), 2); sum(conv1d(h, F))"
SIZES = ["X: n,c,8", "K: o,c,3", "F: 1,o,2"]


def written(formula):
    return [to_text(Compare("=", stage.entry, stage.value)) for stage in formula.stages.order]


def test_every_layer_is_a_stage_under_its_own_name():
    formula = gradproof.parse(NETWORK, SIZES)
    assert written(formula) == [
        "conv1d_1[i, j, k] = sum(l=1..c, u=1..3, K[j, l, u] X[i, l, k + u - 2] [1 <= k + u - 2 <= 8])",
        "relu_1[i, j, k] = relu(conv1d_1[i, j, k])",
        "h[i, j, k] = max(u=1..2, relu_1[i, j, 2 k + u - 2])",
        "conv1d_2[i, j, k] = sum(c=1..o, u=1..2, F[j, c, u] h[i, c, k + u - 1])",
    ]
    assert to_text(formula.stages.value) == "sum(i=1..n, o=1..1, j=1..3, conv1d_2[i, o, j])"


def test_a_stage_never_takes_the_name_of_a_variable():
    formula = gradproof.parse("sum(conv1d(relu(conv1d(conv1d_1, K)), F))", ["conv1d_1: 9", "K: 3", "F: 2"])
    assert [stage.symbol.name for stage in formula.stages.order] == ["conv1d_2", "relu_1", "conv1d_3"]


def test_one_layer_alone_has_no_stages():
    assert gradproof.parse("sum(conv2d(X, K))", ["X: h,w", "K: p,q"]).stages is None
    assert gradproof.parse("norm2(A*x - b)^2", ["A: m,n"]).stages is None


def test_what_stands_in_a_sum_around_it_is_no_stage():
    formula = gradproof.parse("sum_k sum(conv1d(relu(conv1d(X[k,:], K)), F))", ["X: 4,9", "K: 3", "F: 2"])
    assert formula.stages.order == ()
