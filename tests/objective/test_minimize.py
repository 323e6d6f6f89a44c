"""Formulas with data are minimized: optimal by conditions that are checked from the outside, or one clear word why not."""

import numpy as np
import pytest
from scipy import optimize, sparse

import gradproof
from gradproof.errors import DomainError, FormulaError, GradproofError, ShapeError
from gradproof.objective.minimization import Minimization, minimization_stopping

RANDOM = np.random.default_rng(3)
A = RANDOM.standard_normal((40, 12))
B = A[:, :3] @ [2.0, -1.0, 1.5] + 0.3 * RANDOM.standard_normal(40)
SIGNS = np.sign(B + 0.5 * RANDOM.standard_normal(40))
LABELS = np.digitize(B, [-1.0, 1.0])


def soft(x, threshold):
    return np.sign(x) * np.maximum(np.abs(x) - threshold, 0)


@pytest.mark.parametrize("weight", [0.5, 3.0, 1e4])
def test_lasso_satisfies_its_optimality_conditions(weight):
    found = gradproof.minimize("0.5*norm2(A*x - b)^2 + lam*norm1(x)", "x", data={"A": A, "b": B, "lam": weight}, tol=1e-10)
    slope = A.T @ (A @ found.x - B)
    assert found.is_converged
    assert np.allclose(found.x, soft(found.x - slope, weight), atol=1e-5)
    assert np.isclose(found.objective, 0.5 * np.sum((A @ found.x - B) ** 2) + weight * np.abs(found.x).sum())
    assert "structure: least squares with an l1 norm" in found.explanation


@pytest.mark.parametrize(
    "text",
    [
        "norm2(A*x - b)^2/80 + 0.05*norm1(x) + 0.1*norm2(x)^2",
        "0.05*sum(abs(x)) + 0.1*sum(x.^2) + norm2(b - A*x)^2/80",
    ],
)
def test_elastic_net_in_any_order_and_scale(text):
    found = gradproof.minimize(text, "x", data={"A": A, "b": B}, tol=1e-10)
    slope = A.T @ (A @ found.x - B) / 40 + 0.2 * found.x
    assert np.allclose(found.x, soft(found.x - slope, 0.05), atol=1e-6)
    assert "squared norm" in found.explain()


def test_sparse_data_goes_to_the_specialised_solver():
    data = sparse.random(50, 20, 0.2, random_state=1, format="csr")
    y = np.asarray(data @ np.ones(20))
    one = gradproof.minimize("0.5*norm2(A*x - b)^2 + 0.1*norm1(x)", "x", data={"A": data, "b": y}, tol=1e-10)
    other = gradproof.minimize("0.5*norm2(A*x - b)^2 + 0.1*norm1(x)", "x", data={"A": data.toarray(), "b": y}, tol=1e-10)
    assert np.allclose(one.x, other.x, atol=1e-6)


def test_nonnegative_least_squares_agrees_with_scipy():
    found = gradproof.minimize("norm2(A*x - b)^2", "x", "x >= 0", data={"A": A, "b": B}, tol=1e-9)
    assert np.allclose(found.x, optimize.nnls(A, B)[0], atol=1e-6)


@pytest.mark.parametrize("labels_stand_in_the_formula", [True, False])
def test_logistic_regression_with_an_intercept_and_without(labels_stand_in_the_formula):
    text = "sum(log(1 + exp(-y.*(A*x)))) + 2*norm1(x)"
    data = {"A": A, "y": SIGNS}
    if not labels_stand_in_the_formula:
        text, data = "sum(log(1 + exp(C*x))) + 2*norm1(x)", {"C": -SIGNS[:, None] * A}
    found = gradproof.minimize(text, "x", data=data, tol=1e-10)
    slope = A.T @ (-SIGNS / (1 + np.exp(SIGNS * (A @ found.x))))
    assert np.allclose(found.x, soft(found.x - slope, 2.0), atol=1e-5)
    assert "proximal Newton" in found.explain()


def test_softmax_regression_over_two_variables():
    text = "cross_entropy(linear(X, W, c), y) + 0.01*sum(W.^2)"
    found = gradproof.minimize(text, "W,c", data={"X": A, "y": LABELS}, assume=["W: 3,12"], tol=1e-10)
    w, c = found.values["W"], found.values["c"]
    logits = A @ w.T + c
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True) - np.eye(3)[LABELS]
    assert np.allclose(shares.T @ A / 40 + 0.02 * w, 0, atol=1e-4)
    assert np.allclose(shares.mean(axis=0), 0, atol=1e-4)
    assert "softmax regression" in found.explain()


def test_softmax_with_other_penalties_takes_the_derived_gradient():
    found = gradproof.minimize("cross_entropy(A*W, y) + 0.02*sum(abs(W))", "W", data={"A": A, "y": LABELS}, tol=1e-7)
    logits = A @ found.x
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True) - np.eye(3)[LABELS]
    assert np.allclose(found.x, soft(found.x - A.T @ shares / 40, 0.02), atol=1e-5)


