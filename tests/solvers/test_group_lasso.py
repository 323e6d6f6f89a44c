"""Group lasso: optimal by its own conditions, certificates true, the same as FISTA."""

import numpy as np
import pytest
from scipy import sparse

from gradproof.errors import GradproofError
from gradproof.prox import L21
from gradproof.solvers.group_lasso import minimize_group_lasso
from gradproof.solvers.loop import minimize
from gradproof.solvers.problem import Problem
from gradproof.solvers.proximal import Fista
from gradproof.solvers.result import Stopping


def data(n=80, p=120, seed=0):
    random = np.random.default_rng(seed)
    x = random.standard_normal((n, p)) + random.standard_normal((n, 1))
    groups = np.split(random.permutation(p), np.sort(random.choice(np.arange(1, p), 30, replace=False)))
    beta = np.zeros(p)
    for group in groups[:4]:
        beta[group] = random.standard_normal(group.size)
    return x, x @ beta + 0.5 * random.standard_normal(n), groups


@pytest.mark.parametrize("kind", ["dense", "float32", "sparse"])
@pytest.mark.parametrize("divisor", [3, 30])
@pytest.mark.parametrize("weighted", [False, True])
def test_it_is_optimal(kind, divisor, weighted):
    x, y, groups = data()
    given = {"dense": x, "float32": x.astype(np.float32), "sparse": sparse.csr_matrix(np.where(np.abs(x) > 1, x, 0))}[kind]
    plain = given.toarray() if kind == "sparse" else given.astype(np.float64)
    weights = np.random.default_rng(1).uniform(0.5, 2, len(groups)) if weighted else None
    lambda_ = L21(groups, 1.0, weights).dual_norm(plain.T @ y) / divisor
    result = minimize_group_lasso(given, y, groups, lambda_, weights=weights, stopping=Stopping(1e-9))
    assert result.is_converged, result
    penalty = L21(groups, lambda_, weights)
    residual = y - plain @ result.x
    assert result.objective == pytest.approx(0.5 * residual @ residual + penalty.value(result.x), rel=1e-10)
    scale = min(1 / penalty.dual_norm(plain.T @ residual), residual @ y / (residual @ residual))
    gap = result.objective - (scale * residual @ y - 0.5 * scale**2 * residual @ residual)
    assert gap <= 1.1e-9 * 0.5 * y @ y


def test_it_is_what_fista_finds():
    x, y, groups = data(60, 40, 3)
    result = minimize_group_lasso(x, y, groups, 5.0, stopping=Stopping(1e-12))
    problem = Problem(
        lambda b: (0.5 * float(np.sum((x @ b - y) ** 2)), x.T @ (x @ b - y)), L21(groups, 5.0), float(np.linalg.norm(x, 2) ** 2)
    )
    np.testing.assert_allclose(result.x, minimize(problem, np.zeros(40), Fista(), Stopping(1e-10, 50000)).x, atol=1e-5)


def test_intercept_is_that_of_centered_data():
    x, y, groups = data(60, 40, 4)
    result = minimize_group_lasso(x, y + 5, groups, 5.0, fit_intercept=True, stopping=Stopping(1e-11))
    centered = minimize_group_lasso(x - x.mean(axis=0), y - y.mean(), groups, 5.0, stopping=Stopping(1e-11))
    np.testing.assert_allclose(result.x, centered.x, atol=1e-5)
    assert result.extra["intercept"] == pytest.approx(y.mean() + 5 - x.mean(axis=0) @ result.x, abs=1e-9)


def test_zero_solution_and_zero_group():
    x, y, groups = data(60, 40, 5)
    x[:, groups[2]] = 0
    largest = L21(groups, 1.0).dual_norm(x.T @ y)
    assert not minimize_group_lasso(x, y, groups, 1.001 * largest).x.any()
    assert minimize_group_lasso(x, y, groups, largest / 10).is_converged


@pytest.mark.parametrize(
    ("groups", "lambda_", "message"),
    [
        ([[0, 1], [1, 2]], 1.0, "overlap"),
        ([[0, 1]], 1.0, "each of the 3 columns"),
        ([[0, 1], [3]], 1.0, "each of the 3 columns"),
        ([[0, 1], [2]], -1.0, "positive"),
        ([[0, 1], [2]], np.nan, "positive"),
    ],
)
def test_bad_input(groups, lambda_, message):
    with pytest.raises(GradproofError, match=message):
        minimize_group_lasso(np.eye(3), np.ones(3), groups, lambda_)


def test_one_group_of_all_columns_agrees_with_its_closed_form_condition():
    random = np.random.default_rng(8)
    x, y = random.standard_normal((60, 300)), random.standard_normal(60)
    lambda_ = 0.3 * float(np.linalg.norm(x.T @ y))
    found = minimize_group_lasso(x, y, [np.arange(300)], lambda_, weights=[1.0], stopping=Stopping(1e-10))
    slope = x.T @ (y - x @ found.x)
    assert found.is_converged
    assert np.allclose(slope, lambda_ * found.x / np.linalg.norm(found.x), atol=1e-4 * lambda_)
