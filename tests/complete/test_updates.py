"""The nearest words name the method of a step; what no known method is named for stays open."""

import pytest

from gradproof import complete

OBJECTIVE = "Let $f(w) = \\frac{1}{2}\\|X w - y\\|^2$ with $X \\in \\mathbb{R}^{n \\times d}$, and step size $\\eta$.\n\n"
GRADIENT = "X^\\top (X w_t - y)"


def answer(words):
    completion = complete(f"{OBJECTIVE}{words}: $w_{{t+1}} = ?$\n")
    return completion.filled[-1].latex if completion.is_whole else None


@pytest.mark.parametrize(
    ("words", "latex"),
    [
        ("Gradient descent", f"w_t - \\eta {GRADIENT}"),
        ("Newton's method", "w_t - \\left(X^\\top X\\right)^{-1} " + GRADIENT),
        ("After momentum we come back to gradient descent. A step of gradient descent", f"w_t - \\eta {GRADIENT}"),
        ("Unlike Adam, plain methods keep no memory. Steepest descent", f"w_t - \\eta {GRADIENT}"),
        ("The heavy-ball method with momentum $\\rho$", f"w_t - \\eta {GRADIENT} + \\rho (w_t - w_{{t - 1}})"),
    ],
)
def test_method_is_named_nearby(words, latex):
    assert answer(words) == latex


@pytest.mark.parametrize(
    "words", ["RMSprop", "AdaGrad", "L-BFGS", "The Gauss-Newton method", "Gradient descent with weight decay", "Then"]
)
def test_other_methods_are_left_open(words):
    assert answer(words) is None


def test_prox_has_the_weight_of_its_norm():
    text = (
        "Let $F(w) = \\frac{1}{2}\\|A w - y\\|_2^2 + \\mu \\|w\\|_2$.\n\n"
        "The proximal gradient step with step size $\\gamma$: $w_{k+1} = ?$\n"
    )
    assert complete(text).filled[0].latex == "\\operatorname{prox}_{\\gamma \\mu \\|\\cdot\\|_2}(w_k - \\gamma A^\\top (A w_k - y))"


def filled(text):
    return [answer.latex for answer in complete(text).filled]


def test_a_counted_step_has_its_value():
    text = "Let $g(w) = (w - 3)^2$, $w_0 = 0$, $\\alpha = 0.25$. Gradient descent: $w_1 = ?$\n"
    assert filled("The learning rate is $\\eta = 0.1$.\n\n" + text) == ["w_0 - \\alpha (2 w_0 - 6) = 1.5"]
    assert filled(text.replace("$w_0 = 0$, ", "from $w_0$, ")) == ["w_0 - \\alpha (2 w_0 - 6)"]


def test_a_root_is_not_sought_by_minimising():
    assert filled("Find a root of $u(s) = s^2 - 2$ with Newton's method from $s_0 = 1$: $s_1 = ?$\n") == []


def test_integrals_have_values():
    assert filled("$\\int_0^1 x e^x \\, dx = ?$\n") == ["1.00000"]
