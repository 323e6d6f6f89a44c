"""Problems of many kinds, in many spellings, against SciPy or a solution by hand."""

import numpy as np
import pytest
from scipy import optimize

import gradproof
from gradproof.errors import DomainError, FormulaError, UnsupportedError
from gradproof.objective.conditions import spelled, unwrapped

RANDOM = np.random.default_rng(5)
A = RANDOM.standard_normal((30, 6))
B = A[:, :2] @ [2.0, -1.5] + 0.3 * RANDOM.standard_normal(30)
V = np.array([-0.5, 0.5, 2.0])
COVARIANCE = np.cov(RANDOM.standard_normal((30, 4)), rowvar=False)
CURVE = A.T @ A / 30


def lowest_quantile(level):
    cost = np.concatenate([np.zeros(12), np.full(30, level), np.full(30, 1 - level)])
    return optimize.linprog(cost, A_eq=np.hstack([A, -A, np.eye(30), -np.eye(30)]), b_eq=B).fun


def least_beyond(edge):
    cost, sides = np.concatenate([np.zeros(6), np.ones(30)]), np.vstack([A, -A])
    rows = np.hstack([sides, -np.vstack([np.eye(30), np.eye(30)])])
    limits = np.concatenate([B, -B]) + edge
    return optimize.linprog(cost, A_ub=rows, b_ub=limits, bounds=[(None, None)] * 6 + [(0, None)] * 30).fun


def huber(x):
    size = np.abs(A @ x - B)
    return np.where(size <= 1, size**2 / 2, size - 0.5).sum()


AFFINE = {"A": A, "b": B}


@pytest.mark.parametrize(
    ("formula", "data", "expected"),
    [
        ("norm1(A*x - b)", AFFINE, lambda: 2 * lowest_quantile(0.5)),
        ("sum(max(abs(A*x - b) - e, 0))", {**AFFINE, "e": 0.2}, lambda: least_beyond(0.2)),
        ("sum_i max(0, abs(b_i - sum_j A_ij*x_j) - 0.1)", AFFINE, lambda: least_beyond(0.1)),
        ("30*mean(relu(3*abs(b - A*x) - 0.6))", AFFINE, lambda: 3 * least_beyond(0.2)),
        (r"\sum_i |b_i - a_i^\top x|", {"a": A, "b": B}, lambda: 2 * lowest_quantile(0.5)),
        ("sum(max(0.3*(b - A*x), -0.7*(b - A*x)))", AFFINE, lambda: lowest_quantile(0.3)),
        ("sum(t*max(b - A*x, 0) + (1 - t)*max(A*x - b, 0))", {**AFFINE, "t": 0.3}, lambda: lowest_quantile(0.3)),
        (
            "sum(where(abs(A*x - b) <= 1, (A*x - b).^2/2, abs(A*x - b) - 0.5))",
            AFFINE,
            lambda: optimize.minimize(huber, np.zeros(6), options={"gtol": 1e-9}).fun,
        ),
        (
            r"\frac{1}{2n} \sum_{i=1}^n (b_i - \sum_j A_{ij} x_j)^2",
            {**AFFINE, "n": 30},
            lambda: np.linalg.lstsq(A, B)[1][0] / 60,
        ),
        (r"\min_x \frac12 \|A x - b\|^2", AFFINE, lambda: np.linalg.lstsq(A, B)[1][0] / 2),
        ("-sum(log(d - C*x))", {"C": np.vstack([np.eye(4), -np.eye(4)]), "d": 2 * np.ones(8)}, lambda: -8 * np.log(2)),
    ],
)
def test_objectives_with_kinks_and_domains(formula, data, expected):
    found = gradproof.minimize(formula, "x", data=data, tol=1e-7)
    assert found.is_converged
    assert found.objective == pytest.approx(expected(), rel=1e-5)


