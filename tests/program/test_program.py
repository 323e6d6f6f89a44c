"""Programs: what was asked comes back by the words in which it was asked, from a module that needs nothing of Gradproof."""

import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import gradproof
from gradproof.codegen.module import TARGETS
from gradproof.errors import FormulaError, ReadError, ShapeError

LOGISTIC = "sum(log(1 + exp(-y.*(X*w)))) + lambda/2*norm2(w)^2"
ASKED = ["value", "gradient wrt w", "hessian wrt w", "hessian-vector product wrt w along p"]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADPROOF_CACHE", str(tmp_path / "cache"))


def data():
    source = np.random.default_rng(5)
    X, w, p = source.normal(size=(7, 3)), source.normal(size=3), source.normal(size=3)
    return {"X": X, "w": w, "p": p, "y": np.sign(source.normal(size=7)), "lambda": 0.25}


def by_hand(X, w, p, y, **rest):
    weight = rest["lambda"]
    margins = y * (X @ w)
    chance = 1 / (1 + np.exp(margins))
    hessian = X.T @ ((chance * (1 - chance))[:, None] * X) + weight * np.eye(len(w))
    return [np.log1p(np.exp(-margins)).sum() + weight / 2 * w @ w, -X.T @ (y * chance) + weight * w, hessian, hessian @ p]


@pytest.mark.parametrize("target", [None, *TARGETS])
def test_every_output_by_its_name(target):
    if target in ("jax", "torch"):
        pytest.importorskip(target)
    program = gradproof.compile(LOGISTIC, ASKED, target, assume=["X: n,d"])
    found = program(**data())
    assert list(found) == ASKED
    for got, want in zip(found.values(), by_hand(**data()), strict=True):
        np.testing.assert_allclose(np.asarray(got), want, rtol=1e-5 if target == "jax" else 1e-10)


def test_the_default_is_numba_where_it_has_code():
    assert gradproof.compile("sum(exp(x))", assume=["x: n"]).target == "numba"
    assert gradproof.compile("spectral_norm(A)", assume=["A: n,n"]).target == "numpy"


def test_a_derivation_and_an_expression_are_formulas_too():
    derivation = gradproof.derive("x'*A*x", "x", assume=["A: n,n"])
    A, x = np.array([[1.0, 2.0], [0.0, 3.0]]), np.array([1.0, -1.0])
    found = gradproof.compile(derivation, ["value", "derivative"], "numpy")(A=A, x=x)
    np.testing.assert_allclose(found["derivative"], (A + A.T) @ x)
    found = gradproof.compile(derivation.value, target="numpy")(A=A, x=x)
    np.testing.assert_allclose(found["value"], (A + A.T) @ x)


@pytest.mark.parametrize("target", ["numpy", "numba"])
def test_a_saved_module_runs_without_gradproof(target, tmp_path):
    gradproof.compile("norm2(A*x - b)^2", ["value", "gradient wrt x"], target, assume=["A: m,n"]).save(tmp_path / "loss.py")
    code = (
        "import sys; sys.modules['gradproof'] = None\nimport loss, numpy as np\n"
        "found = loss.outputs(A=np.eye(2), x=np.ones(2), b=np.array([0.0, 3.0]))\n"
        "print(round(found['value'], 9), found['gradient_x'], loss.gradient_x(A=np.eye(2), x=np.ones(2), b=np.zeros(2)))"
    )
    finished = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert finished.stdout == "5.0 [ 2. -4.] [2. 2.]\n", finished.stderr


def test_a_second_process_compiles_nothing_again(tmp_path):
    code = (
        "import gradproof, numpy as np\nprogram = gradproof.compile('sum(exp(x))', assume=['x: n'])\nprogram(x=np.ones(3))\n"
        "kernel = program.functions['value'].__globals__['_value']\nprint(sum(kernel.stats.cache_hits.values()))"
    )
    shown = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout for _ in range(2)]
    assert shown == ["0\n", "1\n"]


