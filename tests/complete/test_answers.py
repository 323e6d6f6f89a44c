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
