"""The printed derivative is the one that a textbook prints, and agrees with central differences."""

import pytest

from gradproof.derivation.derivation import derive
from gradproof.errors import FormulaError, GradproofError, ShapeError

FORMS = [
    ("norm2(A*x - b)^2", "x", ["A: m,n"], "2*A'*(A*x - b)"),
    ("0.5*norm2(A*x - b)^2 + lam*norm1(x)", "x", ["A: m,n"], "A'*(A*x - b) + lam*sign(x)"),
    ("-y'*log(softmax(W*x + b))", "W", ["W: k,d", "y: k simplex"], "(softmax(W*x + b) - y)*x'"),
    ("-y'*log(softmax(W*x + b))", "b", ["W: k,d", "y: k simplex"], "softmax(W*x + b) - y"),
    ("cross_entropy(W*x + b, y)", "W", ["W: k,d", "y: k"], "(sum(y)*softmax(W*x + b) - y)*x'"),
    ("x'*A*x", "x", [], "(A + A')*x"),
    ("x'*A*x", "A", [], "x*x'"),
    ("a'*x", "x", ["a: n"], "a"),
    ("tr(A*X*B)", "X", [], "A'*B'"),
    ("tr(X'*A*X)", "X", [], "(A + A')*X"),
    ("tr(X)", "X", ["X: n,n"], "eye"),
    ("log(det(X))", "X", [], "inv(X)'"),
    ("logdet(X)", "X", [], "inv(X)'"),
    ("det(X)", "X", [], "det(X)*inv(X)'"),
    ("a'*inv(X)*b", "X", ["a: n", "b: n"], "-inv(X)'*a*b'*inv(X)'"),
    ("normF(A*X - B)^2", "X", ["A: m,n", "B: m,k"], "2*A'*(A*X - B)"),
    ("normF(X - U*V')^2", "U", ["X: n,m", "U: n,r", "V: m,r"], "2*(U*V' - X)*V"),
    ("norm2(x)", "x", [], "x/norm2(x)"),
    ("logsumexp(x)", "x", ["x: n"], "softmax(x)"),
    ("softmax(x)", "x", ["x: n"], "diag(softmax(x)) - softmax(x)*softmax(x)'"),
    ("sigma(x)", "x", ["x: n"], "diag(sigma(x).*(1 - sigma(x)))"),
    ("log(1 + exp(u))", "u", ["u:"], "sigma(u)"),
    ("sum(log(1 + exp(-y.*(X*w))))", "w", ["X: n,d"], "-X'*(y.*sigma(-y.*(X*w)))"),
    ("sum(sigma(X*w))", "w", ["X: n,d"], "X'*(sigma(X*w).*(1 - sigma(X*w)))"),
    ("relu(W*x + b)'*v", "W", ["W: k,d", "v: k", "b: k"], "(v.*(W*x + b > 0))*x'"),
    ("W*x + b", "x", ["W: k,d"], "W"),
    ("x/norm2(x)", "x", ["x: n"], "eye/norm2(x) - x*x'/norm2(x)^3"),
    ("norm2(y - X*w)^2/(2*n)", "w", ["X: n,d", "y: n"], "X'*(X*w - y)/n"),
    ("logsumexp(W*x)", "x", ["W: k,d"], "W'*softmax(W*x)"),
    ("norm1(A*x)", "x", ["A: m,n"], "A'*sign(A*x)"),
]


@pytest.mark.parametrize(("text", "wrt", "assume", "expected"), FORMS, ids=[f"{form[0]} by {form[1]}" for form in FORMS])
def test_the_derivative_has_its_textbook_form(text, wrt, assume, expected):
    derivation = derive(text, wrt, assume=assume)
    assert derivation.to_text() == expected
    check = derivation.verify(6)
    assert check.agrees
    assert check.points >= 3


@pytest.mark.parametrize(
    ("text", "wrt", "assume", "expected"),
    [
        ("norm2(A*x - b)^2", "x", ["A: m,n"], "2*A'*A"),
        ("x'*A*x", "x", [], "A + A'"),
        ("a'*x", "x", ["a: n"], "0"),
        ("logsumexp(x)", "x", ["x: n"], "diag(softmax(x)) - softmax(x)*softmax(x)'"),
    ],
)
def test_hessians(text, wrt, assume, expected):
    derivation = derive(text, wrt, 2, assume=assume)
    assert derivation.to_text() == expected
    assert derivation.verify(6).agrees


def test_layers_have_index_notation_where_matrices_do_not_fit():
    derivation = derive("conv2d(X, K)", "X", assume=["X: 5,6", "K: 2,3"])
    assert derivation.notation.matrix is None
    assert len(derivation.axes) == 4
    assert derivation.verify(6).agrees


def test_a_variable_that_does_not_occur_has_the_derivative_zero():
    derivation = derive("norm2(x)", "z")
    assert derivation.to_text() == "0"
    assert "does not occur" in derivation.notes[0]


def test_the_numerator_layout_makes_a_row():
    assert derive("a'*x", "x", assume=["a: n"], layout="numerator").to_text() == "a'"


def test_kinks_are_told():
    assert any("abs" in words or "norm1" in words for words in derive("norm1(x)", "x").kinks)


def test_steps_name_rules_and_end_in_the_result():
    derivation = derive("norm2(A*x - b)^2", "x", assume=["A: m,n"])
    assert any(step.rule.startswith("chain rule") for step in derivation.steps)
    assert derivation.steps[-1].focus == "df/dx"


@pytest.mark.parametrize(
    ("text", "wrt", "options", "error"),
    [
        ("norm2(A*x", "x", {}, FormulaError),
        ("A*x", "x", {"assume": ["A: 2,3", "x: 2"]}, ShapeError),
        ("x", "x", {"order": 3}, FormulaError),
        ("x", "x", {"layout": "sideways"}, FormulaError),
        ("nosuchfunction(x)", "x", {}, GradproofError),
    ],
)
def test_bad_input_is_one_error(text, wrt, options, error):
    with pytest.raises(error):
        derive(text, wrt, **options)
