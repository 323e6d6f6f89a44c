"""Single questions of the kinds that assignments ask, with the answers of the usual reading."""

import pytest

from gradproof import complete


def answer(question, before=""):
    completion = complete(f"{before}\n\n$${question} = ?$$\n")
    return completion.filled[-1].latex if completion.is_whole else None


def terms(latex):
    """Return the terms of a sum: their order does not matter."""
    return sorted(latex.split(" + "))


@pytest.mark.parametrize(
    ("question", "latex"),
    [
        (r"\nabla_x (a^T x)(b^T x)", "(b^T x) a + (a^T x) b"),
        (r"\nabla_x (a^T x) \cdot (b^T x)", "(b^T x) a + (a^T x) b"),
        (r"\nabla_x \|x\|^2 (b^T x)", r"\|x\|_2^2 b + 2 (b^T x) x"),
        (r"\nabla_x \frac{1}{2} \|x\|^2", "x"),
        (r"\nabla_w \lambda \|w\|^2", r"2 \lambda w"),
        (r"\nabla_w e^{a^T w} \|w\|^2", r"e^{a^T w} (\|w\|_2^2 a + 2 w)"),
        (r"\frac{d}{dx} x^2 \cdot e^x", "x e^x (x + 2)"),
        (r"\frac{d}{dx} \sin x \cdot \cos x", r"1 - 2 \sin(x)^2"),
    ],
)
def test_a_derivative_sign_takes_the_product_behind_it(question, latex):
    assert terms(answer(question)) == terms(latex)


@pytest.mark.parametrize(
    ("question", "latex"),
    [
        (r"\frac{d}{dx} x^2 + 3x", "2 x + 3"),
        (r"\frac{d}{dx} \sin x + \cos x", r"\cos(x) - \sin(x)"),
        (r"\nabla_w \frac{1}{2} \|A w - b\|^2 + \frac{\lambda}{2} \|w\|^2", r"A^\top (A w - b) + \lambda w"),
        (r"\nabla_x x^T A x + b^T x + c", "A^T x + A x + b"),
    ],
)
def test_a_derivative_sign_takes_the_sum_behind_it(question, latex):
    assert terms(answer(question)) == terms(latex)


SAMPLES = "For a sample $x$ the model gives $w^\\top x$.\n\n"


@pytest.mark.parametrize(
    ("before", "question", "latex"),
    [
        (SAMPLES, r"\nabla_w \sum_{i=1}^n (w^\top x_i - y_i)^2", r"2 \sum_{i=1}^{n} (w^\top x_i - y_i) x_i"),
        (
            SAMPLES + r"With $x_i \in \mathbb{R}^d$ and $w \in \mathbb{R}^d$:",
            r"\nabla_w \frac{1}{n} \sum_{i=1}^n (w^\top x_i - y_i)^2",
            r"\frac{2}{n} \sum_{i=1}^{n} (w^\top x_i - y_i) x_i",
        ),
        (
            r"Let $L = \frac{1}{n} \sum_{i=1}^n \|A x_i + b - y_i\|^2$ with $A \in \mathbb{R}^{m \times d}$.",
            r"\frac{\partial L}{\partial A}",
            r"\frac{2}{n} \sum_{i=1}^{n} (A x_i + b - y_i) x_i^\top",
        ),
        (
            r"Let $L = \frac{1}{n} \sum_{i=1}^n \|A x_i + b - y_i\|^2$ with $A \in \mathbb{R}^{m \times d}$.",
            r"\frac{\partial L}{\partial b}",
            r"\frac{2}{n} \sum_{i=1}^{n} (A x_i + b - y_i)",
        ),
        ("", r"\nabla_w \sum_{i=1}^n \log(1 + e^{-y_i w^\top x_i})", r"-\sum_{i=1}^{n} y_i \sigma(-y_i w^\top x_i) x_i"),
    ],
)
def test_sums_over_samples_stay_sums(before, question, latex):
    assert answer(question, before) == latex


