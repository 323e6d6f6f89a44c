"""The loops of Numba programs: what is fused, which conditions become ends of loops, and values at the edges."""

import numpy as np
import pytest
from scipy.signal import correlate2d

import gradproof

BACK = "vector-jacobian product wrt X along G"


@pytest.fixture(autouse=True)
def _interpreted(monkeypatch, tmp_path):
    monkeypatch.setenv("GRADPROOF_CACHE", str(tmp_path))
    monkeypatch.setattr(pytest.importorskip("numba").config, "DISABLE_JIT", True)


def source(text, outputs=("value",), **options):
    return gradproof.compile(text, outputs, "numba", **options).source


def test_a_product_of_matrices_is_left_to_numpy_and_the_rest_is_one_loop():
    made = source("cross_entropy(X*W, Y)", ["value", "gradient wrt W"], assume=["X: n,d", "W: d,k", "Y: n,k"])
    whole = made[made.index("def _outputs(") :]
    assert whole.count("X @ W") == 1
    assert whole.count("X.T @ ") == 1
    assert whole.count("prange(") == 1


def test_windows_set_the_ends_of_loops():
    made = source("max_pool2d(X, 3, stride=2)", [BACK], assume=["X: 7,9"])
    assert "in range(max(0, " in made
    assert " <= " not in made.replace("if x <= ", "")


def test_windows_that_do_not_overlap_are_walked_once_forwards_and_backwards():
    made = source("max_pool2d(X, 2)", ["value", BACK], assume=["X: b,c,6,8"])
    whole = made[made.index("def _outputs(") :]
    assert whole.count("prange(") == 1
    assert " // " not in whole
    assert "max(0, " not in whole


def test_what_a_choice_reads_is_read_before_it():
    assert "t3 if X[" in source("max_pool2d(X, 2)", ["value", BACK], assume=["X: b,c,6,8"])
    made = source("relu(Z)", ["vector-jacobian product wrt Z along G"], assume=["Z: n,d"])
    assert "t2 = G[" in made
    assert " = t2 if Z[" in made


def test_a_value_that_loops_only_write_is_computed_before_them():
    made = source("avg_pool2d(X, 2)", [BACK], assume=["X: b,c,6,8"])
    written = next(line for line in made.splitlines() if line.strip().startswith("t1[") and "2 * i" in line)
    assert written.partition(" = ")[2].isidentifier()


def test_a_condition_on_indices_is_looked_at_before_what_it_keeps_in_range():
    x, h = np.array([1.0, 5.0, 2.0, 0.5, 3.0, 4.0, 1.0, 2.0]), np.array([1.0, -1.0, 2.0])
    found = gradproof.compile("max_k x[2*o+k-2]*h[k]", ["jacobian wrt x"], "numba", assume=["x: 8", "h: 3"])(x=x, h=h)
    expected = np.zeros((3, 8))  # reads beside an array would raise here, and read foreign memory when compiled
    for o in range(3):
        best = np.argmax(x[2 * o : 2 * o + 3] * h)
        expected[o, 2 * o + best] = h[best]
    np.testing.assert_allclose(found["jacobian wrt x"], expected)


def test_what_is_computed_before_a_condition_on_indices_reads_inside_its_array():
    text, assume = "sum_{t=2}^n log(sum_s exp(a[s]*x[t]*x[t-1]))", ["x: 5", "a: 3"]
    values = {"x": np.arange(5.0), "a": np.array([0.5, -0.5, 0.1])}
    ours, theirs = (gradproof.compile(text, ["gradient wrt x"], target, assume=assume)(**values) for target in ("numba", "numpy"))
    np.testing.assert_allclose(ours["gradient wrt x"], theirs["gradient wrt x"])


@pytest.mark.parametrize("more", [[], ["vector-jacobian product wrt X along G"]])
def test_an_inverse_that_one_output_reads_transposed_stands_upright_in_the_others(more):
    X, G = np.random.default_rng(2).normal(size=(2, 3, 3))
    program = gradproof.compile("inv(X)", ["value", "jacobian wrt X", *more], "numba", assume=["X: n,n"])
    found = program(X=X, **({"G": G} if more else {}))
    inverse = np.linalg.inv(X)
    np.testing.assert_allclose(found["jacobian wrt X"], -np.einsum("ip,qj->ijpq", inverse, inverse))


@pytest.mark.parametrize("text", ["sum(huber(x, 2))", "sum(selu(x))", "norminf(x)"])
def test_functions_entry_by_entry_have_the_values_of_numpy(text):
    x = np.array([-3.0, -2.0, -0.5, 0.0, 1.0, 2.5])
    ours, theirs = (gradproof.compile(text, target=target, assume=["x: n"])(x=x)["value"] for target in ("numba", "numpy"))
    assert ours == pytest.approx(theirs)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch", [(2, 3), (1, 1), (0, 2)])