def test_max_of_absolute_values_is_the_largest_norm():
    one = gradproof.minimize("max(abs(A*x - b))", "x", data=AFFINE, tol=1e-7)
    assert one.objective == pytest.approx(gradproof.minimize("norminf(A*x - b)", "x", data=AFFINE, tol=1e-7).objective, rel=1e-6)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("x in [0, 1]", 1.25),
        (r"x \in [0, 1]", 1.25),
        (r"0 \le x \le 1", 1.25),
        ("x >= 0, x <= 1", 1.25),
        (r"0 \leq x_i \leq 1 \quad \forall i", 1.25),
        ("abs(x) <= 1", 1.0),
        (r"|x_i| \le 1", 1.0),
        ("x in simplex", 1.5),
        (r"\sum_i x_i = 1, \; x \ge 0", 1.5),
        (r"\mathbf{1}^\top x = 1 \text{ and } x \succeq 0", None),
        ("x[1] >= 0", 0.25),
        ("norm2(x) = 1", None),
    ],
)
def test_spellings_of_constraints(condition, expected):
    if expected is None and "succeq" in condition:
        with pytest.raises(UnsupportedError, match="a matrix that is affine"):
            gradproof.minimize(r"\|x - v\|^2", "x", condition, data={"v": V})
        return
    found = gradproof.minimize("norm2(x - v)^2", "x", condition, data={"v": V}, tol=1e-8)
    assert found.is_converged
    assert found.objective == pytest.approx(expected if expected is not None else (np.linalg.norm(V) - 1) ** 2, abs=1e-5)


@pytest.mark.parametrize(
    ("formula", "conditions", "expected"),
    [
        ("x'*Q*x", ["x'*x = 1"], lambda: np.linalg.eigvalsh(CURVE)[0]),
        ("x'*Q*x", [r"\|x\|_2 = 1"], lambda: np.linalg.eigvalsh(CURVE)[0]),
        ("-x'*Q*x", ["norm2(x)^2 <= 1"], lambda: -np.linalg.eigvalsh(CURVE)[-1]),
        ("sum(x)", ["x'*Q*x <= 1"], lambda: -np.sqrt(np.ones(6) @ np.linalg.solve(CURVE, np.ones(6)))),
    ],
)
def test_curved_constraints(formula, conditions, expected):
    found = gradproof.minimize(formula, "x", conditions, data={"Q": CURVE}, tol=1e-8)
    assert found.is_converged, str(found)
    assert found.objective == pytest.approx(expected(), rel=1e-5)


def test_nonlinear_constraints_over_two_numbers():
    found = gradproof.minimize("(x - 2)^2 + (y - 1)^2", "x,y", ["x^2 - y <= 0", "x + y <= 2"], assume=["x: scalar", "y: scalar"])
    assert found.is_converged
    assert (found.values["x"], found.values["y"]) == (pytest.approx(1, abs=1e-5), pytest.approx(1, abs=1e-5))
    assert "general constraints" in found.explain()
    assert "constraint: x^2 - y <= 0" in found.explain()


def test_a_cone_bounds_a_norm_by_a_variable():
    found = gradproof.minimize("t + 0.1*sum(x)", "x,t", ["norm2(x - v) <= t"], data={"v": V}, assume=["t: scalar"], tol=1e-8)
    assert found.is_converged
    np.testing.assert_allclose(found.values["x"], V, atol=1e-5)


def test_entropy_starts_where_it_has_a_value():
    weights = np.arange(1.0, 7)
    found = gradproof.minimize("sum(x.*log(x))", "x", ["sum(x) = 1", "v'*x = 2.5"], data={"v": weights}, tol=1e-8)
    assert found.is_converged
    slopes = np.diff(np.log(found.x))
    np.testing.assert_allclose(slopes, slopes[0], atol=1e-4)
    assert weights @ found.x == pytest.approx(2.5, abs=1e-6)
    assert "start:" in found.explain()


def test_covariance_selection_stays_symmetric_and_positive_definite():
    found = gradproof.minimize("tr(S*X) - logdet(X) + 0.1*sum(abs(X))", "X", data={"S": COVARIANCE}, tol=1e-8)
    assert found.is_converged
    np.testing.assert_allclose(found.x, found.x.T, atol=1e-12)
    slope = COVARIANCE - np.linalg.inv(found.x)
    assert np.abs(slope).max() <= 0.1 + 1e-6
    np.testing.assert_allclose(slope[found.x != 0], -0.1 * np.sign(found.x[found.x != 0]), atol=1e-5)
    assert "domain: X symmetric and positive definite" in found.explanation


