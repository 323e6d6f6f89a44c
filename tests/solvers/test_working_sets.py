"""Lasso, elastic net, nonnegative least squares and l1 logistic regression: optimal by their own conditions, certificates true."""

import numpy as np
import pytest
from scipy import optimize, sparse

from gradproof.errors import GradproofError
from gradproof.prox import L1
from gradproof.solvers.design import Design
from gradproof.solvers.elastic_net import ElasticNetSolver, minimize_elastic_net
from gradproof.solvers.gram import minimize_gram
from gradproof.solvers.logistic import minimize_logistic
from gradproof.solvers.path import elastic_net_path
from gradproof.solvers.result import Stopping

KINDS = ["fortran", "rows", "float32", "integers", "csc", "csr"]


def correlated(n, p, rho=0.6, seed=0):
    random = np.random.default_rng(seed)
    x = random.standard_normal((n, p))
    for j in range(1, p):
        x[:, j] = rho * x[:, j - 1] + np.sqrt(1 - rho * rho) * x[:, j]
    beta = np.where(random.random(p) < 0.1, random.standard_normal(p), 0)
    return x, x @ beta + 0.3 * random.standard_normal(n)


def given(x, kind):
    if kind == "integers":
        return np.round(4 * x).astype(np.int32)
    if kind == "float32":
        return x.astype(np.float32)
    if kind in ("csc", "csr"):
        return getattr(sparse, f"{kind}_matrix")(np.where(np.abs(x) > 0.9, x, 0))
    return np.asfortranarray(x) if kind == "fortran" else np.ascontiguousarray(x)


def dense(x):
    return (x.toarray() if sparse.issparse(x) else np.asarray(x)).astype(np.float64)


def least_squares_gap(x, y, beta, lambda_1, lambda_2, is_positive):
    """Objective minus the best dual value that the residual gives, from the definition with rows sqrt(lambda_2) I added."""
    wide = np.vstack([x, np.sqrt(lambda_2) * np.eye(x.shape[1])])
    target = np.concatenate([y, np.zeros(x.shape[1])])
    residual = target - wide @ beta
    products = wide.T @ residual
    highest = max((products if is_positive else np.abs(products)).max(), 1e-300)
    scale = min(lambda_1 / highest, target @ residual / (residual @ residual))
    objective = 0.5 * residual @ residual + lambda_1 * np.abs(beta).sum()
    return objective - (scale * target @ residual - 0.5 * scale**2 * residual @ residual), objective


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_positive", [False, True])
@pytest.mark.parametrize("lambda_2", [0.0, 3.0])
@pytest.mark.parametrize(("n", "p", "divisor"), [(60, 150, 10), (60, 150, 200), (200, 40, 50), (30, 500, 3)])
def test_elastic_net_certificate_is_true(kind, is_positive, lambda_2, n, p, divisor):
    raw, y = correlated(n, p)
    x = given(raw, kind)
    plain = dense(x)
    lambda_1 = np.abs(plain.T @ y).max() / divisor
    result = minimize_elastic_net(x, y, lambda_1, lambda_2, is_positive=is_positive, stopping=Stopping(1e-8))
    assert result.is_converged, result
    assert result.certificate.value <= 1e-8
    gap, objective = least_squares_gap(plain, y, result.x, lambda_1, lambda_2, is_positive)
    assert result.objective == pytest.approx(objective, rel=1e-9)
    assert gap <= 1.1e-8 * 0.5 * y @ y + 1e-12
    assert not is_positive or (result.x >= 0).all()


@pytest.mark.parametrize("kind", ["fortran", "csc"])
def test_screened_columns_are_zero_in_the_solution(kind):
    raw, y = correlated(80, 400, seed=3)
    x = given(raw, kind)
    lambda_1 = np.abs(dense(x).T @ y).max() / 4
    reached = []
    near = minimize_elastic_net(x, y, 1.01 * lambda_1).x
    close = minimize_elastic_net(
        x, y, lambda_1, start=near, stopping=Stopping(1e-10, callback=lambda *facts: reached.append(facts) and False)
    )
    assert close.extra["screened"] > 0
    gap, _ = least_squares_gap(dense(x), y, close.x, lambda_1, 0.0, False)
    assert gap <= 1e-9 * 0.5 * y @ y
    assert [facts[0] for facts in reached] == list(range(len(reached)))


