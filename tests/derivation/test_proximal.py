"""Derived proximal operators are the ones of the catalogue, and say how they came about."""

from dataclasses import replace

import numpy as np
import pytest

from gradproof import prox
from gradproof.derivation.proximal import proximal
from gradproof.errors import FormulaError
from gradproof.formula.parse import parse
from gradproof.formula.value import value_of

POINT = np.array([3.0, -0.4, 0.1, -2.5, 0.9])

CASES = [
    ("lam*norm1(x)", [], {"lam": 0.7}, prox.L1(0.7)),
    ("2*lam*norm1(x)", [], {"lam": 0.35}, prox.L1(0.7)),
    ("lam*norm2(x)", [], {"lam": 1.3}, prox.L2(1.3)),
    ("mu/2*norm2(x)^2", [], {"mu": 0.5}, prox.SquaredL2(0.5)),
    ("lam*norm1(x)", ["x >= 0"], {"lam": 0.3}, prox.nonnegative_l1(0.3)),
    ("indicator(-1 <= x <= 2)", [], {}, prox.Box(-1, 2)),
    ("0", ["norm2(x) <= 1.5"], {}, prox.L2Ball(1.5)),
    ("0", ["norminf(x) <= 1.5"], {}, prox.Box(-1.5, 1.5)),
    ("lam*sum(x != 0)", [], {"lam": 0.9}, prox.L0(0.9)),
    ("sum(huber(x, 0.6))", [], {}, prox.Huber(0.6)),
]


@pytest.mark.parametrize(("text", "conditions", "values", "known"), CASES, ids=[f"{case[0]} {case[1]}" for case in CASES])
def test_the_operator_is_the_catalogue_s(text, conditions, values, known):
    found = proximal(text, "x", assume=["x: n"], subject_to=conditions)
    at = {"v": POINT, **values}
    given = {symbol.name: at[symbol.name] for symbol in found.result.symbols}
    ours = value_of(found.result, given, 15).astype(float)
    np.testing.assert_allclose(ours, known.prox(POINT, 1.0)[0], rtol=1e-12, atol=1e-12)
    assert found.verify(4).startswith("no better point")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lam*norm1(x)", "sign(v).*max(abs(v) - lam, 0)"),
        ("mu/2*norm2(x)^2", "v/(mu + 1)"),
        ("lam*norm1(x) + mu/2*norm2(x)^2", "sign(v).*max(abs(v) - lam, 0)/(mu + 1)"),
        ("lam*(norm1(x) + norm2(x)^2)", "sign(v).*max(abs(v) - lam, 0)/(2*lam + 1)"),
        ("lam*norm2(x)", "(1 - lam/max(norm2(v), lam))*v"),
        ("c'*x", "v - c"),
    ],
)
def test_the_printed_form(text, expected):
    found = proximal(text, "x", assume=["c: n"])
    assert found.to_text() == expected
    assert found.verify(6).startswith("no better point")


def test_a_scalar_and_a_matrix():
    assert proximal("lam*abs(x)", "x", assume=["x:"]).to_text() == "sign(v)*max(abs(v) - lam, 0)"
    assert proximal("lam*sum(abs(X))", "X", assume=["X: n,m"]).to_text() == "sign(V).*max(abs(V) - lam, 0)"


def test_two_norms_follow_one_another():
    found = proximal("norm1(x) + 2*norm2(x)", "x")
    ours = value_of(found.result, {"v": POINT}, 15).astype(float)
    np.testing.assert_allclose(ours, prox.L2(2.0).prox(prox.L1(1.0).prox(POINT, 1.0)[0], 1.0)[0], rtol=1e-12)


def test_the_steps_go_through_the_subdifferential():
    rules = [step.rule for step in proximal("lam*norm1(x)", "x").steps]
    assert rules == ["definition", "separable", "optimality", "subdifferential", "case", "case", "case", "together"]


def test_a_function_without_a_closed_form_names_its_entry():
    found = proximal("lam*norminf(x)", "x")
    assert (found.entry, found.result) == ("LInf", None)
    assert hasattr(prox, found.entry)


def test_a_wrong_operator_is_found_out():
    right = proximal("lam*norm1(x)", "x")
    wrong = replace(right, result=parse("sign(v).*max(abs(v) - 2*lam, 0)", ["v: n", "lam:"]))
    assert wrong.verify(4).startswith("REFUTED")


@pytest.mark.parametrize(
    ("text", "over", "conditions"),
    [
        ("sin(x)", "x", []),
        ("lam*norm1(x)", "z", []),
        ("x", "x", []),
        ("norm1(x)", "x", ["sin(x) <= 1"]),
        ("norm1(x) + norminf(x)", "x", []),
        ("norm1(x", "x", []),
    ],
)
def test_bad_input_is_one_error(text, over, conditions):
    with pytest.raises(FormulaError):
        proximal(text, over, assume=["x: n"], subject_to=conditions)


@pytest.mark.parametrize(
    ("text", "conditions", "expected"),
    [
        ("lam*norm1(x)", ["norm2(x) <= r"], "(sign(v).*max(abs(v) - lam, 0))/max(1, norm2(sign(v).*max(abs(v) - lam, 0))/r)"),
        ("c'*x", ["norm2(x) <= r"], "(v - c)/max(1, norm2(v - c)/r)"),
        ("lam*norm1(x)", ["x >= 0", "norm2(x) <= r"], "max(v - lam, 0)/max(1, norm2(max(v - lam, 0))/r)"),
        ("mu*sum(huber(x, d))", [], "v - mu*min(max(v/(mu + 1), -d), d)"),
    ],
)
def test_sums_of_two(text, conditions, expected):
    found = proximal(text, "x", assume=["x: n"], subject_to=conditions)
    assert found.to_text() == expected
    assert found.verify(6).startswith("no better point")
    assert len(found.steps) >= 4


def test_what_has_no_closed_form_says_what_finds_the_point():
    with pytest.raises(FormulaError, match=r"gradproof minimize 'sum\(exp\(x\)\) \+ norm2\(x - v\)\^2/2' --over x"):
        proximal("sum(exp(x))", "x")