def test_nearest_semidefinite_matrix():
    target = COVARIANCE - np.eye(4)
    values, vectors = np.linalg.eigh(target)
    for condition in ("X in PSD", r"X \succeq 0", "X >> 0"):
        found = gradproof.minimize("normF(X - S)^2", "X", condition, data={"S": target}, tol=1e-9)
        np.testing.assert_allclose(found.x, (vectors * np.maximum(values, 0)) @ vectors.T, atol=1e-7)


@pytest.mark.parametrize(
    "penalty",
    [
        "where(abs(x) <= 1, abs(x), where(abs(x) <= 3, (6*abs(x) - x.^2 - 1)/4, 2))",
        "where(abs(x) <= 3, abs(x) - x.^2/6, 1.5)",
        "log(1 + abs(x)/0.1)",
        "sqrt(abs(x))",
        "2*sqrt(abs(x))",
    ],
)
def test_penalties_that_are_not_convex_are_recognised_by_their_values(penalty):
    found = gradproof.minimize(f"norm2(A*x - b)^2/2 + sum({penalty})", "x", data=AFFINE, tol=1e-7)
    assert found.is_converged
    assert "the same function of every entry" in found.explain()
    assert 2 <= np.count_nonzero(found.x) <= 6
    loss = "norm2(A*x - b)^2/2"
    assert found.objective <= gradproof.minimize(loss, "x", data=AFFINE).objective + 12


def test_isotropic_variation_agrees_with_its_proximal_operator():
    image = np.zeros((6, 5))
    image[2:4, 1:4] = 1
    image += 0.2 * RANDOM.standard_normal(image.shape)
    edges = np.pad(image, ((0, 1), (0, 1)), mode="edge")
    text = "0.5*normF(X - Y)^2 + 0.2*sum_{i=1}^{5} sum_{j=1}^{4} sqrt((X[i+1,j] - X[i,j])^2 + (X[i,j+1] - X[i,j])^2)"
    text += " + 0.2*sum_{j=1}^{4} abs(X[6,j+1] - X[6,j]) + 0.2*sum_{i=1}^{5} abs(X[i+1,5] - X[i,5])"
    assert edges.shape == (7, 6)
    found = gradproof.minimize(text, "X", data={"Y": image}, tol=1e-8)
    np.testing.assert_allclose(found.x, gradproof.prox.IsotropicVariation2D(0.2).prox(image)[0], atol=1e-5)


@pytest.mark.parametrize(("term", "operator"), [("tv(X)", "IsotropicVariation2D"), ("tv(X, p=1)", "TotalVariation2D")])
def test_an_image_is_denoised_by_one_proximal_step(term, operator):
    image = np.tile(np.repeat([0.0, 1.0], 4), (6, 1)) + 0.2 * RANDOM.standard_normal((6, 8))
    found = gradproof.minimize(f"0.5*normF(X - Y)^2 + 0.3*{term}", "X", data={"Y": image})
    assert found.result.iterations <= 1
    np.testing.assert_allclose(found.x, getattr(gradproof.prox, operator)(0.3).prox(image)[0], atol=1e-9)
    behind = gradproof.minimize(f"normF(X - Y)^2 + 0.6*{term} + 0.001*sum(X.^4)", "X", data={"Y": image}, tol=1e-7)
    assert behind.is_converged
    assert "augmented Lagrangian" in behind.result.solver
    np.testing.assert_allclose(behind.x, found.x, atol=0.01)


def test_a_penalty_on_a_matrix_by_the_norm_of_its_entries():
    target = RANDOM.standard_normal((3, 4))
    found = gradproof.minimize("0.5*normF(W - Y)^2 + 0.5*norm1(W)", "W", data={"Y": target})
    np.testing.assert_allclose(found.x, gradproof.prox.L1(0.5).prox(target)[0], atol=1e-6)


def test_differences_that_there_are_none_of_count_for_nothing():
    assert np.allclose(gradproof.minimize("norm2(x - v)^2 + norm1(diff(x, 4))", "x", data={"v": [1.0, 2, 3]}).x, [1, 2, 3])


def test_a_kink_without_a_proximal_operator_is_not_certified():
    found = gradproof.minimize("max(norm2(x - a), norm2(x - c))", "x", data={"a": np.zeros(2), "c": np.array([2.0, 0.0])})
    assert not found.is_converged
    assert any("no proximal operator is known" in line for line in found.explanation)
    assert found.objective >= 1 - 1e-9


