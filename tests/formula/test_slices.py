"""Slices: ``x[2:4]`` takes both ends and counts from 1; it is read, printed and differentiated as what it is."""

from __future__ import annotations

import numpy as np
import pytest

from gradproof.derivation.derivation import derive
from gradproof.errors import GradproofError
from gradproof.formula.parse import parse
from gradproof.objective.program import compiled
from gradproof.printer.latex import to_latex
from gradproof.printer.text import to_text

X = np.arange(1.0, 13.0).reshape(4, 3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("norm2(x[1:3])", "norm2(x[1:3])"),
        ("norm2(x[4:])", "norm2(x[4:6])"),
        ("norm2(x[:])", "norm2(x)"),
        ("normF(X[1:2, :])", "normF(X[1:2, :])"),
        ("norm1(X[2:3, 3])", "norm1(X[2:3, 3])"),
    ],
)
def test_a_slice_is_printed_as_it_was_typed(text: str, expected: str) -> None:
    formula = parse(text, ["x: 6", "X: 4,4"])
    assert to_text(formula.value) == expected
    assert to_text(parse(expected, ["x: 6", "X: 4,4"]).value) == expected


def test_latex_shows_which_entries_a_norm_takes() -> None:
    assert to_latex(parse("norm2(x[4:6])", ["x: 6"]).value) == "\\operatorname{norm}_2\\left({x}_{4:6}\\right)"


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("x[3:2]", "1:3", "a slice of one entry or more was expected, got one from 3 to 2"),
        ("x[2:9]", "1:5", "a subscript from 1 to 6 was expected: x has 6 entries there, got 9"),
        ("x[0:2]", "1:3", "a subscript from 1 to 6 was expected: x has 6 entries there, got 0"),
        ("x[1:5:2]", "1:6", "no step was expected in a slice"),
        ("x[1.5:2]", "1:3", "a whole number was expected as a subscript"),
    ],
)
def test_a_slice_that_is_none_is_an_error_with_its_place(text: str, at: str, words: str) -> None:
    with pytest.raises(GradproofError) as caught:
        parse(text, ["x: 6"])
    assert f"formula:{at}: {words}" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sum(abs(X[2:3, :]))", np.abs(X[1:3]).sum()),
        ("sum(X[:2, 2:3])", X[:2, 1:3].sum()),
        ("norm1(y[2:] - y[:3])", 3.0),
        ("sum_k norm1(y[2*k-1:2*k])", 10.0),
    ],
)
def test_a_slice_has_the_values_of_its_entries(text: str, value: float) -> None:
    values = {name: array for name, array in {"X": X, "y": np.arange(1.0, 5.0)}.items() if name in text}
    formula = parse(text, at=values)
    assert float(compiled(formula.value)(values)) == pytest.approx(value)


def test_slices_tell_the_size_of_a_vector_that_nothing_else_tells() -> None:
    (x,) = parse("norm2(x[1:3]) + norm2(x[4:6])").symbols
    assert to_text(x.axes[0].size) == "6"


@pytest.mark.parametrize(
    ("latex", "plain"),
    [(r"\|x_{2:4}\|^2", "norm2(x[2:4])^2"), (r"\|x_{k:}\|_1", "norm1(x[k:])"), (r"\|X_{1:2,:}\|_F", "normF(X[1:2, :])")],
)
def test_latex_has_slices_of_what_is_declared(latex: str, plain: str) -> None:
    assume = ["x: n", "X: m,n"]
    assert to_text(parse(latex, assume).value) == to_text(parse(plain, assume).value)


def test_a_sequence_that_nobody_declared_is_one_name() -> None:
    assert [symbol.name for symbol in parse(r"\|h_{1:T}\|^2").symbols] == ["h_1T"]


def test_an_end_that_nobody_declared_is_a_whole_number() -> None:
    formula = parse("norm2(x[1:k])^2", ["x: n"])
    assert formula.axes == ()
    assert formula.symbol("k").properties == {"natural"}
    assert "k is a whole number" in formula.notes[-1]


@pytest.mark.parametrize(("text", "expected"), [("norm2(x[1:3])", "x[p] [p <= 3]/norm2(x[1:3])"), ("x[1:k]", "[i = p]")])
def test_a_part_of_a_tensor_is_not_printed_as_the_whole(text: str, expected: str) -> None:
    assert expected in derive(text, "x", assume=["x: n"]).to_text()
