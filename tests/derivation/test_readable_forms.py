"""Derivatives that matrix products alone do not say: layers, batches, t-SNE; directions, updates, steps, advice."""

import pytest

from gradproof.derivation.derivation import derive
from gradproof.derivation.updates import update
from gradproof.errors import FormulaError
from gradproof.printer.text import to_text

AFFINITIES = "P: n,n symmetric zerodiagonal distribution"

FORMS = [
    ("sum(G .* conv2d(X, K))", "X", ["X: h,w", "K: 3,3"], "conv2d(G, flip(K), padding=2)"),
    ("sum(G .* conv2d(X, K))", "X", ["X: h,w", "K: p,q"], "conv2d(G, flip(K), padding=(p - 1, q - 1))"),
    ("sum(G .* conv2d(X, K))", "K", ["X: h,w", "K: p,q"], "conv2d(X, G)"),
    ("normF(conv2d(X, K) - Y)^2", "K", ["X: h,w", "K: p,q"], "2*conv2d(X, conv2d(X, K) - Y)"),
    ("sum(g .* conv1d(x, k))", "x", ["x: n", "k: m"], "conv1d(g, flip(k), padding=m - 1)"),
    ("cross_entropy(linear(X, W, b), y)", "W", ["X: n,d", "W: k,d"], "(softmax(X*W' + vector(1)*b') - one_hot(y, k))'*X/n"),
    ("cross_entropy(linear(X, W, b), T)", "W", ["X: n,d", "W: k,d", "T: n,k simplex"], "(softmax(X*W' + vector(1)*b') - T)'*X/n"),
    ("normF(X*A' + vector(1)*b' - Y)^2/n", "A", ["X: n,d", "Y: n,k"], "2*(X*A' + vector(1)*b' - Y)'*X/n"),
    ("max_pool2d(X, 2)", "X", ["X: h,w"], "[2 i - 1 <= p <= 2 i] [2 j - 1 <= q <= 2 j] "
     "[X[p, q] = max(u=1..2, v=1..2, X[2 i + u - 2, 2 j + v - 2])]"),
    ("avg_pool2d(X, 3, stride=1)", "X", ["X: h,w"], "[i <= p <= i + 2] [j <= q <= j + 2]/9"),
    ("logsumexp(W*x)", "W", ["W: k,d"], "softmax(W*x)*x'"),
    ("exp(-norm2(x - y)^2/(2*s^2))", "x", ["s: scalar"], "exp(-norm2(x - y)^2/(2*s^2))*(y - x)/s^2"),
    ("exp(-norm2(x - y)^2/(2*s^2))", "s", ["s: scalar"], "exp(-norm2(x - y)^2/(2*s^2))*norm2(x - y)^2/s^3"),
    ("1/(x'*x)", "x", [], "-2*x/norm2(x)^4"),
    ("x'*A*x/(x'*x)", "x", [], "(A + A')*x/norm2(x)^2 - 2*(x'*A*x)*x/norm2(x)^4"),
    ("1/tr(X'*X)", "X", ["X: n,m"], "-2*X/normF(X)^4"),
    ("logdet(X'*X)", "X", ["X: n,m"], "2*X*inv(X'*X)"),
    ("x - mean(x)", "x", ["x: n"], "eye - vector(1)*vector(1)'/n"),
    ("x/sqrt(mean(x.^2) + a)", "x", ["x: n", "a: scalar"], "eye/sqrt(norm2(x)^2/n + a) - x*x'/((norm2(x)^2/n + a)^(3/2)*n)"),
    ("tr(X^4)", "X", ["X: n,n"], "4*(X')^3"),
    ("tr(A*inv(X)*B)", "X", ["X: n,n"], "-inv(X)'*A'*B'*inv(X)'"),
    ("binary_cross_entropy(p, y)", "p", ["p: n"], "(p - y)./(p.*(1 - p))/n"),
    ("-y*log(p) - (1-y)*log(1-p)", "p", ["y: scalar", "p: scalar"], "(p - y)/((1 - p)*p)"),
    ("binary_cross_entropy(sigma(X*w), y)", "w", ["X: n,d"], "X'*(sigma(X*w) - y)/n"),
    ("sum(G .* (softmax(Q*K'/sqrt(d))*V))", "V", ["Q: n,d", "K: m,d", "V: m,k"], "softmax(Q*K'/sqrt(d))'*G"),
    ("sum(G .* (softmax(Q*K'/sqrt(d))*V))", "K", ["Q: n,d", "K: m,d", "V: m,k"], "(softmax(Q*K'/sqrt(d)).*(G*V') - "
     "diag((G.*(softmax(Q*K'/sqrt(d))*V))*vector(1))*softmax(Q*K'/sqrt(d)))'*Q/sqrt(d)"),
    ("-(x-m)'*inv(S)*(x-m)/2 - logdet(S)/2", "m", ["S: n,n symmetric"], "inv(S)*(x - m)"),
    ("-(x-m)'*inv(S)*(x-m)/2 - logdet(S)/2", "S", ["S: n,n symmetric"], "(inv(S)*(x - m)*(x - m)'*inv(S) - inv(S))/2"),
    ("-(x-m)'*P*(x-m)/2 + logdet(P)/2", "P", ["P: n,n symmetric"], "(inv(P) - (x - m)*(x - m)')/2"),
    ("y'*inv(K)*y/2 + logdet(K)/2", "K", ["K: n,n symmetric posdef"], "(inv(K) - inv(K)*y*y'*inv(K))/2"),
    ("sqrt((x-m)'*inv(S)*(x-m))", "x", ["S: n,n symmetric"], "inv(S)*(x - m)/sqrt((x - m)'*inv(S)*(x - m))"),
    ("(tr(inv(T)*S) + (m-u)'*inv(T)*(m-u) + logdet(T))/2", "T", ["T: n,n symmetric", "S: n,n symmetric"],
     "(inv(T) - inv(T)*((u - m)*(u - m)' + S)*inv(T))/2"),
    ("norm2(X*w - y)^2 + lam*norm2(w)^2", "w", ["X: n,d"], "2*(X'*(X*w - y) + lam*w)"),
    ("tr(W'*S*W)", "W", ["S: d,d symmetric", "W: d,k"], "2*S*W"),
    ("logsumexp(Z*q/t) - k'*q/t", "q", ["Z: n,d", "k: d", "t: scalar"], "(Z'*softmax(Z*q/t) - k)/t"),
    ("tanh(W*h + U*x + b)'*g", "W", ["W: n,n", "U: n,m"], "(g.*(1 - tanh(W*h + U*x + b).^2))*h'"),
    ("sum(exp(s) + m.^2 - 1 - s)/2", "s", ["s: n"], "(exp(s) - 1)/2"),
    ("(A*x - b)'*W*(A*x - b)", "x", ["W: n,n symmetric", "A: n,m"], "2*A'*W*(A*x - b)"),
    ("det(A*X*B)", "X", ["X: n,n"], "det(A*X*B)*A'*inv(A*X*B)'*B'"),
    ("normF(A - B*X*C)^2", "X", [], "2*B'*(B*X*C - A)*C'"),
    ("sum(max(0, 1 - y.*(X*w)))", "w", ["X: n,d"], "-X'*(y.*(1 - y.*(X*w) > 0))"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wrt", "assume", "expected"), FORMS, ids=[f"{form[0]} by {form[1]}" for form in FORMS])
def test_the_form_is_what_a_person_would_write(text, wrt, assume, expected):
    derivation = derive(text, wrt, assume=assume)
    assert derivation.to_text() == expected
    check = derivation.verify(8)
    assert check.agrees
    assert check.points >= 2


def test_t_sne_has_its_textbook_form():
    derivation = derive("tsne_kl(Y, P)", "Y", assume=[AFFINITIES])
    assert derivation.notation.short.text == "4 sum(i=1..n, w[i, p] (P[i, p] - Q[i, p]) (Y[p, q] - Y[i, q]))"
    assert [part.left.text for part in derivation.notation.definitions] == ["w[i, j]", "Q[i, j]"]
    assert derivation.verify(6).agrees


def test_t_sne_without_assumptions_says_what_would_shorten_it():
    derivation = derive("tsne_kl(Y, P)", "Y")
    assert "P[i, p] + P[p, i]" in derivation.to_text()
    (advice,) = derivation.advice
    assert "symmetric" in advice
    assert "4 sum(i=1..n" in advice


def test_labels_that_sum_to_one_are_advised():
    assert derive("-y'*log(softmax(W*x))", "W", assume=["W: k,d"]).advice == (
        "with 'y: k simplex' the derivative is (softmax(W*x) - y)*x'",
    )
    assert derive("-y'*log(softmax(W*x))", "W", assume=["W: k,d", "y: k simplex"]).advice == ()


def test_no_assumption_is_praised_for_what_is_shorter_without_it():
    assert derive("p = sigma(w'*x); -(1-p)^g*y*log(p)", "w", assume=["g: scalar", "y: scalar"]).advice == ()


def test_names_of_the_user_stay_in_index_notation():
    text = "w[i,j] = exp(-(y[i] - y[j])^2); sum_{i,j} P[i,j]*w[i,j]"
    derivation = derive(text, "y", assume=["P: n,n symmetric"])
    assert derivation.notation.short.text == "-4 sum(j=1..n, P[j, p] w[j, p] (y[p] - y[j]))"
    assert derivation.verify(6).agrees


def test_softmax_keeps_its_matrix_argument_in_index_notation():
    derivation = derive("logsumexp(W*x)", "W", 2, assume=["W: k,d"])
    one, other = ("softmax(W*x)[{}] x[q] x[s] ([p = r] - softmax(W*x)[{}])".format(*places) for places in ("pr", "rp"))
    assert derivation.to_text() in (one, other)


def test_letters_of_sizes_are_not_taken_for_indices():
    derivation = derive("conv2d(X, K)", "X", assume=["X: h,w", "K: p,q"])
    assert derivation.notation.places == ("i", "j", "r", "s")
    assert derivation.verify(4).agrees


def test_adaptive_windows_of_broken_width():
    assert derive("adaptive_avg_pool1d(x, 3)", "x", assume=["x: 7"]).verify(6).agrees


@pytest.mark.parametrize(
    ("text", "wrt", "order", "along", "expected"),
    [
        ("norm2(A*x - b)^2", "x", 1, "v", "2*(A*x - b)'*A*v"),
        ("norm2(A*x - b)^2", "x", 2, "v", "2*A'*A*v"),
        ("logsumexp(W*x)", "W", 2, "V", "(softmax(W*x).*(V*x - softmax(W*x)'*V*x))*x'"),
    ],
)
def test_a_direction(text, wrt, order, along, expected):
    derivation = derive(text, wrt, order, assume=["A: m,n", "W: k,d"], along=along)
    assert derivation.to_text() == expected
    assert derivation.verify(6).agrees


def test_a_direction_has_the_shape_of_the_variable():
    with pytest.raises(FormulaError, match="direction"):
        derive("norm2(A*x - b)^2", "x", assume=["A: m,n"], along="b")


def test_squared_norms_have_no_kink():
    assert derive("norm2(A*x - b)^2", "x").kinks == ()
    assert derive("norm2(x)^3", "x").kinks != ()


def test_updates():
    gradient = derive("norm2(A*x - b)^2", "x", assume=["A: m,n"])
    (step,) = update(gradient, "gradient-descent")
    assert step.to_text() == "x <- x - 2*eta*A'*(A*x - b)"
    velocity, point = update(gradient, "momentum")
    assert velocity.to_text() == "v <- mu*v - 2*eta*A'*(A*x - b)"
    assert point.to_text() == "x <- x + v"
    assert len(update(gradient, "nesterov")) == 3
    with pytest.raises(FormulaError, match="method"):
        update(gradient, "magic")
    with pytest.raises(FormulaError, match="scalar"):
        update(derive("A*x", "x"), "momentum")


def test_steps_go_from_the_outside_in():
    steps = derive("-y'*log(softmax(W*x + b))", "W", assume=["W: k,d", "y: k simplex"]).steps
    assert [str(step) for step in steps] == [
        "name: z = W*x + b",
        "name: u = softmax(z)",
        "derivative of log: df/du = -y./u",
        "derivative of softmax: du/dz = diag(softmax(z)) - softmax(z)*softmax(z)'",
        "chain rule through u: df/dz = softmax(z) - y",
        "chain rule through z: df/dW = (u - y)*x'",
    ]


def test_steps_use_the_names_of_the_user():
    steps = derive("z = W*x; h = relu(z); norm2(h)^2", "W", assume=["W: k,d"]).steps
    assert [step.focus for step in steps if step.rule == "name"] == ["z", "h"]


def test_a_long_sum_and_a_deep_chain():
    total = derive(" + ".join(f"sin({k}*x)" for k in range(1, 1001)), "x", assume=["x:"])
    assert total.to_text().count("cos(") == 1000
    chain = derive("sin(" * 1000 + "x" + ")" * 1000, "x", assume=["x:"])
    assert chain.notation.definitions
    assert len(chain.to_text()) < 100_000


def test_sums_in_sums_keep_their_own_indices():
    derivation = derive("cross_entropy((diag(c)*A)*(A'*b), c)", "A", 2, assume=["A: m,n", "b: m", "c: m"])
    assert derivation.verify(3).agrees


def test_numbers_side_by_side_are_told_apart():
    derivation = derive("2*3^x", "x", assume=["x:"])
    assert derivation.to_latex() == r"2 \cdot 3^{x} \log(3)"
    assert to_text(derivation.value) == "2 (3^x) log(3)"


def test_a_notebook_shows_mathml():
    shown = derive("cross_entropy(linear(X, W, b), y)", "W", assume=["X: n,d", "W: k,d"])._repr_mimebundle_()
    assert shown["text/html"].startswith("<math")
    assert "one_hot" in shown["text/html"]
    assert "<script" not in shown["text/html"]
    assert shown["text/latex"].startswith("$\\displaystyle")


def test_entries_that_are_variables_of_their_own_are_told():
    text = derive(r"\sqrt{(x_1 - a)^2 + (x_2 - b)^2}", "x").notes
    assert text[-1] == "x_1 and x_2 are variables of their own; --assume 'x: n' makes a vector of x, whose entries have subscripts"


def test_the_weakest_promise_that_shortens_a_derivative_is_named():
    notes = derive("logdet(A + x*x')", "x", assume=["A: n,n"]).advice
    assert notes == ("with 'A: n,n symmetric' the derivative is 2*inv(x*x' + A)*x",)
    assert derive("x'*A*x", "x").advice == ("with 'A: n,n symmetric' the derivative is 2*A*x",)
    assert derive("x'*A*x", "x", assume=["A: n,n symmetric"]).advice == ()


def test_a_bracket_keeps_the_quotient_that_it_guards():
    text = derive(r"\sum_{i<j} (d_{ij} - \|y_i - y_j\|)^2", "y").to_text()
    assert "[i < p]/sqrt" in text
    assert "[p < j]/sqrt" in text


def test_a_softmax_over_classes_is_found_below_a_logarithm():
    text = derive(r"-\sum_{n=1}^N \log \frac{\exp(w_{y_n}^\top x_n)}{\sum_k \exp(w_k^\top x_n)}", "w").to_text()
    assert "softmax(x*w')[i, p]" in text


def test_a_softmax_that_is_written_out_is_one():
    assert derive(r"\frac{e^{z_k}}{\sum_j e^{z_j}}", "z").to_text() == "diag(softmax(z)) - softmax(z)*softmax(z)'"


def test_a_long_decimal_stands_above_what_it_is_divided_by():
    value = derive("selu(2)*mean(c)", "c", assume=["c: m"]).value
    assert to_text(value) == "2.1014019747109609868386699705892/m"
