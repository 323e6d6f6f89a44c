"""True identities are proved, false ones never: read as LaTeX, so that the whole way is tested."""

import pytest

from gradproof.checker.decide import decide
from gradproof.checker.verdict import Verdict
from gradproof.elaborate.lowering import Lowering
from gradproof.elaborate.reading import Reading
from gradproof.elaborate.scope import Scope
from gradproof.elaborate.survey import survey
from gradproof.reader.parser import parse_formula
from gradproof.rewrite.prove import prove_equal

TRUE = r"""
(x + 1)^2 = x^2 + 2 x + 1
(a + b)(a - b) = a^2 - b^2
\frac{1}{x} + \frac{1}{y} = \frac{x + y}{x y}
\frac{x^2 - 1}{x - 1} = x + 1
\frac{a}{b} / \frac{c}{d} = \frac{a d}{b c}
\sqrt{8} = 2 \sqrt{2}
\sqrt{x} \sqrt{x} = x
\sqrt{x^2} = |x|
|x|^2 = x^2
|x y| = |x| |y|
e^{a + b} = e^a e^b
e^{2 x} = (e^x)^2
e^{-x} = \frac{1}{e^x}
e^{\log x} = x
\log e^{x} = x
\log(x y) = \log x + \log y
\log \frac{x}{y} = \log x - \log y
\log x^3 = 3 \log x
\log_2 8 = 3
x^{a + b} = x^a x^b
\sigma(-x) = 1 - \sigma(x)
\sigma(x) = \frac{e^x}{1 + e^x}
\frac{\sigma(x)}{1 - \sigma(x)} = e^x
\tanh x = 2 \sigma(2 x) - 1
\tanh(-x) = -\tanh x
\tanh x = \frac{e^x - e^{-x}}{e^x + e^{-x}}
\sin^2 x + \cos^2 x = 1
\sin(-x) = -\sin x
\cos(-x) = \cos x
\tan x = \frac{\sin x}{\cos x}
\cosh^2 x - \sinh^2 x = 1
\operatorname{silu}(x) = x \sigma(x)
\max(x, y) = \max(y, x)
\sum_{i=1}^{n} (a_i + b_i) = \sum_{i=1}^{n} a_i + \sum_{i=1}^{n} b_i
\sum_{i=1}^{n} c a_i = c \sum_{i=1}^{n} a_i
\sum_{i=1}^{n} c = n c
\sum_{i=1}^{3} i = 6
\sum_{i=1}^{3} i x^i = x + 2 x^2 + 3 x^3
\sum_{i=0}^{n-1} a_{i+1} = \sum_{k=1}^{n} a_k
\sum_{i=1}^{n} \sum_{j=1}^{m} a_i b_j = \left(\sum_{i=1}^{n} a_i\right) \left(\sum_{j=1}^{m} b_j\right)
\sum_{i=1}^{n} \sum_{j=1}^{m} W_{ij} = \sum_{j=1}^{m} \sum_{i=1}^{n} W_{ij}
\sum_{i=1}^{n} (x_i - c)^2 = \sum_{i=1}^{n} x_i^2 - 2 c \sum_{i=1}^{n} x_i + n c^2
\sum_k \frac{e^{z_k}}{\sum_j e^{z_j}} = 1
\log \prod_{i=1}^{n} e^{x_i} = \sum_{i=1}^{n} x_i
\frac{d}{dx} x^3 = 3 x^2
\frac{d}{dx} x^x = x^x (\log x + 1)
\frac{d}{dx} \frac{1}{x} = -\frac{1}{x^2}
\frac{d}{dx} \log x = \frac{1}{x}
\frac{d}{dx} \sqrt{x} = \frac{1}{2 \sqrt{x}}
\frac{d}{dx} \sin(x^2) = 2 x \cos(x^2)
\frac{d}{dx} \tanh x = 1 - \tanh^2 x
\frac{d}{dx} \sigma(x) = \sigma(x) (1 - \sigma(x))
\frac{d}{dx} \log(1 + e^x) = \sigma(x)
\frac{d}{dx} \operatorname{silu}(x) = \sigma(x) + x \sigma(x) (1 - \sigma(x))
\frac{d^2}{dx^2} x^4 = 12 x^2
\frac{\partial}{\partial x} (x^2 y) = 2 x y
\frac{\partial^2}{\partial x \partial y} (x^2 y) = 2 x
\frac{\partial}{\partial x_k} \sum_{i=1}^{n} x_i^2 = 2 x_k
\frac{\partial}{\partial x_k} \sum_{i=1}^{n} a_i x_i = a_k
\frac{\partial}{\partial z_k} \log \sum_{j=1}^{n} e^{z_j} = \frac{e^{z_k}}{\sum_{j=1}^{n} e^{z_j}}
\frac{\partial}{\partial W_{ab}} \sum_{i=1}^{n} \sum_{j=1}^{m} u_i W_{ij} v_j = u_a v_b
\nabla_w \|w\|^2 = 2 w
\nabla_w (a^\top w) = a
\nabla_w \|X w - y\|^2 = 2 X^\top (X w - y)
(A B)^\top = B^\top A^\top
(A + B)^\top = A^\top + B^\top
\operatorname{tr}(A B) = \operatorname{tr}(B A)
\|x\|^2 = x^\top x
\|x + y\|^2 = \|x\|^2 + 2 x^\top y + \|y\|^2
x^\top A y = y^\top A^\top x
P(A \mid B) P(B) = P(B \mid A) P(A)
""".strip().splitlines()