@pytest.mark.parametrize("kind", ["fortran", "csc"])
def test_intercept_is_that_of_centered_data(kind):
    raw, y = correlated(50, 30, seed=4)
    x, y = given(raw + 3.0 if kind == "fortran" else raw, kind), y + 7.0
    plain = dense(x)
    result = minimize_elastic_net(x, y, 2.0, 0.5, fit_intercept=True, stopping=Stopping(1e-10))
    centered = minimize_elastic_net(plain - plain.mean(axis=0), y - y.mean(), 2.0, 0.5, stopping=Stopping(1e-10))
    np.testing.assert_allclose(result.x, centered.x, atol=1e-6)
    assert result.extra["intercept"] == pytest.approx(y.mean() - plain.mean(axis=0) @ centered.x, abs=1e-6)


@pytest.mark.parametrize("kind", ["fortran", "csr"])
def test_nonnegative_least_squares_is_that_of_scipy(kind):
    raw, y = correlated(120, 60, seed=5)
    x = given(raw, kind)
    result = minimize_elastic_net(x, y, 0.0, is_positive=True, stopping=Stopping(1e-9))
    exact, norm = optimize.nnls(dense(x), y)
    assert result.is_converged
    np.testing.assert_allclose(result.x, exact, atol=1e-6)
    assert result.objective == pytest.approx(0.5 * norm**2, rel=1e-9)


def test_zero_solution_constant_and_zero_columns():
    x, y = correlated(40, 10)
    x[:, 3], x[:, 4] = 0.0, 5.0
    largest = np.abs(x.T @ y).max()
    result = minimize_elastic_net(x, y, largest * 1.0001)
    assert not result.x.any()
    assert result.certificate.value == 0
    assert minimize_elastic_net(x, y, largest / 50, fit_intercept=True, stopping=Stopping(1e-9)).is_converged
    assert minimize_elastic_net(x, np.zeros(40), 1.0).is_converged
    assert minimize_elastic_net(np.zeros((5, 3)), np.ones(5), 1.0).is_converged


def test_equal_columns_do_not_stop_it():
    x, y = correlated(30, 8)
    x = np.hstack([x, x, -x])
    result = minimize_elastic_net(x, y, 0.1, stopping=Stopping(1e-9))
    assert result.is_converged
    assert least_squares_gap(x, y, result.x, 0.1, 0.0, False)[0] <= 1e-8 * 0.5 * y @ y


def test_start_from_the_solution_takes_no_step():
    x, y = correlated(60, 90)
    first = minimize_elastic_net(x, y, 1.0, stopping=Stopping(1e-9))
    again = minimize_elastic_net(x, y, 1.0, start=first.x, stopping=Stopping(1e-8))
    assert again.iterations == 0
    assert again.is_converged


def test_path():
    x, y = correlated(60, 120)
    path = elastic_net_path(x, y, 12, ratio=1e-2, lambda_2=0.3, stopping=Stopping(1e-9))
    assert path.is_converged
    assert (np.diff(path.lambdas) < 0).all()
    assert not path.coefficients[0].any()
    for lambda_1, result in zip(path.lambdas, path.results, strict=True):
        alone = minimize_elastic_net(x, y, lambda_1, 0.3, stopping=Stopping(1e-9))
        assert result.objective == pytest.approx(alone.objective, rel=1e-7)
    with pytest.raises(GradproofError, match="positive"):
        elastic_net_path(x, y, [1.0, 0.0])