def test_zero_is_left_where_it_is_a_saddle():
    rows = RANDOM.standard_normal((20, 3))
    found = gradproof.minimize("sum(((G*x).^2 - y).^2)", "x", data={"G": rows, "y": (rows @ [1.0, -0.5, 2.0]) ** 2}, tol=1e-8)
    assert found.objective < 1e-8
    assert any("saddle" in line for line in found.explanation)


def test_a_maximum_on_the_constraint_is_left():
    found = gradproof.minimize("sum(log(w))", "w", "sum(w) = 1", assume=["w: 3"], max_seconds=5)
    assert found.objective < -3 * np.log(3) - 1


def test_general_constraints_that_nothing_satisfies():
    found = gradproof.minimize("norm2(x)^2", "x", "x'*x = -1", assume=["x: 3"])
    assert found.reason == "infeasible"
    assert found.certificate.value == pytest.approx(1, abs=1e-4)


def test_sizes_may_be_given_as_data():
    with_size = gradproof.minimize(r"\frac1n \sum_{i=1}^n (y_i - m)^2", "m", data={"y": B, "n": 30}, assume=["m: scalar"])
    assert with_size.x == pytest.approx(B.mean())
    assert gradproof.minimize("norm2(x - lambda)^2", "x", data={"lambda": 2.0}, assume=["x: 2"]).x == pytest.approx([2, 2])


def test_whole_programs_are_read():
    assert unwrapped(r"\min_{w} w^\top Q w \text{ s.t. } w \ge 0") == (r"w^\top Q w", [r" w \ge 0"])
    assert unwrapped("min(x)") == ("min(x)", [])
    found = gradproof.minimize(
        r"\min_w w^\top Q w \quad \text{subject to} \quad \mathbf{1}^\top w = 1, \; w \ge 0", "w", data={"Q": CURVE}
    )
    assert found.is_converged
    assert found.x.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "message"), [("x in foo", "a set was expected"), ("x", "a comparison was expected"), (r"\le x", "comparison")]
)
def test_constraints_that_cannot_be_read(text, message):
    with pytest.raises(FormulaError, match=message):
        gradproof.minimize("norm2(x - v)^2", "x", text, data={"v": V})


def test_a_start_outside_the_domain_is_an_error():
    with pytest.raises(DomainError, match="a start with a finite value"):
        gradproof.minimize("sum(x.*log(x))", "x", "sum(x) = 1", start={"x": -np.ones(3)})
    assert [one.relation for one in spelled("x >= 0, y = 1")] == [None, None]


@pytest.mark.parametrize(
    ("conditions", "distance"),
    [
        (["norm2(x) <= 1", "x >= 0.8"], 0.8 * np.sqrt(5) - 1),
        (["norm2(x - 1) <= 1", "norm2(x + 1) <= 1"], 2 * np.sqrt(5) - 2),
        (["norm1(x) <= 1", "sum(x) = 2"], 1.0),
    ],
)
def test_convex_sets_that_do_not_meet_are_told_with_their_distance(conditions, distance):
    found = gradproof.minimize("sum(x)", "x", conditions, assume=["x: 5"])
    assert found.reason == "infeasible"
    assert found.certificate.value == pytest.approx(distance, rel=1e-4)
    words = next(line for line in found.explanation if line.startswith("infeasible:"))
    assert all(condition.replace(" ", "") in words.replace(" ", "") for condition in conditions)


def test_convex_sets_that_touch_in_one_point_are_not_called_infeasible():
    found = gradproof.minimize("sum(x)", "x", ["norm2(x - 1) <= 1", "norm2(x + 1) <= 1"], assume=["x: 1"], tol=1e-4)
    assert found.reason != "infeasible"
    assert found.x == pytest.approx([0.0], abs=1e-2)


ROTATION = np.linalg.qr(RANDOM.standard_normal((6, 6)))[0]


