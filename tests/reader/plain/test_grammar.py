"""The grammar of plain text: what binds how, how things may be spelt, and where errors point."""

import pytest

from gradproof.errors import FormulaError
from gradproof.formula.vocabulary import is_function
from gradproof.reader.plain.grammar import read_plain
from gradproof.reader.plain.source import Source
from gradproof.reader.plain.tokens import tokenize
from gradproof.reader.plain.tree import (
    Big,
    Bracket,
    Call,
    Cases,
    Comparison,
    Infix,
    Keyword,
    Listing,
    Name,
    Numeral,
    Postfix,
    Prefix,
    Range,
    Subscripted,
    Tensor,
    Word,
    preorder,
)


def dump(tree):
    """Return a tree with all its parentheses."""
    match tree:
        case Numeral(text) | Name(text):
            return text
        case Word(text):
            return f"'{text}'"
        case Prefix(operator, operand):
            return f"({operator} {dump(operand)})"
        case Postfix(operator, operand):
            return f"({dump(operand)}{operator})"
        case Infix(operator, left, right) | Comparison(operator, left, right):
            return f"({dump(left)} {operator} {dump(right)})"
        case Keyword(name, value):
            return f"{name}={dump(value)}"
        case Call(function, arguments, keywords):
            return f"{function}({listed((*arguments, *keywords))})"
        case Subscripted(base, subscripts):
            return f"{dump(base)}[{listed(subscripts)}]"
        case Bracket(rows):
            return "[" + "; ".join(listed(row) for row in rows) + "]"
        case Listing(items):
            return f"<{listed(items)}>"
        case Range(name, lower, upper):
            return name if lower is None else f"{name}={dump(lower)}..{dump(upper)}"
        case Big(operation, ranges, condition, body):
            test = "" if condition is None else f" | {dump(condition)}"
            return f"{operation}{{{listed(ranges)}{test}}} {dump(body)}"
        case Tensor(ranges, body):
            return f"{listed(ranges)} -> {dump(body)}"
        case Cases(values, conditions, otherwise):
            cases = "; ".join(f"{dump(value)} if {dump(test)}" for value, test in zip(values, conditions, strict=True))
            return f"cases({cases}; {dump(otherwise)})"


def listed(trees):
    return ", ".join(dump(tree) for tree in trees)


def read(text):
    return read_plain(Source(text), is_function)


def dumped(text):
    return "; ".join(
        (statement.name + (f"[{listed(statement.letters)}]" if statement.letters else "") + " := " if statement.name else "")
        + dump(statement.body)
        for statement in read(text)
    )


TREES = {
    # Powers, signs, products, sums
    "a + b*c^d": "(a + (b * (c ^ d)))",
    "a - b - c": "((a - b) - c)",
    "a/b/c": "((a / b) / c)",
    "a/b*c": "((a / b) * c)",
    "a^b^c": "(a ^ (b ^ c))",
    "-a^2": "(- (a ^ 2))",
    "-a*b": "((- a) * b)",
    "a^-b": "(a ^ (- b))",
    "a^-b^c": "(a ^ (- (b ^ c)))",
    "a*-b": "(a * (- b))",
    "a**2": "(a ^ 2)",
    "a .* b ./ c .^ d": "((a .* b) ./ (c .^ d))",
    "2.*x": "(2 .* x)",
    "2.^x": "(2 .^ x)",
    "1./x": "(1 ./ x)",
    "(a + b)*c": "((a + b) * c)",
    "{a + b}*c": "((a + b) * c)",
    # Transposes
    "A'*B": "((A') * B)",
    "A''": "((A')')",
    "A.T": "(A')",
    "A.T.T*x": "(((A')') * x)",
    "A^T*B": "((A') * B)",
    "A^⊤": "(A')",
    "Aᵀ": "(A')",
    "A^2'": "((A ^ 2)')",
    "A'^2": "((A') ^ 2)",
    "A^-1'": "((A ^ (- 1))')",
    "x^T(1)": "(x ^ T(1))",
    "-y'*x": "((- (y')) * x)",
    "f(x)'": "(f(x)')",
    "x[i]'": "(x[i]')",
    # Things side by side
    "2x": "(2 * x)",
    "2 x y": "((2 * x) * y)",
    "a b/c d": "(((a * b) / c) * d)",
    "a b^2": "(a * (b ^ 2))",
    "2(x + 1)": "(2 * (x + 1))",
    "a (b + c)": "(a * (b + c))",
    "exp (x)": "exp(x)",
    "exp(x) (y)": "(exp(x) * y)",
    "x [y > 0]": "(x * [(y > 0)])",
    "a - b c": "(a - (b * c))",
    # Comparisons and conditions
    "a < b": "(a < b)",
    "a == b": "(a = b)",
    "a ≤ b": "(a <= b)",
    "0 < a <= 1": "((0 < a) and (a <= 1))",
    "a > b and not c > d or e = f": "(((a > b) and (not (c > d))) or (e = f))",
    "a + b > c*d": "((a + b) > (c * d))",
    # Calls
    "conv2d(X, K, stride=(2, 1), padding=same)": "conv2d(X, K, stride=<2, 1>, padding=same)",
    "kl_div(x, y, reduction='batch mean')": "kl_div(x, y, reduction='batch mean')",
    'kl_div(x, y, reduction="sum")': "kl_div(x, y, reduction='sum')",
    "sum(X, axis=k)": "sum(X, axis=k)",
    "where(a == b, x', y)": "where((a = b), (x'), y)",
    "f()": "f()",
    "f(x,)": "f(x)",
    # Subscripts and literals
    "x[o+k, 2]": "x[(o + k), 2]",
    "f(x)[1]": "f(x)[1]",
    "(A*x)[i]": "(A * x)[i]",
    "x[1][2]": "x[1][2]",
    "[1, 2; 3, 4]": "[1, 2; 3, 4]",
    "[[1, 2], [3, 4]]": "[[1, 2], [3, 4]]",
    "[1, 2]'": "([1, 2]')",
    # What binds indices
    "sum_k x[k]*y[k] + 1": "(sum{k} (x[k] * y[k]) + 1)",
    "sum_{i,j} X[i,j]": "sum{i, j} X[i, j]",
    "sum_ij X[i,j]": "sum{i, j} X[i, j]",
    "sum_{i=1}^n x[i]": "sum{i=1..n} x[i]",
    "sum_i^n x[i]": "sum{i=1..n} x[i]",
    "∑_{i=1}^{n-1} x[i]": "sum{i=1..(n - 1)} x[i]",
    "sum_{i=0..n} x[i]": "sum{i=0..n} x[i]",
    "sum_{i, j | i != j} X[i,j]": "sum{i, j | (i != j)} X[i, j]",
    "max_k(z[k])": "max{k} z[k]",
    "prod_i1 x[i1]": "prod{i1} x[i1]",
    "sum(i=1..n, x[i])": "sum{i=1..n} x[i]",
    "sum(i=1..n, j=1..f(n, 2) | i < j, x[i])": "sum{i=1..n, j=1..f(n, 2) | (i < j)} x[i]",
    "max_pool2d(X, 2)": "max_pool2d(X, 2)",
    "softmax(i=1..n -> x[i])[2]": "softmax(i=1..n -> x[i])[2]",
    "cases(x if x > 0; -x if x < 0; 0 otherwise)": "cases(x if (x > 0); (- x) if (x < 0); 0)",
    # Statements
    "z = W*x + b; f(z)": "z := ((W * x) + b); f(z)",
    "q[i,j] = X[i,j]; q;": "q[i, j] := X[i, j]; q",
    "z := x\n; z": "z := x; z",
    "x == y": "(x = y)",
    # Unicode
    "x² + y⁻¹": "((x ^ 2) + (y ^ (- 1)))",
    "σ(λ·x₁) ⊙ y − π": "((sigma((lambda * x1)) .* y) - pi)",
    "√x + √(y)": "(sqrt(x) + sqrt(y))",
    "a × b ÷ c": "((a * b) / c)",
    "x ≠ y ∧ ¬ x ≥ y": "((x != y) and (not (x >= y)))",
}  # fmt: skip


