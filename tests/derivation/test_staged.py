"""Derivatives with stages: every layer in the user's own words, and one derivative for each on the way back."""

import pytest

import gradproof

NETWORK = "h = max_pool1d(relu(conv1d(X, K, padding=1)), 2); z[m,k] = c[k] + sum_{u,i} W[k,u,i]*h[m,u,i]; cross_entropy(z, y)"
SIZES = ["X: n,1,6", "K: 2,1,3", "W: 4,2,3"]


@pytest.fixture(scope="module")
def derivation():
    return gradproof.derive(NETWORK, "K", assume=SIZES)


def test_stages_are_shown_as_they_were_written(derivation):
    shown = [f"{part.left.text} = {part.right.text}" for part in derivation.notation.definitions]
    assert shown == [
        "conv1d_1 = conv1d(X, K, padding=1)",
        "relu_1 = relu(conv1d_1)",
        "h = max_pool1d(relu_1, 2)",
        "z[m, k] = c[k] + sum_{u,i} W[k,u,i]*h[m,u,i]",
        "d_z = (softmax(z) - one_hot(y, 4))/n",
        "d_h[p, q, r] = sum(k=1..4, W[k, q, r] d_z[p, k])",
        "d_relu_1[p, q, r] = sum(i=1..3, d_h[p, q, i] [2 i - 1 <= r <= 2 i] [relu_1[p, q, r] = h[p, q, i]]"
        "/sum(u=1..2, [relu_1[p, q, 2 i + u - 2] = h[p, q, i]]))",
        "d_conv1d_1[p, q, r] = d_relu_1[p, q, r] [conv1d_1[p, q, r] > 0]",
    ]
    assert derivation.notation.short.text == "sum(i=1..n, j=1..6, X[i, q, j + r - 2] d_conv1d_1[i, p, j] [1 <= j + r - 2 <= 6])"


def test_steps_go_back_stage_by_stage(derivation):
    rules = [(step.rule, step.through) for step in derivation.steps]
    assert rules == [
        *[("name", "")] * 4,
        ("derivative of log_softmax", ""),
        *[("chain rule", name) for name in ("z", "h", "relu_1", "conv1d_1")],
    ]


def test_the_short_form_needs_only_the_stages_that_it_names():
    derivation = gradproof.derive(NETWORK, "c", assume=SIZES)
    assert derivation.to_text().endswith("d_z = (softmax(z) - one_hot(y, 4))/n; d_z'*vector(1)")


def test_the_derivative_agrees_with_differences(derivation):
    assert derivation.verify(5).agrees


@pytest.mark.parametrize("target", ["numpy", "numba", "jax", "torch"])
def test_code_has_a_line_for_every_stage(derivation, target):
    source = derivation.to_code(target)
    assert [name in source for name in ("relu_1 =", "d_relu_1 =", "d_conv1d_1 =")] == [True] * 3


def test_what_a_stage_already_is_has_its_name():
    derivation = gradproof.derive("a = tanh(linear(X, W)); sum(tanh(linear(a, V)))", "W", assume=["X: n,4", "W: 5,4", "V: 2,5"])
    shown = {part.left.text: part.right.text for part in derivation.notation.definitions}
    assert shown["d_linear_1"] == "d_a.*(1 - a.^2)"
    assert derivation.notation.short.text == "d_linear_1'*X"


def test_entries_of_a_window_that_repeat_each_other_share():
    """On a constant image all entries of a window are one and the same; the derivative is that of one of them."""
    text, sizes = "h = max_pool1d(relu(conv1d(X, K, b)), 2); sum(h)", ["X: 1,1,7", "K: 2,1,2", "b: 2"]
    program = gradproof.compile(text, ["gradient wrt K", "gradient wrt b"], "numpy", assume=sizes)
    found = program(X=[[[2.0] * 7]], K=[[[1.0, 1.0]]] * 2, b=[0.0, 0.0])
    assert found["gradient wrt K"].tolist() == [[[6.0, 6.0]]] * 2
    assert found["gradient wrt b"].tolist() == [3.0, 3.0]
