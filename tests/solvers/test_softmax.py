"""Softmax regression: gradients against finite differences, optimal by its own certificate, the same as scikit-learn."""

import numpy as np
import pytest
from scipy import sparse

from gradproof.errors import GradproofError
from gradproof.solvers.result import Stopping
from gradproof.solvers.softmax import minimize_softmax
from gradproof.solvers.softmax_loss import SoftmaxLoss

RANDOM = np.random.default_rng(21)


def data(n, d, k, seed=0):
    random = np.random.default_rng(seed)
    x = random.standard_normal((n, d)) + 0.5
    labels = (x @ random.standard_normal((d, k)) + random.gumbel(size=(n, k))).argmax(axis=1)
    labels[:k] = np.arange(k)
    return x, labels


def plain_loss(x, labels, weights, w, b):
    z = x @ w.T + b
    return float(weights @ (np.logaddexp.reduce(z, axis=1) - z[np.arange(len(labels)), labels]))


@pytest.mark.parametrize("kind", ["rows", "fortran", "float32", "sparse"])
@pytest.mark.parametrize(("n", "d", "k"), [(1, 3, 2), (5, 4, 3), (8, 1, 2), (31, 6, 5)])
def test_loss_and_gradients(kind, n, d, k):
    x, labels = RANDOM.standard_normal((n, d)), RANDOM.integers(0, k, n)
    labels[0] = k - 1
    labels[-1] = 0 if n > 1 else k - 1
    given = {"rows": x, "fortran": np.asfortranarray(x), "float32": x.astype(np.float32), "sparse": sparse.csc_matrix(x)}[kind]
    x = x.astype(np.float32).astype(np.float64) if kind == "float32" else x
    if n == 1:
        with pytest.raises(GradproofError, match="two classes"):
            SoftmaxLoss(given, labels)
        return
    weights, w, b = RANDOM.random(n), RANDOM.standard_normal((k, d)), RANDOM.standard_normal(k)
    value, gradient, slope = SoftmaxLoss(given, labels, k, weights).evaluate(w, b)
    assert value == pytest.approx(plain_loss(x, labels, weights, w, b), rel=1e-12)
    move, shift, h = RANDOM.standard_normal((k, d)), RANDOM.standard_normal(k), 1e-6
    ends = [plain_loss(x, labels, weights, w + s * h * move, b + s * h * shift) for s in (1, -1)]
    assert np.sum(gradient * move) + slope @ shift == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("kind", ["dense", "sparse", "wide"])
@pytest.mark.parametrize("weighted", [False, True])
def test_result_is_optimal(fit_intercept, kind, weighted):
    x, labels = data(20, 35, 3) if kind == "wide" else data(150, 9, 4)
    weights = np.random.default_rng(1).random(len(labels)) if weighted else None
    given = sparse.csr_matrix(x) if kind == "sparse" else x
    result = minimize_softmax(
        given, labels, 0.7, fit_intercept=fit_intercept, sample_weight=weights, stopping=Stopping(1e-10, 1000)
    )
    assert result.is_converged, result
    value, gradient, slope = SoftmaxLoss(x, labels, None, weights).evaluate(result.x, result.extra["intercept"])
    assert result.objective == pytest.approx(value + 0.35 * np.sum(result.x**2), rel=1e-12)
    zero = (len(labels) if weights is None else weights.sum()) * np.log(labels.max() + 1)
    assert np.sum((gradient + 0.7 * result.x) ** 2) / 1.4 <= 1.01e-10 * zero
    assert not fit_intercept or np.abs(slope).max() < 1e-8
    assert fit_intercept or not result.extra["intercept"].any()


def test_same_as_scikit_learn():
    linear_model = pytest.importorskip("sklearn.linear_model")
    x, labels = data(300, 8, 5, seed=3)
    model = linear_model.LogisticRegression(C=2.0, tol=1e-9, max_iter=5000).fit(x, labels)
    result = minimize_softmax(x, labels, 0.5, stopping=Stopping(1e-12, 1000))
    np.testing.assert_allclose(result.x, model.coef_, atol=1e-4)


def test_weight_two_is_a_sample_twice():
    x, labels = data(40, 4, 3)
    weights = np.where(np.arange(40) < 15, 2.0, 1.0)
    twice = minimize_softmax(np.vstack([x, x[:15]]), np.concatenate([labels, labels[:15]]), 0.5, stopping=Stopping(1e-12, 500))
    weighted = minimize_softmax(x, labels, 0.5, sample_weight=weights, stopping=Stopping(1e-12, 500))
    np.testing.assert_allclose(twice.x, weighted.x, atol=1e-5)


def test_class_without_samples_and_constant_column():
    x, labels = data(40, 4, 3)
    x[:, 2] = 1.0
    result = minimize_softmax(x, labels, 0.5, classes=5, stopping=Stopping(1e-7, 500), fit_intercept=False)
    assert result.is_converged
    assert result.x.shape == (5, 4)


@pytest.mark.parametrize(
    ("x", "labels", "options", "message"),
    [
        (np.eye(2), [0, 0], {}, "two classes"),
        (np.eye(2), [0, -1], {}, "whole numbers"),
        (np.eye(2), [0.0, 1.0], {}, "whole numbers"),
        (np.eye(2), [0, 1, 1], {}, "shape"),
        (np.eye(2), [0, 2], {"classes": 2}, "below 2"),
        (np.array([[np.nan], [1.0]]), [0, 1], {}, "nan at"),
        (np.ones(2), [0, 1], {}, "a row for each sample"),
        (np.zeros((0, 2)), np.zeros(0, dtype=int), {}, "at least one sample"),
        (np.eye(2), [0, 1], {"lambda_2": 0.0}, "positive"),
        (np.eye(2), [0, 1], {"sample_weight": [-1.0, 1.0]}, "at least 0"),
    ],
)
def test_bad_input(x, labels, options, message):
    with pytest.raises(GradproofError, match=message):
        minimize_softmax(x, labels, options.pop("lambda_2", 1.0), **options)


def test_an_interruption_before_the_first_step_returns_the_start(monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("gradproof.solvers.softmax_coordinates.cholesky", interrupt)
    x, labels = data(30, 4, 3)
    found = minimize_softmax(x, labels, 1.0)
    assert found.reason == "interrupted"
    assert found.objective == pytest.approx(30 * np.log(3))
    assert not found.x.any()
