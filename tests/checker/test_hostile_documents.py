"""Hostile input: one clear line or an undecided equation, and everything else is still reported."""

import os

import pytest

from gradproof.checker.check import check, check_paths
from gradproof.checker.options import CheckOptions

GOOD = "\n\nAnd $1 + 1 = 2$ holds.\n"

HOSTILE = {
    "an unclosed display": "Text\n\n$$ x = 1\n",
    "an unknown macro": "$\\foo{x} = 3$",
    "ten thousand braces": "$$" + "{" * 10_000 + "x" + "}" * 10_000 + " = 1$$",
    "ten thousand parentheses": "$$" + "(" * 10_000 + "x" + ")" * 10_000 + " = 1$$",
    "a tower of powers": "$$9^{9^{9^{9}}} = 1$$",
    "a recursive macro": "$$\\def\\x{\\x\\x} \\x = 1$$",
    "an endless sum": "$$\\sum_{i=1}^{\\infty} \\frac{1}{i^2} = 2$$",
    "a sum of a billion terms": "$$\\sum_{i=1}^{1000000000} \\sin(i) = 3$$",
    "names that would be code": "$__import__(x) = 1$",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_the_equation_is_unchecked_and_the_rest_is_reported(tmp_path, text):
    path = tmp_path / "sheet.md"
    path.write_text(text + GOOD)
    (file,) = check(str(path)).files
    assert not file.error
    verdicts = {equation.latex.strip()[:20]: equation.verdict.value for equation in file.equations}
    assert verdicts.pop("1 + 1 = 2") == "proved"
    assert set(verdicts.values()) == {"unchecked"}


@pytest.mark.parametrize(
    ("name", "content"),
    [("binary.md", b"\x00\x01"), ("latin.md", b"\xff\xfe\xfa"), ("broken.ipynb", b"{not json"), ("image.png", b"x")],
)
def test_an_unreadable_file_is_one_line_and_the_others_are_reported(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    (tmp_path / "good.md").write_text(GOOD)
    bad, good, missing = check(str(tmp_path / name), str(tmp_path / "good.md"), str(tmp_path / "missing.md")).files
    for file in (bad, missing):
        assert file.error.startswith(file.file)
        assert "\n" not in file.error
    assert [equation.verdict.value for equation in good.equations] == ["proved"]


def test_a_long_sum_needs_no_recursion(tmp_path):
    path = tmp_path / "long.md"
    path.write_text("$$ 10000 = " + " + ".join(["1"] * 10_000) + " $$" + GOOD)
    (file,) = check(str(path)).files
    assert [equation.verdict.value for equation in file.equations] == ["proved", "proved"]


def test_a_worker_that_dies_is_replaced(tmp_path, monkeypatch):
    from gradproof.checker.judge import Judge

    decide = Judge.links

    def links(self, planned):
        if "13" in planned.source:
            os.kill(os.getpid(), 9)
        return decide(self, planned)

    monkeypatch.setattr(Judge, "links", links)
    path = tmp_path / "sheet.md"
    path.write_text("$1 + 1 = 2$ and $6 + 7 = 13$ and $2 + 2 = 4$")
    (file,) = check(str(path)).files
    assert [(equation.verdict.value, equation.code) for equation in file.equations] == [
        ("proved", "P102"),
        ("unchecked", "U106"),
        ("proved", "P102"),
    ]


def test_a_worker_that_hangs_is_killed(tmp_path, monkeypatch):
    import signal
    import time

    from gradproof.checker.judge import Judge

    decide = Judge.links

    def links(self, planned):
        if "13" in planned.source:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
            time.sleep(60)
        return decide(self, planned)

    monkeypatch.setattr(Judge, "links", links)
    path = tmp_path / "sheet.md"
    path.write_text("$6 + 7 = 13$ and $2 + 2 = 4$")
    (file,) = check_paths([str(path)], CheckOptions(timeout=0.2)).files
    assert [equation.code for equation in file.equations] == ["U106", "P102"]


def test_a_suppression_silences_and_an_unused_one_is_reported(tmp_path):
    path = tmp_path / "sheet.md"
    path.write_text(
        "<!-- gradproof: ignore[R102] known -->\n\n$$1 + 1 = 3$$\n\n<!-- gradproof: ignore[R101] nothing here -->\n\nText.\n"
    )
    (file,) = check(str(path)).files
    assert [equation.suppressed for equation in file.equations] == [True]
    assert file.summary()["refuted"] == 0
    assert [unused.codes for unused in file.unused_suppressions] == [("R101",)]


def test_assumptions_add_what_the_text_leaves_out(tmp_path):
    path = tmp_path / "sheet.md"
    path.write_text("$$\\frac{\\partial}{\\partial x} x^\\top A x = 2 A x$$\n")
    (file,) = check(str(path)).files
    assert [equation.code for equation in file.equations] == ["U108"]
    (file,) = check(str(path), assume=["A: n,n symmetric"]).files
    assert [equation.verdict.value for equation in file.equations] == ["proved"]