@pytest.mark.parametrize(
    ("term", "data", "value"),
    [
        ("norm1(Q*x)", {"Q": ROTATION}, lambda x: np.abs(ROTATION @ x).sum()),
        ("norm2(Q*x - q)", {"Q": 2 * ROTATION, "q": V.repeat(2)}, lambda x: np.linalg.norm(2 * ROTATION @ x - V.repeat(2))),
        ("sum(abs(x[2:6] - x[1:5]))", {}, lambda x: np.abs(np.diff(x)).sum()),
        ("sum(abs(3*x[1:5] - 3*x[2:6]))", {}, lambda x: 3 * np.abs(np.diff(x)).sum()),
    ],
)
def test_functions_behind_rotations_and_differences_have_an_operator_of_their_own(term, data, value):
    found = gradproof.minimize(f"norm2(A*x - b)^2/2 + {term}", "x", data={**AFFINE, **data}, tol=1e-9)
    assert found.result.solver == "FISTA"
    assert found.objective == pytest.approx(np.sum((A @ found.x - B) ** 2) / 2 + value(found.x))
    for step in np.random.default_rng(0).standard_normal((200, 6)) * 0.05:
        moved = found.x + step
        assert found.objective <= np.sum((A @ moved - B) ** 2) / 2 + value(moved) + 1e-9


def test_a_start_that_is_the_minimum_is_certified():
    rows = np.vstack([A, -A])
    found = gradproof.minimize("-sum(log(1 - A*x))", "x", data={"A": rows})
    assert found.is_converged
    assert np.allclose(found.x, 0, atol=1e-8)


@pytest.mark.parametrize(("formula", "expected"), [("abs(x - 3) + abs(x - 5) + abs(x)", 3.0), ("-log(x) - log(1 - x)", 0.5)])
def test_a_variable_of_which_the_objective_is_no_vector_is_a_number(formula, expected):
    found = gradproof.minimize(formula, "x")
    assert np.shape(found.x) == ()
    assert float(found.x) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("term", "data", "words"),
    [
        ("mcp(x, lam, 3)", {"lam": -1.0}, "lam >= 0 was expected, got -1"),
        ("scad(x, lam, a)", {"lam": 1.0, "a": 1.5}, "a > 2 was expected, got 1.5"),
        ("scad(x, 1, 2)", {}, "a parameter > 2 was expected, got 2"),
        ("sum(huber(A*x, b))", {}, r"b\[i\] > 0 was expected, got -"),
    ],
)
def test_parameters_outside_their_domain_are_refused(term, data, words):
    with pytest.raises(DomainError, match=words):
        gradproof.minimize(f"norm2(A*x - b)^2 + {term}", "x", data={**AFFINE, **data})


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("sum_i v_i*max(abs(x_i - 1) - 0.2, 0) + norm2(x - 2)^2", [1.5, 1.2, 1.2]),
        ("sum_i v_i*max(abs(x_i - 100) - 0.2, 0) + norm2(x - 101)^2", [100.5, 100.2, 100.2]),
        ("sum_i v_i*abs(x_i - 100.2) + norm2(x - 101)^2", [100.5, 100.2, 100.2]),
        ("sum_i v_i*max(abs(x_i) + 0.2, 0) + norm2(x - 2)^2", [1.5, 1.0, 0.5]),
    ],
)
def test_minima_at_the_kinks_of_shifted_terms_are_certified(formula, expected):
    found = gradproof.minimize(formula, "x", data={"v": [1.0, 2.0, 3.0]}, max_iterations=200)
    assert found.is_converged
    assert np.allclose(found.x, expected, atol=1e-6)


NO_MINIMUM = np.random.default_rng(0).standard_normal((60, 4))
SIDE = np.sign(NO_MINIMUM @ [1.0, -2.0, 0.5, 0.0])
MIXED = np.where(np.random.default_rng(1).random(60) < 0.2, -SIDE, SIDE)
#: The last feature is one of three samples alone, and tells their classes.
LONE = np.column_stack([NO_MINIMUM[:, :3], np.where(np.arange(60) < 3, MIXED * np.linspace(0.3, 0.9, 60), 0.0)])
LOGISTIC_LOSS = "sum(log(1 + exp(-y.*(X*w))))"
CROSS_ENTROPY = "-sum(z.*log(sigmoid(X*w)) + (1-z).*log(1-sigmoid(X*w)))"
MANY = np.random.default_rng(2).standard_normal((100, 80))