def best_by_scipy(objective, constraints=()):
    tight = {"maxiter": 3000, "ftol": 1e-13}
    return optimize.minimize(objective, np.full(12, 0.05), method="SLSQP", constraints=constraints, options=tight).fun


@pytest.mark.parametrize(
    ("text", "conditions", "constraints"),
    [
        ("norm2(A*x - b)^2", ["x >= 0", "sum(x) = 1"], [("ineq", lambda x: x), ("eq", lambda x: x.sum() - 1)]),
        ("norm2(A*x - b)^2", ["-0.1 <= x <= 0.2"], [("ineq", lambda x: x + 0.1), ("ineq", lambda x: 0.2 - x)]),
        ("norm2(A*x - b)^2", ["norm2(x) <= 0.5"], [("ineq", lambda x: 0.25 - x @ x)]),
        ("norm2(A*x - b)^2", ["norm2(x)^2 <= 0.25"], [("ineq", lambda x: 0.25 - x @ x)]),
        ("norm2(A*x - b)^2", ["C*x = d"], [("eq", lambda x: A[:3] @ x - 1)]),
        ("norm2(A*x - b)^2", ["C*x <= d", "x >= 0"], [("ineq", lambda x: 1 - A[:3] @ x), ("ineq", lambda x: x)]),
        ("norm2(A*x - b)^2", ["sum(x) >= 5"], [("ineq", lambda x: x.sum() - 5)]),
    ],
)
def test_constraints_agree_with_sequential_quadratic_programming(text, conditions, constraints):
    data = {"A": A, "b": B}
    if any("C" in condition for condition in conditions):
        data |= {"C": A[:3], "d": np.ones(3)}
    found = gradproof.minimize(text, "x", conditions, data=data, tol=1e-8)
    expected = best_by_scipy(lambda x: np.sum((A @ x - B) ** 2), [{"type": kind, "fun": fun} for kind, fun in constraints])
    assert found.is_converged
    assert found.objective == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("norm1(A*x - b) + 0.1*norm2(x)^2", lambda x: np.abs(A @ x - B).sum() + 0.1 * x @ x),
        ("sum(max(0, 1 - y.*(A*x))) + norm2(x)^2", lambda x: np.maximum(0, 1 - SIGNS * (A @ x)).sum() + x @ x),
        ("norm2(A*x - b)^2 + 3*norm1(x - 1)", lambda x: np.sum((A @ x - B) ** 2) + 3 * np.abs(x - 1).sum()),
        (
            "norm2(A*x - b)^2 + 3*norm1(x) + 4*norm2(x)",
            lambda x: np.sum((A @ x - B) ** 2) + 3 * np.abs(x).sum() + 4 * np.linalg.norm(x),
        ),
        ("norm2(A*x - b)^2 + 9*norminf(2*x)", lambda x: np.sum((A @ x - B) ** 2) + 18 * np.abs(x).max()),
        (
            "norm2(A*x - b)^2 + 2*(norm1(x) + norminf(x))",
            lambda x: np.sum((A @ x - B) ** 2) + 2 * np.abs(x).sum() + 2 * np.abs(x).max(),
        ),
    ],
)
def test_terms_with_kinks_are_at_a_minimum(text, value):
    data = {"A": A, "b": B, "y": SIGNS}
    found = gradproof.minimize(text, "x", data={name: data[name] for name in data if name in text}, tol=1e-7)
    assert found.is_converged
    assert found.objective == pytest.approx(value(found.x), rel=1e-9)
    steps = np.random.default_rng(0).standard_normal((400, 12)) * np.logspace(-4, 0, 400)[:, None]
    assert min(value(found.x + step) for step in steps) >= found.objective * (1 - 1e-6)


def test_solvers_by_name_meet_the_same_minimum():
    lasso = {
        gradproof.minimize("norm2(A*x - b)^2 + norm1(x)", "x", data={"A": A, "b": B}, solver=name, tol=1e-8).objective
        for name in ("ista", "fista")
    }
    smooth = {
        gradproof.minimize("norm2(A*x - b)^2", "x", data={"A": A, "b": B}, solver=name, tol=1e-8).objective
        for name in ("gradient", "momentum", "nesterov", "lbfgs")
    }
    assert np.ptp(list(lasso)) < 1e-8
    assert np.ptp(list(smooth)) < 1e-8
    with pytest.raises(DomainError, match="a solver was expected"):
        gradproof.minimize("norm2(A*x - b)^2", "x", data={"A": A, "b": B}, solver="simplex")


