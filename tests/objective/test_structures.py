"""Formulas in many spellings reach the specialised solver of their problem, and it finds what a general solver finds."""

import re

import numpy as np
import pytest

from gradproof import minimize
from gradproof.objective.minimization import Minimization, minimization_stopping

RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((40, 6))
b = X @ np.array([1.0, -2, 0, 0, 0.5, 0]) + 0.1 * RANDOM.standard_normal(40)
y = np.argmax(X[:, :3] + 0.8 * RANDOM.standard_normal((40, 3)), axis=1)
SIGNS = np.where(b + RANDOM.standard_normal(40) > 0, 1, -1)
DATA = {"X": X, "b": b, "y": y, "Y": np.eye(3)[y], "s": SIGNS, "t": (SIGNS > 0).astype(int), "n": 40, "lam": 2.0, "mu": 1.0}

SQUARES = [
    "0.5*norm2(X*w-b)^2 + lam*norm1(w)",
    "mean((X*w-b).^2)/2 + lam*norm1(w)/40",
    "(X*w-b)'*(X*w-b) + lam*sum(abs(w))",
    "mse_loss(X*w, b) + lam*norm1(w)/20",
    "lam*(norm1(w) + 0.5*norm2(X*w-b)^2)",
    r"\frac{1}{2}\|Xw-b\|_2^2 + \mu \|w\|_1",
    "norm2(X*w + c - b)^2/2 + lam*norm1(w)",
    "norm2(X*w-b)^2/(2*n) + lam*0.3*norm1(w)/n + lam*(1-0.3)/(2*n)*norm2(w)^2",
    "0.5*norm2(X*w-b)^2 + lam*norm1(w) + mu*w'*w",
    "norm2(X*w-b)^2 | w >= 0",
    "norm2(X*w-b)^2 + lam*sum(w) | w >= 0",
    "0.5*norm2(X*w-b)^2 + lam*norm2(w)",
    "0.5*norm2(X*vec(W)-b)^2 + lam*sum_i sqrt(sum_j W_ij^2)",
]
LOGISTIC = [
    "sum(log(1+exp(-s.*(X*w)))) + lam*norm1(w)",
    "mean(softplus(-s.*(X*w))) + lam*norm1(w)/40 + mu/2*norm2(w)^2",
    "-sum(log(sigmoid(s.*(X*w)))) + lam*norm1(w)",
    "-sum(logsigmoid(s.*(X*w+c))) + lam*norm1(w)",
    "sum(log(1+exp(X*w)) - t.*(X*w)) + lam*norm1(w)",
    "-sum(t.*log(sigmoid(X*w)) + (1-t).*log(1-sigmoid(X*w))) + lam*norm1(w)",
    "binary_cross_entropy_with_logits(X*w + c, t) + lam*norm1(w)/40",
]
SOFTMAX = [
    "cross_entropy(X*W, y) + lam/40*sum(W.^2)",
    "cross_entropy(X*W', y) + lam/40*normF(W)^2",
    "cross_entropy(X*W, y) + lam/40*tr(W'*W)",
    "cross_entropy(X*W, y) + lam/40*norm2(vec(W))^2",
    "cross_entropy(linear(X, W, c), y) + lam/40*sum(abs(W))",
    "40*cross_entropy(X*W, y) + lam*norm1(vec(W)) + mu*sum(W.^2)",
    "cross_entropy(X*W, Y) + lam/40*sum(abs(W))",
    "-sum(Y.*log(softmax(X*W))) + lam*sum(abs(W))",
    "-tr(Y'*log(softmax(X*W))) + lam*normF(W)^2",
    "sum(logsumexp(X*W)) - sum(Y.*(X*W)) + lam*sum(abs(W))",
    "cross_entropy(X*W, y) + lam/40*sum(abs(W)) | W >= 0",
    "cross_entropy(X*W, y) + lam/40*sum_i sqrt(sum_j W_ij^2)",
]
GENERAL = {"least squares": "fista", "logistic": "panoc", "softmax": "panoc"}


def solved(text, solver=None):
    formula, _, condition = text.partition(" | ")
    data = {name: value for name, value in DATA.items() if re.search(rf"(?<![A-Za-z]){name}(?![A-Za-z])|\|{name}w", formula)}
    data["mu"] = 1.0 if "mu" in formula else data.pop("mu", None)
    data = {name: value for name, value in data.items() if value is not None}
    assume = ["W: 2,3"] if "vec(W)-b" in formula else []
    table = "W" if "W" in formula else "w"
    has_constant = re.search(r"\bc\b", formula) is not None
    assume += ["c: scalar"] if has_constant and table == "w" else []
    over = f"{table},c" if has_constant else table
    return minimize(formula, over, [condition] if condition else [], data=data, assume=assume, solver=solver, tol=1e-9)


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, texts in zip(GENERAL, (SQUARES, LOGISTIC, SOFTMAX), strict=True) for text in texts]
)
def test_spellings_reach_the_specialised_solver(kind, text):
    found = solved(text)
    assert any(line.startswith(f"structure: {kind}") for line in found.explanation), found.explanation
    assert found.is_converged
    smooth = "W.^2" in text or "F(W)" in text or "tr(W" in text or "vec(W))^2" in text
    other = solved(text, "lbfgs" if smooth and "abs" not in text and "norm1" not in text else GENERAL[kind])
    assert found.objective == pytest.approx(other.objective, rel=1e-6)
    name = "W" if "W" in text else "w"
    np.testing.assert_allclose(found.values[name], other.values[name], atol=2e-3)


@pytest.mark.parametrize(
    ("formula", "over"),
    [
        ("sum(log(1+exp(-s.*(X*w))).^2) + lam*norm1(w)", "w"),  # squares of the losses
        ("sum(abs(X*w-b).^3) + lam*norm1(w)", "w"),
        ("sum(b.*log(1+exp(-s.*(X*w)))) + 40*norm1(w)", "w"),  # weighted samples
        ("-sum(Y.*log(softmax(2*(X*W) + Y))) + lam*sum(abs(W))", "W"),  # offsets
        ("norm2(X*w-b)^2 + lam*norm1(w) + sum(w.^4)", "w"),
    ],
)
def test_what_is_no_such_model_does_not(formula, over):
    data = {name: value for name, value in DATA.items() if re.search(rf"\b{name}\b", formula)}
    data = {**data, "b": np.abs(b)} if "b.*" in formula else data
    found = minimize(formula, over, data=data)
    assert not any(line.startswith("structure") for line in found.explanation), found.explanation


def test_a_path_of_softmax_regression_goes_on_from_each_point():
    formula = "cross_entropy(linear(X, W, c), y) + lam*sum(abs(W))"
    problem = Minimization(formula, "W,c", (), {"X": X, "y": y, "lam": 1.0})
    found = list(problem.path("lam", [0.2, 0.05, 0.01], minimization_stopping(1e-8, np.inf, 1000)))
    for value, one in zip([0.2, 0.05, 0.01], found, strict=True):
        alone = minimize(formula, "W,c", data={"X": X, "y": y, "lam": value}, tol=1e-8)
        assert one.is_converged
        assert one.objective == pytest.approx(alone.objective, rel=1e-7)