@pytest.mark.parametrize(
    ("outputs", "told"),
    [
        (["curl wrt x"], "an output was expected"),
        (["gradient wrt z"], "It has A, x"),
        (["gradient wrt x along v"], "belongs to a product"),
        (["value", "value"], "each of them once"),
        ([], "each of them once"),
    ],
)
def test_requests_that_cannot_be_met_say_why(outputs, told):
    with pytest.raises(FormulaError, match=told):
        gradproof.compile("norm2(A*x)", outputs, assume=["A: m,n"])


def test_values_that_do_not_fit_say_where():
    program = gradproof.compile("norm2(A*x)", target="numpy", assume=["A: m,n"])
    with pytest.raises(ShapeError, match=r"x has 3 entries along axis 1 \(n\), got 2"):
        program(A=np.ones((2, 3)), x=np.ones(2))
    with pytest.raises(FormulaError, match="a value of x was expected"):
        program(A=np.ones((2, 3)))
    with pytest.raises(FormulaError, match="got 'z'"):
        program(A=np.ones((2, 3)), x=np.ones(3), z=1)


def test_a_module_is_saved_as_python_only(tmp_path):
    program = gradproof.compile("norm2(x)", target="numpy", assume=["x: n"])
    with pytest.raises(FormulaError, match=r"\.py"):
        program.save(tmp_path / "loss.txt")
    with pytest.raises(ReadError):
        program.save(tmp_path / "nowhere" / "loss.py")


@pytest.mark.parametrize("target", ["numpy", "numba"])
def test_read_only_and_strided_inputs_are_read_and_never_written(target):
    program = gradproof.compile("norm2(A*x - b)^2", ["value", "gradient wrt A"], target, assume=["A: m,n"])
    A = np.asfortranarray(np.arange(12.0).reshape(3, 4))[:, ::2]
    x, b = np.arange(6.0)[::3], np.ones(3)
    before = A.copy()
    for array in (A, x, b):
        array.flags.writeable = False
    found = program(A=A, x=x, b=b)
    np.testing.assert_allclose(found["gradient wrt A"], 2 * np.outer(A @ x - b, x))
    assert np.array_equal(A, before)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "x",
    [
        np.ones(2) + 1j, np.array(["a", "b"]), np.array([1, 2], dtype="datetime64[s]"), np.array([1.0, None]), [[1.0], [2.0, 3.0]],
        [10**400, 1], np.ma.masked_array([1.0, 2.0], mask=[True, False]), "ab", {1, 2},
    ],
    ids=["complex", "text", "dates", "objects", "rows", "beyond", "masked", "a text", "a set"],
)  # fmt: skip
def test_what_is_not_made_of_real_numbers_is_refused_also_behind_what_is(target, x):
    pytest.importorskip(target)
    program = gradproof.compile("a*norm2(x)^2", target=target, assume=["a: scalar", "x: n"])
    if target != "numba":  # which would compile
        assert float(program(a=2, x=np.ones(2))["value"]) == 4
    for a, given in ((2.0, x), ("1", np.ones(2)), (1j, np.ones(2)), (10**400, np.ones(2))):
        with pytest.raises((FormulaError, ShapeError)):
            program(a=a, x=given)


@pytest.mark.parametrize("target", TARGETS)
def test_numbers_and_arrays_of_all_kinds_go_to_every_library(target):
    pytest.importorskip(target)
    program = gradproof.compile("a*sum(x.^2)", ["value"], target, assume=["x: n", "a:"])
    x = np.array([1.0, 2.0, 3.0])
    for array in (x, x.astype(np.longdouble), x.astype(">f8"), x[::-1], x.astype(np.uint16)):
        for number in (0.5, Fraction(1, 2), Decimal("0.5"), np.longdouble(0.5)):
            assert float(program(a=number, x=array)["value"]) == 7.0