@pytest.mark.parametrize("text", TREES)
def test_tree(text):
    assert dumped(text) == TREES[text]


@pytest.mark.parametrize("text", TREES)
def test_places_are_those_of_the_text(text):
    for statement in read(text):
        for node in preorder(statement.body):
            assert 0 <= node.place.start <= node.place.end <= len(text)
            if isinstance(node, Name):
                assert node.place.end > node.place.start
            if isinstance(node, Infix | Comparison) and node.sign.end > node.sign.start:
                assert node.left.place.start <= node.sign.start
                assert node.sign.end <= node.right.place.end


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 1, "a formula was expected, got an empty text. Write one, such as 'x^2'."),
        ("  ", 1, "a formula was expected, got an empty text. Write one, such as 'x^2'."),
        ("(x + 1", 1, "a ')' that closes this '(' was expected, got the end of the text. Add ')'."),
        ("2*((x + 1)", 3, "a ')' that closes this '(' was expected, got the end of the text. Add ')'."),
        ("x + 1)", 6, "no ')' was expected here: nothing is open. Remove it."),
        ("f(x]", 4, "')' was expected, got ']'."),
        ("[1, 2)", 6, "']' was expected, got ')'."),
        ("x[1", 2, "a ']' that closes this '[' was expected, got the end of the text. Add ']'."),
        ("sum_{k x[k]", 8, "',' or '}' was expected, got 'x'."),
        ("x +", 4, "a number, a name or '(' was expected, got the end of the text."),
        ("x + * y", 5, "a number, a name or '(' was expected, got '*'."),
        ("x y 2", 5, "an operator or the end of the formula was expected, got '2'."),
        ("x, y", 2, "an operator or the end of the formula was expected, got ','."),
        ("x # y", 3, "a number, a name or an operator was expected, got '#'. Remove it."),
        ("x = ", 5, "a number, a name or '(' was expected, got the end of the text."),
        ("f(a=1, b)", 8, "an argument with a name was expected after one. Put the arguments without a name first."),
        ("sum_{i=1} x[i]", 6, "an upper limit of i was expected. Write k=1..n."),
        ("sum_{i,j}^n x[i]", 11, "one index was expected below this limit, got 2."),
        ("cases(x if x > 0)", 17, "';' and the next case were expected, got ')'."),
        ("cases(x)", 8, "'if' or 'otherwise' was expected, got ')'."),
        ("1" * 5000, 1, "a number of at most 4000 digits was expected."),
        ("1e999999999", 1, "a number of at most 4000 digits was expected."),
    ],
)
def test_errors_point_to_the_place(text, column, message):
    with pytest.raises(FormulaError) as caught:
        read(text)
    assert str(caught.value).split("\n")[0] == f"formula:1:{column}: {message}"
    assert len(str(caught.value).split("\n")[2]) <= 4 + max(column, 1)


def test_quotes_open_words_only_where_nothing_can_be_transposed():
    kinds = [token.text for token in tokenize(Source("f(x', y'*z, k='a', 'b')"))]
    assert kinds == ["f", "(", "x", "'", ",", "y", "'", "*", "z", ",", "k", "=", "a", ",", "b", ")", ""]


def test_digits_of_other_scripts_are_digits():
    assert [token.text for token in tokenize(Source("٣+x"))][:3] == ["3", "+", "x"]
