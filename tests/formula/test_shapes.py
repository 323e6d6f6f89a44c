"""Shapes: declared, given by values, found by unification, left to the letters; and what is said where they do not fit."""

import numpy as np
import pytest

from gradproof.errors import FormulaError, ShapeError
from gradproof.formula.parse import parse
from gradproof.printer.text import to_text
from referee import assert_close, value

DECLARE = "Declare the shapes with --assume, or transpose one."
PRODUCTS = "Write x'*y for the inner product, x*y' for the outer one, x.*y entry by entry."
FIX = "Transpose one, or fix a shape."
COUNT = "Subscripts count from 1."


def shapes(text, assume=(), **values):
    formula = parse(text, assume, values)
    return {symbol.name: ",".join(to_text(axis.size) for axis in symbol.axes) for symbol in formula.symbols}


@pytest.mark.parametrize(
    ("text", "assume", "expected"),
    [
        ("norm2(A*x - b)^2", [], {"A": "n,m", "x": "m", "b": "n"}),
        ("norm2(A*x - b)^2", ["A: m,n"], {"A": "m,n", "x": "n", "b": "m"}),
        ("norm2(A*x - b)^2", ["x: 3", "b: 2"], {"A": "2,3", "x": "3", "b": "2"}),
        ("W*x + b", ["W: k,d", "b:"], {"W": "k,d", "x": "d", "b": ""}),
        ("x^2", [], {"x": ""}),
        ("x*y", [], {"x": "", "y": ""}),
        ("(x^2 + sigma(y))/(3*x + y - sigma(x))", [], {"x": "", "y": ""}),
        ("sigma(x)", [], {"x": "n"}),
        ("exp(a)", [], {"a": ""}),
        ("x + 1", [], {"x": "n"}),
        ("sum(x^2)/n", [], {"x": "m", "n": ""}),
        ("sum(x)/n", ["x: n"], {"x": "n"}),
        ("lam*norm1(x)", [], {"lam": "", "x": "n"}),
        ("λ*norm1(x)", [], {"lambda": "", "x": "n"}),
        ("a'*X*b", [], {"a": "n", "X": "n,m", "b": "m"}),
        ("x'*A*x", [], {"x": "n", "A": "n,n"}),
        ("logdet(X)", [], {"X": "n,n"}),
        ("X*A*X'", ["A is symmetric"], {"X": "n,m", "A": "m,m"}),
        ("sum_k x[o+k]*h[k]", [], {"x": "n", "h": "m"}),
        ("sum_{i,j} a[i,j]", [], {"a": "n,m"}),
        ("x[3] + x[7]", [], {"x": "7"}),
        ("y[o] - sum_k x[o+k]*h[k]", ["h: 3", "x: 10"], {"y": "7", "x": "10", "h": "3"}),
        ("conv2d(X, K)", ["X: n,c,h,w", "K: o,c,3,3"], {"X": "n,c,h,w", "K": "o,c,3,3"}),
        ("conv2d(X, K, groups=2)", ["X: 8,h,w"], {"X": "8,h,w", "K": "n,4,m,p"}),
        ("linear(X, W, c)", ["X: n,d", "W: k,d"], {"X": "n,d", "W": "k,d", "c": "k"}),
        ("cross_entropy(W*x + b, y)", ["W: k,d"], {"W": "k,d", "x": "d", "b": "k", "y": "k"}),
        ("tsne_kl(Y, P)", ["Y: n,d"], {"Y": "n,d", "P": "n,n"}),
        ("vec(X)'*vec(Y)", [], {"X": "n,m", "Y": "n,m"}),
        ("x_1 + W_2*h_1", [], {"x_1": "n", "W_2": "n,m", "h_1": "m"}),
    ],
)
def test_shapes_that_are_found(text, assume, expected):
    assert shapes(text, assume) == expected


def test_shapes_come_from_values():
    assert shapes("W*x + b", W=np.ones((2, 3))) == {"W": "2,3", "x": "3", "b": "2"}
    assert shapes("W*x + b", W=np.ones((2, 3)), b=1) == {"W": "2,3", "x": "3", "b": ""}
    assert shapes("x*y", x=[1, 2], y=2) == {"x": "2", "y": ""}


def test_letters_are_said_aloud():
    notes = parse("norm2(A*x - b)^2").notes
    assert any("A is a matrix, x is a vector: by their letters" in note for note in notes)
    assert any("b is a vector: by what stands beside" in note for note in notes)
    assert not any("is a" in note for note in parse("A*x", ["A: m,n", "x: n"]).notes)


