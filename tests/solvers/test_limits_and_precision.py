"""Limits, precision and starts: what every solver has to take, whatever it minimizes."""

import numpy as np
import pytest

from gradproof.errors import DomainError
from gradproof.prox import L1
from gradproof.solvers.augmented_lagrangian import Coupling, minimize_augmented
from gradproof.solvers.gradient import GradientDescent
from gradproof.solvers.loop import minimize
from gradproof.solvers.panoc import Panoc
from gradproof.solvers.problem import Problem
from gradproof.solvers.proximal import Fista
from gradproof.solvers.quasi_newton import QuasiNewton
from gradproof.solvers.result import Stopping
from gradproof.solvers.second_order import NewtonCholesky, minimize_lbfgs

RANDOM = np.random.default_rng(11)
A = RANDOM.standard_normal((40, 8))
B = RANDOM.standard_normal(40)
PROBLEM = Problem(lambda x: (0.5 * float(np.sum((A @ x - B) ** 2)), A.T @ (A @ x - B)), lipschitz=float(np.linalg.norm(A, 2) ** 2))


def by_quasi_newton(problem, start, stopping):
    return minimize(problem, start, QuasiNewton(), stopping)


def by_multipliers(problem, start, stopping):
    return minimize_augmented(problem, Coupling(L1(0.0), lambda x: x, lambda x, y: y), start, stopping)


@pytest.mark.parametrize("values", [(float("nan"), 5, 1.0), (-1e-6, 5, 1.0), (1e-6, -1, 1.0), (1e-6, 5, float("nan"))])
def test_limits_that_say_nothing_are_refused(values):
    with pytest.raises(DomainError, match="has to be at least 0"):
        Stopping(*values)


def test_no_iterations_leave_the_start_with_its_certificate():
    stopping = Stopping(max_iterations=0)
    for run in (by_quasi_newton, minimize_lbfgs, by_multipliers):
        found = run(PROBLEM, np.zeros(8), stopping)
        assert (found.iterations, found.reason) == (0, "iterations"), found.solver
        assert not found.x.any()
        assert found.certificate.value == pytest.approx(1.0)
        assert found.history["iteration"].tolist() == [0.0]


NEWTON = NewtonCholesky(lambda x: (A.T @ A).astype(x.dtype))


@pytest.mark.parametrize("solver", [GradientDescent(search="barzilai-borwein"), Fista(), Panoc(), QuasiNewton(), NEWTON], ids=str)
def test_single_precision_stays_and_reaches_what_it_can(solver):
    matrix, target = A.astype(np.float32), B.astype(np.float32)

    def squares(x):
        residual = matrix @ x - target
        return 0.5 * float(residual @ residual), matrix.T @ residual

    problem = Problem(squares, lipschitz=float(np.linalg.norm(A, 2) ** 2))
    found = minimize(problem, np.zeros(A.shape[1], dtype=np.float32), solver, Stopping(1e-5, 2000))
    assert found.is_converged
    assert found.x.dtype == np.float32
    assert np.allclose(found.x, np.linalg.lstsq(A, B)[0], atol=1e-4)


def test_barzilai_and_borwein_steps_go_down_a_long_valley():
    curvatures = np.logspace(0, -4, 30)
    valley = Problem(lambda x: (0.5 * float(curvatures @ x**2) - float(x.sum()), curvatures * x - 1), lipschitz=1.0)
    found = minimize(valley, np.zeros(30), GradientDescent(search="barzilai-borwein"), Stopping(1e-6, 3000))
    assert found.is_converged
    assert np.allclose(found.x, 1 / curvatures, rtol=1e-2)


@pytest.mark.parametrize("run", [by_quasi_newton, minimize_lbfgs, by_multipliers])
def test_a_steep_start_does_not_make_a_certificate_easy(run):
    def steep(x):
        grown = np.exp(10 * x)
        return float((grown - x).sum()), 10 * grown - 1

    found = run(Problem(steep), np.full(2, 5.0), Stopping(1e-6, 5000))
    assert found.is_converged
    assert np.allclose(found.x, np.log(0.1) / 10, atol=1e-4)
    assert np.linalg.norm(steep(found.x)[1]) < 1e-3
