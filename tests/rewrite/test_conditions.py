"""Conditions are used where they apply and nowhere else."""

from __future__ import annotations

from gradproof.expr.node import Hole, Number, Operator, Symbol
from gradproof.rewrite.prove import prove_equal, prove_relation, sign_of
from rewrite.notation import absolute, e, exp, half, index, log, mean, size, sqrt, symbol, tensor, total

x, y, z, c = (symbol(name) for name in "xyzc")
q = symbol("q", "positive")
n = size("n")
i, j = index("i", n), index("j", n)
u, v = tensor("u", n), tensor("v", n)


def proved(left, right, *conditions):
    return prove_equal(left.e, right.e, [condition.e for condition in conditions]) is not None


def test_equations_between_symbols():
    assert proved(x**2 + y, 4 + y, x == 2)
    assert proved(exp(x), exp(y) * e, x == y + 1)
    assert not proved(exp(x), exp(y), x == y + 1)


def test_chained_equations():
    assert proved(x, z + 3, x == y + 1, y == z + 2)


def test_equations_of_sums():
    assert proved(total(i, u[i] * c), c, total(j, u[j]) == 1)
    assert not proved(total(i, u[i] ** 2), 1 + 0 * x, total(j, u[j]) == 1)


def test_equations_linear_in_an_atom():
    assert proved(log(x) * y, y * (2 - z), log(x) + z == 2)


def test_inequalities_give_signs():
    assert proved(sqrt(x**2), x, x > 0)
    assert proved(absolute(x), -x, x < 0)
    assert proved(absolute(x - y), x - y, x > y)
    assert proved(absolute(x), x, x >= 3)
    assert not proved(sqrt(x**2), x, x > y)
    assert not proved(absolute(x), x, y > 0)
    assert not proved(absolute(x), x, x > -1)


def test_conditions_never_reach_bound_variables():
    def derivative(body):
        return Operator("derivative", (Symbol("x"),), (body.e,))

    assert prove_equal(derivative(x**2), derivative(1 + 0 * x), [(x == 1).e]) is None
    assert not proved(mean(x**2), 1 + 0 * y, x == 1)


def test_holes_and_decimals_prove_nothing():
    hole = Hole("?", "unreadable")
    assert prove_equal(hole, hole) is None
    rounded = Number(half().e.value, half().e.value)
    assert prove_equal(rounded, rounded) is None


def test_signs():
    assert sign_of((x**2 + 1).e) == "+"
    assert sign_of((x**2).e) == ">=0"
    assert sign_of((-exp(x)).e) == "-"
    assert sign_of((x - x).e) == "0"
    assert sign_of(x.e) is None
    assert sign_of((x * y).e, [(x > 0).e, (y < 0).e]) == "-"
    assert sign_of(total(i, exp(u[i])).e) == ">=0"
    assert sign_of(total(index("i", 3), exp(x)).e) == "+"


def test_relations():
    assert prove_relation(">", (exp(x) + q).e, (0 * x).e) is not None
    assert prove_relation(">=", (x**2 + y**2).e, (0 * x).e) is not None
    assert prove_relation(">=", (x**2 + y**2).e, (2 * x * y).e) is not None
    assert prove_relation(">", (x**2 + y**2).e, (2 * x * y).e) is None
    assert prove_relation("<", (x - 1).e, (x + 1).e) is not None
    assert prove_relation("!=", exp(x).e, (0 * x).e) is not None
    assert prove_relation(">", x.e, y.e) is None
    assert prove_relation("<", (x / y).e, (1 + 0 * x).e, conditions=[(x < y).e]) is None
    assert prove_relation(">=", total(i, absolute(u[i])).e, (0 * x).e) is not None
    assert prove_relation(">", total(i, absolute(u[i])).e, (0 * x).e) is None
