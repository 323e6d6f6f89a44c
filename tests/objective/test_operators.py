"""Every function of the catalogue that a user can write has its operator, with its entry, its source and a check."""

import inspect

import numpy as np
import pytest

from gradproof import prox
from gradproof.errors import FormulaError
from gradproof.objective import operators
from gradproof.objective.operators import operator
from gradproof.prox.function import AbstractFunction
from gradproof.prox.reference import reference

CASES = [
    ("lam*norminf(x)", "x", [], "LInf(lambda_=lam)"),
    ("max(x)", "x", [], "Max(lambda_=1)"),
    ("lam*nuclear_norm(X)", "X", [], "Nuclear(lambda_=lam)"),
    ("lam*sum_g norm2(X[g,:])", "X", [], "L21(groups=the rows, lambda_=lam, weights=1)"),
    ("mu*sum_i abs(x[i+1] - x[i])", "x", [], "TotalVariation1D(lambda_=mu)"),
    ("lam*logsumexp(x)", "x", [], "Scale(LogSumExp, c=lam)"),
    ("cross_entropy(x, y)", "x", ["y: n onehot"], "Tilt(LogSumExp, a=-y)"),
    ("-mu*logdet(X)", "X", ["X: n,n", "mu:"], "Scale(LogDeterminant, c=mu)"),
    ("tr(S*X) - logdet(X)", "X", ["X: n,n"], "Tilt(LogDeterminant, a=S)"),
    ("lam*tv(x)", "x", [], "TotalVariation1D(lambda_=lam)"),
    ("lam*tv(X)", "X", [], "IsotropicVariation2D(lambda_=lam)"),
    ("lam*tv(X, p=1)", "X", [], "TotalVariation2D(lambda_=lam)"),
    ("lam*norm1(diff(X, axis=1)) + lam*norm1(diff(X, axis=2))", "X", ["X: m,n"], "TotalVariation2D(lambda_=lam)"),
    ("sum(x.*log(x))", "x", [], "Entropy"),
    ("-mu*sum(log(x))", "x", ["mu:"], "Scale(LogBarrier, c=mu)"),
    ("lam*norm1(Q*x)", "x", ["Q: 4,4 orthogonal"], "PrecomposeOrthogonal(L1(lambda_=lam), matrix=Q)"),
    ("sum(log(1 + exp(-x)))", "x", [], "Logistic(labels=1)"),
    ("c*sum(max(0, 1 - x))", "x", ["c:"], "Scale(Hinge(labels=1), c=c)"),
    ("sum(max(0, 1 - y.*x)^2)", "x", ["y: n"], "PrecomposeDiagonal(SquaredHinge(labels=1), d=y)"),
    ("sum(x - q.*log(x))", "x", ["q: n"], "Poisson(counts=q)"),
    ("lam*sum(log(1 + abs(x)/eps))", "x", ["eps:"], "Scale(LogSum(lambda_=1, epsilon=eps), c=lam)"),
    ("lam*sum(sqrt(abs(x)))", "x", [], "Scale(RootPower(lambda_=1, p=1/2), c=lam)"),
    ("indicator(x in simplex)", "x", [], "Simplex(radius=1)"),
    ("indicator(a'*x <= b)", "x", ["a: n", "b:"], "Halfspace(a=a, b=b)"),
    ("indicator(A*x = b)", "x", [], "AffineSet(matrix=A, b=b)"),
    ("indicator(norm1(x) <= r)", "x", ["r:"], "L1Ball(radius=r)"),
    ("indicator(nuclear_norm(X) <= r)", "X", ["r:"], "NuclearBall(radius=r)"),
    ("indicator(X in PSD)", "X", ["X: n,n"], "PositiveSemidefiniteCone"),
]


@pytest.mark.parametrize(("text", "over", "assume", "entry"), CASES, ids=[case[0] for case in CASES])
def test_a_function_of_the_catalogue_is_cited_with_the_user_s_names(text, over, assume, entry):
    found = operator(text, over, assume=assume)
    assert found.entry == entry
    assert found.sources
    assert all(source.split(": ", 1)[1] for source in found.sources)
    assert found.verify(4).startswith("no better point")


MCP = "sum_i where(abs(x[i]) <= a*lam, lam*abs(x[i]) - x[i]^2/(2*a), a*lam^2/2)"


