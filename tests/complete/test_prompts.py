"""Bare prompts (`Answer:` lines, empty solutions) and empty cells of tables."""

import pytest

from gradproof import check, complete
from gradproof.checker.verdict import Verdict

QUIZ = r"""# Quiz

(a) Compute the gradient of $f(w) = \frac{1}{2} \|X w - y\|^2$ with respect to $w$.

**Answer:**

(b) What is $\frac{d}{dt} \left(t^2 e^{t}\right)$?

Answer: ____

(c) Find the derivative of $g(s) = \log(1 + s^2)$ at $s = 1$.

*Answer:* ...

(d) Why does the gradient vanish?

Answer:

(e) Compute $3 \cdot (4 + 5)$.

Solution: $?$

(f) Find the Hessian of $f$ with respect to $w$.

Answer:
$$ ? $$

(g) Determine the proximal operator of $\lambda \|x\|_1$.

Answer:

(h) Find the minimizer of $\frac{1}{2} (x - v)^2 + \lambda x^2$ over $x$.

Answer:

It is $\frac{v}{2\lambda + 1}$, as one sees.
"""


def test_prompts_are_answered_by_the_question_before_them(tmp_path):
    path = tmp_path / "quiz.md"
    path.write_text(QUIZ)
    completion = complete(path)
    text = completion.text
    assert "**Answer:** $\\nabla_w f(w) = X^\\top (X w - y)$\n" in text
    assert "Answer: $\\frac{d}{dt} \\left(t^2 e^{t}\\right) = t e^t (t + 2)$\n" in text
    assert "*Answer:* $g'(1) = 1$\n" in text
    assert "Solution: $3 \\cdot (4 + 5) = 27$\n" in text
    assert "Answer:\n$$ \\nabla^2_w f = X^\\top X $$\n" in text
    assert (
        "Answer: $\\operatorname{prox}_{\\lambda \\|x\\|_1}(v) = \\operatorname{sign}(v) \\odot \\max(|v| - \\lambda, 0)$\n" in text
    )
    assert text.endswith("Answer:\n\nIt is $\\frac{v}{2\\lambda + 1}$, as one sees.\n")
    assert [(place.line, place.reason) for place in completion.left_open] == [
        (17, "no question about a formula was understood before it")
    ]
    path.write_text(text)
    assert not any(equation.verdict.is_fault for equation in check(str(path)).files[0].equations)
    assert complete(path).text == text


def test_empty_solutions_of_latex_are_filled():
    text = r"""\documentclass{exam}
\begin{document}
Let $f(x) = \|x - c\|^2$ with $x, c \in \mathbb{R}^n$.
\begin{enumerate}
\item Compute $\nabla f(x)$.

\textbf{Answer:}
\item Differentiate $h(t) = t \log t$ with respect to $t$.
\begin{solution}
\end{solution}
\item What is the value of $\max(2, 3 \cdot 2)$?

\textbf{Solution.} \hrulefill
\end{enumerate}
\end{document}
"""
    expected = text.replace("{Answer:}", "{Answer:} $\\nabla f(x) = 2 (x - c)$")
    expected = expected.replace("\\begin{solution}\n", "\\begin{solution}\n$h'(t) = \\log(t) + 1$\n")
    expected = expected.replace("\\hrulefill", "$\\max(2, 3 \\cdot 2) = 6$")
    assert complete(text).text == expected


def test_prompts_of_a_page():
    text = (
        "<p>Compute the gradient of \\(f(w) = w^\\top A w\\) with respect to \\(w\\), where \\(A\\) is symmetric.</p>\n"
        "<p><strong>Answer:</strong></p><p>What is \\(\\frac{d}{ds} \\sin s\\)?</p><p><b>Answer:</b> <input name='b'></p>\n"
    )
    expected = text.replace("</strong>", "</strong> \\(\\nabla_w f(w) = 2 A w\\)")
    expected = expected.replace("<input name='b'>", "\\(\\frac{d}{ds} \\sin s = \\cos(s)\\)")
    assert complete(text).text == expected


ANSWERED = [
    "Compute $2 + 3$.\n\nAnswer: it is five.\n",
    "Compute $2 + 3$.\n\nAnswer:\n\n$$2 + 3 = 5$$\n",
    "The answer is $2 + 3 = 5$.\n",
    "Compute $2 + 3$.\n\n```\nAnswer:\n```\n",
]


@pytest.mark.parametrize("text", ANSWERED)
def test_what_is_answered_stays(text):
    completion = complete(text)
    assert completion.text == text
    assert completion.is_whole


TABLES = r"""| $f(x)$ | $f'(x)$ |
|---|---|
| $x^2$ | $2x$ |
| $\sin x$ | |
| $e^{3x}$ | ? |

| function | derivative |
|---|---|
| $\tanh(z)$ |  |

Let $h(t) = t^2 + 1$.

| $t$ | $h(t)$ | $h'(t)$ | remark |
|---|---|---|---|
| 0 | | | |
| 2 | 5 | | low |
"""


def test_cells_get_the_answer_alone(tmp_path):
    completion = complete(TABLES)
    expected = TABLES.replace(r"| $\sin x$ | |", r"| $\sin x$ | $\cos(x)$ |").replace("| ? |", "| $3 e^{3 x}$ |")
    expected = expected.replace(r"| $\tanh(z)$ |  |", r"| $\tanh(z)$ | $1 - \tanh(z)^2$ |")
    expected = expected.replace("| 0 | | | |", "| 0 | $1$ | $0$ | |").replace("| 2 | 5 | | low |", "| 2 | 5 | $4$ | low |")
    assert completion.text == expected
    assert {place.verdict for place in completion.filled} == {Verdict.PROVED}


def test_cells_of_a_page():
    text = "<p>Let \\(h(t) = t^2\\).</p><table><tr><th>\\(t\\)</th><th>\\(h(t)\\)</th></tr><tr><td>3</td><td></td></tr></table>\n"
    assert complete(text).text == text.replace("<td></td>", "<td>\\(9\\)</td>")


def test_evaluation_bars():
    text = (
        "Let $f(x) = x^3$ and $g(u, v) = u^2 v + \\sin(v)$.\n\n"
        "$\\left. f'(x) \\right|_{x = 2} = ?$, $\\frac{\\partial g}{\\partial u}\\bigg\\rvert_{u=1, v=0} = ?$, "
        "$f'(x)\\big|_{x=1} = ?$, $f'(x) = ?$\n"
    )
    assert [place.latex for place in complete(text).filled] == ["12", "0", "3", "3 x^2"]