def test_path_starts_from_the_last_minimum():
    problem = Minimization("0.5*norm2(A*x - b)^2 + lam*norm1(x)", "x", (), {"A": A, "b": B, "lam": 1.0})
    weights = np.logspace(2, -1, 5)
    found = list(problem.path("lam", weights, minimization_stopping(1e-9, np.inf, 1000)))
    for weight, one in zip(weights, found, strict=True):
        alone = gradproof.minimize("0.5*norm2(A*x - b)^2 + lam*norm1(x)", "x", data={"A": A, "b": B, "lam": weight}, tol=1e-9)
        assert np.allclose(one.x, alone.x, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "conditions", "data"),
    [
        ("c'*x", [], {"c": np.array([1.0, -2.0])}),
        ("c'*x + norm1(x)", [], {"c": np.array([1.0, -2.0])}),
        ("c'*x", ["x >= 0"], {"c": np.array([1.0, -2.0])}),
        ("(C*x)'*(C*x) + c'*x", [], {"C": np.array([[1.0, 0.0], [1.0, 0.0]]), "c": np.array([0.5, 3.0])}),
        ("x'*C*x", [], {"C": np.array([[1.0, 0.0], [0.0, -1.0]])}),
    ],
)
def test_unbounded_objectives_say_so_with_a_direction(text, conditions, data):
    found = gradproof.minimize(text, "x", conditions, data=data, max_seconds=20)
    assert found.reason == "unbounded"
    along = found.direction["x"]
    values = []
    for far in (1e3, 1e6):
        problem = Minimization(text, "x", conditions, data)
        values.append(eval_at(problem, far * along))
        if conditions:
            assert (along >= 0).all()
    assert values[1] < 100 * values[0] < 0


def eval_at(problem, x):
    from gradproof.objective.program import compiled

    return float(compiled(problem.statement.formula.value)({**problem.statement.values, "x": x}))


@pytest.mark.parametrize(
    "conditions",
    [
        ["x >= 1", "x <= 0"],
        ["x >= 0", "sum(x) = -1"],
        ["x >= 0", "sum(x) <= -1"],
        ["norm2(x) <= -1"],
        ["x[1] + x[2] + x[3] = 1, x[1] + x[2] + x[3] = 3"],
    ],
)
def test_infeasible_constraints_are_a_result_with_a_certificate(conditions):
    found = gradproof.minimize("norm2(x - b)^2", "x", conditions, data={"b": np.ones(3)})
    assert found.reason == "infeasible"
    assert found.certificate.value > 0.5
    assert any(line.startswith("infeasible:") for line in found.explanation)


@pytest.mark.parametrize(
    ("text", "changes", "error", "words"),
    [
        ("norm2(A*x - b)^2 + lam*norm1(x)", {"lam": -1.0}, DomainError, "weight >= 0"),
        ("norm2(A*x - b)^2 + lam*norm1(x)", {"lam": np.nan}, DomainError, "finite"),
        ("norm2(A*x - b)^2 + lam*norm1(x)", {"A": np.full((40, 12), np.inf)}, DomainError, r"data A: finite .* \(0, 0\)"),
        ("norm2(A*x - b)^2 + lam*norm1(x)", {"A": np.zeros((0, 12))}, DomainError, "at least one entry"),
        ("norm2(A*x - b)^2 + lam*norm1(x)", {"A": A.astype(object)}, DomainError, "real numbers"),
        ("norm2(A*x - b)^2 + lam*norm1(x)", {"b": B[:-1]}, ShapeError, "40.* and b"),
        ("norm2(A*x - b)^2 + lam*norm1(x)", {"spare": B}, FormulaError, "'spare'"),
        ("A*x - b + lam", {}, FormulaError, "a number was expected"),
        ("norm2(A*z - b)^2 + lam", {}, FormulaError, "a formula of x was expected"),
    ],
)
def test_bad_input_is_one_clear_error(text, changes, error, words):
    with pytest.raises(error, match=words):
        gradproof.minimize(text, "x", data={"A": A, "b": B, "lam": 0.1, **changes})


def test_missing_data_and_shapes_that_stay_open_are_named():
    with pytest.raises(FormulaError, match="data for lam was expected"):
        gradproof.minimize("norm2(A*x - b)^2 + lam*norm1(x)", "x", data={"A": A, "b": B})
    with pytest.raises(FormulaError, match="the shape of x was expected"):
        gradproof.minimize("norm2(x)", "x")
    with pytest.raises(GradproofError, match="class numbers"):
        gradproof.minimize("cross_entropy(A*W, y)", "W", data={"A": A, "y": LABELS + 2}, assume=["W: 12,3"])


@pytest.mark.parametrize(
    "formula", ["0.5*norm2(A*x - b)^2 + 0.1*norm1(x)", "norm2(A*x - b)^2 + norm2(x)", "sum(exp(0.1*A*x)) + sum(x.^2)"]
)
def test_interruption_returns_the_best_point_so_far(formula):
    def interrupt(iteration, objective, certificate):
        raise KeyboardInterrupt

    data = {"A": A, "b": B} if "b" in formula else {"A": A}
    found = gradproof.minimize(formula, "x", data=data, start={"x": np.ones(12)}, callback=interrupt)
    assert found.reason == "interrupted"
    assert found.x.shape == (12,)
    assert "best point so far" in found.advice


def test_integers_and_zero_and_constant_columns_are_ordinary_data():
    data = np.hstack([np.arange(20).reshape(10, 2), np.zeros((10, 1), dtype=int), np.ones((10, 1), dtype=int)])
    found = gradproof.minimize("0.5*norm2(A*x - b)^2 + 0.5*norm1(x)", "x", data={"A": data, "b": np.arange(10)})
    assert found.is_converged
    assert found.x[2] == 0