@pytest.mark.parametrize(
    ("question", "latex"),
    [
        (r"\left(\sum_{i=1}^4 i^2\right)^{1/2}", r"\sqrt{30} \approx 5.47723"),
        (r"\sqrt{8}", r"2 \sqrt{2} \approx 2.82843"),
        (r"3 - \sigma(1)", "2.26894"),
    ],
)
def test_values_are_written_shortly(question, latex):
    assert answer(question) == latex


def test_a_blank_behind_arithmetic_defines_nothing_anew():
    text = (
        "Let $f = \\frac{a}{b}$ with $a = x^2$ and $b = 3x + \\sigma(x)$.\n\n(b) For $x = 0$, $a = 0^2 = ?$, $b = 3 \\cdot 0 + \\sigma(0) = ?$, "
        "$\\frac{\\partial f}{\\partial x} = ?$\n"
    )
    assert [place.latex for place in complete(text).filled] == ["0", r"\frac{1}{2}", "0"]


def test_values_of_a_matrix_that_a_formula_defines():
    text = "Let $X = \\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}$ and $F_{ij} = X_{ij} + X_{ji}$.\n\nThen $F = ?$\n"
    assert complete(text).filled[0].latex == r"\begin{pmatrix} 2 & 5 \\ 5 & 8 \end{pmatrix}"


def test_a_name_of_the_chain_is_no_answer():
    text = "Scores $s = (0.1, 0.5, 0.3)$. $R = \\sum_{c=1}^3 \\mathbb{1}[s_c > s_3] = ?$\n"
    assert complete(text).filled[0].latex == "1"


def test_values_of_an_item_end_with_it():
    text = "1. For $m = 2$: $m^2 = ?$\n\n2. Let $E(m) = e^{-m}$. $E'(m) = ?$\n\nFor $x = 3$:\n\n- $x^2 = ?$\n- $x^3 = ?$\n"
    assert [place.latex for place in complete(text).filled] == ["4", "-e^{-m}", "9", "27"]


def test_a_numbered_iterate_is_defined_by_the_one_before():
    text = "Let $f(w) = w^2 - 4w + 7$ and $w_0 = 0$.\n\n$w_1 = w_0 - 0.1 \\cdot f'(0) = ?$ and $f(w_1) = ?$\n"
    assert [place.latex for place in complete(text).filled] == ["0.4", "5.56"]


def test_labelled_layers_keep_their_names():
    before = r"Let $z_1 = W_1 x + b_1$, $h = \tanh(z_1)$, $z_2 = W_2 h + b_2$, $L = \frac{1}{2} \|z_2 - t\|^2$ with $x \in \mathbb{R}^d$."
    assert answer(r"\frac{\partial L}{\partial W_2}", before) == r"(z_2 - t) h^\top"
    assert answer(r"\frac{\partial L}{\partial z_1}", before) == r"(1 - h^2) \odot (W_2^\top (z_2 - t))"


def test_a_label_beside_numbered_labels_is_a_number():
    text = (
        "(a) Let $L(w) = \\sum_{i=1}^n c_i (w^\\top x_i - y_i)^2$.\n\n"
        "(b) $\\frac{\\partial}{\\partial w} \\log(1 + e^{-y w^\\top x}) = ?$\n"
    )
    assert complete(text).filled[0].latex == r"-y \sigma(-y w^\top x) x"


def test_a_constraint_of_a_minimisation_counts():
    text = "$\\arg\\min_{s \\ge 0} \\frac{1}{2} (s - 3)^2 + 5 s = ?$\n\n$\\arg\\min_{z \\ge 0} \\frac{1}{2} \\|z - v\\|^2 = ?$\n"
    assert [place.latex for place in complete(text).filled] == ["0", "\\max(v, 0)"]


def test_a_constraint_that_is_not_known_leaves_the_place_open():
    text = "$\\arg\\min_{\\|x\\|_2 \\le 1} \\frac{1}{2} \\|x - v\\|^2 = ?$\n"
    assert complete(text).text == text


