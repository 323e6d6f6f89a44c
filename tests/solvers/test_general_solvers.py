"""PANOC, Davis-Yin, proximal Newton and the augmented Lagrangian reach optima that a closed form or another solver knows."""

import numpy as np
import pytest
from scipy import optimize

from gradproof import prox as p
from gradproof.errors import DomainError
from gradproof.solvers.augmented_lagrangian import Coupling, minimize_augmented
from gradproof.solvers.davis_yin import DavisYin
from gradproof.solvers.loop import minimize
from gradproof.solvers.panoc import Panoc
from gradproof.solvers.problem import Problem
from gradproof.solvers.prox_newton import ProxNewton
from gradproof.solvers.proximal import Fista
from gradproof.solvers.quasi_newton import CurvatureMemory
from gradproof.solvers.result import Stopping

RANDOM = np.random.default_rng(21)
A = RANDOM.standard_normal((40, 8))
B = RANDOM.standard_normal(40)
SIGNS = np.where(A @ RANDOM.standard_normal(8) + 0.5 * RANDOM.standard_normal(40) > 0, 1.0, -1.0)
LIPSCHITZ = float(np.linalg.norm(A, 2) ** 2)


def squares(x):
    residual = A @ x - B
    return 0.5 * float(residual @ residual), A.T @ residual


def logistic(x):
    margin = SIGNS * (A @ x)
    return float(np.logaddexp(0, -margin).sum()), -A.T @ (SIGNS / (1 + np.exp(margin)))


def logistic_hessian(x):
    wrong = 1 / (1 + np.exp(SIGNS * (A @ x)))
    return A.T @ (A * (wrong * (1 - wrong))[:, None])


def rosenbrock(x):
    bend = x[1] - x[0] ** 2
    return (1 - x[0]) ** 2 + 100 * bend**2, np.array([2 * (x[0] - 1) - 400 * x[0] * bend, 200 * bend])


def log_determinant(x):
    """Infinite unless x is positive definite."""
    if np.linalg.eigvalsh(x)[0] <= 0:
        return np.inf, x
    return float(np.trace(x) - np.linalg.slogdet(x)[1]), np.eye(len(x)) - np.linalg.inv(x)


PENALTIES = [p.L1(2.0), p.Simplex(), p.Box(-0.1, 0.2), p.L2(3.0), p.L21([[0, 1, 2], [3, 4], [5, 6, 7]], 1.0), p.LInf(2.0)]


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
@pytest.mark.parametrize("smooth", [squares, logistic])
def test_panoc_and_proximal_newton_agree_with_fista(penalty, smooth):
    problem = Problem(smooth, penalty)
    reference = minimize(problem, np.zeros(8), Fista(), Stopping(1e-10, 50000))
    hessian = logistic_hessian if smooth is logistic else lambda x: A.T @ A
    for solver in (Panoc(), ProxNewton(hessian)):
        found = minimize(problem, np.zeros(8), solver, Stopping(1e-8, 2000))
        assert found.is_converged, found
        np.testing.assert_allclose(found.x, reference.x, atol=1e-6)
        assert penalty.subdifferential_distance(found.x, -smooth(found.x)[1]) <= 1e-5


def test_panoc_takes_fewer_steps_than_fista_in_a_curved_valley():
    found = minimize(Problem(rosenbrock), [-1.2, 1.0], Panoc(), Stopping(1e-8, 2000))
    assert found.is_converged
    np.testing.assert_allclose(found.x, [1, 1], atol=1e-6)
    assert found.iterations < 200


def test_panoc_stays_inside_the_domain():
    found = minimize(Problem(log_determinant, p.L1(0.1)), 5 * np.eye(3), Panoc(), Stopping(1e-9, 500))
    assert found.is_converged
    np.testing.assert_allclose(found.x, np.eye(3) / 1.1, atol=1e-8)
    with pytest.raises(DomainError, match="finite value"):
        minimize(Problem(log_determinant), -np.eye(3), Panoc())


@pytest.mark.parametrize("penalty", [p.MCP(1.0, 3.0), p.SCAD(1.0, 3.7), p.L0(0.5), p.RootPower(0.5), p.L0Ball(3)], ids=repr)
def test_panoc_reaches_a_fixed_point_of_the_proximal_step_where_the_penalty_is_not_convex(penalty):
    found = minimize(Problem(squares, penalty), np.zeros(8), Panoc(), Stopping(1e-8, 5000))
    assert found.is_converged
    step = 0.5 / LIPSCHITZ
    np.testing.assert_allclose(penalty.prox(found.x - step * squares(found.x)[1], step)[0], found.x, atol=1e-5)
    assert found.objective < squares(np.zeros(8))[0]


def test_zero_is_not_certified_because_counting_has_every_slope_there():
    found = minimize(Problem(squares, p.L0(1e-3), LIPSCHITZ), np.zeros(8), Fista(), Stopping(1e-8, 5000))
    assert found.is_converged
    assert np.count_nonzero(found.x) == 8


def test_curvature_memory_is_exact_on_a_quadratic():
    matrix = A.T @ A + np.eye(8)
    memory = CurvatureMemory(8)
    vectors = np.linalg.eigh(matrix)[1]
    for vector in vectors.T:
        memory.add(vector, matrix @ vector)
    right = RANDOM.standard_normal(8)
    np.testing.assert_allclose(memory.solve(right), np.linalg.solve(matrix, right), atol=1e-8)
    memory.add(vectors[:, 0], -vectors[:, 0])
    memory.clear()
    np.testing.assert_array_equal(memory.solve(right), right)


