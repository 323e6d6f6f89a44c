"""Collected sums are equal to what they were collected from, and shorter."""

import pytest

from gradproof.derivation.notation import reads_back
from gradproof.formula.parse import parse
from gradproof.printer.text import to_text
from gradproof.rewrite.collect import collected, nameless, signature
from gradproof.rewrite.simplify import cost

CASES = [
    ("sum_i a*x[i]", [], "a sum(i=1..n, x[i])"),
    ("sum_i x[i]*y[i] + sum_j x[j]*z[j]", [], "sum(i=1..n, x[i] (y[i] + z[i]))"),
    ("sum_i x[i] - sum_j x[j]", [], "0"),
    ("sum_i (x[i] - a)^2 - sum_j (a - x[j])^2", [], "0"),
    ("sum_{i,j} p[i]*x[j]", ["p: n simplex"], "sum(j=1..m, x[j])"),
    ("sum_{i,j} P[i,j]", ["P: n,n distribution"], "1"),
    ("x*y/x", ["x:", "y:"], "y"),
    ("2*sum_i w[i]*x[i] + 2*sum_j w[j]*y[j]", [], "2 sum(i=1..n, w[i] (x[i] + y[i]))"),
]


@pytest.mark.parametrize(("text", "assume", "expected"), CASES, ids=[case[0] for case in CASES])
def test_collected(text, assume, expected):
    formula = parse(text, ["x: n" if "[" in text and "p[i]" not in text else "x: m" if "[" in text else "x:", *assume])
    result = collected(formula.value)
    assert to_text(result) == expected
    assert cost(result) <= cost(formula.value)
    assert collected(result) is result
    if expected not in ("0", "1"):
        assert reads_back(to_text(formula.value), result, (), formula.symbols)


def test_a_bracket_beside_a_difference_that_vanishes_there_goes():
    formula = parse("sum_{j | j != k} (x[k] - x[j])*w[j]", ["x: n", "w: n"])
    assert "!=" not in to_text(collected(formula.value))


def test_names_of_dummies_do_not_count():
    one, other = (parse(text, ["x: n"]).value for text in ("sum_i (x[i] - 1)^2", "sum_j (1 - x[j])^2"))
    assert nameless(one) is not nameless(other)
    assert signature(one) is signature(other)