@pytest.mark.parametrize(
    ("text", "assume", "shown"),
    [
        ("mu*sum(huber(x, d))", ["d:"], "v - mu*min(max(v/(mu + 1), -d), d)"),
        ("sum(huber(x, 1))", [], "v - min(max(v/2, -1), 1)"),
        ("max(0, 1 - x)", ["x:"], "v where v >= 1, 1 where 0 <= v <= 1, v + 1 below"),
        ("sum(log(1 + exp(-x)))", [], "m, where m is the root of m - sigma(-m) = v"),
        ("lam*norm1(x - b)", ["b: n"], "z + b, where z = sign(u) max(|u| - lam, 0), where u = v - b"),
        ("lam*norm1(x - u)", ["u: n"], "z + u, where z = sign(w) max(|w| - lam, 0), where w = v - u"),
        ("indicator(norm2(x - c) <= r)", ["r:", "c: n"], "z + c, where z = u / max(1, ||u||_2 / r), where u = v - c"),
        (
            MCP,
            ["a:"],
            "for 1 < a: sign(v) max(|v| - lam, 0) / (1 - 1 / a) where |v| <= a lam, v beyond; "
            "else v where |v| > lam sqrt(a), 0 elsewhere",
        ),
    ],
)
def test_the_text_has_the_user_s_names_and_step(text, assume, shown):
    assert operator(text, "x", assume=assume).to_text() == shown


def test_what_can_be_derived_is_derived():
    found = operator("lam*norm1(x)", "x")
    assert found.to_text() == "sign(v).*max(abs(v) - lam, 0)"
    assert found.sources == ()


@pytest.mark.parametrize("text", ["sum(sin(x))", "norm1(x", "sum(x.^4) + norminf(x)", "lam*norm1(z)"])
def test_what_nothing_is_known_of_is_one_error(text):
    with pytest.raises(FormulaError):
        operator(text, "x", assume=["x: n"])


def test_a_wrong_operator_is_found_out(monkeypatch):
    monkeypatch.setattr(prox.LInf, "_prox", lambda self, x, gamma: 0.9 * x)
    assert operator("lam*norminf(x)", "x").verify(4).startswith("REFUTED")


def test_every_entry_states_its_function_its_operator_and_its_source():
    entries = [
        entry for name in prox.__all__ if inspect.isclass(entry := getattr(prox, name)) and issubclass(entry, AbstractFunction)
    ]
    bare = [
        entry.__name__
        for entry in entries
        if not inspect.isabstract(entry)
        for known in [reference(entry)]
        if not (known.function and known.prox and known.source)
    ]
    assert bare == []


@pytest.mark.parametrize(
    ("function", "stated"),
    [
        (prox.Huber(0.7, 0.3), lambda x, g: x - g * np.minimum(np.maximum((x - 0.3) / (1 + g), -0.7), 0.7)),
        (prox.SquaredHinge(1.0), lambda x, g: np.where(x >= 1, x, (x + 2 * g) / (1 + 2 * g))),
        (prox.Hinge(-1.0), lambda x, g: np.where(-x >= 1, x, np.where(-x >= 1 - g, -1, x - g))),
        (prox.Poisson(2.0), lambda x, g: (x - g + np.sqrt((x - g) ** 2 + 8 * g)) / 2),
        (
            prox.Quantile(0.3, 0.5),
            lambda x, g: np.where(x < 0.5 - 0.3 * g, x + 0.3 * g, np.where(x > 0.5 + 0.7 * g, x - 0.7 * g, 0.5)),
        ),
        (
            prox.SCAD(0.8, 3.7),
            lambda x, g: np.where(
                np.abs(x) <= (1 + g) * 0.8,
                np.sign(x) * np.maximum(np.abs(x) - g * 0.8, 0),
                np.where(np.abs(x) <= 3.7 * 0.8, (2.7 * x - np.sign(x) * g * 3.7 * 0.8) / (2.7 - g), x),
            ),
        ),
        (
            prox.MCP(0.8, 2.0),
            lambda x, g: np.where(np.abs(x) <= 1.6, np.sign(x) * np.maximum(np.abs(x) - g * 0.8, 0) / (1 - g / 2), x),
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, AbstractFunction) else "",
)
def test_a_stated_operator_is_the_computed_one(function, stated):
    x = np.linspace(-5, 5, 41) + 0.013
    for gamma in (0.4, 1.3):
        np.testing.assert_allclose(function.prox(x, gamma)[0], stated(x, gamma), atol=1e-9)


def test_the_catalogue_is_asked_only_when_the_derivation_does_not_know(monkeypatch):
    monkeypatch.setattr(operators, "_looked_up", lambda *told: pytest.fail("not needed"))
    assert operator("mu/2*norm2(x)^2", "x").entry == ""
