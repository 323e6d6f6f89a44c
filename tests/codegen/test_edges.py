"""The edges of floating-point numbers and of shapes: every target does there what NumPy does."""

from math import erfc

import numpy as np
import pytest

import gradproof
from gradproof.codegen.module import TARGETS

HUGE = np.array([1000.0, -1000.0, 999.0])
SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0])
#: A formula, its outputs, its assumptions, values, and what comes out.
CASES = {
    "logits that overflow": (
        "-y'*log(softmax(z))", ["value", "gradient wrt z"], ["y: n simplex", "z: n"], {"y": np.array([0.0, 0.0, 1.0]), "z": HUGE},
        [1.3132616875182228, [0.7310585786300049, 0.0, -0.7310585786300049]],
    ),
    "margins that overflow": (
        "sum(log(1 + exp(-y.*x)))", ["value", "gradient wrt x"], ["y: n"], {"y": np.array([1.0, 1.0, -1.0]), "x": HUGE},
        [1999.0, [0.0, -1.0, 1.0]],
    ),
    "probabilities that round to one": (
        "-sum(z.*log(sigmoid(x)) + (1-z).*log(1-sigmoid(x)))", ["value", "gradient wrt x"], ["z: n"],
        {"z": np.array([1.0, 0.0, 0.0]), "x": HUGE}, [999.0, [0.0, 0.0, 1.0]],
    ),
    "a zero in a logarithm": (
        "a.*log(x)", ["value"], ["a: n"], {"a": np.array([1.0, 2.0]), "x": np.array([0.0, 1.0])}, [[-np.inf, 0.0]],
    ),
    "special numbers pass": ("2*x + exp(x)", ["value"], ["x: n"], {"x": SPECIAL}, [2 * SPECIAL + np.exp(SPECIAL)]),
    "special numbers in a product": (
        "A*x", ["value"], ["A: m,n"], {"A": np.array([[1.0, 0.0], [2.0, 1.0]]), "x": np.array([1.0, np.nan])}, [[np.nan, np.nan]],
    ),
    "ties in a window": (
        "sum(max_pool2d(X, 2))", ["value", "gradient wrt X"], ["X: 2,2"], {"X": np.ones((2, 2))}, [1.0, np.ones((2, 2))],
    ),
    "an index counts where it is a factor": (
        "sum_i (b[i] - c - s*i)^2", ["value", "gradient wrt s", "gradient wrt c"], ["s:", "c:"],
        {"b": np.array([1.0, 2.0, 4.0]), "c": np.array(1.0), "s": np.array(2.0)}, [4.0 + 9.0 + 9.0, 34.0, 16.0],
    ),
    "an index counts beside a matrix": (
        "sum_i sum_j i^2*C[i,j]*b[j]", ["value"], [], {"C": np.array([[1.0, 2.0], [3.0, 4.0]]), "b": np.array([1.0, 1.0])}, [31.0],
    ),
    "NaN in a maximum": ("max(x)", ["value"], ["x: n"], {"x": np.array([1.0, np.nan, 2.0])}, [np.nan]),
    "NaN in a minimum": ("min(x)", ["value"], ["x: n"], {"x": np.array([np.nan, 1.0])}, [np.nan]),
    "NaN in the maxima of rows": (
        "max_pool2d(X, 2)", ["value"], ["X: 2,4"], {"X": np.array([[1.0, np.nan, 1.0, 2.0], [0.0, 3.0, 4.0, 0.0]])}, [[[np.nan, 4.0]]],
    ),
    "NaN in a rectifier": ("relu(x)", ["value"], ["x: n"], {"x": np.array([np.nan, -1.0, 1.0])}, [[np.nan, 0.0, 1.0]]),
    "an axis without entries": (
        "norm2(A*x - b)^2", ["value", "gradient wrt x"], ["A: m,n"], {"A": np.ones((0, 2)), "x": np.ones(2), "b": np.ones(0)}, [0.0, [0.0, 0.0]],
    ),
    "nothing to differentiate by": (
        "norm2(A*x - b)^2", ["value", "gradient wrt x"], ["A: m,n"], {"A": np.ones((2, 0)), "x": np.ones(0), "b": np.ones(2)}, [2.0, np.ones(0)],
    ),
    "axes of one entry": (
        "sum(log(softmax(W*x)))", ["value", "gradient wrt W"], ["W: k,d"], {"W": np.ones((1, 1)), "x": np.ones(1)}, [0.0, [[0.0]]],
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _settings(monkeypatch, tmp_path):
    monkeypatch.setenv("GRADPROOF_CACHE", str(tmp_path))
    monkeypatch.setattr(pytest.importorskip("numba").config, "DISABLE_JIT", True)
    with pytest.importorskip("jax").enable_x64(True):
        yield


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("case", CASES)
def test_every_target_does_at_the_edges_what_numpy_does(case, target, monkeypatch):
    if target == "torch":
        pytest.importorskip(target)
    if case == "a zero in a logarithm":  # which Python's own math refuses, and compiled code does not
        monkeypatch.setattr(pytest.importorskip("numba").config, "DISABLE_JIT", False)
    text, requests, assume, values, expected = CASES[case]
    found = gradproof.compile(text, requests, target, assume=assume)(**values)
    for request, want in zip(requests, expected, strict=True):
        np.testing.assert_allclose(np.asarray(found[request], dtype=float), want, rtol=1e-12, atol=1e-12, err_msg=request)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("order", ["C", "F", "strided", "turned"])
def test_arrays_of_every_layout_are_read_and_never_written(target, order):
    if target == "torch":
        pytest.importorskip(target)
    whole = np.arange(48.0).reshape(6, 8)
    A = {
        "C": whole[:3, :4].copy(),
        "F": np.asfortranarray(whole[:3, :4]),
        "strided": whole[::2, ::2],
        "turned": whole[2::-1, 3::-1],
    }[order]
    b, x = np.ones(3), np.arange(4.0)
    before = A.copy()
    for array in (whole, A, b, x):
        array.flags.writeable = False
    if target == "torch":  # no tensor of PyTorch is read-only or goes backwards: it takes a copy of those
        torch = pytest.importorskip("torch")
        given = {name: torch.tensor(value.copy()) for name, value in {"b": b, "x": x}.items()}
        given["A"] = torch.tensor(whole.copy())[::2, ::2] if order == "strided" else torch.tensor(A.copy())
    else:
        given = {"A": A, "b": b, "x": x}
    found = gradproof.compile("norm2(A*x - b)^2", ["gradient wrt A"], target, assume=["A: m,n"])(**given)
    np.testing.assert_allclose(np.asarray(found["gradient wrt A"]), 2 * np.outer(before @ x - b, x))
    assert np.array_equal(A, before)


def test_small_values_of_the_complementary_error_function_keep_their_digits():
    namespace: dict = {}
    exec(gradproof.derive("erfc(x)", "x", assume=["x: n"]).to_code("numpy"), namespace)
    x = np.array([-7.0, -3.0, 0.0, 1.0, 2.6, 8.0, 20.0])
    np.testing.assert_allclose(namespace["value"](x=x), [erfc(entry) for entry in x], rtol=1e-11)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("text", ["mean(x.^2)", "sum(x)/n^2", "var(x)"])
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning", "ignore:divide by zero:RuntimeWarning")
def test_a_mean_of_nothing_is_not_a_number(text, target):
    pytest.importorskip(target)
    program = gradproof.compile(text, ["value"], target, assume=["x: n"])
    assert np.isnan(float(program(x=np.ones(0))["value"]))
