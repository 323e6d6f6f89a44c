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


@pytest.mark.parametrize("penalty", ["l1", "l2", "elasticnet", "group", "nuclear"])
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


PATHS = [
    (e.Lasso(0.02, alphas=[0.5, 0.1]), "alpha"),
    (e.ElasticNet(0.02, alphas=4), "alpha"),
    (e.GroupLasso(4, alpha=0.02, alphas=3), "alpha"),
    (e.LogisticRegression(5.0, Cs=4), "C"),
    (e.LogisticRegression(5.0, Cs=[0.2, 1.0], fit_intercept=False), "C"),
    (e.SoftmaxRegression(2.0, penalty="l1", Cs=4), "C"),
    (e.SoftmaxRegression(2.0, penalty="elasticnet", positive=True, Cs=3), "C"),
    (e.SoftmaxRegression(2.0, Cs=3), "C"),
    (e.SoftmaxRegression(2.0, penalty="group", Cs=3), "C"),
    (e.SoftmaxRegression(2.0, penalty="nuclear", Cs=[0.1]), "C"),
]


@pytest.mark.parametrize(("model", "name"), PATHS, ids=lambda value: repr(value)[:60])
def test_every_result_of_a_path_is_that_of_its_penalty(model, name):
    x, y = regression(3)
    target = y if name == "alpha" else np.digitize(y, np.quantile(y, [0.5] if "Logistic" in repr(model) else [0.3, 0.7]))
    model.set_params(tol=1e-9).fit(x, target)
    values = model.path_.lambdas if name == "alpha" else 1 / model.path_.lambdas
    assert len(values) >= 2
    assert (np.diff(model.path_.lambdas) < 0).all()
    assert values[-1] == pytest.approx(getattr(model, name))
    many = "alphas" if name == "alpha" else "Cs"
    for value, result in zip(values, model.path_.results, strict=True):
        alone = sklearn.base.clone(model).set_params(**{name: value, many: None}).fit(x, target)
        assert result.is_converged
        assert result.objective == pytest.approx(alone.result_.objective, rel=1e-7)
    if isinstance(getattr(model, many), int) and model.get_params().get("penalty") != "l2":
        first = model.path_.results[0].x
        assert not first.any() or np.abs(first).max() < 1e-4
    np.testing.assert_array_equal(model.path_.coefficients[-1].ravel(), model.coef_.ravel())
    assert len(model.path_.intercepts) == len(values)


def test_the_path_of_nonnegative_least_squares_ends_without_penalty():
    x, y = regression(6)
    model = e.NonNegativeLeastSquares(alphas=5, tol=1e-9).fit(x, y)
    assert model.path_.lambdas[-1] == 0
    assert not model.path_.results[0].x.any()
    np.testing.assert_allclose(model.coef_, e.NonNegativeLeastSquares(tol=1e-9).fit(x, y).coef_, atol=1e-6)


LEAST_SQUARES = [e.Lasso(0.05), e.ElasticNet(0.05, alphas=3), e.NonNegativeLeastSquares(), e.GroupLasso(4, alpha=0.05)]


@pytest.mark.parametrize("model", LEAST_SQUARES, ids=repr)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_least_squares_in_parts_is_least_squares_of_all(model, fit_intercept):
    x, y = regression(7)
    x[:, 5] = 3.0
    whole = sklearn.base.clone(model).set_params(fit_intercept=fit_intercept, tol=1e-10).fit(x, y)
    parts = sklearn.base.clone(model).set_params(fit_intercept=fit_intercept, tol=1e-10)
    for first, last in ((0, 1), (1, 40), (40, 80)):
        given = x[first:last] if first else sparse.csr_matrix(x[first:last])
        parts.partial_fit(given, y[first:last])
    np.testing.assert_allclose(parts.predict(x), whole.predict(x), atol=1e-5)
    assert parts.certificate_.is_met
    assert parts.result_.objective == pytest.approx(whole.result_.objective, rel=1e-8)


STREAMED = [e.SoftmaxRegression(penalty=penalty) for penalty in ("l1", "l2", "elasticnet", "group", None)]


@pytest.mark.parametrize("model", STREAMED, ids=repr)
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e5])
def test_softmax_in_parts(model, scale):
    x, y = load_digits(return_X_y=True)
    x, names = x * scale, np.array([f"digit {label}" for label in y])
    # The penalty is weak in every unit, so that all of these are one problem.
    model = sklearn.base.clone(model).set_params(C=1e3 / min(scale, 1.0) ** 2)
    first = None
    for _ in range(5):
        for part in range(0, 1200, 100):
            given = sparse.csr_matrix(x[part : part + 100]) if part else x[:100]
            model.partial_fit(given, names[part : part + 100], classes=np.unique(names))
            first = first or model.certificate_.value
    assert model.score(x[1200:], names[1200:]) > 0.88
    assert model.certificate_.value < first


def test_logistic_regression_in_parts_goes_on_from_a_fit():
    x, y = regression(2)
    target = y > y.mean()
    model = e.LogisticRegression(2.0).fit(x, target)
    before = model.coef_.copy()
    assert model.partial_fit(x[:40], target[:40]).score(x, target) > 0.9
    assert model.coef_.shape == before.shape
    assert not np.array_equal(model.coef_, before)
    with pytest.raises(ValueError, match="labels among"):
        model.partial_fit(x[:3], ["a", "b", "c"])


