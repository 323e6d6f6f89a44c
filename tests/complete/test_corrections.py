"""``complete --correct``: refuted right sides are replaced, marked, and hold afterwards."""

from gradproof import check, complete

SHEET = r"""# Chain rule

Let $f = \frac{a}{b}$ with $a = x^2 + \sigma(y)$ and $b = 3x + y - \sigma(x)$.

$$\frac{\partial \sigma(x)}{\partial x} = \sigma(x) (1 + \sigma(x))$$

For $x = 1$, $y = 0$:

$$\sigma(x) = \sigma(1) = 0.269$$

$$b = 3 \cdot 1 + 0 - \sigma(1) = 2.731$$

$$\frac{\partial f}{\partial y} = \frac{0.5 (1 - 0.5) \cdot 2.731 - 1.5}{2.731^2} = -0.1096$$

Let $g(w) = \|X w - t\|^2$. Then $\nabla g(w) = X^\top (X w - t)$ and $\nabla^2 g(w) = ?$
"""


def test_wrong_right_sides_are_corrected_and_marked(tmp_path):
    completion = complete(SHEET, correct=True)
    text = completion.text
    assert r"= \sigma(x) (1 - \sigma(x))$$ *(corrected, was `\sigma(x) (1 + \sigma(x))`)*" in text
    assert r"\sigma(1) = 0.731$$ *(corrected, was `0.269`)*" in text
    assert r"- \sigma(1) = 2.269$$ *(corrected, was `2.731`)*" in text
    assert r"= \frac{0.5 (1 - 0.5) \cdot 2.269 - 1.5}{2.269^2} = -0.1812$$ *(corrected, was" in text
    assert r"$\nabla g(w) = 2 X^\top (X w - t)$ *(corrected, was `X^\top (X w - t)`)* and $\nabla^2 g(w) = 2 X^\top X$" in text
    path = tmp_path / "sheet.md"
    path.write_text(text)
    assert not any(equation.verdict.is_fault for equation in check(str(path)).files[0].equations)
    assert complete(path, correct=True).text == text
    assert completion.original == SHEET


def test_nothing_is_touched_without_the_option():
    completion = complete(SHEET)
    assert "0.269" in completion.text
    assert completion.corrected == ()


def test_marks_fit_the_format():
    assert complete("<p>\\(2 + 2 = 5\\) is &lt;</p>\n", correct=True).text == (
        "<p>\\(2 + 2 = 4\\) <em>(corrected, was <code>5</code>)</em> is &lt;</p>\n"
    )
    latex = "\\section{Sums}\nWe have $2 + 2 = \\frac{9}{2}$.\n"
    assert "$2 + 2 = 4$ \\emph{(corrected, was \\texttt{\\detokenize{\\frac{9}{2}}})}." in complete(latex, correct=True).text
