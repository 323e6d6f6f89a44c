"""Softmax regression under l1, elastic net, group and nuclear penalties: optimal by the definition of its own certificate."""

import numpy as np
import pytest
from scipy import sparse

from gradproof.errors import GradproofError
from gradproof.solvers import softmax_sparse
from gradproof.solvers.logistic import minimize_logistic
from gradproof.solvers.result import Stopping
from gradproof.solvers.softmax_proximal import minimize_structured_softmax
from gradproof.solvers.softmax_sparse import minimize_sparse_softmax


def data(n=150, d=12, k=4, seed=0):
    random = np.random.default_rng(seed)
    x = random.standard_normal((n, d)) + 0.5
    truth = random.standard_normal((d, k)) * (random.random((d, 1)) < 0.4)
    labels = (x @ truth + random.gumbel(size=(n, k))).argmax(axis=1)
    labels[:k] = np.arange(k)
    return x, labels


def parts(x, labels, weights, w, b):
    """Loss, minus its gradient in W, and the residuals, from the definition."""
    z = x @ w.T + b
    logs = np.logaddexp.reduce(z, axis=1)
    shares = np.exp(z - logs[:, None])
    residual = weights[:, None] * (np.eye(len(b))[labels] - shares)
    return weights @ (logs - z[np.arange(len(labels)), labels]), residual.T @ x, residual, shares


@pytest.mark.parametrize("kind", ["dense", "fortran", "float32", "sparse"])
@pytest.mark.parametrize("is_joint", [True, False])
@pytest.mark.parametrize(("lambda_2", "is_positive"), [(0.0, False), (1.5, False), (0.0, True), (1.5, True)])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_certificate_is_true(kind, is_joint, lambda_2, is_positive, fit_intercept, monkeypatch):
    if not is_joint:
        monkeypatch.setattr(softmax_sparse, "ROOM", 0)
    x, labels = data()
    weights = np.random.default_rng(1).uniform(0.2, 2.0, len(labels))
    if kind == "sparse":
        x = np.where(np.abs(x) > 0.8, x, 0)
    given = {"dense": x, "fortran": np.asfortranarray(x), "float32": x.astype(np.float32), "sparse": sparse.csr_matrix(x)}[kind]
    x = x.astype(np.float32).astype(np.float64) if kind == "float32" else x
    result = minimize_sparse_softmax(
        given, labels, 3.0, lambda_2, is_positive=is_positive, fit_intercept=fit_intercept, sample_weight=weights,
        stopping=Stopping(1e-9, 500),
    )  # fmt: skip
    assert result.is_converged, result
    w, b = result.x, result.extra["intercept"]
    loss, slope, residual, shares = parts(x, labels, weights, w, b)
    objective = loss + 3.0 * np.abs(w).sum() + 0.5 * lambda_2 * np.sum(w**2)
    assert result.objective == pytest.approx(objective, rel=1e-12)
    assert not is_positive or (w >= 0).all()
    assert 0 < result.extra["support"] < w.size
    assert fit_intercept or not b.any()
    assert not fit_intercept or np.abs(residual.sum(axis=0)).max() < 1e-8
    # Any point of the dual bounds the optimum from below.
    slack = np.maximum(slope, 0) if is_positive else np.abs(slope)
    scale = 1.0 if lambda_2 else min(1.0, 3.0 / slack.max())
    q = scale * shares
    q[np.arange(len(labels)), labels] += 1 - scale
    dual = -weights @ (q * np.log(np.maximum(q, 1e-300))).sum(axis=1)
    if lambda_2:
        dual -= np.sum(np.maximum(slack - 3.0, 0) ** 2) / (2 * lambda_2)
    assert objective - dual <= 1e-8 * weights.sum() * np.log(4)


def test_two_classes_are_logistic_regression():
    x, labels = data(k=2)
    result = minimize_sparse_softmax(x, labels, 2.0, stopping=Stopping(1e-10, 500))
    # With W = (-v, v) both norms count v twice, and the scores differ by 2 <x, v>.
    logistic = minimize_logistic(x, 2.0 * labels - 1.0, 2.0, fit_intercept=True, stopping=Stopping(1e-10))
    np.testing.assert_allclose(result.x[1] - result.x[0], logistic.x, atol=1e-4)
    assert result.objective == pytest.approx(logistic.objective, rel=1e-8)


def test_same_as_scikit_learn():
    linear_model = pytest.importorskip("sklearn.linear_model")
    x, labels = data(200, 8, 3, seed=2)
    model = linear_model.LogisticRegression(C=0.5, l1_ratio=1, solver="saga", tol=1e-8, max_iter=20000).fit(x, labels)
    result = minimize_sparse_softmax(x, labels, 2.0, stopping=Stopping(1e-10, 500))
    np.testing.assert_allclose(result.x, model.coef_, atol=1e-3)


