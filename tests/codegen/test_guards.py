"""NumPy programs are silent where their results are well defined, and warn as NumPy does where they are not."""

import numpy as np
import pytest

import gradproof

X = np.array([-1000.0, -1.0, 0.0, 0.5, 1000.0])
SILENT = [
    ("sum([x > 0].*log(x))", np.log(0.5) + np.log(1000), [0, 0, 0, 2, 1e-3]),
    ("sum_i [x[i] != 0]/x[i]", 1 / 0.5 - 1, [-1e-6, -1, 0, -4, -1e-6]),
    ("sum_i [x[i] > 0]*x[i]^(3/2)", 0.5**1.5 + 1000**1.5, [0, 0, 0, 1.5 * 0.5**0.5, 1.5 * 1000**0.5]),
    ("sum(elu(x))", np.expm1(-1000.0) + np.expm1(-1) + 1000.5, [0, np.exp(-1), 1, 1, 1]),
    ("sum(sech(x))", 1 + 1 / np.cosh(1) + 1 / np.cosh(0.5), None),
    # a better form than the one that was typed
    ("sum(1./(1 + exp(-x)))", 1 + 0.5 + 1 / (1 + np.exp(1)) + 1 / (1 + np.exp(-0.5)), None),
    ("sum(log(cosh(x)))", 2 * (1000 - np.log(2)) + np.log(np.cosh(1)) + np.log(np.cosh(0.5)), np.tanh(X)),
]


@pytest.mark.parametrize("case", SILENT, ids=lambda case: case[0])
def test_what_a_condition_leaves_out_is_no_warning(case):
    text, value, gradient = case
    program = gradproof.compile(text, ["value", "gradient wrt x"], "numpy", assume=["x: n"])
    found, slope = program(x=X).values()
    np.testing.assert_allclose(found, value, rtol=1e-12)
    assert np.all(np.isfinite(slope))
    if gradient is not None:
        np.testing.assert_allclose(slope, gradient, rtol=1e-12, atol=1e-300)


def test_what_a_condition_leaves_out_between_pairs_is_no_warning():
    program = gradproof.compile("sum_{i, j} [i != j]/(x[i] - x[j])^2", ["value"], "numpy", assume=["x: n"])
    np.testing.assert_allclose(program(x=[0.0, 1.0, 3.0])["value"], 2 * (1 + 1 / 9 + 1 / 4))


def test_a_value_that_is_taken_warns_as_numpy_does():
    program = gradproof.compile("sum_i [x[i] >= 0]*log(x[i])", ["value"], "numpy", assume=["x: n"])
    with pytest.warns(RuntimeWarning, match="divide by zero encountered in log"):
        assert program(x=[-1.0, 0.0, 2.0])["value"] == -np.inf


def test_what_cannot_warn_has_no_choice_more():
    source = gradproof.compile("sum_i [x[i] > 0]*x[i]/(1 + x[i]^2)", ["value"], "numpy", assume=["x: n"]).source
    assert source.count("np.where(") == 1