@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("max_pool2d(X, 2)", (6, 8)),
        ("max_pool2d(X, 2)", (7, 9)),
        ("max_pool2d(X, [3, 1])", (6, 2)),
        ("max_pool2d(X, 3, stride=2, padding=1)", (5, 6)),
        ("avg_pool2d(X, 2)", (2, 4)),
        ("avg_pool2d(X, 2)", (3, 5)),
        ("avg_pool2d(X, 3, stride=1)", (4, 5)),
        ("adaptive_avg_pool2d(X, [2, 3])", (4, 9)),
        ("adaptive_avg_pool2d(X, [2, 3])", (5, 7)),
        ("adaptive_max_pool2d(X, [2, 2])", (4, 2)),
    ],
)
def test_pooling_forwards_and_backwards_is_that_of_numpy(text, size, batch, dtype):
    random = np.random.default_rng(5)
    assume = [f"X: b,c,{size[0]},{size[1]}"]
    X = np.round(random.normal(size=(*batch, *size))).astype(dtype)  # with ties
    X.flat[:1] = np.inf
    shape = gradproof.compile(text, ["value"], "numpy", assume=assume)(X=X)["value"].shape
    G = random.normal(size=shape).astype(dtype)
    wanted, found = (gradproof.compile(text, ["value", BACK], target, assume=assume)(X=X, G=G) for target in ("numpy", "numba"))
    for name, array in found.items():
        assert array.dtype == dtype
        np.testing.assert_allclose(array, wanted[name], rtol=1e-5)


def test_a_row_is_summed_at_once_where_its_windows_are_short():
    made = source("conv2d(X, K, padding=1)", assume=["X: 5,50", "K: 3,3"])
    assert "t1[i, j] += " in made.replace("i1, j1", "i, j")


@pytest.mark.parametrize(
    ("text", "assume", "shapes"),
    [
        ("conv1d(X, K, stride=3, padding=2)", ["X: b,c,w", "K: o,c,p"], {"X": (3, 2, 11), "K": (5, 2, 4), "G": (3, 5, 4)}),
        ("conv2d(X, K, padding=1)", ["X: b,c,h,w", "K: o,c,3,3"], {"X": (2, 3, 5, 6), "K": (9, 3, 3, 3), "G": (2, 9, 5, 6)}),
        ("conv2d(X, K, padding=1)", ["X: b,c,h,w", "K: o,c,3,3"], {"X": (2, 3, 1, 0), "K": (4, 3, 3, 3), "G": (2, 4, 1, 0)}),
        ("conv2d(X, K, padding=1)", ["X: b,c,h,w", "K: o,c,3,3"], {"X": (0, 3, 4, 4), "K": (4, 3, 3, 3), "G": (0, 4, 4, 4)}),
        ("conv2d(X, K, dilation=2, stride=2)", ["X: b,c,h,w", "K: o,c,3,2"], {"X": (1, 2, 9, 8), "K": (3, 2, 3, 2), "G": (1, 3, 3, 3)}),
        ("conv2d(X, K, stride=[1, 2])", ["X: h,w", "K: p,q"], {"X": (9, 40), "K": (2, 3), "G": (8, 19)}),
        ("conv3d(X, K, stride=2)", ["X: b,c,d,h,w", "K: o,c,2,2,2"], {"X": (2, 1, 4, 5, 6), "K": (2, 1, 2, 2, 2), "G": (2, 2, 2, 2, 3)}),
    ],
)  # fmt: skip
def test_kernels_of_convolution_are_those_of_numpy(text, assume, shapes):
    random = np.random.default_rng(3)
    values = {
        name: random.normal(size=shape).astype(np.float32 if text.startswith("conv3d") else float) for name, shape in shapes.items()
    }
    asked = ["value", BACK, BACK.replace("X along", "K along")]
    found, wanted = (gradproof.compile(text, asked, target, assume=assume)(**values) for target in ("numba", "numpy"))
    for request, value in wanted.items():
        assert found[request].dtype == values["X"].dtype
        np.testing.assert_allclose(found[request], value, rtol=1e-4 if value.dtype == np.float32 else 1e-12, atol=1e-5)


def test_entries_of_a_short_axis_share_one_loop_with_the_sums_over_pairs():
    made = source("tsne_kl(Y, P)", ["gradient wrt Y"], assume=["Y: n,2", "P: n,n symmetric zerodiagonal"])
    kernels = made[made.index("def _gradient_Y(") : made.index("def gradient_Y(")]
    assert kernels.count("for j in range(n)") == 1
    assert kernels.count("P[p, j]") == 3
    assert "[p, 0] = " in kernels
    assert "if j != p:" not in kernels  # a choice, which runs on vectors


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("count", [2, 7])
def test_a_sum_that_waits_for_a_number_has_the_value_of_numpy(count, dtype):
    random = np.random.default_rng(count)
    P = random.random((count, count))
    np.fill_diagonal(P, 0.0)
    values = {"Y": random.normal(size=(count, 2)).astype(dtype), "P": ((P + P.T) / max(P.sum(), 1.0)).astype(dtype)}
    assume = ["Y: n,2", "P: n,n symmetric zerodiagonal"]
    found, wanted = (
        gradproof.compile("tsne_kl(Y, P)", ["gradient wrt Y"], target, assume=assume)(**values)["gradient wrt Y"]
        for target in ("numba", "numpy")
    )
    assert found.dtype == dtype
    np.testing.assert_allclose(
        found, wanted, rtol=1e-4 if dtype == np.float32 else 1e-10, atol=1e-6 if dtype == np.float32 else 1e-12
    )


