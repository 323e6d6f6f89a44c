"""First-order and second-order solvers reach the optimum that a closed form or another solver knows, and say when they do not."""

import numpy as np
import pytest

from gradproof import prox as p
from gradproof.errors import DomainError
from gradproof.solvers.gradient import GradientDescent, Momentum
from gradproof.solvers.loop import minimize
from gradproof.solvers.primal_dual import CondatVu
from gradproof.solvers.problem import Problem, largest_eigenvalue
from gradproof.solvers.proximal import Fista, Ista
from gradproof.solvers.result import Stopping
from gradproof.solvers.second_order import NewtonCholesky, minimize_lbfgs
from gradproof.solvers.stochastic import Adam, Sgd, adam_w, minimize_stochastic

RANDOM = np.random.default_rng(11)
A = RANDOM.standard_normal((40, 8))
B = RANDOM.standard_normal(40)
LABELS = np.where(A @ RANDOM.standard_normal(8) + 0.5 * RANDOM.standard_normal(40) > 0, 1.0, -1.0)
LIPSCHITZ = float(np.linalg.norm(A, 2) ** 2)


GROUPS = [[0, 1, 2], [3, 4], [5, 6, 7]]
PENALTIES = [p.L1(2.0), p.Simplex(), p.nonnegative_l1(0.5), p.L21(GROUPS, 1.0), p.Slope(np.linspace(3, 1, 8))]


def squares(x):
    residual = A @ x - B
    return 0.5 * float(residual @ residual), A.T @ residual


def logistic(x):
    margin = LABELS * (A @ x)
    return float(np.logaddexp(0, -margin).sum()) + 0.05 * float(x @ x), -A.T @ (LABELS / (1 + np.exp(margin))) + 0.1 * x


def hessian(x):
    wrong = 1 / (1 + np.exp(LABELS * (A @ x)))
    return A.T @ (A * (wrong * (1 - wrong))[:, None]) + 0.1 * np.eye(8)


SMOOTH = [
    GradientDescent(search="fixed"),
    GradientDescent(search="backtracking"),
    GradientDescent(search="barzilai-borwein"),
    Momentum(momentum=0.8),
    Momentum(momentum=0.8, is_nesterov=True),
    Fista(),
    Ista(),
]


@pytest.mark.parametrize("solver", SMOOTH, ids=str)
def test_least_squares(solver):
    exact = np.linalg.lstsq(A, B, rcond=None)[0]
    result = minimize(Problem(squares, lipschitz=LIPSCHITZ), np.zeros(8), solver, Stopping(1e-9, 20000))
    assert result.reason == "converged", result
    assert result.advice == ""
    np.testing.assert_allclose(result.x, exact, atol=1e-7)
    assert result.certificate.value == pytest.approx(
        np.linalg.norm(squares(result.x)[1]) / np.linalg.norm(A.T @ B), rel=1e-6, abs=1e-12
    )
    assert len({len(column) for column in result.history.values()}) == 1


@pytest.mark.parametrize("line_search", [None, True])
@pytest.mark.parametrize("solver", [Ista, Fista])
@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
def test_penalized_least_squares_is_optimal(penalty, solver, line_search):
    problem = Problem(squares, penalty, lipschitz=None if line_search else LIPSCHITZ)
    result = minimize(problem, np.zeros(8), solver(line_search=line_search), Stopping(1e-9, 20000))
    assert result.is_converged, result
    assert penalty.subdifferential_distance(result.x, -squares(result.x)[1]) <= 1e-6
    for _ in range(50):
        other = penalty.prox(result.x + 0.1 * RANDOM.standard_normal(8), 0.1)[0]
        assert squares(other)[0] + penalty.value(other) >= result.objective - 1e-9