def test_words_around_a_name_are_heard():
    text = (
        "Let $S \\in \\mathbb{R}^{d \\times d}$ be the (symmetric) covariance matrix, $y$ a one-hot label, $\\Sigma$ a symmetric matrix.\n\n"
        "$\\nabla_u (u^\\top S u) = ?$, $\\nabla_z (\\log \\sum_j e^{z_j} \\sum_k y_k - y^\\top z) = ?$\n\n"
        "Let $f(t) = \\frac{1}{2} t^\\top H t - g^\\top t$ with a symmetric positive definite matrix $H \\in \\mathbb{R}^{p \\times p}$.\n\n"
        "$\\arg\\min_t f(t) = ?$\n"
    )
    assert [place.latex for place in complete(text).filled] == ["2 S u", "\\operatorname{softmax}(z) - y", "H^{-1} g"]


def test_a_capital_before_a_vector_is_a_matrix():
    text = (
        "Let $p = \\operatorname{softmax}(z)$ with $z = W x + b$, let $y$ be one-hot, $L = -\\sum_k y_k \\log p_k$.\n\n"
        "$\\frac{\\partial L}{\\partial W} = ?$\n"
    )
    assert [place.latex for place in complete(text).filled] == ["(p - y) x^\\top"]


def test_values_end_where_something_new_begins():
    text = (
        "Let $g(x) = x^2$.\n\nAt $x = 1$:\n\n$$g'(x) = ?$$\n\nSo it is.\n\n$$g(x) = ?$$\n\n"
        "Let $\\psi(x) = \\log(1 + e^x)$.\n\n$\\psi'(x) = ?$\n"
    )
    assert [place.latex for place in complete(text).filled] == ["2", "1", "\\sigma(x)"]


TSNE = r"""The points of the map are $y_1, \dots, y_n \in \mathbb{R}^2$, and
$$q_{ij} = \frac{(1 + \|y_i - y_j\|^2)^{-1}}{\sum_{k \neq l} (1 + \|y_k - y_l\|^2)^{-1}}, \qquad
C = \sum_{i \neq j} p_{ij} \log \frac{p_{ij}}{q_{ij}}.$$

$$\frac{\partial C}{\partial y_i} = ?$$
"""
ON_A_LINE = r"""For points $h_1, \dots, h_n$ on a line let $w_{ij} = \frac{1}{1 + (h_i - h_j)^2}$, $Z = \sum_{k \neq l} w_{kl}$,
$q_{ij} = \frac{w_{ij}}{Z}$ and
$$C = \sum_{i} \sum_{j} p_{ij} \log \frac{p_{ij}}{q_{ij}}$$

$$\frac{\partial C}{\partial h_i} = ?$$
"""
GAUSSIAN = r"""The points are $y_i \in \mathbb{R}^2$,
$$q_{ij} = \frac{\exp(-\|y_i - y_j\|^2)}{\sum_{k \neq l} \exp(-\|y_k - y_l\|^2)}, \quad
C = \mathrm{KL}(P \| Q) = \sum_{i \neq j} p_{ij} \log \frac{p_{ij}}{q_{ij}}.$$

$$\nabla_{y_i} C = ?$$
"""


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (TSNE, r"4 \sum_j \frac{(p_{ij} - q_{ij}) (y_i - y_j)}{1 + \|y_i - y_j\|^2}"),
        (ON_A_LINE, r"4 \sum_j (p_{ij} - q_{ij}) w_{ij} (h_i - h_j)"),
        (GAUSSIAN, r"4 \sum_j (p_{ij} - q_{ij}) (y_i - y_j)"),
        (TSNE.replace("(1 + ", "(1 + 2 "), r"8 \sum_j \frac{(p_{ij} - q_{ij}) (y_i - y_j)}{2 \|y_i - y_j\|^2 + 1}"),
    ],
)
def test_the_gradient_of_an_embedding(text, answer):
    assert [place.latex for place in complete(text).filled] == [answer]


def test_the_count_of_entries_is_thresholded_hard():
    text = "$\\operatorname{prox}_{\\lambda \\|\\cdot\\|_0}(v) = ?$\n"
    assert [place.latex for place in complete(text).filled] == ["v \\odot [|v| > \\sqrt{2 \\lambda}]"]
