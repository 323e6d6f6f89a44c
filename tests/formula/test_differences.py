"""Differences of neighbours and total variation, and norms of the entries of a matrix, against NumPy."""

import numpy as np
import pytest

from gradproof.errors import GradproofError
from gradproof.formula.parse import parse
from gradproof.objective.program import compiled

X = np.random.default_rng(3).standard_normal((4, 5))
V = X[0]


def evaluated(text, **values):
    formula = parse(text, at=values)
    return compiled(formula.value, formula.axes)(values)


def isotropic(x):
    down, right = np.zeros_like(x), np.zeros_like(x)
    down[:-1], right[:, :-1] = np.diff(x, axis=0), np.diff(x, axis=1)
    return np.hypot(down, right).sum()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("diff(v)", np.diff(V)),
        ("diff(v, 2)", np.diff(V, 2)),
        ("diff(v, n=3)", np.diff(V, 3)),
        ("diff(2*v + 1)", 2 * np.diff(V)),
        ("diff(X, axis=1)", np.diff(X, axis=0)),
        ("diff(X, dim=1)", np.diff(X, axis=1)),
        ("diff(X)", np.diff(X)),
        ("diff(X, 2, axis=1)", np.diff(X, 2, axis=0)),
        ("tv(v)", np.abs(np.diff(V)).sum()),
        ("tv(v')", np.abs(np.diff(V)).sum()),
        (r"\operatorname{TV}(v)", np.abs(np.diff(V)).sum()),
        ("tv(X)", isotropic(X)),
        ("tv(3*X')", 3 * isotropic(X.T)),
        ("tv(X, p=1)", np.abs(np.diff(X, axis=0)).sum() + np.abs(np.diff(X, axis=1)).sum()),
        ("norm1(X)", np.abs(X).sum()),
        ("norminf(X - 1)", np.abs(X - 1).max()),
        (r"\|X\|_1", np.abs(X).sum()),
    ],
)
def test_values(text, wanted):
    values = {name: value for name, value in (("v", V), ("X", X)) if name in text}
    np.testing.assert_allclose(evaluated(text, **values), wanted, rtol=1e-12)


@pytest.mark.parametrize("text", ["diff(v, 0)", "diff(v, 2.5)", "diff(v, k)", "tv(v, 3)", "diff(3)", "diff(v, axis=2)"])
def test_what_makes_no_difference_is_refused(text):
    with pytest.raises(GradproofError):
        evaluated(text, v=V)


def test_a_matrix_is_said_to_be_read_so():
    assert any("isotropic" in note for note in parse("tv(X)", at={"X": X}).notes)
    assert any("of its entries" in note for note in parse("norm1(X)", at={"X": X}).notes)
    assert not parse("norm1(v)", at={"v": V}).notes


def test_a_norm_of_an_unknown_is_one_of_a_vector():
    assert len(parse("lam*norm1(x)").symbols[0].axes) + len(parse("lam*norm1(x)").symbols[1].axes) == 1
    with pytest.raises(GradproofError):
        parse("norm2(X)", at={"X": X})