def test_bad_calls_of_partial_fit():
    x, y = regression(2)
    target = np.digitize(y, [0, 5])
    with pytest.raises(ValueError, match="needs the classes"):
        e.SoftmaxRegression().partial_fit(x, target)
    with pytest.raises(ValueError, match="nuclear"):
        e.SoftmaxRegression(penalty="nuclear").partial_fit(x, target, classes=[0, 1, 2])
    with pytest.raises(ValueError, match="binary"):
        e.LogisticRegression().partial_fit(x, target, classes=[0, 1, 2])
    with pytest.raises(ValueError, match="at least two"):
        e.LogisticRegression().partial_fit(x, target, classes=[1])


def test_memory_is_stated_before_it_is_taken():
    x, y = regression(2)
    with pytest.raises(GradproofError, match=r"a path of .* GiB of .* GiB"):
        e.Lasso(1e-6, alphas=10**10).fit(x, y)


def test_a_fit_that_fell_short_warns():
    x, y = regression(4)
    with pytest.warns(sklearn.exceptions.ConvergenceWarning, match="max_iter"):
        e.Lasso(1e-4, max_iter=1).fit(x, y)


BAD = [
    e.Lasso(-1.0),
    e.Lasso(alphas=[1.0, -2.0]),
    e.LogisticRegression(Cs=0),
    e.ElasticNet(l1_ratio=0.0),
    e.GroupLasso(0),
    e.LogisticRegression(0.0),
    e.LogisticRegression(l1_ratio=2.0),
]
BAD += [
    e.SoftmaxRegression(penalty="l0"),
    e.SoftmaxRegression(positive=True),
    e.SoftmaxRegression(penalty="elasticnet", l1_ratio=2.0),
]


BAD += [
    e.Lasso("1"),
    e.ElasticNet(alpha=None),
    e.SoftmaxRegression(C=True),
    e.Lasso(tol=np.nan),
    e.GroupLasso(tol="small"),
    e.NonNegativeLeastSquares(max_iter=0),
    e.LogisticRegression(max_iter=1.5),
]


@pytest.mark.parametrize("model", BAD, ids=repr)
def test_bad_parameters(model):
    x, y = regression(5)
    with pytest.raises(GradproofError):
        model.fit(x, (y > 0).astype(int))


@pytest.mark.parametrize("model", [e.SoftmaxRegression(), e.LogisticRegression()], ids=repr)
def test_labels_of_several_kinds_are_refused_by_name(model):
    x, _ = regression(5)
    labels = np.array([0, "a"] * len(x), dtype=object)[: len(x)]
    with pytest.raises(ValueError, match="object array with 0"):
        model.fit(x, labels)


def test_data_whose_squares_overflow_are_refused():
    x, y = regression(5)
    with pytest.raises(GradproofError, match="1e\\+150"):
        e.SoftmaxRegression().fit(1e200 * x, (y > 0).astype(int))


def classes_apart(kind, scale=1.0):
    """Return samples of three classes: 'overlapping', 'apart', or 'partly' apart, only by a feature that some samples have."""
    random = np.random.default_rng(8)
    x = random.standard_normal((90, 4))
    noise = 0.0 if kind == "apart" else 1.5
    y = np.argmax(x[:, :3] + noise * random.gumbel(size=(90, 3)), axis=1)
    if kind == "partly":
        x[:, 3], y[:9] = np.arange(90) < 9, 2
    return x * scale, y


SCALES = [1.0, np.array([1e6, 1e-6, 1.0, 1e3])]


@pytest.mark.parametrize("scale", SCALES, ids=["plain", "unlike units"])
@pytest.mark.parametrize("kind", ["apart", "partly"])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix], ids=["dense", "sparse"])
def test_without_a_penalty_classes_that_can_be_told_apart_are_reported(kind, scale, form):
    x, y = classes_apart(kind, scale)
    model = e.SoftmaxRegression(penalty=None)
    with pytest.warns(sklearn.exceptions.ConvergenceWarning, match="add a penalty"):
        model.fit(form(x), y)
    assert model.result_.reason == "unattained"
    w, b = model.result_.extra["direction"]
    scores = x @ w.T + b
    margins = scores[np.arange(len(y)), y][:, None] - scores
    assert margins.min() >= -1e-6 * margins.max()
    assert margins.max() > 0


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix], ids=["dense", "sparse"])
def test_without_a_penalty_the_units_of_the_features_do_not_count(form, fit_intercept):
    x, y = classes_apart("overlapping")
    model = e.SoftmaxRegression(penalty=None, fit_intercept=fit_intercept)
    found = sklearn.base.clone(model).fit(form(x), y)
    for scale in (1e-6, *SCALES):
        other = sklearn.base.clone(model).fit(form(x * scale), y)
        assert other.result_.is_converged
        np.testing.assert_allclose(other.coef_ * scale, found.coef_, atol=1e-5)
    theirs = linear_model.LogisticRegression(C=np.inf, tol=1e-10, max_iter=10000, fit_intercept=fit_intercept).fit(x, y)
    np.testing.assert_allclose(found.predict_proba(x), theirs.predict_proba(x), atol=1e-4)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix], ids=["dense", "sparse"])
@pytest.mark.parametrize("shift", [0.0, 1e3])
def test_ridge_softmax_with_features_in_unlike_units(form, shift):
    x, y = classes_apart("overlapping", 10.0 ** np.linspace(-3, 3, 4))
    model = e.SoftmaxRegression(C=1e3).fit(form(x + shift * x.std(axis=0)), y)
    assert model.result_.is_converged
    plain = e.SoftmaxRegression(C=1e3).fit(x, y)
    np.testing.assert_allclose(model.coef_, plain.coef_, rtol=1e-3, atol=1e-6)