def test_large_penalty_start_and_odd_columns():
    x, labels = data()
    x[:, 3], x[:, 4], x[:, 5] = 0.0, 7.0, x[:, 6]
    assert not minimize_sparse_softmax(x, labels, 1e4).x.any()
    first = minimize_sparse_softmax(x, labels, 2.0, stopping=Stopping(1e-9, 500))
    assert first.is_converged
    again = minimize_sparse_softmax(x, labels, 2.0, start=first.x, stopping=Stopping(1e-8, 500))
    assert again.iterations == 0
    with pytest.raises(GradproofError, match="start"):
        minimize_sparse_softmax(x, labels, 2.0, start=first.x[:2])


def test_limits_and_interrupts_keep_the_best_point():
    x, labels = data()
    short = minimize_sparse_softmax(x, labels, 1.0, stopping=Stopping(1e-12, 1))
    assert (short.reason, short.iterations) == ("iterations", 1)
    assert short.advice

    def interrupt(iteration, *_):
        if iteration >= 2:
            raise KeyboardInterrupt

    for solve in (
        lambda stop: minimize_sparse_softmax(x, labels, 1.0, stopping=stop),
        lambda stop: minimize_structured_softmax(x, labels, 1.0, "group", stopping=stop),
    ):
        result = solve(Stopping(1e-14, 100, callback=interrupt))
        assert result.reason == "interrupted"
        assert result.x.any()
        assert result.advice


@pytest.mark.parametrize("structure", ["group", "nuclear"])
@pytest.mark.parametrize("kind", ["dense", "sparse"])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_structured_penalties(structure, kind, fit_intercept):
    x, labels = data(100, 8, 3)
    given = sparse.csr_matrix(x) if kind == "sparse" else x
    result = minimize_structured_softmax(given, labels, 6.0, structure, fit_intercept=fit_intercept, stopping=Stopping(1e-7, 20000))
    assert result.is_converged, result
    w, b = result.x, result.extra["intercept"]
    loss, slope, _, shares = parts(x, labels, np.ones(100), w, b)
    sizes = np.linalg.norm(w, axis=0) if structure == "group" else np.linalg.svd(w, compute_uv=False)
    dual_sizes = np.linalg.norm(slope, axis=0) if structure == "group" else np.linalg.svd(slope, compute_uv=False)
    objective = loss + 6.0 * sizes.sum()
    assert result.objective == pytest.approx(objective, rel=1e-10)
    assert 0 < np.count_nonzero(sizes > 1e-8) < sizes.size
    scale = min(1.0, 6.0 / dual_sizes.max())
    q = scale * shares
    q[np.arange(100), labels] += 1 - scale
    assert objective + (q * np.log(np.maximum(q, 1e-300))).sum() <= 1.1e-7 * 100 * np.log(3) + 1e-9


@pytest.mark.parametrize(
    ("solve", "arguments", "message"),
    [
        (minimize_sparse_softmax, (-1.0,), "at least 0"),
        (minimize_sparse_softmax, (0.0,), "lambda_1 > 0"),
        (minimize_sparse_softmax, (1.0, np.nan), "lambda_2"),
        (minimize_structured_softmax, (0.0, "group"), "positive"),
        (minimize_structured_softmax, (1.0, "rank"), "group or nuclear"),
    ],
)
def test_bad_parameters(solve, arguments, message):
    x, labels = data()
    with pytest.raises(GradproofError, match=message):
        solve(x, labels, *arguments)


@pytest.mark.parametrize("is_positive", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize(
    ("n", "d", "offset", "scale"), [(8, 40, 0, 1), (20, 5, 100, 1), (2, 3, 0, 1e-5), (50, 30, 100, 1e4), (20, 5, 3, 1e5)]
)
def test_few_samples_dependent_columns_and_all_units(n, d, offset, scale, fit_intercept, is_positive):
    random = np.random.default_rng(n + d)
    x = scale * (random.standard_normal((n, d)) + offset)
    x[:, -1], x[:, 0] = x[:, -2], 0
    labels = random.integers(0, 3, n)
    labels[:2] = 0, 1
    weight = 0.03 * np.abs(x.T @ (np.eye(3)[labels] - 1 / 3)).max()
    result = minimize_sparse_softmax(
        x, labels, weight, classes=3, fit_intercept=fit_intercept, is_positive=is_positive, stopping=Stopping(1e-6, 200)
    )
    assert result.is_converged, result


def test_the_intercept_is_found_from_far_away():
    x, labels = data()
    start = np.full((4, 12), 50.0) * np.sign(np.random.default_rng(0).standard_normal((4, 12)))
    far = minimize_sparse_softmax(x, labels, 2.0, start=start, stopping=Stopping(1e-8, 500))
    near = minimize_sparse_softmax(x, labels, 2.0, stopping=Stopping(1e-8, 500))
    assert far.is_converged
    assert far.objective == pytest.approx(near.objective, rel=1e-7)