def test_fista_needs_fewer_steps_than_ista():
    # A badly conditioned problem: accelerated convergence is what the momentum is for.
    scale = np.logspace(0, -2, 30)

    def smooth(x):
        return 0.5 * float(np.sum(scale * (x - 1) ** 2)), scale * (x - 1)

    counts = [
        minimize(Problem(smooth, p.L1(1e-4), 1.0), np.zeros(30), solver, Stopping(1e-7, 50000)).iterations
        for solver in (Ista(), Fista())
    ]
    assert counts[1] < counts[0] / 2


def test_newton_and_lbfgs_agree_with_gradient_descent():
    problem = Problem(logistic)
    reference = minimize(problem, np.zeros(8), GradientDescent(search="barzilai-borwein"), Stopping(1e-10, 20000))
    newton = minimize(problem, np.zeros(8), NewtonCholesky(hessian), Stopping(1e-10, 50))
    lbfgs = minimize_lbfgs(problem, np.zeros(8), Stopping(1e-9, 500))
    assert newton.is_converged
    assert newton.iterations <= 12
    assert lbfgs.is_converged
    np.testing.assert_allclose(newton.x, reference.x, atol=1e-7)
    np.testing.assert_allclose(lbfgs.x, reference.x, atol=1e-6)


def test_newton_leaves_a_saddle_point():
    def saddle(x):
        return float(x[0] ** 2 - x[1] ** 2 + x[1] ** 4), np.array([2 * x[0], -2 * x[1] + 4 * x[1] ** 3])

    def curvature(x):
        return np.diag([2.0, -2 + 12 * x[1] ** 2])

    result = minimize(Problem(saddle), [1.0, 0.1], NewtonCholesky(curvature), Stopping(1e-10, 100))
    assert result.is_converged
    assert result.objective == pytest.approx(-0.25)


def test_lbfgs_with_bounds():
    box = p.Box(-0.05, 0.1)
    result = minimize_lbfgs(Problem(squares, box), np.zeros(8), Stopping(1e-8, 500))
    reference = minimize(Problem(squares, box, LIPSCHITZ), np.zeros(8), Fista(), Stopping(1e-10, 20000))
    assert result.is_converged
    np.testing.assert_allclose(result.x, reference.x, atol=1e-6)


def test_two_penalties():
    """Fused lasso: the l1 norm and total variation at once, against the dual that SciPy solves."""
    n, target = 12, np.repeat([0.0, 2.0, 0.5], 4) + 0.1 * RANDOM.standard_normal(12)
    difference = np.diff(np.eye(n), axis=0)

    def smooth(x):
        return 0.5 * float(np.sum((x - target) ** 2)), x - target

    solver = CondatVu(p.L1(0.3), lambda x: difference @ x, lambda y: difference.T @ y, norm=2.0)
    result = minimize(Problem(smooth, p.L1(0.2), 1.0), np.zeros(n), solver, Stopping(1e-8, 20000))
    assert result.is_converged
    # The prox of the sum is the prox of the variation, then soft thresholding (Friedman et al. 2007).
    exact = p.L1(0.2).prox(p.TotalVariation1D(0.3).prox(target)[0])[0]
    np.testing.assert_allclose(result.x, exact, atol=1e-6)


@pytest.mark.parametrize("update", [Sgd(0.02), Sgd(0.01, 0.9), Sgd(0.01, 0.9, True), Adam(0.01), adam_w(0.01, 1e-4)], ids=str)
def test_stochastic_updates(update):
    truth = RANDOM.standard_normal(8)
    clean = A @ truth

    def loss(x, rows):
        residual = A[rows] @ x - clean[rows]
        return 0.5 * float(np.mean(residual**2)), A[rows].T @ residual / rows.size

    result = minimize_stochastic(loss, np.zeros(8), 40, update, batch_size=7, stopping=Stopping(1e-3, 400))
    assert result.is_converged, result
    np.testing.assert_allclose(result.x, truth, atol=0.1)
    again = minimize_stochastic(loss, np.zeros(8), 40, update, batch_size=7, stopping=Stopping(1e-3, 400))
    np.testing.assert_array_equal(result.x, again.x)


