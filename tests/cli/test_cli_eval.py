"""``gradproof eval``: values on standard output, how the formula was read on standard error, one error for bad input."""

import numpy as np
import pytest

CHAIN = "(x^2+sigma(y))/(3*x+y-sigma(x))"
CONVOLVED = "[[4, 7, 10, 6, 3],\n [9, 17, 25, 16, 8],\n [11, 23, 34, 23, 11],\n [7, 16, 24, 17, 8],\n [2, 6, 9, 7, 3]]\n"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["x/3", "--at", "x=2"], "2/3\n"),
        (["-h'*h", "--at", "h=[1, 2]"], "-5\n"),
        (["--at", "h=[1, 2]", "-h'*h"], "-5\n"),
        (["x/3", "--at", "x=2", "--digits", "20"], "0.66666666666666666667\n"),
        (["x^2 + y", "--at", "x=0.1", "--at", "y=1e-2"], "1/50\n"),
        (["x^2 + y", "--at", "x=1/10; y=1/100"], "1/50\n"),
        ([CHAIN, "--at", "x=1", "--at", "y=0", "--digits", "50"], "0.66110124566120112485018398032650613490867597219801\n"),
        (["sqrt(2)"], "1.41421356237310\n"),
        (["x", "--at", "x=pi", "--digits", "30"], "3.14159265358979323846264338328\n"),
        (["A*x", "--at", "A=[1,2;3,4]", "--at", "x=[1, 1/2]"], "[2, 5]\n"),
        (["softmax(z)", "--at", "z=[0, 0]"], "[0.500000000000000, 0.500000000000000]\n"),
        (["inv(A)", "--at", "A=[[1,2],[3,4]]"], "[[-2, 1],\n [3/2, -1/2]]\n"),
        (["det(A)", "--at", "A=[1,2;3,4]"], "-2\n"),
        (["max_pool2d(X, 2)", "--at", "X=[1,2,3,4;5,6,7,8]"], "[[6, 8]]\n"),
        (["adaptive_avg_pool1d(x, 2)", "--at", "x=[1,2,3]"], "[3/2, 5/2]\n"),
        (["\\frac{x^2}{2}", "--at", "x=3"], "9/2\n"),
        (["vector(x, 3)", "--at", "x=2"], "[2, 2, 2]\n"),
        (["exp(1000) - exp(1000)"], "0\n"),
        (["mean(x) + n", "--assume", "x: n", "--at", "x=[1,2,3]"], "5\n"),
    ],
)
def test_values(run, arguments, expected):
    outcome = run("eval", *arguments)
    assert outcome.code == 0, outcome.err
    assert outcome.out == expected


def test_full_correlation_with_the_flipped_kernel(run):
    """The input gradient of a convolution on a gradient of ones, from its definition."""
    text = "sum_{p=1}^3 sum_{q=1}^3 where(i - p >= 0 and i - p <= 2 and j - q >= 0 and j - q <= 2, K[p, q], 0)*E[i, j]"
    ones = ";".join([",".join("11111")] * 5)
    outcome = run("eval", text, "--at", "K=[4,3,3;5,5,5;2,4,3]", "--at", f"E=[{ones}]")
    assert outcome.out == CONVOLVED


def test_a_tiny_value_keeps_its_digits(run):
    assert run("eval", "log(1 + exp(u))", "--at", "u=-1000").out.startswith("5.07595889754946e-435")


def test_the_reading_goes_to_standard_error(run):
    outcome = run("eval", "x[1] + 0*x[2]", "--at", "x=[1,2]")
    assert outcome.out == "1\n"
    assert outcome.err == "note: subscripts count from 1\n"


def test_data_comes_from_files(run, tmp_path):
    np.save(tmp_path / "A.npy", np.array([[1, 2], [3, 4]]))
    np.save(tmp_path / "x.npy", np.array([0.5, 0.25]))
    outcome = run("eval", "A*x", "--data", f"A={tmp_path / 'A.npy'}", "--data", f"x={tmp_path / 'x.npy'}")
    assert outcome.out == "[1.00000000000000, 2.50000000000000]\n"


def test_the_formula_comes_from_a_file_or_standard_input(run, tmp_path, type_in):
    (tmp_path / "formula.txt").write_text("z = x + 1;\nz^2\n")
    assert run("eval", f"@{tmp_path / 'formula.txt'}", "--at", "x=2").out == "9\n"
    type_in(b"x + 1\n")
    assert run("eval", "-", "--at", "x=2").out == "3\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["(x+1", "--at", "x=1"], "formula:1:1: a ')' that closes this '(' was expected, got the end of the text. Add ')'."),
        (["x + y", "--at", "x=1"], "--at: a value of y was expected, got none. Give it: --at y=..."),
        (["x", "--at", "x=1", "--at", "z=2"], "--at: a variable of the formula was expected, got 'z'. It has x."),
        (["x", "--at", "x=1", "--at", "x=2"], "--at: one value of x was expected, got two. Leave one out."),
        (["x", "--at", "x"], "--at: a name and its value were expected, got 'x'. Write --at x=1."),
        (["x", "--at", "x=[1,2"], "--at x:1:1: a ']' that closes this '[' was expected"),
        (["x", "--at", "x=y"], "--at x:1:1: a value was expected, got the name 'y'."),
        (["x", "--at", "x=__import__('os')"], "--at x:1:1: the name of a function was expected, got '__import__'."),
        (["1/x", "--at", "x=0"], "formula: a value was expected at this point, got none: it is not defined there."),
        (["log(x)", "--at", "x=-1"], "formula: a value was expected at this point, got none: it is not defined there."),
        (["A^2", "--at", "A=[1,2,3;4,5,6]"], "formula:1:2: a whole power takes a square matrix, got A (2 x 3). Fix its shape."),
        (["A*x", "--at", "A=[1,2;3,4]", "--at", "x=[1,2,3]"], "formula:1:2: a product whose inner sizes agree was expected"),
        (
            ["x + y", "--assume", "x: n; y: n", "--at", "x=[1,2]", "--at", "y=[1,2,3]"],
            "--at: y has 2 entries along axis 1 (n), got 3.",
        ),
        (["x", "--assume", "x: n", "--at", "x=3"], "formula:1:1: x was declared with 1 axes, got a value with 0."),
        (["vector(1)"], "formula: axis 1 of the value has the size n, got no value for it. Write the size, as in vector(1, 3)."),
        (
            ["x", "--data", "x=/nowhere.npy"],
            "--data /nowhere.npy: the file cannot be read: No such file or directory. Save it with",
        ),
        (["x", "--at", "x=1", "--digits", "0"], "Invalid value for '--digits'"),
        (["@/nowhere"], "/nowhere: the file cannot be read: No such file or directory. Check the path."),
        (["x", "--assume", "x is blue"], "--assume: a declaration was expected, got 'x is blue'."),
    ],
)
def test_bad_input_is_one_error(run, arguments, words):
    outcome = run("eval", *arguments)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.startswith(f"gradproof: {words}")
    assert "Traceback" not in outcome.err


def test_objects_in_a_file_are_refused(run, tmp_path):
    np.save(tmp_path / "x.npy", np.array([{}], dtype=object), allow_pickle=True)
    np.save(tmp_path / "y.npy", np.array([np.nan]))
    np.save(tmp_path / "z.npy", np.array(["a"]))
    (tmp_path / "w.npy").write_text("no array")
    for name in "xyzw":
        outcome = run("eval", name, "--data", f"{name}={tmp_path / name}.npy")
        assert outcome.code == 2
        assert outcome.err.startswith("gradproof: --data ")