@pytest.mark.parametrize(
    ("formula", "over", "data"),
    [
        (LOGISTIC_LOSS, "w", {"X": NO_MINIMUM, "y": SIDE}),
        ("mean(log(1 + exp(-y.*(X*w + c))))", "w,c", {"X": NO_MINIMUM, "y": SIDE}),
        ("cross_entropy(X*W, t)", "W", {"X": NO_MINIMUM, "t": (SIDE > 0).astype(int)}),
        (LOGISTIC_LOSS, "w", {"X": LONE, "y": MIXED}),
        (CROSS_ENTROPY, "w", {"X": NO_MINIMUM, "z": (SIDE > 0).astype(float)}),
        (CROSS_ENTROPY, "w", {"X": MANY, "z": (MANY.sum(axis=1) > 0).astype(float)}),
        ("exp(-x) + 5", "x", {}),
        ("1/x", "x", {}),
    ],
)
def test_an_infimum_that_no_point_reaches_is_told_with_its_direction(formula, over, data):
    found = gradproof.minimize(formula, over, data=data, assume=["c:"] if "c" in over else [])
    assert found.reason == "unattained"
    assert not found.is_converged
    assert "add a penalty" in found.advice
    further = {name: found.values[name] + 3 * found.direction[name] for name in found.values}
    (value,) = (
        gradproof.minimize(formula, over, data=data, assume=["c:"] if "c" in over else [], start=further, max_iterations=1),
    )
    assert value.objective < found.objective
    if "y" in data and over == "w":
        margins = data["y"] * (data["X"] @ found.direction["w"])
        assert margins.min() > -1e-6
        assert margins.max() > 0.1


@pytest.mark.parametrize(
    ("formula", "data"),
    [
        (LOGISTIC_LOSS, {"X": NO_MINIMUM, "y": MIXED}),
        (f"{LOGISTIC_LOSS} + 0.001*norm2(w)^2", {"X": NO_MINIMUM, "y": SIDE}),
        ("sum(max(1 - y.*(X*w), 0).^2)", {"X": NO_MINIMUM, "y": SIDE}),
        ("sum(exp(X*w))", {"X": NO_MINIMUM}),
        ("norm2(tanh(X*w) - 0.5*y)^2", {"X": NO_MINIMUM, "y": MIXED}),
    ],
)
def test_a_minimum_that_is_attained_is_no_endless_fall(formula, data):
    assert gradproof.minimize(formula, "w", data=data).is_converged


def test_a_transport_plan_with_sums_that_agree_but_for_rounding_is_found():
    random = np.random.default_rng(1)
    cost, shares = np.abs(random.standard_normal((12, 12))), random.random(12)
    shares /= shares.sum()
    wanted = np.roll(shares, 1)
    sums = np.vstack([np.kron(np.eye(12), np.ones(12)), np.kron(np.ones(12), np.eye(12))])
    lowest = optimize.linprog(cost.ravel(), A_eq=sums, b_eq=np.concatenate([shares, wanted])).fun
    found = gradproof.minimize(
        "sum(C.*X)", "X", ["sum_j X[i,j] = p[i]", "sum_i X[i,j] = q[j]", "X >= 0"], {"C": cost, "p": shares, "q": wanted}
    )
    assert found.is_converged
    assert found.objective == pytest.approx(lowest, abs=1e-6)


@pytest.mark.parametrize(
    ("formula", "over", "conditions"),
    [
        ("sum(max(1 - s.*(A*x + c), 0)) + norm2(x)^2/2", "x,c", ()),
        (r"\sum_i \max(0, 1 - s_i (A x + c)_i) + \frac12 \|x\|^2", "x,c", ()),
        ("norm2(x)^2/2 + sum(u)", "x,u,c", ("s.*(A*x + c) >= 1 - u", "u >= 0")),
    ],
)
def test_an_offset_that_nobody_declares_is_one_number(formula, over, conditions):
    signs = np.where(B > 0, 1.0, -1.0)
    found = gradproof.minimize(formula, over, conditions, {"A": A, "s": signs})
    declared = gradproof.minimize(formula, over, conditions, {"A": A, "s": signs}, assume=["c:"])
    assert found.is_converged
    assert found.values["c"].shape == ()
    assert found.objective == pytest.approx(declared.objective, rel=1e-6)
    assert any("c is the same for all samples" in line for line in found.explanation)


def test_outliers_with_a_penalty_of_their_own_stay_one_for_each_sample():
    found = gradproof.minimize("norm2(A*x + e - b)^2 + norm1(e)", "x,e", data={"A": A, "b": B})
    assert found.values["e"].shape == B.shape