def test_adam_first_step_is_the_rate():
    moved = Adam(0.1).apply(np.zeros(3), np.array([5.0, -0.2, 1e-3]), [], 1)
    np.testing.assert_allclose(moved, [-0.1, 0.1, -0.1], rtol=1e-4)


def test_decoupled_decay_ignores_the_gradient():
    memory = []
    moved = Adam(0.1, weight_decay=0.5).apply(np.ones(2), np.zeros(2), memory, 1)
    np.testing.assert_allclose(moved, 0.95)


def test_results_say_why_they_fell_short():
    short = minimize(Problem(squares, lipschitz=LIPSCHITZ), np.zeros(8), Ista(), Stopping(1e-12, 3))
    assert (short.reason, short.is_converged) == ("iterations", False)
    assert "max_iterations" in short.advice
    wild = minimize(Problem(squares), np.zeros(8), GradientDescent(1.0, "fixed"), Stopping(1e-9, 5000))
    assert wild.reason in ("diverged", "unbounded")
    assert np.isfinite(wild.x).all()
    late = minimize(Problem(squares, lipschitz=LIPSCHITZ), np.zeros(8), Ista(), Stopping(1e-14, 10**6, 0.05))
    assert late.reason in ("seconds", "stalled", "converged")


def test_unbounded_problem_names_the_direction():
    slope = np.array([3.0, -4.0])
    result = minimize(Problem(lambda x: (float(slope @ x), slope)), np.zeros(2), GradientDescent(), Stopping(1e-9, 500))
    assert result.reason == "unbounded"
    np.testing.assert_allclose(result.extra["direction"], [-0.6, 0.8], atol=1e-12)


def test_interruption_returns_the_best_point():
    calls = []

    def smooth(x):
        calls.append(x)
        if len(calls) > 25:
            raise KeyboardInterrupt
        return squares(x)

    result = minimize(Problem(smooth, lipschitz=LIPSCHITZ), np.zeros(8), GradientDescent(search="fixed"), Stopping(1e-12, 500))
    assert result.reason == "interrupted"
    assert result.objective < squares(np.zeros(8))[0]
    assert result.objective == squares(result.x)[0]


def test_callback_may_stop():
    result = minimize(
        Problem(squares, lipschitz=LIPSCHITZ), np.zeros(8), Momentum(), Stopping(1e-12, 500, callback=lambda i, *_: i == 4)
    )
    assert (result.reason, result.iterations) == ("stopped", 4)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda: minimize(Problem(squares), [np.nan] * 8, Fista()), "nan at"),
        (lambda: minimize(Problem(squares, p.L1()), np.zeros(8), GradientDescent()), "without a penalty"),
        (lambda: minimize(Problem(squares), np.zeros(8), GradientDescent(search="fixed")), "fixed step needs a size"),
        (lambda: minimize(Problem(squares), np.zeros(8), Momentum(0.1, 1.0)), "below 1"),
        (lambda: minimize(Problem(lambda x: (0.0, np.zeros(3))), np.zeros(8), Fista()), "shape of x"),
        (lambda: minimize_lbfgs(Problem(squares, p.L1()), np.zeros(8)), "Box"),
        (lambda: minimize_stochastic(lambda x, r: (0.0, x), np.zeros(2), 0, Adam()), "samples"),
        (lambda: Adam(rate=-1.0), "rate"),
    ],
)
def test_bad_input(action, message):
    with pytest.raises(DomainError, match=message):
        action()


def test_largest_eigenvalue_is_an_upper_bound():
    for seed in range(5):
        matrix = np.random.default_rng(seed).standard_normal((30, 10))
        found = largest_eigenvalue(lambda v, m=matrix: m.T @ (m @ v), 10)
        exact = np.linalg.norm(matrix, 2) ** 2
        assert exact * (1 - 1e-6) <= found <= 1.1 * exact
