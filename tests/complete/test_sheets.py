"""Whole sheets: what is filled in, that it holds, that nothing else changes, and that completing again changes nothing."""

import difflib
import json
import os
from pathlib import Path

import pytest

from gradproof import check, complete
from gradproof.checker.verdict import Verdict

SHEETS = sorted((Path(__file__).parent / "sheets").iterdir())

EXPECTED = {
    "algorithms.md": [
        r"\theta_k - \left(\Phi^\top \Phi\right)^{-1} \Phi^\top (\Phi \theta_k - y)",
        r"z_k - \alpha \frac{\Phi^\top (\Phi z_k - y)}{N}",
        r"\beta_1 m_k + (1 - \beta_1) \frac{\Phi^\top (\Phi \theta_k - y)}{N}",
        r"\theta_k - \alpha \frac{\hat m_{k+1}}{\sqrt{v_{k+1} / (1 - \beta_2^{k+1})} + \epsilon}",
        r"\theta_k - \alpha \frac{\Phi^\top (\Phi \theta_k - y)}{N}",
    ],
    "backprop.tex": [
        r"\hat{y} - t",
        r"(\hat{y} - t) h",
        r"(\hat{y} - t) w_2",
        r"(\hat{y} - t) h \odot w_2 \odot (1 - h)",
        r"(\hat{y} - t) (h \odot w_2 \odot (1 - h)) x^\top",
        r"\frac{1}{4}",
    ],
    "chain_rule.md": [
        r"\frac{2 x}{b} - \frac{a (3 - \sigma(x) (1 - \sigma(x)))}{b^2}",
        r"\frac{3}{2}",
        "-0.181186",
    ],
    "descent.md": [
        r"\frac{X^\top (X w - y)}{n}",
        r"w_t - \alpha \frac{X^\top (X w_t - y)}{n}",
        r"\beta v_t - \alpha \frac{X^\top (X w_t - y)}{n}",
        "w_t + v_{t+1}",
    ],
    "homework.md": ["-0.0498", "15", "a", "2 x_i", r"\frac{7}{2}", r"-\sigma(-m)"],
    "linear_models.md": [
        r"\frac{X^\top (X w - y)}{n} + \lambda w",
        r"\frac{X^\top X}{n} + \lambda I",
        r"-\sum_{i=1}^{n} t_i \sigma(-t_i w^\top x_i) x_i",
        r"-\sigma(-u)",
    ],
    "matrix_drills.md": [
        "a",
        r"(A + A^\top) x",
        r"2 A^\top (A x - b)",
        r"A^\top",
        r"(A + A^\top) X",
        r"a b^\top",
        r"(X^{-1})^\top",
        "2 X",
        r"\frac{x}{\|x\|_2}",
        "A",
        r"\exp(a^\top x) a",
        r"-(X^{-1})^\top a b^\top (X^{-1})^\top",
    ],
    "minimizers.md": [r"(X^\top X)^{-1} X^\top y", r"(X^\top X + \lambda I)^{-1} X^\top y", r"\frac{u}{2 \lambda + 1}"],
    "network.md": [
        "o - t",
        r"(o - t) h^\top",
        r"W_2^\top (o - t)",
        r"([W_1 x + b_1 > 0] \odot (W_2^\top (o - t))) x^\top",
    ],
    "pca.md": [
        "2 S u",
        r"2 (S u - \lambda u)",
        r"2 (U V^\top - X) V",
        r"2 (U V^\top - X)^\top U",
        r"2 (K (K \alpha - y) + \lambda K \alpha)",
    ],
    "proximal.md": [
        r"\operatorname{sign}(v) \odot \max(|v| - \tau, 0)",
        r"\max(1 - \frac{\tau}{\|v\|_2}, 0) v",
        r"\operatorname{sign}(r) \max(|r| - \tau, 0)",
        r"\operatorname{prox}_{\gamma \tau \|\cdot\|_1}(w_t - \gamma A^\top (A w_t - b))",
        r"\operatorname{prox}_{\gamma \tau \|\cdot\|_1}(y_t - \gamma A^\top (A y_t - b))",
    ],
    "ridge.tex": [r"\mat{X}^\top (\mat{X} \vw - \mathbf{y}) + \lambda \vw", r"\mathbf{p} - \mathbf{y}"],
    "softmax_entries.md": ["p_i - y_i"],
    "softmax_layer.md": ["p - y", r"(p - y) x^\top"],
    "softmax_regression.md": ["p - y", r"(p - y) x^\top", r"W^\top (p - y)", "x_j (p_i - y_i)"],
    "tsne.md": [
        r"4 \sum_j \frac{(p_{ij} - q_{ij}) (y_i - y_j)}{1 + \|y_i - y_j\|^2}",
        r"-\frac{2 r}{(r^2 + 1)^2}",
        r"\frac{1}{2}",
        "32",
    ],
    "updates.md": [
        r"H \theta - g",
        r"\theta_k - \alpha (H \theta_k - g)",
        r"\beta v_k - \alpha (H \theta_k - g)",
        r"\theta_k - H^{-1} (H \theta_k - g)",
        "H^{-1} g",
        "0.4",
    ],
}


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_sheet_is_filled_in_and_holds(path, tmp_path):
    completion = complete(path)
    assert completion.is_whole, completion.left_open
    answers = [place.latex for place in completion.filled]
    assert set(EXPECTED[path.name]) <= set(answers), answers
    written = tmp_path / path.name
    written.write_text(completion.text)
    report = check(str(written)).files[0]
    assert not any(equation.verdict.is_fault for equation in report.equations)
    for place in completion.filled:
        assert place.verdict in (Verdict.PROVED, Verdict.TESTED, Verdict.STATED)
    again = complete(written)
    assert again.text == completion.text
    assert not again.filled


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_only_open_places_change(path):
    completion = complete(path)
    before, after = path.read_text(), completion.text
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    removed = "".join(before[a:b] for kind, a, b, _, _ in matcher.get_opcodes() if kind in ("replace", "delete"))
    assert set(removed) <= set("?_\\ $ldotsTOD{}ex"), removed


