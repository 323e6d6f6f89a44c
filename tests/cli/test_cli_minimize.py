"""The command ``gradproof minimize``: data from files, results to files, exit codes."""

import numpy as np
import pytest
from scipy import sparse
from scipy.io import mmwrite

from gradproof import minimize
from gradproof.cli.array_output import write_arrays
from gradproof.cli.data_files import read_data, read_path
from gradproof.cli.main import run
from gradproof.errors import FormulaError

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


def test_a_path_that_fails_keeps_what_was_found(files, capsys):
    output = files / "x.npz"
    assert run(["minimize", LASSO, "--over", "x", *data_of(files), "--path", "lam=[1, 0.5, -2]", "-o", str(output)]) == 2
    shown = capsys.readouterr()
    assert len(shown.out.splitlines()) == 3
    assert "a weight >= 0 was expected" in shown.err
    with np.load(output) as found:
        assert found["x"].shape == (2, 5)
        assert found["lam"].tolist() == [1, 0.5]


@pytest.mark.parametrize("values", ["[1,0.1]", "1, 0.1", "logspace(0,-1,2)", "geomspace(1,0.1,2)", "linspace(1,0.1,2)"])
def test_the_values_of_a_path(values):
    name, found = read_path(f"lam={values}")
    assert name == "lam"
    assert np.allclose(found, [1, 0.1])


@pytest.mark.parametrize("values", ["", "[]", "[1, nan]", "geomspace(1,0,2)", "[1,2;3,4]", "logspace(0,1,2.5)"])
def test_values_that_are_no_path(values):
    with pytest.raises(FormulaError, match="a name and its values"):
        read_path(f"lam={values}")


@pytest.mark.parametrize("kind", ["npy", "npz", "csv", "tsv", "txt", "parquet"])
def test_the_minimizer_is_read_back_from_every_kind_of_file(files, kind):
    output = files / f"x.{kind}"
    data = {"A": np.load(files / "A.npy"), "b": np.loadtxt(files / "b.csv"), "lam": 0.5}
    assert run(["minimize", LASSO, "--over", "x", *data_of(files), "--data=lam=0.5", "-o", str(output)]) == 0
    found = read_data([f"x={output}"])["x"]
    assert np.array_equal(np.asarray(found), minimize(LASSO, "x", data=data).x)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_matrices_of_a_path_are_rows(files, kind):
    output = files / f"W.{kind}"
    arguments = ["normF(W - A)^2 + lam*normF(W)^2", "--over", "W", data_of(files)[0], "--path", "lam=1,3", "-o", str(output)]
    assert run(["minimize", *arguments]) == 0
    flat = np.load(files / "A.npy").ravel()
    assert np.allclose(read_data([f"W={output}"])["W"], [flat / 2, flat / 4], atol=1e-6)


def test_data_comes_from_files_of_every_kind(files):
    a = np.load(files / "A.npy")
    sparse.save_npz(files / "sparse.npz", sparse.csc_array(a))
    mmwrite(files / "coordinates.mtx", sparse.coo_array(a))
    mmwrite(files / "dense.mtx", a)
    np.savez(files / "both.npz", b=a[:, :1], A=a)
    np.savetxt(files / "spaces.txt", a, header="five columns")
    np.savetxt(files / "semicolons.csv", a, delimiter=";")
    np.savetxt(files / "named.csv", a, delimiter=",", header="v,w,x,y,z", comments="")
    write_arrays(str(files / "table.parquet"), {"A": a})
    for name in (
        "sparse.npz", "coordinates.mtx", "dense.mtx", "both.npz", "both.npz:A", "spaces.txt", "semicolons.csv", "named.csv", "table.parquet",
    ):  # fmt: skip
        found = read_data([f"A={files / name}"])["A"]
        assert np.allclose(found.toarray() if sparse.issparse(found) else found, a, atol=1e-15), name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("words.bin", "neither .npy nor of a known kind"),
        ("objects.npy", "Python objects"),
        ("other.npz", "it has 2 arrays among u, v; name one"),
        ("broken.mtx", "an array cannot be read"),
        ("broken.parquet", "an array cannot be read"),
        ("ragged.csv", "its lines have from 1 to 2 entries"),
    ],
)
def test_files_that_hold_no_data_say_why(files, capsys, name, words):
    for broken in ("words.bin", "broken.mtx", "broken.parquet"):
        (files / broken).write_text("no numbers here")
    (files / "ragged.csv").write_text("1,2\n3\n")
    np.save(files / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    np.savez(files / "other.npz", u=np.ones((20, 5)), v=np.ones((20, 5)))
    arguments = [LASSO, "--over", "x", f"--data=A={files / name}", data_of(files)[1], "--data=lam=1"]
    assert run(["minimize", *arguments]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert "allow_pickle" not in error


def test_a_result_that_no_file_of_this_kind_holds_is_refused_before_any_work(files, capsys):
    assert run(["minimize", LASSO, "--over", "x", *data_of(files), "--data=lam=1", "-o", str(files / "x.png")]) == 2
    assert "a name that ends in .npy" in capsys.readouterr().err
