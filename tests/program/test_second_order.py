"""Second derivatives of networks, stage by stage, against JAX, which differentiates the same network written by hand."""

import numpy as np
import pytest

import gradproof

jax = pytest.importorskip("jax")
jnp = jax.numpy


@pytest.fixture(autouse=True)
def _double_precision():
    with jax.enable_x64(True):
        yield


def entropy(scores, truth):
    return -(truth * jax.nn.log_softmax(scores, axis=1)).sum() / len(scores)


def rectified(X, W, b, V, Y):
    return entropy(jax.nn.relu(jax.nn.relu(X @ W + b) @ V) @ V, Y)


def smooth(X, W, V, y):
    return jnp.sum((jnp.tanh(jnp.tanh(X @ W) @ V) @ y) ** 2)


def normalized(X, W, V):
    h = jnp.tanh(X @ W)
    middle = h.mean(axis=1, keepdims=True)
    spread = ((h - middle) ** 2).mean(axis=1, keepdims=True)
    return jnp.sum((((h - middle) / jnp.sqrt(spread + 1)) @ V) ** 2)


def attention(X, Q, K, V, U, Y):
    weights = jax.nn.softmax((X @ Q) @ (X @ K).T / 2, axis=1)
    hidden = X + weights @ X @ V
    return entropy(jnp.tanh(hidden) @ U, Y)


