"""The way into the language: any text is a formula or one clear error, however long or deep."""

import pickle
import random
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_values import CASES, VALUES

import gradproof
from gradproof.errors import FormulaError, ShapeError
from gradproof.evaluate.instances import instance
from gradproof.formula.formula import Formula
from gradproof.formula.parse import parse
from gradproof.formula.vocabulary import ENTRIES
from gradproof.printer.text import to_text
from referee import formula_value


def test_parse_is_public():
    assert gradproof.parse is parse
    assert isinstance(gradproof.parse("x^2"), Formula)


def test_the_same_text_gives_the_same_shapes_and_notes():
    first, second = parse("norm2(A*x - b)^2"), parse("norm2(A*x - b)^2")
    assert to_text(first.value) == to_text(second.value)
    assert first.notes == second.notes
    assert pickle.loads(pickle.dumps(first.value)) is first.value


DEEP = 10_000


@pytest.mark.parametrize(
    "text",
    [
        "+".join(["x"] * DEEP),
        " - ".join(f"x[{1 + place % 7}]*{place}" for place in range(DEEP)),
        "*".join(["a"] * DEEP),
        "^".join(["a"] * DEEP),
        "(" * DEEP + "x" + ")" * DEEP,
        "sin(" * DEEP + "x" + ")" * DEEP,
        "(x+" * DEEP + "x" + ")" * DEEP,
        "-" * DEEP + "x",
        "A" + "'" * DEEP,
        "max(" + ",".join(["x"] * DEEP) + ")",
    ],
    ids=["sum", "entries", "product", "power", "parentheses", "functions", "nested sums", "signs", "transposes", "arguments"],
)
def test_long_and_deep_formulas(text):
    assert isinstance(parse(text), Formula)


@pytest.mark.parametrize(
    "text",
    [
        "[" * DEEP + "x" + "]" * DEEP,
        "x" + "[1]" * DEEP,
        "sum_i " * DEEP + "1",
        "(" * DEEP,
        "f(" * DEEP,
        "\\sin(" * DEEP + "x" + ")" * DEEP,
    ],
    ids=["brackets", "subscripts", "sums", "open", "calls", "latex"],
)
def test_deep_nonsense_is_one_error(text):
    with pytest.raises((FormulaError, ShapeError)):
        parse(text)


TOKENS = [
    *"abijknxyzAWX", "1", "2", "0", "2.5", "+", "-", "*", "/", "^", ".*", "./", ".^", "'", ".T", "(", ")", "[", "]", "{", "}", ",", ";",
    "=", "==", "<=", "!=", ">", "|", "->", "..", "!", "sum_k", "sum_{", "prod_i", "max_", "and", "or", "not", "axis=", "stride=", "'mean'",
    "λ", "σ", "²", "ᵀ", "pi", "eye", "if", "otherwise", "cases(", "\\frac", "$", "\\sum_{i=1}^n", *(f"{name}(" for name in ENTRIES),
]  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(TOKENS), max_size=14), st.sampled_from(["", " "]), st.booleans())
def test_any_tokens_are_a_formula_or_one_error(tokens, space, declared):
    text = space.join(tokens)
    with suppress(FormulaError, ShapeError):
        assert parse(text, ["X: 5,6", "A: n,n", "x: n", "a:"] if declared else []).text == text


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30))
def test_any_text_is_a_formula_or_one_error(text):
    with suppress(FormulaError, ShapeError):
        assert parse(text).text == text


def expression(source, depth):
    """Return a random formula that is likely to fit."""
    if depth == 0:
        return source.choice(
            ["x", "y", "A", "X", "a", "2", "z[i]", "A[i,j]", "k", "[1,2]", "[1,2;3,4]", "b", "X[2,3]", "x[k+1]", "pi"]
        )
    part = [expression(source, depth - 1) for _ in range(3)]
    name = source.choice(sorted(ENTRIES))
    return source.choice(
        [
            f"{part[0]}{source.choice(['+', '-', '*', '/', '^', '.*', './', ' ', ' > ', ' and '])}{part[1]}",
            f"{name}({', '.join(part[: source.randint(1, 3)])}{source.choice(['', '', ', axis=1', ', stride=2', ', padding=1'])})",
            f"({part[0]})'",
            f"sum_{{{source.choice('ijk')}}} {part[0]}",
            f"q = {part[0]}; {part[1]}",
            f"({part[0]})[{source.choice(['1', 'i', 'k+1', '2*i'])}]",
        ]
    )


@pytest.mark.parametrize("seed", range(300))
def test_random_formulas_are_read_or_refused(seed):
    source = random.Random(seed)
    text = expression(source, source.randint(1, 4))
    try:
        formula = parse(text, ["X: 5,6", "A: n,n", "x: n"] if source.random() < 0.5 else [])
    except (FormulaError, ShapeError):
        return
    assert formula.value.free_indices <= set(formula.axes)
    assert not any("unknown" in symbol.properties for symbol in formula.symbols)


SCALARS = [text for text in CASES if not parse(text, (), {name: VALUES[name] for name in VALUES if name in text}).axes]


@pytest.mark.parametrize("text", SCALARS)
def test_index_notation_that_is_printed_can_be_read_again(text):
    formula = parse(text, [f"{name}: {','.join(str(size) for size in np.shape(entries))}" for name, entries in VALUES.items()])
    declared = [f"{symbol.name}: {','.join(to_text(axis.size) for axis in symbol.axes)}" for symbol in formula.symbols]
    again = parse(to_text(formula.value), declared)
    values = {symbol.name: VALUES[symbol.name] for symbol in formula.symbols}
    found = formula_value(again, **{symbol.name: VALUES[symbol.name] for symbol in again.symbols})
    np.testing.assert_allclose(found, formula_value(formula, **values), rtol=1e-12)


def test_class_numbers_of_random_instances_are_in_range():
    formula = parse("cross_entropy(Z, y)", ["Z: n,k"])
    for number in range(20):
        bindings = instance(formula.symbols, seed=1, number=number)
        assert all(0 <= label < max(bindings.values["k"], 1) for label in bindings.values["y"])


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("sum_ij p_ij log(p_ij/q_ij)", "sum_{i,j} p[i,j]*log(p[i,j]/q[i,j])"),
        ("sum_i w_i*x_i^2", "sum_i w[i]*x[i]^2"),
        ("sum(k=1..3, c_k*a^k)", "sum(k=1..3, c[k]*a^k)"),
        ("sum_i A_ij*x_i", "sum_i A[i,j]*x[i]"),
        ("sum_{i,j | i != j} exp(-(y_i - y_j)^2)", "sum_{i,j | i != j} exp(-(y[i] - y[j])^2)"),
    ],
)
def test_subscripts_below_a_name(short, long):
    found, expected = parse(short), parse(long)
    assert to_text(found.value) == to_text(expected.value)
    assert [symbol.name for symbol in found.symbols] == [symbol.name for symbol in expected.symbols]


@pytest.mark.parametrize("text", ["w_i*2", "sum_k x[k]*w_i", "sum_i x[i]*w_in", "sum_i x[i]*w_max"])
def test_a_name_whose_ending_is_no_index_stays_a_name(text):
    assert any("_" in symbol.name for symbol in parse(text).symbols)
