"""Objectives with slices: norms of groups reach their prox, and nothing takes a part of a variable or of the data for all of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import optimize

from gradproof import minimize, prox
from gradproof.errors import ShapeError
from gradproof.expr.node import Element
from gradproof.expr.walk import postorder
from gradproof.objective.cones import Cones
from gradproof.objective.coverage import is_whole
from gradproof.objective.minimization import Minimization

SOURCE = np.random.default_rng(1)
A, B, Y = SOURCE.normal(size=(20, 6)), SOURCE.normal(size=20), SOURCE.normal(size=(20, 3))
DATA = {"A": A, "b": B, "Y": Y}
norm = np.linalg.norm


def _fit(x):
    return 0.5 * norm(A @ x - B) ** 2


PROBLEMS: list[tuple[str, Callable[..., float], str]] = [
    ("0.5*norm2(A*x-b)^2 + 3*(norm2(x[1:3]) + norm2(x[4:6]))", lambda x: _fit(x) + 3 * norm(x[:3]) + 3 * norm(x[3:]), "structure"),
    ("0.5*norm2(A*x-b)^2 + 3*sum_k norm2(x[2*k-1:2*k])", lambda x: _fit(x) + 3 * norm(x.reshape(3, 2), axis=1).sum(), "structure"),
    ("0.5*norm2(A*x-b)^2 + 3*norm2(x[1:3])", lambda x: _fit(x) + 3 * norm(x[:3]), "FISTA"),
    ("0.5*norm2(A*x-b)^2 + norm1(x) + norm2(x[1:3])", lambda x: _fit(x) + norm(x, 1) + norm(x[:3]), "FISTA"),
    ("0.5*norm2(A*x-b)^2 + norm1(x[1:2]) + norm2(x[4:6])", lambda x: _fit(x) + norm(x[:2], 1) + norm(x[3:]), "FISTA"),
    ("0.5*norm2(A*x-b)^2 + norm1(x[1:3]-1) + norm2(2*x[4:6])", lambda x: _fit(x) + norm(x[:3] - 1, 1) + 2 * norm(x[3:]), "FISTA"),
    ("0.5*norm2(A*x-b)^2 + norm2(x[1:4]) + norm2(x[3:6])", lambda x: _fit(x) + norm(x[:4]) + norm(x[2:]), "augmented"),
    ("0.5*norm2(A*x-b)^2 + norm1(x) + sum_{i=1}^3 x[i]^2", lambda x: _fit(x) + norm(x, 1) + norm(x[:3]) ** 2, "FISTA"),
    ("0.5*norm2(A[11:20,:]*x-b[11:20])^2 + 0.3*norm1(x)", lambda x: 0.5 * norm(A[10:] @ x - B[10:]) ** 2 + 0.3 * norm(x, 1), "structure"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "reference", "route"), PROBLEMS, ids=[entry[0] for entry in PROBLEMS])
def test_the_minimum_is_one_of_the_function_that_was_written(formula, reference, route):
    found = minimize(formula, over="x", data={name: DATA[name] for name in "Ab"}, tol=1e-9)
    assert found.is_converged
    assert any(route in line for line in found.explanation)
    assert found.objective == pytest.approx(reference(found.x), rel=1e-12)
    source = np.random.default_rng(2)
    for size in (1e-1, 1e-2, 1e-3):
        others = [reference(found.x + size * source.normal(size=6)) for _ in range(50)]
        assert min(others) > found.objective - 1e-8


def test_a_bound_on_some_entries_is_a_box():
    found = minimize("0.5*norm2(A*x-b)^2", over="x", subject_to=["x[1:3] <= 0", "x[6] == 1"], data={"A": A, "b": B})
    assert found.is_converged
    assert found.x[5] == 1
    assert (found.x[:3] <= 0).all()
    assert any("bounds on the entries" in line for line in found.explanation)
    slope = A.T @ (A @ found.x - B)
    assert np.abs(slope[3:5]).max() < 1e-4
    assert (slope[:3] <= 1e-4).all()


def test_blocks_of_a_matrix():
    found = minimize("0.5*normF(A*W-Y)^2 + 2*(normF(W[1:2,:]) + normF(W[3:6,:]))", over="W", data={"A": A, "Y": Y}, tol=1e-9)
    assert found.is_converged
    value = 0.5 * norm(A @ found.x - Y) ** 2 + 2 * norm(found.x[:2]) + 2 * norm(found.x[2:])
    assert found.objective == pytest.approx(value, rel=1e-12)


def test_an_entry_covers_its_axis_or_not():
    read = Minimization("sum_{i=1}^6 x[i] + sum_{i=1}^2 x[i]", "x", (), {}, assume=["x: 6"])
    entries = [node for node in postorder(read.statement.formula.value) if isinstance(node, Element)]
    assert sorted(is_whole(entry) for entry in entries) == [False, True]


@pytest.mark.parametrize(
    ("formula", "axis"), [("sum_j norminf(X[:,j])", 0), ("sum_i norminf(X[i,:])", 1), ("sum_j max_i abs(X[i,j])", 0)]
)
def test_the_largest_entries_of_columns_and_rows_are_one_proximal_step(formula, axis):
    target = np.random.default_rng(4).standard_normal((8, 6))
    found = minimize(f"normF(X - M)^2/2 + lam*{formula}", "X", data={"M": target, "lam": 0.5})
    lines = target if axis == 1 else target.T
    best = np.stack([prox.LInf(0.5).prox(line)[0] for line in lines])
    assert found.is_converged
    assert np.allclose(found.x, best if axis == 1 else best.T, atol=1e-6)


@pytest.mark.parametrize(
    ("condition", "scale", "shift"),
    [("norm2(z - P[i,:]) <= r", 1, 0), ("norm2(z - P[i,:]) <= r for all i", 1, 0), ("2*norm2(z - P[i,:]) <= r + 1", 2, 1)],
)
def test_a_smallest_circle_around_points(condition, scale, shift):
    points = np.random.default_rng(6).standard_normal((25, 2))
    found = minimize("r", "z,r", [condition], {"P": points}, assume=["z: 2", "r:"])
    distances = np.linalg.norm(points - found.values["z"], axis=1)
    farthest = points[distances > distances.max() - 1e-5]
    assert found.is_converged
    assert found.objective == pytest.approx(scale * distances.max() - shift, abs=1e-5)
    # No smaller circle: the center lies between the points on it.
    weights, miss = optimize.nnls(np.vstack([farthest.T, np.ones(len(farthest))]), np.append(found.values["z"], 1.0))
    assert miss < 1e-4
    assert weights.sum() == pytest.approx(1, abs=1e-4)


def test_cones_side_by_side_are_projected_as_one_by_one():
    cones, point = Cones(4), np.random.default_rng(7).standard_normal(12)
    assert np.allclose(cones.prox(point)[0], cones.naive_prox(point), atol=1e-6)
    with pytest.raises(ShapeError):
        cones.prox(point[:-1])
