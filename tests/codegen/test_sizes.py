"""Sizes in code have the value that they have in a formula, and are told apart by value."""

import pytest

from gradproof.codegen.sizes import bare, same_size, size_text
from gradproof.expr.build import ONE, add, apply, divide, multiply, number, subtract
from gradproof.expr.node import Symbol

H, W = (Symbol(name, (), frozenset({"size"})) for name in "hw")


def half(size):
    return apply("floor", divide(size, number(2)))


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (add(multiply(number(2), half(subtract(H, ONE))), ONE), "2 * ((h - 1) // 2) + 1"),
        (add(half(subtract(H, ONE)), ONE), "(h - 1) // 2 + 1"),
        (subtract(W, multiply(number(2), half(H))), "w - 2 * (h // 2)"),
        (apply("ceil", divide(subtract(H, W), number(3))), "-(-(h - w) // 3)"),
        (multiply(H, subtract(W, ONE)), "h * (w - 1)"),
        (apply("maximum", subtract(H, W), ONE), "max(h - w, 1)"),
        (subtract(number(3), H), "3 - h"),
        (number(-2), "-2"),
    ],
)
def test_a_size_reads_as_a_person_writes_it(size, text):
    code = size_text(size, {"h": "h", "w": "w"})
    assert bare(code) == text
    for h in range(6):
        for w in range(3):
            told = {"h": h, "w": w}
            assert eval(code, {}, told) == eval(text, {}, told)


def test_a_quotient_that_is_rounded_twice_has_the_value_of_the_formula():
    size = multiply(number(2), half(subtract(H, ONE)))
    assert [eval(size_text(size, {"h": "h"}), {}, {"h": h}) for h in (1, 2, 3, 4)] == [0, 0, 2, 2]


def test_sizes_that_are_rounded_elsewhere_are_the_same():
    assert same_size(add(half(subtract(H, ONE)), ONE), half(add(H, ONE)))
    assert not same_size(half(H), half(add(H, ONE)))
    assert not same_size(H, W)
