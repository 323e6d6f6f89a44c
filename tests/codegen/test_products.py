"""Products of arrays with three axes and more for Numba: one product of matrices, or one for each turn of a shared axis."""

import numpy as np
import pytest

import gradproof

SHAPES = {"n": 4, "d": 3, "e": 2, "f": 5}
CASES = [
    # what is summed stands behind in one factor and in front in the other, and the other way round
    ("sum_q A[i,j,q]*W[q,k]", ["A: n,d,e", "W: e,f"], "reshape"),
    ("sum_q A[q,i,j]*W[k,q]", ["A: e,n,d", "W: f,e"], "reshape"),
    # two axes are summed over
    ("sum_j sum_q A[i,j,q]*B[k,j,q]", ["A: n,d,e", "B: f,d,e"], "reshape"),
    ("sum_j sum_q A[i,j,q]*B[j,q]", ["A: n,d,e", "B: d,e"], None),
    # an axis in the middle, which is moved first
    ("sum_q A[i,q,j]*W[q,k]", ["A: n,d,e", "W: d,f"], "reshape"),
    # matrices one by one
    ("sum_q A[i,j,q]*B[i,k,q]", ["A: n,d,e", "B: n,f,e"], "[each]"),
    ("sum_q A[i,q,j]*B[i,q,k]", ["A: n,e,d", "B: n,e,f"], "[each]"),
    ("sum_q A[j,i,q]*B[q,i,k]", ["A: d,n,e", "B: e,n,f"], "[each]"),
    # no matrix is left: by loops
    ("sum_q A[i,j,q]*B[i,q]", ["A: n,d,e", "B: n,e"], None),
]


@pytest.fixture(autouse=True)
def _interpreted(monkeypatch, tmp_path):
    monkeypatch.setenv("GRADPROOF_CACHE", str(tmp_path))
    monkeypatch.setattr(pytest.importorskip("numba").config, "DISABLE_JIT", True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_products_over_several_axes_are_those_of_the_evaluated_sum(case, dtype):
    text, assume, mark = case
    # The tanh is a loop, so that one compiled function is worth it.
    program = gradproof.compile(f"tanh({text})", ["value"], "numba", assume=assume)
    if mark is not None:
        assert mark in program.source
        assert "tensordot" not in program.source
    for sizes in (SHAPES, dict.fromkeys(SHAPES, 1), {**SHAPES, "n": 0}, {**SHAPES, "e": 0}):
        shapes = {rule[0]: tuple(sizes[size] for size in rule[3:].split(",")) for rule in assume}
        values = {name: np.random.default_rng(5).normal(size=shape).astype(dtype) for name, shape in shapes.items()}
        (found,) = program(**values).values()
        tolerance = 1e-5 if dtype == np.float32 else 1e-12
        np.testing.assert_allclose(found, _wanted(text, values), rtol=tolerance, atol=tolerance)
        turned = {name: np.asfortranarray(value) for name, value in values.items()}
        np.testing.assert_allclose(*program(**turned).values(), found, rtol=tolerance, atol=tolerance)


def _wanted(text, values):
    """The sum by einsum, whose letters are those of the text; the axes of the result in the order of the text."""
    factors = text[text.rindex(" ") + 1 :].split("*")
    letters = ["".join(factor[2:-1].split(",")) for factor in factors]
    free = [letter for letter in "".join(letters) if f"sum_{letter}" not in text]
    names = [factor[0] for factor in factors]
    return np.tanh(np.einsum(f"{','.join(letters)}->{''.join(dict.fromkeys(free))}", *(values[name] for name in names)))


def test_a_compiled_network_hessian_is_that_of_numpy():
    assume = ["X: n,d", "Y: n,d", "W1: d,d", "W2: d,d"]
    asked = ("cross_entropy(tanh(X*W1)*W2, Y)", ["hessian wrt W1"])
    compiled, plain = (gradproof.compile(*asked, target, assume=assume) for target in ("numba", "numpy"))
    assert "[each]" in compiled.source
    assert "_hessian_W1_whole(" in compiled.source
    random = np.random.default_rng(3)
    values = {
        "X": random.normal(size=(6, 3)),
        "Y": np.eye(6, 3),
        "W1": random.normal(size=(3, 3)),
        "W2": random.normal(size=(3, 3)),
    }
    np.testing.assert_allclose(*compiled(**values).values(), *plain(**values).values(), rtol=1e-12, atol=1e-12)