@pytest.mark.parametrize(
    ("first", "second"), [(p.L1(2.0), p.LInf(3.0)), (p.nonnegative_orthant(), p.Hyperplane(np.ones(8), 1.0)), (None, p.L1(2.0))]
)
def test_davis_yin_meets_both_terms(first, second):
    found = minimize(Problem(squares, first, LIPSCHITZ), np.zeros(8), DavisYin(second), Stopping(1e-9, 50000))
    assert found.is_converged
    identity = Coupling(second, lambda x: x, lambda x, y: y)
    other = minimize_augmented(Problem(squares, first), identity, np.zeros(8), Stopping(1e-9, 10**5))
    np.testing.assert_allclose(found.x, other.x, atol=1e-5)


def linear(matrix, function):
    return Coupling(function, lambda x: matrix @ x, lambda x, y: matrix.T @ y)


def test_augmented_lagrangian_solves_a_linear_program():
    cost, rows = np.arange(1.0, 9), np.abs(A[:3])
    problem = Problem(lambda x: (float(cost @ x), cost), p.nonnegative_orthant())
    found = minimize_augmented(problem, linear(rows, p.Box(rows.sum(axis=1), rows.sum(axis=1))), np.zeros(8), Stopping(1e-8, 10**5))
    exact = optimize.linprog(cost, A_eq=rows, b_eq=rows.sum(axis=1))
    assert found.is_converged
    assert found.objective == pytest.approx(exact.fun, rel=1e-7)
    np.testing.assert_allclose(-found.extra["multipliers"], exact.eqlin.marginals, atol=1e-5)


def test_augmented_lagrangian_takes_terms_behind_maps():
    differences = np.diff(np.eye(30), axis=0)
    signal = np.repeat([0.0, 2.0, -1.0], 10) + 0.3 * RANDOM.standard_normal(30)
    problem = Problem(lambda x: (0.5 * float(np.sum((x - signal) ** 2)), x - signal))
    found = minimize_augmented(problem, linear(differences, p.L1(1.0)), np.zeros(30), Stopping(1e-8, 10**5))
    np.testing.assert_allclose(found.x, p.TotalVariation1D(1.0).prox(signal)[0], atol=1e-5)


@pytest.mark.parametrize("is_equation", [True, False])
def test_augmented_lagrangian_meets_a_curved_constraint(is_equation):
    disk = Coupling(p.Box(1.0 if is_equation else -np.inf, 1.0), lambda x: np.array([x @ x]), lambda x, y: 2 * y[0] * x)
    found = minimize_augmented(Problem(rosenbrock), disk, np.array([0.1, 0.1]), Stopping(1e-8, 10**5))
    assert found.is_converged
    np.testing.assert_allclose(found.x, [0.7864151510, 0.6176983125], atol=1e-6)
    assert found.extra["violation"] < 1e-7


def test_augmented_lagrangian_says_that_nothing_satisfies_the_constraints():
    above = Coupling(p.Box(0.0, 0.0), lambda x: np.array([x @ x + 1]), lambda x, y: 2 * y[0] * x)
    found = minimize_augmented(Problem(squares), above, np.ones(8))
    assert found.reason == "infeasible"
    assert found.extra["violation"] == pytest.approx(1, abs=1e-6)
    assert found.certificate.value == found.extra["violation"]


def test_augmented_lagrangian_finds_what_the_constraint_alone_keeps_from_falling():
    ball = Coupling(p.Box(-np.inf, 1.0), lambda x: np.array([x @ x]), lambda x, y: 2 * y[0] * x)
    slope = np.array([3.0, -4.0])
    found = minimize_augmented(Problem(lambda x: (float(slope @ x), slope)), ball, np.zeros(2), Stopping(1e-9, 10**5))
    np.testing.assert_allclose(found.x, [-0.6, 0.8], atol=1e-7)


def test_augmented_lagrangian_stops_when_told_and_keeps_the_best_point():
    rows = linear(A[:3], p.Box(1.0, 1.0))
    stopped = minimize_augmented(Problem(squares), rows, np.zeros(8), Stopping(1e-12, 10**5, callback=lambda *_: True))
    assert stopped.reason == "stopped"
    assert "callback" in stopped.advice
    late = minimize_augmented(Problem(squares), rows, np.zeros(8), Stopping(1e-300, 10**5, 0.2))
    assert late.reason in ("seconds", "stalled")
    assert late.certificate.value < 1e-5

    def interrupt(*_):
        raise KeyboardInterrupt

    interrupted = minimize_augmented(Problem(squares), rows, np.zeros(8), Stopping(callback=interrupt))
    assert interrupted.reason == "interrupted"
    assert interrupted.x.shape == (8,)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda: minimize(Problem(squares), np.zeros(8), DavisYin(p.L1())), "step size"),
        (lambda: minimize(Problem(squares, p.L0(), 1.0), np.zeros(8), DavisYin(p.L1())), "convex"),
        (lambda: minimize(Problem(squares), np.zeros((2, 4)), ProxNewton(logistic_hessian)), "vector"),
        (lambda: minimize_augmented(Problem(squares), linear(A, p.L0()), np.zeros(8)), "convex"),
        (lambda: minimize_augmented(Problem(lambda x: (np.nan, x)), linear(A, p.L1()), np.zeros(8)), "finite"),
        (lambda: minimize(Problem(squares), np.zeros(8), Panoc(memory=0)), "memory"),
    ],
)
def test_bad_input(action, message):
    with pytest.raises(DomainError, match=message):
        action()


def test_single_precision_stays_single():
    def single(x):
        return float(np.sum((x - 3) ** 2) / 2), x - np.float32(3)

    found = minimize(Problem(single, p.L1(1.0)), np.zeros(3, dtype=np.float32), Panoc(), Stopping(1e-5, 100))
    assert found.x.dtype == np.float32
    np.testing.assert_allclose(found.x, 2, atol=1e-4)
