"""Formulas in LaTeX: found out by themselves, with the value of their plain form."""

import numpy as np
import pytest

from gradproof.errors import FormulaError, ShapeError
from gradproof.formula.parse import parse
from gradproof.printer.text import to_text
from referee import assert_close, random_values, value

VALUES = random_values(5, A=(4, 3), W=(4, 3), x=(3,), y=(4,), b=(4,), w=(3,), X=(4, 3), Q=(3, 3), a=None, c=(3,))

PAIRS = [
    (r"\|Ax-b\|^2", "norm2(A*x - b)^2"),
    (r"\frac{1}{2}\|A x - b\|_2^2", "norm2(A*x - b)^2/2"),
    (r"$x^\top Q x + c^T x$", "x'*Q*x + c'*x"),
    (r"\[ \log(1 + e^{a}) \]", "log(1 + exp(a))"),
    (r"-\sum_k y_k \log \operatorname{softmax}(Wx+b)_k", "-y'*log(softmax(W*x + b))"),
    (r"z = Wx + b; -y^\top \log(\operatorname{softmax}(z))", "-y'*log(softmax(W*x + b))"),
    (r"\frac{1}{4}\sum_{i=1}^4 (y_i - b_i)^2", "mean((y - b).^2)"),
    (r"f(x) = \frac{1}{2} x^\top Q x", "x'*Q*x/2"),
    (r"\operatorname{tr}(A^\top X)", "tr(A'*X)"),
    (r"\sqrt{a^2 + 0.1}", "sqrt(a^2 + 0.1)"),
    (r"\max_k y_k", "max(y)"),
    (r"(X^\top X + a I)^{-1} X^\top y", "inv(X'*X + a*eye)*X'*y"),
    (r"\sigma(a) \cdot (1 - \sigma(a))", "sigma(a)*(1 - sigma(a))"),
    (r"\sum_i \max(0, w_i)^2", "sum(max(0, w).^2)"),
    (r"\max(w)^2 + \operatorname{tr}(Q)^2", "max(w)^2 + tr(Q)^2"),
    (r"\operatorname{diag}(Q)_2 + \operatorname{diag}(Q)^\top w", "diag(Q)[2] + diag(Q)'*w"),
    (r"x^{\circ 2} + w^{\circ -1}", "x.^2 + w.^-1"),
    (r"w \oslash (x^{\circ 2} + 1)", "w./(x.^2 + 1)"),
    (r"A^\top (y \odot [A x > 0])", "A'*(y .* (A*x > 0))"),
    (r"[y \ge b] + 2 \mathbb{1}[y < b]", "(y >= b) + 2*(y < b)"),
    (r"\sum_i \mathbb{1}[x_i > 0]^2 x_i", "sum((x > 0) .* x)"),
    (r"\sum_i \left(Q^{-1}\right)_{1,i} w_i", "(inv(Q)*w)[1]"),
]


@pytest.mark.parametrize(("latex", "plain"), PAIRS)
def test_latex_means_what_plain_text_means(latex, plain):
    formula = parse(plain, ["a:"] if "a" in plain else [], {name: VALUES[name] for name in VALUES if name != "a" and name in plain})
    values = {symbol.name: VALUES[symbol.name] for symbol in formula.symbols}
    assert_close(value(latex, **values), value(plain, **values))


def test_rows_of_data_are_vectors():
    formula = parse(r"\sum_{i=1}^n \log(1 + e^{-y_i w^\top x_i})")
    assert {symbol.name: len(symbol.axes) for symbol in formula.symbols} == {"y": 1, "w": 1, "x": 2}
    assert not formula.axes


def test_a_decimal_is_exact():
    assert value(r"\frac{0.1}{0.3}") == pytest.approx(1 / 3, rel=1e-15)
    assert parse(r"0.1 \cdot 10").value is parse("1").value


def test_named_parts():
    formula = parse(r"z = Wx + b; \sum_k z_k", ["W: k,d"])
    assert [part.name for part in formula.intermediates] == ["z"]
    assert {symbol.name for symbol in formula.symbols} == {"W", "x", "b"}


def test_parts_that_are_explained_behind_the_formula():
    total, part = r"\sum_{i=1}^n \sum_{j=1}^n P_{ij} K_{ij}", "K_{ij} = y_j - 2 y_i"
    values = random_values(3, P=(3, 3), y=(3,))
    expected = value("sum_{i,j} P[i,j]*(y[j] - 2*y[i])", **values)
    assert_close(value(rf"{total} \quad \text{{where }} {part}", **values), expected)
    assert_close(value(f"{part}; {total}", **values), expected)


