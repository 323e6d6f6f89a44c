"""The estimators obey scikit-learn's own checks, and find what its estimators find."""

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn")
from scipy import sparse  # noqa: E402
from sklearn import linear_model  # noqa: E402
from sklearn.datasets import load_digits  # noqa: E402
from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402

import gradproof  # noqa: E402
from gradproof import estimators as e  # noqa: E402
from gradproof.errors import GradproofError  # noqa: E402

ALL = [
    e.Lasso(0.01),
    e.ElasticNet(0.01),
    e.NonNegativeLeastSquares(),
    e.GroupLasso(alpha=0.01),
    e.LogisticRegression(),
    e.SoftmaxRegression(),
    e.SoftmaxRegression(penalty="l1"),
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(ALL)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def regression(seed=0, n=80, d=20):
    random = np.random.default_rng(seed)
    x = random.standard_normal((n, d)) + 1
    return x, x[:, :4] @ np.array([1.0, -2.0, 0.5, 3.0]) + 2 + 0.3 * random.standard_normal(n)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("positive", [False, True])
def test_lasso_and_elastic_net(fit_intercept, positive):
    x, y = regression()
    settings = {"fit_intercept": fit_intercept, "positive": positive}
    long = {"tol": 1e-10, "max_iter": 100000}
    pairs = [
        (e.Lasso(0.05, tol=1e-12, **settings), linear_model.Lasso(0.05, **long, **settings)),
        (e.ElasticNet(0.1, l1_ratio=0.3, tol=1e-12, **settings), linear_model.ElasticNet(0.1, l1_ratio=0.3, **long, **settings)),
    ]
    for ours, theirs in pairs:
        np.testing.assert_allclose(ours.fit(x, y).coef_, theirs.fit(x, y).coef_, atol=1e-5)
        assert ours.intercept_ == pytest.approx(theirs.intercept_, abs=1e-4)
        assert ours.certificate_.is_met


def test_nonnegative_least_squares():
    x, y = regression(1)
    ours, theirs = e.NonNegativeLeastSquares(tol=1e-9).fit(x, y), linear_model.LinearRegression(positive=True).fit(x, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)


def test_logistic_regression():
    x, y = regression(2)
    names = np.where(y > y.mean(), "high", "low")
    ours = e.LogisticRegression(0.5, tol=1e-10).fit(x, names)
    theirs = linear_model.LogisticRegression(C=0.5, l1_ratio=1, solver="saga", tol=1e-9, max_iter=100000).fit(x, names)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=2e-4)
    np.testing.assert_allclose(ours.predict_proba(x), theirs.predict_proba(x), atol=2e-4)


def test_softmax_regression_on_digits():
    x, y = load_digits(return_X_y=True)
    ours = e.SoftmaxRegression(C=0.01).fit(x / 16, y)
    theirs = linear_model.LogisticRegression(C=0.01, tol=1e-8, max_iter=10000).fit(x / 16, y)
    np.testing.assert_allclose(ours.predict_proba(x / 16), theirs.predict_proba(x / 16), atol=1e-3)
    errors = gradproof.top_k_error(ours.decision_function(x / 16), y, k=[1, 5])
    assert errors[0] == pytest.approx(1 - ours.score(x / 16, y))
    assert errors[1] < errors[0]


@pytest.mark.parametrize("penalty", ["l1", "l2", "elasticnet", "group", "nuclear", None])
def test_softmax_penalties(penalty):
    x, y = load_digits(return_X_y=True)
    x, names = x[:300] / 16, np.array([f"digit {label}" for label in y[:300]])
    weights = np.where(np.arange(300) < 250, 1.0, 0.5)
    model = e.SoftmaxRegression(C=0.3, penalty=penalty, tol=1e-4).fit(x, names, weights)
    assert model.certificate_.is_met
    assert model.coef_.shape == (10, 64)
    assert model.score(x, names) > 0.9
    again = e.SoftmaxRegression(C=0.3, penalty=penalty, tol=1e-4).fit(sparse.csr_matrix(x), names, weights)
    np.testing.assert_allclose(again.predict_proba(x), model.predict_proba(x), atol=0.05)


def test_positive_softmax():
    x, y = load_digits(return_X_y=True)
    model = e.SoftmaxRegression(C=0.3, penalty="elasticnet", l1_ratio=0.8, positive=True).fit(x[:300] / 16, y[:300])
    assert model.certificate_.is_met
    assert (model.coef_ >= 0).all()


def test_path():
    x, y = regression(3)
    path = e.Lasso(tol=1e-9).path(x, y, [0.5, 0.1, 0.02])
    for alpha, result in zip([0.5, 0.1, 0.02], path.results, strict=True):
        np.testing.assert_allclose(result.x, e.Lasso(alpha, tol=1e-9).fit(x, y).coef_, atol=1e-5)


def test_a_fit_that_fell_short_warns():
    x, y = regression(4)
    with pytest.warns(sklearn.exceptions.ConvergenceWarning, match="max_iterations"):
        e.Lasso(1e-4, max_iter=0).fit(x, y)


BAD = [e.Lasso(-1.0), e.ElasticNet(l1_ratio=0.0), e.GroupLasso(0), e.LogisticRegression(0.0), e.LogisticRegression(l1_ratio=2.0)]
BAD += [
    e.SoftmaxRegression(penalty="l0"),
    e.SoftmaxRegression(positive=True),
    e.SoftmaxRegression(penalty="elasticnet", l1_ratio=2.0),
]


@pytest.mark.parametrize("model", BAD, ids=repr)
def test_bad_parameters(model):
    x, y = regression(5)
    with pytest.raises(GradproofError):
        model.fit(x, (y > 0).astype(int))
