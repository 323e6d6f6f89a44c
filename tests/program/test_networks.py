"""Networks that are written as one formula: their programs against JAX, which differentiates the same network written by hand."""

import numpy as np
import pytest

import gradproof
from gradproof.errors import FormulaError

jax = pytest.importorskip("jax")
jnp = jax.numpy


@pytest.fixture(autouse=True)
def _double_precision():
    with jax.enable_x64(True):
        yield


def convolved(images, kernels, padding=0):
    return jax.lax.conv_general_dilated(images, kernels, (1, 1), [(padding, padding)] * 2)


def largest(images, size):
    window = (1, 1, size, size)
    return jax.lax.reduce_window(images, -jnp.inf, jax.lax.max, window, window, "VALID")


def entropy(scores, labels):
    return -jnp.mean(jax.nn.log_softmax(scores)[jnp.arange(len(labels)), labels])


def convolutional(X, K, b, F, W, c, y):
    first = largest(jax.nn.relu(convolved(X, K, 1) + b[:, None, None]), 2)
    second = jax.nn.relu(convolved(first, F))
    means = second.mean(axis=(2, 3))
    return entropy(means @ W.T + c, y)


def perceptron(X, W, b, U, V, y):
    hidden = jnp.tanh(X @ W.T + b)
    hidden = hidden + jnp.tanh(hidden @ U.T)
    return entropy(jnp.tanh(hidden @ U.T) @ V.T, y)


CASES = {
    "a convolutional network": (
        "h = max_pool2d(relu(conv2d(X, K, b, padding=1)), 2); g = adaptive_avg_pool2d(relu(conv2d(h, F)), 1);"
        "z[m,k] = c[k] + sum_u W[k,u]*g[m,u,1,1]; cross_entropy(z, y)",
        convolutional,
        {"X": (5, 2, 6, 6), "K": (3, 2, 3, 3), "b": (3,), "F": (4, 3, 2, 2), "W": (3, 4), "c": (3,)},
    ),
    "a shared weight and a shortcut": (
        "a = tanh(linear(X, W, b)); h = a + tanh(linear(a, U)); cross_entropy(linear(tanh(linear(h, U)), V), y)",
        perceptron,
        {"X": (6, 3), "W": (4, 3), "b": (4,), "U": (4, 4), "V": (3, 4)},
    ),
}


@pytest.mark.parametrize("target", ["numpy", "jax"])
@pytest.mark.parametrize("name", CASES)
def test_all_gradients_in_one_sweep(name, target):
    text, network, shapes = CASES[name]
    source = np.random.default_rng(4)
    values = {variable: source.normal(size=shape) for variable, shape in shapes.items()}
    values["y"] = source.integers(0, 3, size=len(values["X"]))
    wanted = [variable for variable in shapes if variable != "X"]
    program = gradproof.compile(text, ["value", *(f"gradient wrt {variable}" for variable in wanted)], target, at=values)
    found = program(**values)
    value, gradients = jax.value_and_grad(lambda free: network(**{**values, **free}))({name: values[name] for name in wanted})
    assert found["value"] == pytest.approx(float(value), rel=1e-12)
    for variable in wanted:
        np.testing.assert_allclose(found[f"gradient wrt {variable}"], gradients[variable], rtol=1e-10, atol=1e-12)


def test_an_output_computes_only_the_stages_that_it_needs():
    program = gradproof.compile(
        CASES["a convolutional network"][0], ["value", "gradient wrt c"], "numpy", assume=["X: n,2,6,6", "K: 3,2,3,3", "F: 4,3,2,2"]
    )
    alone = program.source[program.source.index("def gradient_c") : program.source.index("def outputs")]
    assert "d_z = " in alone
    assert "d_h = " not in alone


def test_a_network_takes_batches_of_its_weights():
    text, _, shapes = CASES["a shared weight and a shortcut"]
    source = np.random.default_rng(6)
    values = {variable: source.normal(size=shape) for variable, shape in shapes.items()}
    values |= {"y": source.integers(0, 3, size=6), "U": source.normal(size=(2, 4, 4))}
    program = gradproof.compile(text, ["value", "gradient wrt b"], "numpy", assume=["X: 6,3", "W: 4,3", "U: 4,4", "V: 3,4"])
    together = program(**values)
    for number in range(2):
        alone = program(**{**values, "U": values["U"][number]})
        np.testing.assert_allclose(together["value"][number], alone["value"], rtol=1e-12)
        np.testing.assert_allclose(together["gradient wrt b"][number], alone["gradient wrt b"], rtol=1e-10)


def test_a_named_part_takes_only_what_it_needs():
    text, _, shapes = CASES["a convolutional network"]
    source = np.random.default_rng(4)
    values = {variable: source.normal(size=shape) for variable, shape in shapes.items()}
    program = gradproof.compile(text, ["part z", "part g"], "numpy", at=values)
    assert [symbol.name for symbol in program.arguments] == ["X", "K", "b", "F", "c", "W"]
    found = program(**values)
    assert found["part z"].shape == (5, 3)
    np.testing.assert_allclose(found["part z"], found["part g"][:, :, 0, 0] @ values["W"].T + values["c"], rtol=1e-12)


def test_a_part_of_a_formula_without_layers():
    program = gradproof.compile("r = A*x - b; norm2(r)^2", ["part r"], "numpy", assume=["A: m,n"])
    np.testing.assert_allclose(program(A=[[1, 2], [3, 4]], x=[1, 1], b=[1, 1])["part r"], [2, 6])
    with pytest.raises(FormulaError, match="named part of the formula was expected, got 's'"):
        gradproof.compile("r = A*x - b; norm2(r)^2", ["part s"], assume=["A: m,n"])
