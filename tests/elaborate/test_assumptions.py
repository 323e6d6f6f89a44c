import pytest

from gradproof.elaborate.assumptions import declared_by_user
from gradproof.errors import FormulaError
from gradproof.printer.text import to_text


@pytest.mark.parametrize(
    ("text", "name", "sizes", "properties"),
    [
        ("W: k,d", "W", ["k", "d"], set()),
        ("W : 3, 4", "W", ["3", "4"], set()),
        ("lam:", "lam", [], set()),
        ("lam: scalar", "lam", [], set()),
        ("lam: scalar positive", "lam", [], {"positive"}),
        ("lam is scalar", "lam", [], set()),
        ("P: n,n symmetric", "P", ["n", "n"], {"symmetric"}),
        ("y: k simplex", "y", ["k"], {"simplex"}),
        ("\\lambda > 0", "lambda", None, {"positive"}),
        ("n >= 1", "n", None, {"natural"}),
        ("0 < p < 1", "p", None, {"probability"}),
        ("sigma is logistic", "sigma", None, {"reading logistic"}),
        ("A is symmetric", "A", None, {"symmetric"}),
    ],
)
def test_the_forms_that_are_understood(text, name, sizes, properties):
    declared = declared_by_user([text])[name]
    assert (None if declared.sizes is None else [to_text(size) for size in declared.sizes]) == sizes
    assert declared.properties == properties


@pytest.mark.parametrize(("text", "rank"), [("x: vector", 1), ("X: matrix", 2), ("X: matrix symmetric", 2)])
def test_a_rank_in_words_leaves_the_sizes_open(text, rank):
    assert next(iter(declared_by_user([text]).values())).sizes == (None,) * rank


def test_several_in_one_text_add_up():
    declared = declared_by_user(["A: n,n; A is symmetric"])["A"]
    assert len(declared.sizes) == 2
    assert declared.properties == {"symmetric"}


@pytest.mark.parametrize("text", ["W k,d", "W: k d,", "sigma is blue", "x > y", "W: symmetric, k", "__import__('os')"])
def test_anything_else_is_one_clear_error(text):
    with pytest.raises(FormulaError, match="a declaration was expected"):
        declared_by_user([text])
