"""Programs that read a matrix once: what is recognised, and the same results at every shape as NumPy's two products."""

import numpy as np
import pytest

import gradproof

SOFTMAX = ("cross_entropy(X*W, Y)", ["value", "gradient wrt W"], ["X: n,d", "W: d,k", "Y: n,k"])
LASSO = ("norm2(X*w - b)^2/2", ["gradient wrt w"], ["X: n,d"])
LOGISTIC = ("sum(log(1 + exp(-y.*(X*w))))", ["value", "gradient wrt w", "hessian-vector product wrt w along p"], ["X: n,d"])
QUADRATIC = ("norm2(X*w)^2", ["gradient wrt w"], ["X: n,d"])
WIDE = ("sum(tanh(X*W).^2)", ["gradient wrt W"], ["X: n,d", "W: d,k"])
CASES = [SOFTMAX, LASSO, LOGISTIC, QUADRATIC, WIDE]


@pytest.fixture(autouse=True)
def _interpreted(monkeypatch, tmp_path):
    monkeypatch.setenv("GRADPROOF_CACHE", str(tmp_path))
    monkeypatch.setattr(pytest.importorskip("numba").config, "DISABLE_JIT", True)


def data(n, d, k, dtype):
    random = np.random.default_rng([n, d, k])
    shapes = {"X": (n, d), "W": (d, k), "Y": (n, k), "w": (d,), "p": (d,), "y": (n,), "b": (n,)}
    return {name: random.normal(size=shape).astype(dtype) for name, shape in shapes.items()}


def run(text, outputs, assume, values, *, once):
    """Run the function of a program, with the choice between one pass and two products made for it."""
    program = gradproof.compile(text, outputs, "numba", assume=assume)
    namespace = {}
    exec(program.source, namespace)
    assert "reads_once" in namespace
    namespace["reads_once"] = lambda x, *columns: once
    function = namespace["outputs" if len(outputs) > 1 else outputs[0].replace(" wrt ", "_").replace(" ", "_")]
    used = function.__kwdefaults__ or function.__code__.co_varnames[: function.__code__.co_kwonlyargcount]
    found = function(**{name: values[name] for name in used})
    return list(found.values()) if isinstance(found, dict) else [found]


@pytest.mark.parametrize("once", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_one_pass_gives_what_two_products_give(case, dtype, once):
    text, outputs, assume = case
    for n, d, k in [(9, 5, 3), (16, 1, 1), (7, 130, 2), (1, 4, 1), (0, 3, 2), (70, 3, 5)]:
        values = data(n, d, k, dtype)
        if text == SOFTMAX[0] and n == 0:
            continue  # the mean over no samples is no number
        names = {symbol.name for symbol in gradproof.parse(text, assume).symbols} | ({"p"} if "along p" in outputs[-1] else set())
        wanted = gradproof.compile(text, outputs, "numpy", assume=assume)(**{name: values[name] for name in names})
        tolerance = 2e-4 if dtype == np.float32 else 1e-11
        for one, other in zip(run(text, outputs, assume, values, once=once), wanted.values(), strict=True):
            np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)
            assert np.asarray(one).dtype == dtype or np.ndim(one) == 0


def test_infinities_and_nan_stay_in_their_rows_and_columns():
    values = data(6, 3, 1, np.float64)
    values["X"][5, 1] = np.inf
    values["X"][0, 2] = np.nan
    (found,) = run(*LASSO, values, once=True)
    with np.errstate(invalid="ignore"):
        wanted = values["X"].T @ (values["X"] @ values["w"] - values["b"])
    np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))


def test_a_sum_over_all_rows_goes_along():
    made = gradproof.compile(*SOFTMAX[:2], "numba", assume=SOFTMAX[2]).source
    assert made[made.index("def _outputs(") :].count("prange(") == 1


def test_all_products_with_one_matrix_share_a_pass():
    made = gradproof.compile(*LOGISTIC[:2], "numba", assume=LOGISTIC[2]).source
    whole = made[made.index("def _outputs(") :]
    assert whole.count("once = reads_once(") == 1
    assert whole.count("add_rows(") == 2
    assert whole.count("row_products(") == 2


@pytest.mark.parametrize(
    ("text", "outputs", "assume"),
    [
        ("sum(sigma(X*w))", ["value"], ["X: n,d"]),  # nothing is multiplied by the transpose
        ("z'*(X*w)", ["gradient wrt w"], ["X: n,d", "z: n"]),  # nothing is multiplied by the matrix first
        ("norm2(Z'*(X*w))^2", ["gradient wrt w"], ["X: n,d", "Z: n,d"]),  # by the transpose of another one
        ("logsumexp(X*w)", ["gradient wrt w"], ["X: n,d"]),  # the weight of a row hangs on all rows
    ],
)
def test_what_is_no_such_form_is_left_to_products(text, outputs, assume):
    assert "reads_once(" not in gradproof.compile(text, outputs, "numba", assume=assume).source


def test_a_matrix_is_read_once_where_it_is_large_and_row_major_and_its_columns_are_few():
    namespace = {}
    exec(gradproof.compile(*LASSO[:2], "numba", assume=LASSO[2]).source, namespace)
    reads_once, large = namespace["reads_once"], np.zeros((1200, 500))
    assert reads_once(large, 1)
    assert reads_once(large, 10)
    assert not reads_once(large, 17)
    assert not reads_once(large[:500], 1)
    assert not reads_once(large.T, 1)
    assert not reads_once(large[:, ::2], 1)
    assert not reads_once(np.zeros((100, 20_000)), 3)


def test_a_strided_vector_is_taken(monkeypatch, tmp_path):
    monkeypatch.setenv("GRADPROOF_CACHE", str(tmp_path))
    monkeypatch.setattr(pytest.importorskip("numba").config, "DISABLE_JIT", False)
    program = gradproof.compile("sum(huber(A*x - b, 1))", ["value", "gradient wrt x"], "numba", assume=["A: m,n"])
    A, b, x = np.arange(12.0).reshape(4, 3) / 10, np.ones(4), np.arange(6.0)[::2]
    assert program(A=A, b=b, x=x)["value"] == pytest.approx(program(A=A, b=b, x=x.copy())["value"])
