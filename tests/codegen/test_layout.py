"""Generated modules against ``ruff format``: no line changes, and the layout says what was said before it."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from generated import CASES

import gradproof
from gradproof.codegen.layout import laid_out
from gradproof.codegen.module import TARGETS
from gradproof.errors import FormulaError

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
from code_cases import ROWS

FORMULAS = [
    ("log(sum(exp(a.*x)))", ["value", "gradient wrt x", "hessian wrt x"], []),
    ("sum_i sum_j exp(-(x[i]-x[j])^2)", ["value", "gradient wrt x"], ["x: n"]),
    ("tr(X'*diag(w)*X)", ["value", "gradient wrt X"], ["X: n,d"]),
    ("norm1(x) + norm2(A*x-b)^2", ["value", "gradient wrt x"], ["A: m,n"]),
    ("sum(huber(A*x-b, 1))", ["value", "gradient wrt x"], ["A: m,n"]),
    ("x[1:n-1]'*x[2:n]", ["value", "gradient wrt x"], ["x: n"]),
    ("sum(elu(X*w) + silu(X*w) + mish(X*w) + selu(X*w))", ["value", "gradient wrt w"], ["X: n,d"]),
    ("sum(sech(x) + csch(x) + cot(x) + sec(x) + logit(sigma(x)))", ["value", "gradient wrt x"], ["x: n"]),
    ("softmax(A*x)", ["value", "jacobian wrt x"], ["A: m,n"]),
    ("a'*X*X'*b", ["gradient wrt X", "hessian wrt X"], ["X: m,n", "a: m", "b: m"]),
    ("kron(A, B)", ["value"], ["A: 2,3", "B: 2,2"]),
    ("x'*A*x/(x'*x)", ["value", "gradient wrt x", "hessian wrt x"], ["A: n,n"]),
    ("mean(x)^3 + var(x)", ["value", "gradient wrt x"], ["x: n"]),
    ("det(A)*tr(inv(A))", ["value", "gradient wrt A"], ["A: n,n"]),
    ("sum(max(x, y))", ["value", "gradient wrt x"], ["x: n", "y: n"]),
    ("x^3 + 2^x + x^(-2)", ["value", "gradient wrt x", "hessian wrt x"], ["x:"]),
    ("norm2(tanh(W2*tanh(W1*x)))^2", ["value", "gradient wrt W1", "gradient wrt W2"], ["W1: h,n", "W2: k,h", "x: n"]),
]

#: Statements that the cases may not reach, as a template could write them.
STATEMENTS = [
    "x = -a ** 2 + b ** (c + 1) - (d) ** -1 + f(y)[0] ** 2",
    "first_result, second_result = first_matrix @ second_matrix @ third_matrix, (alpha_value - beta_value) * gamma_value ** 2",
    "t = first_function_of_arrays(first_argument, second_argument) * second_function(first_argument, second_argument, third)",
    "t = number * function_of_arrays(first_argument, second_argument, third_argument, fourth_argument, fifth_argument, 1)",
    "t = -function_of_arrays(first_argument, second_argument, third_argument, fourth_argument, fifth_argument, sixth) ** 2",
    "t = image.reshape(first_length, second_length).transpose(2, 1, 0, 3).reshape(third_length, fourth_length).sum(axis=0)",
    "t = table[:, None, first_length - 1:second_length + 1, first_length:second_length, :third_length - 1, fourth:, ::-1]",
    "value_of_one, = [entry ** 2 for entry, other in zip(first_entries, second_entries) if entry > other and entry < 1 + other]",
    "t = (first_array if first_length * second_length <= third_length else second_array) + (third_array) * {'a': (1,), 'b': ()}['a']",
    "total += alpha[i, j] * beta[j, k] * gamma[k, l] * delta[l, m] * epsilon[m, n] * zeta[n, o] * eta[o, p] * theta[p, q] * 2",
    "if not (a.shape[0] == b.shape[0] and b.shape[1] == c.shape[0] and c.shape[1] == d.shape[0] or d.shape[1] == e.shape[0]):\n    pass",
    "for entry in sorted(first_entries.intersection(second_entries), key=first_function, reverse=is_reversed_in_order)[1:]:\n    pass",
    "raise ValueError('arrays whose shapes fit each other were expected: " + "X (n, d), " * 12 + "Y (n)')",
    "def outputs(*, " + ", ".join(f"W{n}: np.ndarray" for n in range(12)) + ") -> dict:\n    return (W1) + (W2)",
    "return (~(first_mask[:, None] <= second_mask[None, :]) & (third_mask[:, None] <= fourth_mask[None, :]))[None, :, :, None]",
]


def _sources(cases, target):
    for text, outputs, assume in cases:
        try:
            yield text, gradproof.compile(text, list(outputs), target, assume=list(assume)).source
        except FormulaError:  # no code for a function in this target
            continue


def _changed(sources, folder):
    """Return what ruff changes in some modules."""
    for number, source in enumerate(sources):
        (folder / f"case_{number}.py").write_text(source, encoding="utf-8")
    command = ["ruff", "format", "--isolated", "--no-cache", "--line-length", "100", "--diff", str(folder)]
    finished = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)
    assert finished.returncode == (1 if finished.stdout else 0), finished.stderr
    return finished.stdout


@pytest.mark.parametrize("target", TARGETS)
def test_ruff_changes_nothing(target, tmp_path):
    given = [(text, ("value", f"gradient wrt {wrt}"), assume) for text, wrt, assume in CASES]
    rows = [(row.text, row.outputs, row.assume) for row in ROWS]
    sources = dict(_sources([*FORMULAS, *given, *rows], target))
    assert len(sources) > 40
    assert _changed(sources.values(), tmp_path) == ""


def test_a_statement_says_what_it_said_in_the_layout_of_ruff(tmp_path):
    bodies = [f"def case():\n{''.join(f'    {line}{chr(10)}' for line in text.splitlines())}" for text in STATEMENTS]
    found = [laid_out([body]) for body in bodies]
    for body, laid in zip(bodies, found, strict=True):
        assert ast.dump(ast.parse(laid)) == ast.dump(ast.parse(body))
        assert laid_out([laid]) == laid
    assert _changed(found, tmp_path) == ""


def test_the_page_on_code_shows_this_layout():
    page = (Path(__file__).parents[2] / "docs" / "code.md").read_text(encoding="utf-8")
    shown = re.findall(r'```python\n(""".*?)```', page, flags=re.DOTALL)
    assert len(shown) == len(TARGETS)
    assert [laid_out([source]) for source in shown] == shown


def test_docstrings_and_comments_stay():
    text = '"""x ** 2 of (a, b,)\n\nthen y ** 2.\n"""\n\nt = [1, 2]  # x ** 2\n'
    assert laid_out([text]) == text


def test_no_line_of_code_is_longer():
    program = gradproof.compile("cross_entropy(relu(X*W1)*W2, Y)", ["value", "hessian wrt W1"], "numba", assume=["X: n,d"])
    inside = False
    for line in program.source.splitlines():
        marks = line.count('"""')
        if not marks and not inside and not line.startswith("#"):
            assert len(line) <= 100, line
        inside ^= marks % 2 == 1