@pytest.mark.parametrize("padding", [0, 1, 2])
def test_convolutions_forwards_and_backwards(padding):
    random = np.random.default_rng(padding)
    X, K = random.normal(size=(5, 6)), random.normal(size=(3, 3))
    size = (5 + 2 * padding - 2, 6 + 2 * padding - 2)
    G = random.normal(size=size)
    program = gradproof.compile(
        f"conv2d(X, K, padding={padding})",
        ["value", BACK, BACK.replace("X along", "K along")],
        "numba",
        assume=["X: 5,6", "K: 3,3"],
    )
    found = program(X=X, K=K, G=G)
    padded = np.pad(X, padding)
    np.testing.assert_allclose(found["value"], correlate2d(padded, K, mode="valid"), atol=1e-12)
    np.testing.assert_allclose(found[BACK.replace("X along", "K along")], correlate2d(padded, G, mode="valid"), atol=1e-12)
    spread = correlate2d(np.pad(G, 2), K[::-1, ::-1], mode="valid")
    np.testing.assert_allclose(found[BACK], spread[padding : padding + 5, padding : padding + 6], atol=1e-12)


@pytest.mark.parametrize("target", ["numpy", "numba"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_type_of_the_arrays_stays(target, dtype):
    program = gradproof.compile("sum(exp(A*x))", ["value", "gradient wrt x"], target, assume=["A: m,n"])
    A, x = np.full((3, 2), 0.5, dtype), np.ones(2, dtype)
    found = program(A=A, x=x)
    assert found["gradient wrt x"].dtype == dtype
    np.testing.assert_allclose(found["gradient wrt x"], A.T @ np.exp(A @ x), rtol=1e-6)


@pytest.mark.parametrize("target", ["numpy", "numba"])
@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (4, 1)])
def test_axes_of_size_zero_and_one(target, shape):
    program = gradproof.compile("sum(sigma(A*x) .* y)", ["value", "gradient wrt x"], target, assume=["A: m,n", "y: m"])
    A, x, y = np.ones(shape), np.ones(shape[1]), np.ones(shape[0])
    chance = 1 / (1 + np.exp(-A @ x))
    found = program(A=A, x=x, y=y)
    np.testing.assert_allclose(found["value"], chance.sum())
    np.testing.assert_allclose(found["gradient wrt x"], A.T @ (chance * (1 - chance)))


@pytest.mark.parametrize("target", ["numpy", "numba"])
def test_logits_that_overflow_and_nan_pass_as_in_numpy(target):
    program = gradproof.compile("cross_entropy(X*W, Y)", ["value", "gradient wrt W"], target, assume=["X: n,d", "W: d,k", "Y: n,k"])
    X, W, Y = np.full((2, 1), 1000.0), np.array([[1.0, -1.0]]), np.eye(2)
    found = program(X=X, W=W, Y=Y)
    assert found["value"] == pytest.approx(1000.0)
    assert np.isfinite(found["gradient wrt W"]).all()
    assert np.isnan(program(X=np.array([[np.nan], [1.0]]), W=W, Y=Y)["value"])


def test_the_exponential_of_the_loops(monkeypatch):
    numba = pytest.importorskip("numba")
    monkeypatch.setattr(numba.config, "DISABLE_JIT", False)
    namespace = {}
    exec(source("sum(exp(x))", assume=["x: n"]), namespace)
    points = np.concatenate(
        [np.linspace(-745, 709.7, 4001), np.linspace(-1, 1, 1001), [0.0, -0.0, 709.78, -np.inf, np.inf, np.nan]]
    )
    found = np.array([namespace["exp"](x) for x in points])
    np.testing.assert_allclose(found, np.exp(points), rtol=2e-15, atol=5e-324)
    assert namespace["exp"](710.0) == np.inf
    assert namespace["exp"](-800.0) == 0.0


@pytest.mark.parametrize(
    ("text", "assume", "expected"),
    [
        ("x'*diag(w)*x", ["x: n", "w: n"], lambda x, w: np.sum(w * x**2)),
        ("sum_i sum_j [i - j <= 1]*[j - i <= 1]*x[i]*w[j]", ["x: n", "w: n"], lambda x, w: x @ np.convolve(w, np.ones(3), "same")),
    ],
)
def test_the_index_of_a_parallel_loop_has_no_sign(text, assume, expected, monkeypatch):
    monkeypatch.setattr(pytest.importorskip("numba").config, "DISABLE_JIT", False)
    program = gradproof.compile(text, ["value"], "numba", assume=assume)
    assert "0 - i" in program.source
    x, w = np.arange(1.0, 6.0), np.array([2.0, -1.0, 3.0, 0.5, 4.0])
    assert program(x=x, w=w)["value"] == pytest.approx(expected(x, w))
