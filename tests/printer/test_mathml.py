import pytest

from gradproof.printer.latex import name_latex
from gradproof.printer.mathml import is_convertible, to_html, to_mathml


@pytest.mark.parametrize(
    "latex",
    [
        r"\begin{eqnarray} a &=& b \\ c &=& d \end{eqnarray}",
        r"\begin{split} a &= b \\ &= c \end{split}",
        r"\begin{align} a &= b \label{q} \\ c &= d \nonumber \end{align}",
        r"\begin{equation*} a = b \tag{7} \end{equation*}",
        r"\begin{multline} a \\ b \end{multline}",
        r"\Tr(A) + \E[X] + \Var(X) + \mbox{if } x \in \R",
        r"a = b \label{eq:x} \tag*{3}",
        r"f(x) = 1 \text{ if $x > 0$}",
        r"\mathbb{1}_{R_i > k} = \operatorname{prox}_f(x)",
        r"a = b \\",
        r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}",
    ],
)
def test_what_documents_use_is_shown(latex):
    markup = to_mathml(latex, display=True)
    assert markup is not None
    assert markup.startswith('<math display="block">')
    assert " id=" not in markup


def test_numbers_are_not_printed_twice():
    assert "<mtext>(" not in to_mathml(r"\begin{align} a &= b \\ c &= d \end{align}", display=True)


@pytest.mark.parametrize(
    "latex",
    [
        "",
        "(" * 40,
        r"\left(" + r"\sin(" * 30 + r"\right)",
        "{" * 10_000 + "x" + "}" * 10_000,
        r"\begin{matrix}" * 500 + r"\end{matrix}" * 500,
        "x" * 20_000,
        r"\def\x{\x\x}\x",
        r"\newcommand{\f}{a}\f",
        r"\unknown",
        r"\href{javascript:alert(1)}{x}",
    ],
)
def test_the_rest_is_shown_as_source(latex):
    assert to_mathml(latex, display=False) is None
    assert to_html(latex, display=False).startswith('<code class="source">')


def test_source_is_escaped():
    assert to_html("<b>\\unknown</b>", display=True) == '<code class="source">&lt;b&gt;\\unknown&lt;/b&gt;</code>'


def test_intervals_and_deep_but_harmless_formulas_pass():
    assert is_convertible(r"[0, 1) \times " * 30 + "A")
    assert is_convertible("(" * 30 + "x" + ")" * 30)
    assert to_mathml(r"\sqrt{" * 100 + "x" + "}" * 100, display=True)


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("d_relu_2", r"d_{\mathrm{relu}, 2}"),
        ("w_1_a", "w_{1, a}"),
        ("x_star_dagger", r"x^{* \dagger}"),
        ("x_prime_star_2", r"x^{\prime *}_2"),
        ("x_star_1", "x^*_1"),
        ("y_hat", r"\hat{y}"),
        ("x_prime", "x'"),
    ],
)
def test_a_name_has_one_script_at_each_place(name, latex):
    assert name_latex(name) == latex
    assert to_mathml(rf"{{{latex}}}_{{i, j}} = 1", display=True) is not None
