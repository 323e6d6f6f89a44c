"""The generated modules import one library alone and compute what the expressions are worth."""

import ast

import numpy as np
import pytest
from generated import CASES, check
from scipy.signal import correlate2d

from gradproof.codegen.module import TARGETS
from gradproof.derivation.derivation import derive
from gradproof.errors import FormulaError

IDS = [f"{case[0]} by {case[1]}" for case in CASES]
MODULES = {
    "numpy": {"numpy"},
    "numba": {"math", "numpy", "numba"},
    "jax": {"jax", "jax.numpy", "numpy"},
    "torch": {"torch"},
}


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_numpy(case, order):
    for got, axes in check(case, order, "numpy"):
        assert not axes or got.flags["C_CONTIGUOUS"]


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_loops_without_compilation(case, order, monkeypatch):
    numba = pytest.importorskip("numba")
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    check(case, order, "numba")


@pytest.mark.parametrize("case", [CASES[0], CASES[1], CASES[6], CASES[12]], ids=[IDS[0], IDS[1], IDS[6], IDS[12]])
def test_compiled_loops(case):
    pytest.importorskip("numba")
    check(case, 1, "numba")


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_jax_under_jit(case, order):
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        check(case, order, "jax", instances=1, call=jax.jit)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_torch(case, order):
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        check(case, order, "torch")
    finally:
        torch.set_default_dtype(before)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_module_holds_only_what_it_may(case, target):
    text, wrt, assume = case
    tree = ast.parse(derive(text, wrt, assume=assume).to_code(target))
    imports = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imports |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imports <= MODULES[target]
    assert not any(isinstance(node, ast.Attribute) and node.attr.startswith("__") for node in ast.walk(tree))
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not calls & {"eval", "exec", "compile", "open", "getattr", "__import__"}


@pytest.mark.parametrize("target", TARGETS)
def test_names_that_would_clash_give_way(target):
    code = derive("np'*value + math'*result", "np", assume=["np: n", "value: n", "math: n", "result: n"]).to_code(target)
    compile(code, "generated", "exec")
    tree = ast.parse(code)
    (function,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "value"]
    parameters = {argument.arg for argument in function.args.kwonlyargs}
    assert "np" not in parameters or target == "torch"
    assert "value" not in parameters


def test_loops_read_no_entry_beside_an_array(monkeypatch):
    numba = pytest.importorskip("numba")
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    namespace = {}
    code = derive("sum(conv2d(X, K, padding=1))", "X", assume=["X: 3,3", "K: 3,3"]).to_code("numba")
    exec(compile(code, "generated", "exec"), namespace)
    X, K = np.ones((3, 3)), np.arange(9.0).reshape(3, 3)
    assert namespace["value"](X=X, K=K) == pytest.approx(correlate2d(X, K, mode="same").sum())


def test_an_unknown_target_is_refused():
    with pytest.raises(FormulaError, match="target"):
        derive("norm2(x)", "x").to_code("fortran")


@pytest.mark.parametrize("target", TARGETS)
def test_a_function_without_code_is_said(target):
    with pytest.raises(FormulaError, match="code for"):
        derive("digamma(x)", "x", assume=["x:"]).to_code(target)


def test_a_variable_that_cancels_says_how_large_the_value_is():
    namespace = {}
    exec(compile(derive("x - x", "x", assume=["x: n"]).to_code("numpy"), "generated", "exec"), namespace)
    assert np.array_equal(namespace["value"](x=np.ones(3)), np.zeros(3))
    assert np.array_equal(namespace["derivative"](x=np.ones(3)), np.zeros((3, 3)))


@pytest.mark.parametrize("target", ["numpy", "numba", "jax"])
def test_the_negation_of_a_condition_on_numbers(target, monkeypatch):
    monkeypatch.setattr(pytest.importorskip("numba").config, "DISABLE_JIT", True)
    pytest.importorskip("jax")
    namespace = {}
    exec(compile(derive("where(2 > t, t, a)", "a", assume=["t:", "a:"]).to_code(target), "generated", "exec"), namespace)
    assert [float(namespace["derivative"](t=t, a=5.0)) for t in (1.0, 3.0)] == [0.0, 1.0]


@pytest.mark.parametrize("target", TARGETS)
def test_an_entry_of_softmax_at_a_number_and_at_an_index(target, monkeypatch):
    pytest.importorskip(target)
    monkeypatch.setattr(pytest.importorskip("numba").config, "DISABLE_JIT", True)
    namespace = {}
    exec(compile(derive("softmax(Z)[i, 2]*w[i]", "w", assume=["Z: n,k"]).to_code(target), "generated", "exec"), namespace)
    Z = np.array([[0.0, 1.0, 2.0], [1.0, 1.0, 1.0]])
    found = np.asarray(namespace["value"](Z=Z, w=np.ones(2)))
    np.testing.assert_allclose(found, [np.exp(1) / np.exp([0, 1, 2]).sum(), 1 / 3], rtol=1e-6)


@pytest.mark.parametrize("target", TARGETS)
def test_a_condition_on_sizes_chooses_between_arrays(target, monkeypatch):
    pytest.importorskip(target)
    monkeypatch.setattr(pytest.importorskip("numba").config, "DISABLE_JIT", True)
    namespace = {}
    code = derive("X[:,2] .* X[:,1]", "X", assume=["X: m,n"], along="V").to_code(target)
    exec(compile(code, "generated", "exec"), namespace)
    X, V = np.arange(6.0).reshape(2, 3), np.ones((2, 3))
    np.testing.assert_allclose(np.asarray(namespace["derivative"](X=X, V=V)), X[:, 0] + X[:, 1])


@pytest.mark.parametrize("target", TARGETS)
def test_a_subscript_that_a_size_bounds(target, monkeypatch):
    pytest.importorskip(target)
    monkeypatch.setattr(pytest.importorskip("numba").config, "DISABLE_JIT", True)
    namespace = {}
    exec(compile(derive("x[min(i+1, n)] - x[i]", "x", assume=["x: n"], along="v").to_code(target), "generated", "exec"), namespace)
    found = namespace["value"](x=np.array([1.0, 4.0, 9.0]))
    np.testing.assert_allclose(np.asarray(found), [3.0, 5.0, 0.0])
