"""``gradproof run`` as a user meets it: cut off by a key or killed, on a table, by every library."""

import re
import signal
import subprocess
import sys

import numpy as np
import pytest

from gradproof.cli.main import run as command

TABLE = """
name = "Table"
target = "numpy"
batch_size = 16

[data]
source = "flowers.csv"
labels = "kind"
held_out = 0.25

[network]
formula = "h = tanh(X*A + vector(1)*a'); z = h*B; cross_entropy(z, y)"
features = "h"

[network.weights]
A = [3, 8]
a = [8]
B = [8, 2]

[[training]]
rate = 0.2
epochs = 15
"""


@pytest.fixture
def table_file(tmp_path):
    source = np.random.default_rng(5)
    rows = source.normal(size=(80, 3)).round(3)
    kinds = np.where(rows[:, 0] + rows[:, 2] > 0, "iris, blue", "rose")
    lines = ["length,width,height,kind", *(f'{a},{b},{c},"{kind}"' for (a, b, c), kind in zip(rows, kinds, strict=True))]
    (tmp_path / "flowers.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    file = tmp_path / "table.toml"
    file.write_text(TABLE, encoding="utf-8")
    return file


def _hear_interrupts():
    """What runs in the background of a shell does not hear SIGINT, and neither do its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_a_process_that_is_cut_off_goes_on_with_the_same_numbers(plan_file, tmp_path, end):
    plan_file.write_text(plan_file.read_text().replace("epochs = 3", "epochs = 60"))
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert command(["run", str(plan_file), "-o", str(whole)]) == 0
    arguments = [sys.executable, "-m", "gradproof", "run", str(plan_file), "-o", str(parts)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(arguments, **pipes, preexec_fn=_hear_interrupts) as process:
        while "epoch   2/60" not in (line := process.stderr.readline()):
            assert line, "the run ended before its second epoch"
        process.send_signal(end)
        _, said = process.communicate(timeout=60)
    if end == signal.SIGINT:
        assert process.returncode == 130
        assert "--resume' goes on from the last whole epoch" in said
        assert "Traceback" not in said
    assert not (parts / "index.html").exists()
    assert command(["run", str(plan_file), "-o", str(parts), "--resume"]) == 0
    np.testing.assert_array_equal(np.load(parts / "scores.npy"), np.load(whole / "scores.npy"))


def test_a_table_whose_classes_are_words_is_learned(table_file, capsys):
    assert command(["run", str(table_file)]) == 0
    assert float(re.search(r"top-1 error ([\d.]+)%", capsys.readouterr().out)[1]) <= 15
    page = (table_file.with_suffix("") / "index.html").read_text(encoding="utf-8")
    assert "iris, blue" in page


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("length,width", "length", r"flowers\.csv: samples cannot be read: line 2 has 4 values for 3 names"),
        ("kind\n", "sort\n", "a column 'kind' was expected, got length, width, height, sort"),
        ('"rose"', '"rose"\nfar,1,2,"rose"', r"column 'length': a number was expected, got 'far'"),
    ],
)
def test_what_is_wrong_with_a_table_is_said_in_one_line(table_file, capsys, old, new, message):
    data = table_file.parent / "flowers.csv"
    data.write_text(data.read_text().replace(old, new, 1))
    assert command(["run", str(table_file)]) == 2
    error = capsys.readouterr().err
    assert re.search(message, error)
    assert len(error.strip().splitlines()) == 1


@pytest.mark.parametrize("target", ["jax", "torch"])
def test_every_library_ends_at_the_same_scores(plan_file, tmp_path, target):
    pytest.importorskip(target)
    # Without pruning: which kernel a step makes zero hangs on its last digit.
    plan_file.write_text(re.sub(r"\[pruning\].*?\[map\]", "[map]", plan_file.read_text(), flags=re.DOTALL))
    found = {}
    for own in ("numpy", target):
        assert command(["run", str(plan_file), "--target", own, "-o", str(tmp_path / own)]) == 0
        found[own] = np.load(tmp_path / own / "scores.npy")
    np.testing.assert_allclose(found[target], found["numpy"], rtol=1e-3, atol=1e-3)


def test_the_command_of_the_page_makes_the_map_again(plan_file, monkeypatch):
    plan_file.write_text(plan_file.read_text().replace("perplexity = 5", "perplexity = 5\ncomponents = 3"))
    assert command(["run", str(plan_file), "--seed", "4"]) == 0
    folder = plan_file.with_suffix("")
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "along their 3 leading principal axes" in page
    monkeypatch.chdir(folder)
    words = re.search(r"gradproof (tsne components.npy .*) -o map.npy", page)[1].split()
    assert command([*words, "-o", "again.npy"]) == 0
    np.testing.assert_array_equal(np.load("again.npy"), np.load("map.npy"))
