"""Second derivatives by variables of which something is known: their entries are varied independently, twice."""

from dataclasses import replace

import pytest

from gradproof.derivation.derivation import derive
from gradproof.printer.text import to_text


@pytest.mark.parametrize(
    ("text", "wrt", "assume"),
    [
        ("normF(B*P)^2", "P", ["P: n,n symmetric", "B: m,n"]),
        ("normF((A*P)'*A)", "P", ["P: n,n symmetric", "A: m,n"]),
        ("tr(P^3)", "P", ["P: 3,3 symmetric"]),
        ("x'*inv(P)*x", "P", ["P: 2,2 posdef"]),
        ("sum(y)^3", "y", ["y: k simplex"]),
        ("sum(y .* log(y)) + sum(y)^2", "y", ["y: k simplex"]),
    ],
)
def test_what_is_known_of_a_variable_does_not_change_its_second_derivative(text, wrt, assume):
    bare = [declared if not declared.startswith(f"{wrt}:") else declared.rpartition(" ")[0] for declared in assume]
    known, free = derive(text, wrt, 2, assume=assume), derive(text, wrt, 2, assume=bare)
    assert known.verify(4).agrees
    assert free.verify(4).agrees
    assert to_text(known.value) != "0"


def test_a_factorial_below_its_domain_has_no_value():
    assert derive("norminf(factorial(y))", "y", 2, assume=["y: n"]).verify(6).agrees


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("wrt", ["b", "c"])
def test_a_random_point_where_entries_tie_is_no_disagreement(wrt, order):
    check = derive("max(b - c)", wrt, order, assume=["b: m", "c: m"]).verify()
    assert check.agrees
    assert check.points >= 10


def test_a_wrong_derivative_disagrees_beside_a_kink_too():
    right = derive("sum(abs(x))", "x", assume=["x: n"])
    assert not replace(right, value=right.formula.value).verify().agrees