def test_a_lone_capital_i_is_the_identity():
    assert len(parse(r"\frac{I}{\|x\|_2} - x x^\top").axes) == 2
    assert {symbol.name for symbol in parse(r"x + I", ["I: scalar"]).symbols} == {"x", "I"}


@pytest.mark.parametrize(
    ("text", "name"), [(r"\|X - U V^\top\|_F^2", "X"), (r"x^\top \Sigma^{-1} x", "Sigma"), (r"\|A - B\|_F", "B")]
)
def test_matrices_by_the_company_that_they_keep(text, name):
    assert len(parse(text).symbol(name).axes) == 2


def test_a_sum_takes_in_the_terms_behind_it_that_have_its_index():
    formula = parse(r"-\frac{1}{n} \sum_{i=1}^n y_i \log p_i + (1 - y_i) \log(1 - p_i) + \lambda \sum_j w_j^2")
    assert formula.axes == ()
    assert any("a sum takes in the terms behind it" in note for note in formula.notes)
    values = random_values(3, y=(3,), p=(3,), w=(2,))
    expected = value("-sum(y.*log(p) + (1 - y).*log(1 - p) + lambda*sum(w.^2))/n", **values, **{"lambda": 2.0, "n": 3})
    assert_close(value(formula.text, **values, **{"lambda": 2.0}), expected)


@pytest.mark.parametrize("text", [r"c_i + \sum_i a_i b_i", r"\sum_i a_i b_i + c_i - \sum_j a_j + d_j"])
def test_an_index_outside_of_its_sum_is_said_aloud(text):
    is_told = any("i stands outside of its sum" in note for note in parse(text).notes)
    assert is_told == text.startswith("c_i")


def test_the_other_index_of_a_condition_is_not_bound():
    assert len(parse(r"\sum_{j \ne i} x_j + y_i").axes) == 1


def test_samples_have_the_names_that_they_have_in_the_formula():
    formula = parse(r"z^{(i)} = w^\top x^{(i)} + b; \frac1m \sum_{i=1}^m (z^{(i)} - y^{(i)})^2", ["x: m,d"])
    assert {symbol.name: len(symbol.axes) for symbol in formula.symbols} == {"w": 1, "x": 2, "b": 0, "y": 1}
    values = random_values(5, x=(4, 2), w=(2,), y=(4,), b=())
    assert_close(value(formula.text, **values), np.mean((values["x"] @ values["w"] + values["b"] - values["y"]) ** 2))


def test_an_intercept_beside_an_inner_product_of_a_sample_is_a_number():
    assert {symbol.name: len(symbol.axes) for symbol in parse(r"\sum_i (w^\top x_i + b)^2").symbols} == {"w": 1, "x": 2, "b": 0}


@pytest.mark.parametrize("text", [r"\sum_{i=1}^{n-1} (x_{i+1} - x_i)^2", "sum(i=1..n-1, (x[i+1] - x[i])^2)"])
def test_an_axis_ends_where_the_furthest_subscript_does(text):
    formula = parse(text)
    assert [to_text(axis.size) for axis in formula.symbol("x").axes] == ["n"]
    assert value(text, x=np.array([1.0, 2.0, 4.0])) == 5


def test_a_sum_up_to_a_name_ends_with_the_values_that_are_given():
    assert value(r"\frac1m \sum_{i=1}^m x_i^2", x=np.array([1.0, 2.0, 3.0])) == pytest.approx(14 / 3)
    assert value("sum_{i=1}^m x[i]^2/m", x=np.array([1.0, 2.0, 3.0])) == pytest.approx(14 / 3)


def test_scripts_in_braces_are_latex():
    assert len(parse("x^{(i)}_j w_j").symbol("w").axes) == 1
    assert parse("sum_{i=1}^n x[i]").symbol("x") is not None


def test_floors_in_subscripts():
    assert (
        value(r"\sum_{k=1}^{4} w_k x_{\lfloor \frac{k + 1}{2} \rfloor}", w=np.array([1.0, 2, 3, 4]), x=np.array([10.0, 100])) == 730
    )


def test_symbols_stand_in_order_of_appearance():
    assert [symbol.name for symbol in parse(r"\lambda \|x\|_1 + \|Ax - b\|^2").symbols] == ["lambda", "x", "A", "b"]


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        (r"\frac{x}{", 9, "mathematics that can be read was expected, got '{' without its partner"),
        (r"\foo{x}", 1, "mathematics that can be read was expected, got unknown macro \\foo"),
        (r"\mathbb{E}[x]", 1, "a formula that has a value was expected, got the operator 'expectation'"),
        (r"\phi(x) + 1", 1, "functions that are known were expected, got 'phi'"),
    ],
)
def test_latex_that_means_nothing(text, column, words):
    with pytest.raises(FormulaError) as caught:
        parse(text)
    assert str(caught.value).startswith(f"formula:1:{column}: {words}")


