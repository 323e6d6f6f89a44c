"""The command ``gradproof minimize``: data from files, results to files, exit codes."""

import numpy as np
import pytest

from gradproof.cli.main import run

LASSO = "0.5*norm2(A*x - b)^2 + lam*norm1(x)"


@pytest.fixture
def files(tmp_path):
    random = np.random.default_rng(0)
    a = random.standard_normal((20, 5))
    np.save(tmp_path / "A.npy", a)
    np.savetxt(tmp_path / "b.csv", a @ [1.0, 0, 0, -2, 0])
    return tmp_path


def data_of(files):
    return [f"--data=A={files / 'A.npy'}", f"--data=b={files / 'b.csv'}"]


def test_minimizer_is_written_and_explained(files, capsys):
    output = files / "x.npy"
    assert run(["minimize", LASSO, "--over", "x", *data_of(files), "--data=lam=0.5", "--explain", "-o", str(output)]) == 0
    x, a = np.load(output), np.load(files / "A.npy")
    slope = a.T @ (a @ x - np.loadtxt(files / "b.csv"))
    assert np.allclose(slope[x != 0], -0.5 * np.sign(x[x != 0]), atol=1e-3)
    assert (np.abs(slope) <= 0.5 + 1e-3).all()
    assert "structure: least squares with an l1 norm" in capsys.readouterr().out


def test_path_has_a_row_for_each_value_and_a_picture(files, capsys):
    output, picture = files / "x.npz", files / "way.svg"
    arguments = ["--path", "lam=logspace(1,-1,4)", "-o", str(output), "--plot", str(picture)]
    assert run(["minimize", LASSO, "--over", "x", *data_of(files), *arguments]) == 0
    with np.load(output) as found:
        assert found["x"].shape == (4, 5)
        assert np.allclose(found["lam"], np.logspace(1, -1, 4))
    assert "<desc" in picture.read_text()
    assert len(capsys.readouterr().out.splitlines()) == 5


def test_several_variables_go_to_an_archive(files, capsys):
    output = files / "both.npz"
    assert run(["minimize", "norm2(A*x + c - b)^2", "--over", "x,c", "--assume", "c:", *data_of(files), "-o", str(output)]) == 0
    with np.load(output) as found:
        assert found["x"].shape == (5,)
        assert abs(float(found["c"])) < 1e-6
    assert (
        run(["minimize", "norm2(A*x + c - b)^2", "--over", "x,c", "--assume", "c:", *data_of(files), "-o", str(files / "x.npy")])
        == 2
    )
    assert ".npz file was expected" in capsys.readouterr().err


def test_what_falls_short_has_another_exit_code(files, capsys):
    limits = ["--max-iterations", "3", "--tol", "1e-12"]
    assert run(["minimize", LASSO, "--over", "x", *data_of(files), "--data=lam=0.5", "--solver", "ista", *limits]) == 1
    assert "Raise max_iterations" in capsys.readouterr().out
    assert run(["minimize", "v'*x", "--over", "x", "--data=v=[1, -2]"]) == 1
    assert "unbounded along: x = [-" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--data=lam"], "a name and its value"),
        (["--data=lam=-0.5"], "a weight >= 0"),
        (["--data=lam=nan"], "data lam: finite numbers"),
        (["--data=lam=missing.npy"], "missing.npy"),
        (["--data=lam=1", "--data=lam=2"], "one value of lam"),
        (["--path", "lam=logspace(a,b)"], "a name and its values"),
        (["--data=lam=1", "--tol", "-1"], "above 0"),
        (["--data=lam=1", "-o", "missing/x.npy"], "does not exist"),
    ],
)
def test_bad_input_is_one_line(files, capsys, arguments, words):
    assert run(["minimize", LASSO, "--over", "x", *data_of(files), *arguments]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert "Traceback" not in error
