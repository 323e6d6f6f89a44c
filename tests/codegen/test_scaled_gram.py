"""``X' diag(w) X`` in one pass over X: every number of rows and columns, both types, arrays in any order."""

import numpy as np
import pytest

import gradproof

SIZES = [(0, 3), (5, 0), (1, 1), (3, 1), (7, 5), (4000, 33), (513, 130), (20, 1100)]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("text", "assume"), [("sum(log(1 + exp(-y.*(X*w))))", "X: n,d"), ("sum(y.*exp(X'*w).*y)", "X: d,n")])
def test_the_half_product_is_numpys(text, assume, dtype):
    ours, numpys = (gradproof.compile(text, ["hessian wrt w"], target, assume=[assume]) for target in ("numba", "numpy"))
    assert "scaled_gram(" in ours.source
    source = np.random.default_rng(0)
    for n, d in SIZES:
        X = source.normal(size=(n, d) if assume == "X: n,d" else (d, n)) / 9
        given = {"X": X.astype(dtype), "w": source.normal(size=d).astype(dtype), "y": np.sign(source.normal(size=n)).astype(dtype)}
        for order in "CF":
            given["X"] = np.asarray(given["X"], order=order)
            found, wanted = (program(**given)["hessian wrt w"] for program in (ours, numpys))
            assert found.dtype == dtype
            assert found.shape == (d, d)
            assert np.array_equal(found, found.T)
            scale = max(float(np.abs(wanted).max(initial=0.0)), 1e-30)
            np.testing.assert_allclose(found / scale, wanted / scale, atol=1e-12 if dtype == np.float64 else 1e-5)


def test_what_is_not_a_number_passes_on():
    program = gradproof.compile("sum(exp(X*w))", ["hessian wrt w"], "numba", assume=["X: n,d"])
    X = np.ones((20_000, 6))
    X[7, 2] = np.nan
    found = program(X=X, w=np.zeros(6))["hessian wrt w"]
    assert np.isnan(found).all()
