"""A proof lists what it needs: divisors, signs, ranges that are not empty."""

from __future__ import annotations

import pytest

from gradproof.expr.build import number
from gradproof.rewrite.prove import prove_equal
from rewrite.notation import absolute, exp, index, log, sigma, size, softplus, sqrt, symbol, tensor, total
from rewrite.true_identities import sm

x, y = symbol("x"), symbol("y")
q = symbol("q", "positive")
n, m = size("n"), symbol("m")
u = tensor("u", n)
i = index("i", n)

NEEDS = [
    (x / x, 1 + 0 * x, {"x \\ne 0"}),
    ((x**2 - y**2) / (x - y), x + y, {"x - y \\ne 0"}),
    (sqrt(x) ** 2, x, {"x \\ge 0"}),
    (exp(log(x)), x, {"x > 0"}),
    (log(x * y), log(x) + log(y), {"x > 0", "y > 0", "x y > 0"}),
    (log(q * exp(x)), log(q) + x, set()),
    (x / q, x * q**-1, set()),
    (1 / (1 + exp(x)), sigma(-x), set()),
    (sqrt(x**2), absolute(x), set()),
    (softplus(x), log(1 + exp(x)), set()),
    (total(i, 1 + 0 * i), n, set()),
    (total(index("k", m), 1 + 0 * x), m, {"m \\ge 0"}),
    (total(i, sm(i)), 1 + 0 * x, {"n > 0"}),
]


@pytest.mark.parametrize(("left", "right", "needed"), NEEDS)
def test_side_conditions_are_listed(left, right, needed):
    proof = prove_equal(left.e, right.e)
    assert proof is not None
    assert set(proof.side_conditions) == needed


def test_conditions_remove_side_conditions():
    proof = prove_equal((x / x).e, number(1), [(x > 0).e])
    assert proof is not None
    assert proof.side_conditions == ()
