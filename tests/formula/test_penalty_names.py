"""Penalties by name, norms in LaTeX, and a 1 that is a column of ones."""

from __future__ import annotations

import numpy as np
import pytest

from gradproof import minimize, prox
from gradproof.errors import ShapeError
from gradproof.formula.parse import parse
from gradproof.objective.program import compiled

SOURCE = np.random.default_rng(3)
X, M = 2 * SOURCE.normal(size=7), SOURCE.normal(size=(4, 3))
X[2] = 0.0


def _value(text: str, **at: np.ndarray) -> float:
    return float(compiled(parse(text, at=at).value)(at))


@pytest.mark.parametrize(
    ("text", "function"),
    [("mcp(x, 1, 3)", prox.MCP(1.0, 3.0)), ("scad(x, 1/2, 37/10)", prox.SCAD(0.5, 3.7)), ("norm0(x)", prox.L0(1.0))],
)
def test_a_name_means_the_function_of_the_catalogue_of_proximal_operators(text, function):
    assert _value(text, x=X) == pytest.approx(function.value(X), rel=1e-13)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("norm_nuc(M)", np.linalg.norm(M, "nuc")),
        (r"\|M\|_*", np.linalg.norm(M, "nuc")),
        ("norm21(M)", np.linalg.norm(M, axis=1).sum()),
        (r"\|M\|_{2,1}", np.linalg.norm(M, axis=1).sum()),
        ("norm0(M)", 12.0),
        (r"\|M\|_0", 12.0),
    ],
)
def test_norms_of_matrices_have_their_values(text, value):
    assert _value(text, M=M) == pytest.approx(value, rel=1e-13)


@pytest.mark.parametrize("text", ["X*W + 1*c'", "Y - X*W - 1*c'"])
def test_a_one_before_a_row_is_a_column_of_ones(text):
    formula = parse(text)
    assert {symbol.name: len(symbol.axes) for symbol in formula.symbols}["c"] == 1
    assert "1 before a row is a column of ones" in formula.notes


@pytest.mark.parametrize("text", ["1*x'*y", "x' + 1*y'", "1*c'"])
def test_a_one_elsewhere_is_a_number(text):
    assert not any("ones" in note for note in parse(text).notes)


def test_a_matrix_that_is_declared_is_not_taken_for_a_row():
    assert not any("ones" in note for note in parse("X + 1*c'", ["c: n,m"]).notes)


def test_the_first_error_is_told_where_ones_do_not_help():
    with pytest.raises(ShapeError, match="X \\(2 x 3\\)"):
        parse("X + 1*c'", ["X: 2,3", "c: 4,5"])


@pytest.mark.parametrize(
    ("penalty", "kind"),
    [("norm_nuc(W)", "nuclear norm"), ("norm21(W)", "norms of groups"), (r"\|W\|_*", "nuclear norm"), ("norm0(W)", "l0")],
)
def test_minimize_finds_the_prox_of_a_name(penalty, kind):
    fit = r"\frac12\|W - M\|_F^2 + " if "\\" in penalty else "0.5*normF(W - M)^2 + "
    found = minimize(fit + penalty, over="W", data={"M": M})
    assert found.is_converged
    assert any(f"({kind})" in line for line in found.explanation)