def test_axes_of_the_result():
    formula = parse("sum_k x[o+k]*h[k]", ["x: n", "h: p"])
    assert [(to_text(axis.lower), to_text(axis.upper)) for axis in formula.axes] == [("0", "n - p")]
    formula = parse("softmax(W*x)", ["W: k,d"])
    assert [to_text(axis.upper) for axis in formula.axes] == ["k"]


def test_named_parts_are_kept_and_put_in():
    formula = parse("z = W*x + b; -y'*log(softmax(z))", ["W: k,d"])
    assert [part.name for part in formula.intermediates] == ["z"]
    assert [to_text(axis.upper) for axis in formula.intermediates[0].axes] == ["k"]
    assert {symbol.name for symbol in formula.symbols} == {"W", "x", "b", "y"}


def test_properties_of_declarations_reach_the_symbols():
    formula = parse("x'*P*x", ["P: n,n symmetric", "x > 0"])
    assert formula.symbol("P").properties == {"symmetric"}
    assert formula.symbol("x").properties == {"positive"}


def test_axes_by_the_name_of_their_size():
    values = {"X": np.arange(6.0).reshape(2, 3)}
    assert_close(value("sum(X, axis=k)", ["X: n,k"], **values), values["X"].sum(1))
    assert_close(value("sum(X, axis=n)", ["X: n,k"], **values), values["X"].sum(0))
    assert_close(value("max(X, axis='n')", ["X: n,k"], **values), values["X"].max(0))


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("A*y", 2, "a product whose inner sizes agree was expected, got A (2 x 3) times y (4). Transpose one, or fix a shape."),
        ("y'*A", 3, "a product whose inner sizes agree was expected, got y' (1 x 4) times A (2 x 3). Transpose one, or fix a shape."),
        ("2 + A*(x*x')*y", 13, f"a product whose inner sizes agree was expected, got A*(x*x') (2 x 3) times y (4). {FIX}"),
        ("x + y", 3, "operands of one shape were expected, got x (3) and y (4). Fix a shape or transpose one."),
        ("x - 1 + z + y", 11, "operands of one shape were expected, got x (3) and y (4). Fix a shape or transpose one."),
        ("x .* y", 3, "operands of one shape were expected, got x (3) and y (4). Fix a shape or transpose one."),
        ("x > y", 3, "operands of one shape were expected, got x (3) and y (4). Fix a shape or transpose one."),
        ("x + A", 3, f"operands of one shape were expected, got a vector and a matrix. {DECLARE}"),
        ("x + x'", 3, f"operands of one shape were expected, got a vector and a row. {DECLARE}"),
        ("x*z", 2, f"a product whose inner axes meet was expected, got a vector and a vector. {PRODUCTS}"),
        ("A^2", 2, "a whole power takes a square matrix, got A (2 x 3). Fix its shape."),
        ("A^-1", 2, "a whole power takes a square matrix, got A (2 x 3). Fix its shape."),
        ("x'*A'^3", 6, "a whole power takes a square matrix, got A' (3 x 2). Fix its shape."),
        ("inv(A)", 5, "inv takes a square matrix, got A (2 x 3). Fix its shape."),
        ("logdet(A)", 8, "logdet takes a square matrix, got A (2 x 3). Fix its shape."),
        ("1 + tr(A)", 8, "the trace takes a square matrix, got A (2 x 3). Fix its shape."),
        ("det(x)", 1, f"det takes a matrix, got a vector. {DECLARE}"),
        ("norm2(A)", 1, f"norm2 takes a vector or a row, got a matrix. {DECLARE}"),
        ("A/B", 2, "a division by a scalar was expected, got a matrix and a matrix. Write ./ to divide entry by entry, or *inv(...)."),
        ("2^x", 2, "a scalar or a square matrix to a scalar power was expected, got a scalar and a vector. Write .^ for powers entry by entry."),
        ("x[1,2]", 1, f"something with 2 axes was expected before 2 subscripts, got a vector. {DECLARE}"),
        ("A[4,:]", 3, f"a subscript from 1 to 2 was expected: A has 2 entries there, got 4. {COUNT}"),
        ("x[4]", 3, f"a subscript from 1 to 3 was expected: x has 3 entries there, got 4. {COUNT}"),
        ("x[0]", 3, f"a subscript from 1 to 3 was expected: x has 3 entries there, got 0. {COUNT}"),
        ("sum_{i=1}^5 x[i]", 15, f"a subscript from 1 to 3 was expected: x has 3 entries there, got one that runs from 1 to 5. {COUNT}"),
        ("sum_i A[i,1]*x[i]", 16, "axis 'i' has size 2 in A but 3 in x. Rename one axis or fix the shape."),
        ("A[i,j] + y[j]", 12, "axis 'j' has size 3 in A but 4 in y. Rename one axis or fix the shape."),
        ("[1, 2; 3]", 8, "a row of 2 entries was expected, got 1."),
        ("z = A*x; z + y", 12, "operands of one shape were expected, got z (2) and y (4). Fix a shape or transpose one."),
    ],
)  # fmt: skip
def test_shapes_that_do_not_fit(text, column, message):
    with pytest.raises(ShapeError) as caught:
        parse(text, ["A: 2,3", "B: 2,3", "x: 3", "z: 3", "y: 4"])
    assert str(caught.value) == f"formula:1:{column}: {message}\n    {text}\n    {' ' * (column - 1)}^"


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("foo(x)", 1, "the name of a function was expected, got 'foo'."),
        ("1 + sofmax(x)", 5, "the name of a function was expected, got 'sofmax'. Did you mean 'softmax'?"),
        ("max_pool2(X, 2)", 1, "the name of a function was expected, got 'max_pool2'. Did you mean 'max_pool2d'?"),
        ("x(2)", 1, "a function was expected before '(', got the variable 'x'. Write x*(...) for a product."),
        ("exp(x, y)", 1, "exp takes 1 argument (x), got 2."),
        ("exp()", 1, "exp takes 1 argument (x), got 0."),
        ("where(x > 0, 1)", 1, "where takes 3 arguments (condition, x, y), got 2."),
        ("where(x, 1, 2)", 7, "a condition such as x > 0 was expected, got 'x'. Equality is written ==."),
        ("exp + 1", 1, "an argument was expected behind a function, got 'exp' alone. Write exp(...)."),
        ("A^0.5", 3, "a whole number was expected as the power of a matrix, got '0.5'. Write .^ for powers entry by entry."),
        ("A^99", 3, "a power of at most 64 was expected for a matrix, got 99."),
        ("x[1/2]", 3, "a whole number was expected as a subscript, got 1/2."),
        ("sum_i 2", 1, "the range of 'i' was expected to follow from the subscripts that it stands in."),
        ("sum(A, axis=3)", 13, "an axis from 1 to 2 was expected, got 3."),
        ("sum(A, axis=0)", 13, "an axis from 1 to 2 was expected, got 0."),
        ("sum(A, axis=q)", 13, "an axis of size q was expected, got a value of shape 4 x 4."),
        ("sum(A, axes=1)", 8, "an argument of sum was expected, got 'axes'. It takes x, axis, dim."),
        ("max(x, 2, axis=1)", 1, "one argument was expected where max works along an axis."),
        ("(1, 2)*x", 1, "one value was expected, got '(1, 2)'. Write a vector as [1, 2]."),
        ("[]", 1, "entries were expected between the brackets, got none."),
        ("exp(x, x=1)", 8, "an argument of exp was expected, got 'x' twice."),
    ],
)
def test_formulas_that_mean_nothing(text, column, message):
    with pytest.raises(FormulaError) as caught:
        parse(text, ["A: 4,4", "x: 3"])
    assert str(caught.value).startswith(f"formula:1:{column}: {message}")
    assert str(caught.value).endswith(f"\n    {text}\n    {' ' * (column - 1)}^")


def test_an_error_shows_its_line():
    with pytest.raises(ShapeError) as caught:
        parse("z = A*x;\nz + y", ["A: 2,3", "y: 4"])
    assert str(caught.value).startswith("formula:2:3: ")
    assert str(caught.value).endswith("\n    z + y\n      ^")


def test_a_long_line_is_shown_around_the_caret():
    text = "+".join(["x"] * 400) + " + $"
    with pytest.raises(FormulaError) as caught:
        parse(text)
    first, shown, caret = str(caught.value).split("\n")
    assert first.startswith(f"formula:1:{len(text)}: ")
    assert len(shown) < 120
    assert shown[len(caret) - 1] == "$"


def test_declarations_that_contradict_values():
    with pytest.raises(ShapeError, match="x was declared with 2 axes, got a value with 1"):
        parse("sum(x)", ["x: n,m"], {"x": [1, 2]})
    with pytest.raises(ShapeError, match="A was declared symmetric, so a square matrix was expected, got 2 x 3"):
        parse("A", ["A: 2,3 symmetric"])
    with pytest.raises(FormulaError, match="rows of one length were expected"):
        parse("sum(x)", (), {"x": [[1, 2], [3]]})
