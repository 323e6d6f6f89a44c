"""Structured results: operators with a product and a dense form, in which no zero is stored."""

import numpy as np
import pytest

import gradproof
from gradproof.errors import FormulaError

FACTORS = "sum((X - U*V').^2)"
SHAPES = ["X: m,n", "U: m,k", "V: n,k"]


def factorisation():
    source = np.random.default_rng(8)
    return {"X": source.normal(size=(5, 4)), "U": source.normal(size=(5, 2)), "V": source.normal(size=(4, 2))}


@pytest.fixture
def _double():
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        yield


@pytest.mark.usefixtures("_double")
@pytest.mark.parametrize("target", ["numpy", "torch", "jax"])
@pytest.mark.parametrize(
    ("text", "request_", "assume", "values"),
    [
        (FACTORS, "hessian wrt U", SHAPES, factorisation()),
        ("sum(x.^4) + norm2(A*x)^2", "hessian wrt x", ["A: m,n"], {"A": np.eye(3)[:2], "x": np.array([1.0, 2.0, 3.0])}),
        ("relu(W*x)", "jacobian wrt W", ["W: k,d"], {"W": np.array([[1.0, 2.0], [-3.0, 1.0]]), "x": np.array([1.0, 0.5])}),
        ("norm2(x)^2", "hessian wrt x", ["x: n"], {"x": np.ones(3)}),
    ],
)
def test_a_structured_result_is_the_dense_one(text, request_, assume, values, target):
    pytest.importorskip(target)
    dense = gradproof.compile(text, [request_], "numpy", assume=assume)(**values)[request_]
    found = gradproof.compile(text, [request_], target, assume=assume, structured=True)(**values)[request_]
    np.testing.assert_allclose(np.asarray(found.dense()), dense, rtol=1e-12, atol=1e-12)
    assert tuple(found.shape) == dense.shape
    columns = dense.shape[len(dense.shape) - found.columns :]
    vectors = np.random.default_rng(9).normal(size=(*columns, 3))
    given = vectors
    if target == "torch":
        given = pytest.importorskip("torch").as_tensor(vectors)
    expected = np.tensordot(dense, vectors, found.columns)
    np.testing.assert_allclose(np.asarray(found @ given), expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(np.asarray(found @ given[..., 0]), expected[..., 0], rtol=1e-12, atol=1e-12)


def test_no_zero_of_a_structured_result_is_stored():
    values = {"X": np.ones((300, 40)), "U": np.ones((300, 5)), "V": np.ones((40, 5))}
    found = gradproof.compile(FACTORS, ["hessian wrt U"], assume=SHAPES, structured=True)(**values)["hessian wrt U"]
    assert found.shape == (300, 5, 300, 5)
    assert sum(part.size for part, _, _ in found.parts) == 25


def test_results_on_no_diagonal_are_arrays_as_ever():
    program = gradproof.compile("x'*A*x", ["value", "gradient wrt x", "hessian wrt x"], "numpy", assume=["A: n,n"], structured=True)
    found = program(A=np.eye(2), x=np.ones(2))
    assert all(isinstance(value, float | np.ndarray) for value in found.values())


def test_a_saved_module_holds_its_operator(tmp_path):
    gradproof.compile(FACTORS, ["hessian wrt U"], "numpy", assume=SHAPES, structured=True).save(tmp_path / "hessian.py")
    namespace = {}
    exec((tmp_path / "hessian.py").read_text(), namespace)
    assert namespace["hessian_U"](**factorisation()).dense().shape == (5, 2, 5, 2)


def test_batches_have_operators_too():
    program = gradproof.compile("sum(x.^4)", ["hessian wrt x"], "numpy", assume=["x: n"], structured=True)
    found = program(x=np.arange(6.0).reshape(2, 3))["hessian wrt x"]
    np.testing.assert_allclose(found @ np.ones(3), 12 * np.arange(6.0).reshape(2, 3) ** 2)


def test_loops_have_no_structured_results():
    with pytest.raises(FormulaError, match="structured results"):
        gradproof.compile(FACTORS, ["hessian wrt U"], "numba", assume=SHAPES, structured=True)