def test_latex_that_does_not_fit():
    with pytest.raises(ShapeError, match="size 3 against 4"):
        parse(r"A x \cdot 1", (), {"A": np.ones((2, 3)), "x": np.ones(4)})


LAYERS = [
    (r"\sum_{i,j} {\operatorname{conv2d}(X, K, \mathrm{padding}=1, \mathrm{stride}=(2, 1))}_{ij} G_{ij}",
     "sum(conv2d(X, K, padding=1, stride=(2, 1)) .* G)", {"X": (5, 6), "K": (3, 3), "G": (3, 6)}),
    (r"\operatorname{mse\_loss}(A x, y, \mathrm{reduction}=\text{sum})", "norm2(A*x - y)^2", {"A": (4, 3), "x": (3,), "y": (4,)}),
    (r"\operatorname{where}([x > 0], x, x^{\circ 2})^\top \mathbf{1}", "sum(where(x > 0, x, x.^2))", {"x": (5,)}),
    (r"\sum_{1 \le u \le 3, 1 \le v \le 3 : u + v \le 4} X_{uv}", "sum(u=1..3, v=1..3 | u + v <= 4, X[u,v])", {"X": (3, 3)}),
    (r"2 \max_{1 \le i \le 4} (x_i + a) + a", "2*max(x + a) + a", {"x": (4,), "a": ()}),
    (r"\operatorname{avg\_pool1d}(x, 2)_{1} + \lfloor a \rfloor", "avg_pool1d(x, 2)[1] + floor(a)", {"x": (6,), "a": ()}),
    (r"\sum_i \begin{cases} x_i & \text{if } x_i > 0 \\ 0 & \text{otherwise} \end{cases} \operatorname{hardtanh}(x_i)",
     "sum(relu(x) .* hardtanh(x))", {"x": (5,)}),
]  # fmt: skip


@pytest.mark.parametrize(("latex", "plain", "shapes"), LAYERS)
def test_latex_speaks_the_whole_plain_language(latex, plain, shapes):
    values = random_values(8, **{name: shape or None for name, shape in shapes.items()})
    assert_close(value(latex, **values), value(plain, **values))


def test_latex_speaks_of_layers_in_errors_that_point_to_the_place():
    with pytest.raises(FormulaError, match=r"formula:1:\d+: an argument of conv2d was expected, got 'striide'"):
        parse(r"\operatorname{conv2d}(X, K, \mathrm{striide}=2)")
    with pytest.raises(ShapeError, match="channels"):
        parse(r"\operatorname{conv2d}(X, K)", ["X: 3,5,5", "K: 2,4,3,3"])


def test_numbers_of_entries_are_whole_numbers_of_their_axis():
    formula = parse(r"-\sum_{n=1}^N w_{y_n}^\top x_n")
    assert formula.symbol("y").properties == {"index:n"}
    assert "y holds numbers of entries, from 1 on: it stands in subscripts" in formula.notes
    assert parse("sum_i w[y[i]]").symbol("y").properties == {"index:n"}


def test_labelled_capitals_are_matrices_by_their_place():
    formula = parse(r"\tanh(W_2 \tanh(W_1 x + b_1) + b_2)")
    assert {symbol.name: len(symbol.axes) for symbol in formula.symbols} == {"W_2": 2, "W_1": 2, "x": 1, "b_1": 1, "b_2": 1}


def test_a_sum_over_ordered_pairs_binds_both_letters():
    assert parse(r"\sum_{i<j} (d_{ij} - |y_i - y_j|)^2").axes == ()
    assert len(parse(r"z_j + \sum_{i<j} y_i").axes) == 1
    assert [symbol.name for symbol in parse(r"\sum_{i<n} y_i").symbols] == ["n", "y"]


def test_what_does_not_hang_on_the_index_of_a_maximum_stands_outside():
    assert to_text(parse(r"\max_i x_i - c").value) == "max(i=1..n, x[i]) - c"


def test_the_variable_of_an_integral_is_none_of_the_formula():
    assert [symbol.name for symbol in parse(r"\int_0^1 x t^2 \, dt").symbols] == ["x"]
    assert [symbol.name for symbol in parse(r"\int_0^1 x t^2 \, dt + t").symbols] == ["x", "t"]