@pytest.mark.parametrize("seed", range(6))
def test_small_quadratics(seed):
    random = np.random.default_rng(seed)
    root = random.standard_normal((6 + seed, 12))
    gram, q = root.T @ root, root.T @ random.standard_normal(6 + seed)
    weights = random.uniform(0.01, 0.5, 12)
    beta = minimize_gram(gram, q, np.zeros(12), weights, 0.01, tolerance=1e-10)
    assert L1(weights).subdifferential_distance(beta, q - gram @ beta - 0.01 * beta) <= 1e-8


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize(("lambda_2", "divisor"), [(0.0, 5), (0.0, 100), (1.0, 10)])
def test_logistic_regression_is_optimal(kind, fit_intercept, lambda_2, divisor):
    raw, score = correlated(100, 60, seed=6)
    x, labels = given(raw, kind), np.where(score + 0.4 > 0, 1.0, -1.0)
    plain = dense(x)
    lambda_1 = 0.5 * np.abs(plain.T @ labels).max() / divisor
    result = minimize_logistic(x, labels, lambda_1, lambda_2, fit_intercept=fit_intercept, stopping=Stopping(1e-9))
    assert result.is_converged, result
    margin = plain @ result.x + result.extra["intercept"]
    residual = labels / (1 + np.exp(labels * margin))
    assert L1(lambda_1).subdifferential_distance(result.x, plain.T @ residual - lambda_2 * result.x) <= 2e-3 * lambda_1
    assert not fit_intercept or abs(residual.sum()) < 1e-6
    objective = np.logaddexp(0, -labels * margin).sum() + lambda_1 * np.abs(result.x).sum() + 0.5 * lambda_2 * result.x @ result.x
    assert result.objective == pytest.approx(objective, rel=1e-10)
    # The certificate bounds the distance to the optimum that a longer run finds.
    better = minimize_logistic(x, labels, lambda_1, lambda_2, fit_intercept=fit_intercept, start=result.x, stopping=Stopping(1e-12))
    assert result.objective - better.objective <= result.certificate.value * 100 * np.log(2) + 1e-10


def test_logistic_regression_of_data_that_can_be_told_apart():
    x = np.array([[1.0, 0.2], [2.0, -0.1], [-1.0, 0.3], [-2.0, 0.0]])
    result = minimize_logistic(x, [1, 1, -1, -1], 1e-4, stopping=Stopping(1e-8))
    assert result.is_converged
    assert result.x[0] > 5


@pytest.mark.parametrize("solve", [minimize_elastic_net, minimize_logistic])
@pytest.mark.parametrize(
    ("x", "y", "penalties", "message"),
    [
        (np.eye(2), [1, -1], (-1.0,), "at least 0"),
        (np.eye(2), [1, -1], (np.nan,), "at least 0"),
        (np.eye(2), [1, -1], (0.0,), "lambda_1 > 0"),
        (np.eye(2), [1, -1], (1.0, -1.0), "lambda_2"),
        (np.eye(2), [1, -1, 1], (1.0,), "shape"),
        (np.eye(2), [1, np.nan], (1.0,), "finite"),
        (np.array([[1.0, np.nan], [0, 1]]), [1, -1], (1.0,), "column 1"),
        (sparse.csr_matrix([[1.0, np.inf], [0, 1]]), [1, -1], (1.0,), "column 1"),
        (np.zeros((0, 2)), [], (1.0,), "at least one sample"),
        (np.ones(3), [1, -1, 1], (1.0,), "a row for each sample"),
        (np.array([["a", "b"]]), [1], (1.0,), "real numbers"),
        (np.eye(2), np.array(["u", "v"]), (1.0,), "real numbers"),
    ],
)
def test_bad_input(solve, x, y, penalties, message):
    with pytest.raises(GradproofError, match=message):
        solve(x, y, *penalties)


def test_labels_are_checked():
    with pytest.raises(GradproofError, match="two classes"):
        minimize_logistic(np.eye(2), [1, 1], 1.0)
    with pytest.raises(GradproofError, match="-1 or 1"):
        minimize_logistic(np.eye(2), [0, 1], 1.0)


def test_limits_are_results():
    x, y = correlated(60, 150)
    short = minimize_elastic_net(x, y, 0.01, stopping=Stopping(1e-12, max_iterations=1))
    assert short.reason == "iterations"
    assert short.advice
    stopped = minimize_elastic_net(x, y, 0.01, stopping=Stopping(1e-12, callback=lambda *_: True))
    assert stopped.reason == "stopped"


def test_one_solver_for_many_penalties_reads_less():
    x, y = correlated(60, 150)
    solver = ElasticNetSolver(Design(x), y)
    for lambda_1 in (5.0, 2.0, 1.0):
        result = solver.solve(lambda_1, stopping=Stopping(1e-9))
        assert result.objective == pytest.approx(minimize_elastic_net(x, y, lambda_1, stopping=Stopping(1e-9)).objective, rel=1e-8)