def convolutional(X, K, W, y):
    image = jax.lax.conv_general_dilated(X, K, (1, 1), "SAME")
    largest = jax.lax.reduce_window(jax.nn.relu(image), -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
    scores = jnp.tanh(jnp.einsum("kuij,muij->mk", W, largest))
    return -jnp.mean(jax.nn.log_softmax(scores)[jnp.arange(len(y)), y])


CASES = {
    "rectifiers and a shared weight": (
        "z[i,j] = b[j] + sum_k X[i,k]*W[k,j]; cross_entropy(relu(relu(z)*V)*V, Y)", rectified,
        {"X": (6, 3), "W": (3, 4), "b": (4,), "V": (4, 4), "Y": (6, 4)}, ["X: n,d", "W: d,h", "b: h", "V: h,h", "Y: n,h"], ("W", "V", "b"),
    ),
    "smooth layers and a norm": (
        "norm2(tanh(tanh(X*W)*V)*y)^2", smooth, {"X": (5, 3), "W": (3, 4), "V": (4, 2), "y": (2,)},
        ["X: n,d", "W: d,h", "V: h,k", "y: k"], ("W", "V"),
    ),
    "a layer norm": (
        "h = tanh(X*W); m[i] = sum_j h[i,j]/4; v[i] = sum_j (h[i,j] - m[i])^2/4;"
        "g[i,j] = (h[i,j] - m[i])/sqrt(v[i] + 1); normF(g*V)^2", normalized, {"X": (5, 3), "W": (3, 4), "V": (4, 2)},
        ["X: n,d", "W: d,4", "V: 4,k"], ("W",),
    ),
    "attention": (
        "A = softmax(X*Q*(X*K)'/2); H = X + A*X*V; cross_entropy(tanh(H)*U, Y)", attention,
        {"X": (5, 4), "Q": (4, 3), "K": (4, 3), "V": (4, 4), "U": (4, 3), "Y": (5, 3)},
        ["X: n,d", "Q: d,e", "K: d,e", "V: d,d", "U: d,c", "Y: n,c"], ("Q", "V"),
    ),
    "a convolution and a pooling": (
        "h = max_pool2d(relu(conv2d(X, K, padding=1)), 2); z[m,k] = tanh(sum_{u,i,j} W[k,u,i,j]*h[m,u,i,j]); cross_entropy(z, y)",
        convolutional, {"X": (3, 2, 4, 4), "K": (2, 2, 3, 3), "W": (3, 2, 2, 2), "y": (3,)},
        ["X: n,2,4,4", "K: 2,2,3,3", "W: 3,2,2,2", "y: n"], ("K", "W"),
    ),
}  # fmt: skip


def values_of(name):
    _, _, shapes, _, _ = CASES[name]
    source = np.random.default_rng(8)
    values = {variable: source.normal(size=shape) for variable, shape in shapes.items()}
    if "Y" in values:
        values["Y"] = np.eye(values["Y"].shape[1])[source.integers(0, values["Y"].shape[1], len(values["Y"]))]
    if "convolution" in name:
        values["y"] = source.integers(0, 3, size=3)
    return values


def product_of_jax(network, values, wrt, direction):
    slope = jax.grad(lambda free: network(**{**values, wrt: free}))
    return jax.jvp(slope, (jnp.asarray(values[wrt]),), (jnp.asarray(direction),))[1]


@pytest.mark.parametrize("target", ["numpy", "jax", "torch"])
@pytest.mark.parametrize("name", CASES)
def test_hessian_times_a_direction(name, target):
    if target == "torch":
        pytest.importorskip("torch")
    text, network, _, assume, wanted = CASES[name]
    values = values_of(name)
    for wrt in wanted:
        direction = np.random.default_rng(9).normal(size=values[wrt].shape)
        program = gradproof.compile(text, [f"hessian-vector product wrt {wrt} along P"], target, assume=assume)
        (found,) = program(**values, P=direction).values()
        np.testing.assert_allclose(found, product_of_jax(network, values, wrt, direction), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("target", ["numpy", "jax", "torch"])
@pytest.mark.parametrize("name", CASES)
def test_hessian_of_a_network(name, target):
    if target == "torch":
        pytest.importorskip("torch")
    text, network, _, assume, wanted = CASES[name]
    values = values_of(name)
    program = gradproof.compile(text, [f"hessian wrt {wanted[0]}"], target, assume=assume)
    (found,) = program(**values).values()
    expected = jax.hessian(lambda free: network(**{**values, wanted[0]: free}))(jnp.asarray(values[wanted[0]]))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)


def test_loops_compute_the_same_product():
    name = "rectifiers and a shared weight"
    text, network, _, assume, wanted = CASES[name]
    values = values_of(name)
    direction = np.random.default_rng(9).normal(size=values[wanted[0]].shape)
    program = gradproof.compile(text, [f"hessian-vector product wrt {wanted[0]} along P"], "numba", assume=assume)
    (found,) = program(**values, P=direction).values()
    np.testing.assert_allclose(found, product_of_jax(network, values, wanted[0], direction), rtol=1e-9, atol=1e-11)
    single = {name: value.astype(np.float32) for name, value in values.items()}
    (short,) = program(**single, P=direction.astype(np.float32)).values()
    assert short.dtype == np.float32
    np.testing.assert_allclose(short, found, rtol=2e-3, atol=2e-3)


def test_a_layer_that_repeats_is_one_kernel():
    text = "normF(" + "tanh(" * 5 + "X" + "".join(f"*W{n})" for n in range(5)) + ")^2"
    program = gradproof.compile(text, ["value"], "numba", assume=["X: n,d", *(f"W{n}: d,d" for n in range(5))])
    assert program.source.count("@njit(parallel=True") == 2  # the layers, and the sum


def test_derivatives_of_layers_along_directions():
    """Forwards along a direction, and back from one: both go through the stages, and agree with each other."""
    text, assume = "softmax(tanh(X*W)*V)", ["X: n,d", "W: d,h", "V: h,k"]
    outputs = ["jacobian-vector product wrt W along P", "vector-jacobian product wrt W along G"]
    program = gradproof.compile(text, outputs, "numpy", assume=assume)
    source = np.random.default_rng(3)
    values = {
        name: source.normal(size=shape) for name, shape in {"X": (5, 3), "W": (3, 4), "V": (4, 2), "P": (3, 4), "G": (5, 2)}.items()
    }
    forwards, back = program(**values).values()

    def network(W):
        return jax.nn.softmax(jnp.tanh(values["X"] @ W) @ values["V"], axis=1)

    np.testing.assert_allclose(forwards, jax.jvp(network, (values["W"],), (values["P"],))[1], rtol=1e-10)
    np.testing.assert_allclose(back, jax.vjp(network, values["W"])[1](values["G"])[0], rtol=1e-10)
    assert "tanh_1_dot" in program.source
    assert "d_tanh_1" in program.source


def test_one_direction_for_many_points():
    text, assume = CASES["smooth layers and a norm"][0], CASES["smooth layers and a norm"][3]
    values = values_of("smooth layers and a norm")
    program = gradproof.compile(text, ["hessian-vector product wrt W along P"], "numpy", assume=assume)
    points = np.stack([values["W"], 2 * values["W"]])
    direction = np.ones((3, 4))
    (together,) = program(**{**values, "W": points}, P=direction).values()
    for number in range(2):
        (alone,) = program(**{**values, "W": points[number]}, P=direction).values()
        np.testing.assert_allclose(together[number], alone, rtol=1e-10, atol=1e-12)


def test_no_search_when_a_program_runs():
    text, assume = "normF(T - U*V')^2", ["T: m,n", "U: m,k", "V: n,k"]
    program = gradproof.compile(text, ["hessian-vector product wrt U along Q"], "numpy", assume=assume)
    assert "(Q @ V.T) @ V if" in program.source
    assert "einsum" not in program.source
    source = np.random.default_rng(2)
    for m, n, k in ((30, 20, 2), (2, 3, 40)):  # each order is the better one once
        T, U, V, Q = (source.normal(size=shape) for shape in ((m, n), (m, k), (n, k), (m, k)))
        (found,) = program(T=T, U=U, V=V, Q=Q).values()
        np.testing.assert_allclose(found, 2 * Q @ V.T @ V, rtol=1e-12)
