"""``gradproof tsne``: files in, a map and a picture out, errors in one line."""

import numpy as np
import pytest
from scipy import sparse

from gradproof.cli.main import run

POINTS = np.random.default_rng(0).standard_normal((60, 5)).round(3)
QUICK = ["--perplexity", "5", "--max-iter", "60", "--threads", "1"]


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("data.npy", POINTS)
    np.savez("data.npz", X=POINTS, y=np.arange(60))
    sparse.save_npz("sparse.npz", sparse.csr_matrix(POINTS))
    np.savetxt("data.csv", POINTS, delimiter=",", header="a,b,c,d,e", comments="")
    (tmp_path / "names.csv").write_text("\n".join("xyz"[i % 3] for i in range(60)) + "\n")
    np.save("short.npy", np.arange(5))
    return tmp_path


@pytest.mark.parametrize("name", ["data.npy", "data.npz", "data.npz:X", "sparse.npz", "data.csv"])
def test_inputs(files, capsys, name):
    assert run(["tsne", name, "-o", "map.npy", "--labels", "names.csv", "--plot", "map.svg", *QUICK]) == 0
    assert np.load("map.npy").shape == (60, 2)
    assert "<svg" in (files / "map.svg").read_text()
    assert capsys.readouterr().out.startswith("60 points, KL divergence ")


def test_page_and_text_output(files, capsys):
    assert run(["tsne", "data.npy", "-o", "map.csv", "--plot", "map.html", "--components", "3", *QUICK]) == 0
    assert np.loadtxt("map.csv", delimiter=",").shape == (60, 3)
    assert "<!doctype html>" in (files / "map.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.npy", "-o", "m.npy"], "none.npy: an array cannot be read: No such file"),
        (["data.npz:Q", "-o", "m.npy"], "no 'Q', only X, y"),
        (["data.npy", "-o", "m.png"], "a name that ends in .npy"),
        (["data.npy", "-o", "m.npy", "--plot", "m.png"], ".svg or .html"),
        (["data.npy", "-o", "m.npy", "--labels", "short.npy"], "each of the 60 rows"),
        (["data.npy", "-o", "m.npy", "--perplexity", "40"], "largest perplexity possible is 19.66"),
        (["data.npy", "-o", "data.npy"], "a new file was expected"),
        (["data.npy", "-o", "m.npy", "--dof", "some"], "--dof"),
    ],
)
def test_errors_are_one_line(files, capsys, arguments, message):
    assert run(["tsne", *arguments]) == 2
    shown = capsys.readouterr().err
    assert message in shown
    assert shown.count("\n") == 1