def test_softmax_stays_softmax(sheet):
    last = complete(sheet("softmax_entries.md")).filled[-1].latex
    assert last in (r"p_k (\delta_{ki} - p_i)", r"p_i (\delta_{ki} - p_k)", r"p_i (\delta_{ik} - p_k)", r"p_k (\delta_{ik} - p_i)")


def test_steps_are_written_below_and_hold(sheet, tmp_path):
    completion = complete(sheet("softmax_entries.md"), steps=True)
    assert "\nSteps:\n\n- by its definition: $\\frac{\\partial L}{\\partial p_k} = -\\frac{y_k}{p_k}$\n" in completion.text
    assert "- chain rule: $\\frac{\\partial L}{\\partial z_i} = \\sum_{k}" in completion.text
    written = tmp_path / "steps.md"
    written.write_text(completion.text)
    report = check(str(written)).files[0]
    assert not any(equation.verdict.is_fault for equation in report.equations)
    assert complete(written, steps=True).text == completion.text


def test_a_sheet_asks_for_steps_itself():
    text = "Differentiate and show your steps: $\\frac{d}{dt} \\sin(3 t + 1) = ?$\n"
    completion = complete(text)
    assert "chain rule with $u = 3 t + 1$" in completion.text
    assert "Steps" not in complete(text.replace(" and show your steps", "")).text


def test_notebook_keeps_every_other_byte(tmp_path):
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Über ∂\n", "Let $f(x) = x^3$.\n", "\n", "$$f'(x) = ?$$"]},
        {"cell_type": "code", "metadata": {}, "source": "print('= ?')", "outputs": [], "execution_count": None},
        {"cell_type": "markdown", "metadata": {}, "source": "Then $f'(2) = ?$ and $f''(x) = \\boxed{}$"},
    ]
    raw = json.dumps({"cells": cells, "metadata": {"k": [1, {}]}, "nbformat": 4, "nbformat_minor": 5}, indent=1, ensure_ascii=False)
    path = tmp_path / "sheet.ipynb"
    path.write_text(raw)
    completion = complete(path)
    expected = raw.replace("f'(x) = ?", "f'(x) = 3 x^2").replace("f'(2) = ?", "f'(2) = 12").replace("boxed{}", "boxed{6 x}")
    assert completion.text == expected
    with_steps = complete(path, steps=True)
    assert json.loads(with_steps.text)["cells"][1] == cells[1]


def test_line_ends_and_byte_order_mark_stay(tmp_path):
    path = tmp_path / "windows.md"
    path.write_bytes("\ufeffThe slope is\r\n\r\n$$\\frac{d}{dx} x^2 = ?$$\r\nend".encode())
    assert complete(path).text == "\ufeffThe slope is\r\n\r\n$$\\frac{d}{dx} x^2 = 2 x$$\r\nend"


def test_wrong_equations_are_reported_and_not_touched():
    completion = complete("$$2 + 2 = 5$$\n\n$$3 \\cdot 4 = ?$$\n")
    assert completion.text == "$$2 + 2 = 5$$\n\n$$3 \\cdot 4 = 12$$\n"
    assert [equation.verdict for equation in completion.report.equations] == [Verdict.REFUTED, Verdict.PROVED]


def test_a_sheet_without_blanks_stays_as_it_is():
    folder = os.environ.get("GRADPROOF_SHARED")
    if not folder:
        pytest.skip("no shared data")
    (path,) = sorted((Path(folder) / "seed").glob("*.txt"))
    completion = complete(path)
    assert completion.text == path.read_text()
    assert not completion.filled


def test_steps_of_a_proximal_point_go_case_by_case(sheet):
    text = complete(sheet("proximal.md"), steps=True).text
    assert "- separable: each entry is found by itself; it makes $" in text
    assert "vanishes at $v_i - \\tau$, which is positive where $v_i$ exceeds $\\tau$" in text
    assert "- where $s$ is zero: $\\partial |s|$ is all of $[-1, 1]$" in text


def test_a_letter_is_a_number_where_it_is_differentiated_as_one():
    text = "(a) Let $g(x) = x^\\top A x$. $\\nabla g(x) = ?$\n\n(b) $\\frac{d}{dx} \\log(1 + e^x) = ?$\n\n(c) $\\frac{d}{dx} \\cos x = ?$\n"
    assert [place.latex for place in complete(text).filled] == ["(A + A^\\top) x", "\\sigma(x)", "-\\sin(x)"]


def test_values_of_proximal_points():
    text = "For $u = 3$: $\\operatorname{prox}_{2 |\\cdot|}(u) = ?$ and $\\arg\\min_s (s - 4)^2 + |s| = ?$\n"
    assert [place.latex for place in complete(text).filled] == ["1", r"\frac{7}{2}"]