FALSE = r"""
(x + 1)^2 = x^2 + 1
(a - b)^2 = a^2 - b^2
\frac{1}{x} + \frac{1}{y} = \frac{1}{x + y}
\sqrt{x^2} = x
\sqrt{x + y} = \sqrt{x} + \sqrt{y}
|x + y| = |x| + |y|
e^{a b} = e^a e^b
e^{x + 1} = e^x + 1
\log(x + y) = \log x + \log y
\log(x y) = \log x \log y
\log_2 8 = 4
x^{a b} = x^a x^b
\sigma(-x) = -\sigma(x)
\sigma(x) = \frac{1}{1 + e^x}
\tanh x = \sigma(2 x) - 1
\sin^2 x - \cos^2 x = 1
\sin(2 x) = 2 \sin x
\max(x, 0) = x
\sum_{i=1}^{n} a_i b_i = \left(\sum_{i=1}^{n} a_i\right) \left(\sum_{i=1}^{n} b_i\right)
\sum_{i=1}^{n} c = c
\sum_{i=1}^{3} i = 5
\sum_{i=0}^{n} a_{i+1} = \sum_{k=1}^{n} a_k
\sum_{i=1}^{n} (x_i - c)^2 = \sum_{i=1}^{n} x_i^2 - 2 c \sum_{i=1}^{n} x_i + c^2
\sum_{i=1}^{n} x_i^2 = \left(\sum_{i=1}^{n} x_i\right)^2
\frac{d}{dx} x^3 = 3 x
\frac{d}{dx} x^x = x x^{x - 1}
\frac{d}{dx} \frac{1}{x} = \frac{1}{x^2}
\frac{d}{dx} \sin(x^2) = \cos(x^2)
\frac{d}{dx} \tanh x = 1 + \tanh^2 x
\frac{d}{dx} \sigma(x) = \sigma(x) (1 + \sigma(x))
\frac{d}{dx} \log(1 + e^x) = \frac{1}{1 + e^x}
\frac{d^2}{dx^2} x^4 = 4 x^3
\frac{\partial}{\partial x} (x^2 y) = 2 x
\frac{\partial}{\partial x_k} \sum_{i=1}^{n} x_i^2 = 2 \sum_{i=1}^{n} x_i
\frac{\partial}{\partial W_{ab}} \sum_{i=1}^{n} \sum_{j=1}^{m} u_i W_{ij} v_j = u_b v_a
\nabla_w \|w\|^2 = w
\nabla_w \|X w - y\|^2 = X^\top (X w - y)
(A B)^\top = A^\top B^\top
\operatorname{tr}(A B) = \operatorname{tr}(A) \operatorname{tr}(B)
\|x + y\|^2 = \|x\|^2 + \|y\|^2
x^\top A y = y^\top A x
\mathbb{E}[X Y] = \mathbb{E}[X] \mathbb{E}[Y]
P(A \mid B) = P(B \mid A)
""".strip().splitlines()


def sides_of(latex):
    tree = parse_formula(latex)
    scope = Scope(survey([tree]))
    lowering = Lowering(scope, Reading(), 0)
    trees = [tree.first, *(side for _, side in tree.links)]
    lowering.announce(trees)
    left, right = lowering.value(trees[0]), lowering.value(trees[1])
    from gradproof.checker.environment import Environment
    from gradproof.checker.judge import _same_axes

    left, right = _same_axes(left, right, lowering)
    scope.sizes.settle()
    environment = Environment(scope, 0)
    return environment.expanded(left.body), environment.expanded(right.body)


@pytest.mark.parametrize("latex", TRUE)
def test_true_identities_are_proved(latex):
    assert prove_equal(*sides_of(latex)) is not None


@pytest.mark.parametrize("latex", FALSE)
def test_false_identities_are_never_proved(latex):
    left, right = sides_of(latex)
    assert prove_equal(left, right) is None
    assert decide("=", left, right).verdict in (Verdict.REFUTED, Verdict.UNCHECKED)


def test_a_division_is_a_side_condition():
    proof = prove_equal(*sides_of(r"\frac{x^2 - 1}{x - 1} = x + 1"))
    assert any("\\ne 0" in condition for condition in proof.side_conditions)
