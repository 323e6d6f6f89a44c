"""``gradproof topk``: files in, errors out."""

import json

import numpy as np
import pytest

from gradproof.cli.main import run

SCORES = np.array([[0.1, 0.7, 0.2], [0.5, 0.2, 0.3], [0.4, 0.4, 0.2]])


@pytest.fixture
def files(tmp_path):
    np.save(tmp_path / "scores.npy", SCORES.astype(np.float32))
    np.save(tmp_path / "labels.npy", np.array([2, 0, 1]))
    np.savetxt(tmp_path / "scores.csv", SCORES, delimiter=",")
    (tmp_path / "labels.csv").write_text("2\n0\n1\n")
    np.save(tmp_path / "weights.npy", np.array([3.0, 1.0, 0.0]))
    return tmp_path


@pytest.mark.parametrize("kind", ["npy", "csv"])
def test_text(files, capsys, kind):
    assert run(["topk", str(files / f"scores.{kind}"), str(files / f"labels.{kind}"), "-k", "1", "-k", "2"]) == 0
    shown = capsys.readouterr().out
    assert shown == "3 samples, 3 classes\ntop-1 error 0.333333  (ties decide 1: counted optimistic)\ntop-2 error 0\n"


def test_files_of_other_kinds(files, capsys):
    np.savez(files / "both.npz", scores=SCORES, labels=[2, 0, 1])
    np.savetxt(files / "scores.txt", SCORES)
    both = str(files / "both.npz")
    for arguments in ([both, both], [str(files / "scores.txt"), f"{both}:labels"]):
        assert run(["topk", *arguments, "-k", "1"]) == 0
        assert "top-1 error 0.333333" in capsys.readouterr().out


def test_five_guesses_are_counted_where_there_are_five_classes(files, capsys):
    assert run(["topk", str(files / "scores.npy"), str(files / "labels.npy")]) == 0
    assert "top-5" not in capsys.readouterr().out
    np.save(files / "wide.npy", np.hstack([SCORES, SCORES - 1]))
    assert run(["topk", str(files / "wide.npy"), str(files / "labels.npy")]) == 0
    assert "top-5 error 0" in capsys.readouterr().out


def test_json_with_weights_and_classes(files, capsys):
    arguments = ["topk", str(files / "scores.npy"), str(files / "labels.npy"), "-k", "1", "--ties", "pessimistic"]
    assert run([*arguments, "--sample-weight", str(files / "weights.npy"), "--per-class", "--output-format", "json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["errors"] == [{"k": 1, "error": 0.75, "decided_by_ties": 1, "per_class": [0.0, None, 1.0]}]
    assert facts["samples"] == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.npy", "labels.npy"], "missing.npy: an array cannot be read: No such file"),
        (["scores.npy", "labels.npy", "-k", "4"], "at most the number of classes, 3"),
        (["labels.npy", "labels.npy"], "a row for each sample"),
        (["broken.npy", "labels.npy"], "broken.npy: an array cannot be read"),
        (["scores.npy", "labels.npy", "--ties", "strict", "-k", "1"], "row 2"),
        (["two.npz", "labels.npy"], "it has 2 arrays among a, b; name one"),
    ],
)
def test_errors_are_one_line(files, capsys, monkeypatch, arguments, message):
    monkeypatch.chdir(files)
    (files / "broken.npy").write_bytes(b"no array at all")
    np.savez(files / "two.npz", a=SCORES, b=SCORES)
    assert run(["topk", *arguments]) == 2
    shown = capsys.readouterr().err
    assert message in shown
    assert shown.count("\n") == 1


def test_pickles_are_never_loaded(files, capsys):
    np.save(files / "objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    assert run(["topk", str(files / "objects.npy"), str(files / "labels.npy")]) == 2
    assert "cannot be read" in capsys.readouterr().err
