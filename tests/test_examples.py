"""The two examples, the seed sheet and the textbook say what they should."""

from pathlib import Path

import pytest

from gradproof.checker.check import check

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
SEED = sorted((SHARED / "seed").glob("*.txt"))
CORPUS = SHARED / "corpus" / "d2l"

#: What the textbook really has wrong: 0.283^2 is 0.080, and 2 10^9 * 16 * 32 is 1.024 10^12.
MISTAKES_OF_THE_BOOK = {
    ("gp-inference.md", "0.81 \\approx 0.283^2"),
    ("minibatch-sgd.md", "2 \\cdot 10^9 \\cdot 16 \\cdot 32 = 10^{12}"),
}


def test_the_worked_assignment_is_clean():
    (file,) = check(str(ROOT / "examples" / "assignment.md"), timeout=60).files
    assert len(file.equations) >= 60
    assert {equation.verdict.value for equation in file.equations} <= {"proved", "tested", "stated"}
    assert not file.unanswered
    assert not file.problems


def test_every_formula_of_the_taught_assignment_is_decided():
    (file,) = check(str(ROOT / "docs" / "assignment.md"), timeout=60).files
    assert {equation.verdict.value for equation in file.equations} <= {"proved", "tested", "stated"}
    assert sum(equation.verdict.value in ("proved", "tested") for equation in file.equations) >= 55
    assert not file.unanswered
    assert not file.problems


def test_the_sheet_with_mistakes_has_exactly_six():
    (file,) = check(str(ROOT / "examples" / "assignment-with-mistakes.md"), timeout=60).files
    faults = [(equation.tag, equation.verdict.value) for equation in file.equations if equation.verdict.is_fault]
    assert faults == [
        ("22", "refuted"),
        ("25", "carried"),
        ("26", "refuted"),
        ("27", "carried"),
        (None, "malformed"),
        ("45", "refuted"),
    ]


@pytest.mark.skipif(not SEED, reason="the seed sheet is not here")
def test_the_seed_sheet():
    (file,) = check(str(SEED[0]), timeout=60).files
    verdicts = {equation.tag: equation.verdict.value for equation in file.equations if equation.tag}
    assert verdicts == {
        **dict.fromkeys(("1", "2", "3", "13", "16"), "stated"),
        **dict.fromkeys(("4", "5", "6", "8", "9"), "proved"),
        **dict.fromkeys(("7", "11", "15"), "refuted"),
        **dict.fromkeys(("10", "12"), "carried"),
        "14": "unchecked",
    }
    expected = {
        equation.tag: [link.expected for link in equation.links if link.expected]
        for equation in file.equations
        if equation.verdict.is_fault and equation.tag
    }
    assert expected["7"][0].startswith("0.7310585786")
    assert expected["10"][0].startswith("2.2689414")
    assert expected["11"][-1].startswith("0.0646454")
    assert expected["12"][0].startswith("-0.1811863")
    from_stated = {e.tag: [link.from_stated_inputs for link in e.links if link.from_stated_inputs] for e in file.equations}
    assert from_stated["10"] == ["2.731"]
    assert from_stated["11"][-1].startswith("0.16853")
    assert from_stated["12"][0].startswith("-0.10957")
    by_id = {equation.id: equation.tag for equation in file.equations}
    twelve = next(equation for equation in file.equations if equation.tag == "12")
    assert [by_id[name] for link in twelve.links for name in link.depends_on] == ["7", "10"]
    untagged = [equation for equation in file.equations if not equation.tag]
    assert [e.verdict.value for e in untagged if "\\sum" in e.latex] == ["malformed"]
    assert [e.code for e in untagged if e.latex.strip().startswith("\\begin{pmatrix} 109") or "17 & 25" in e.latex] == [
        "U104",
        "U104",
    ]
    assert [part.part for part in file.unanswered] == (
        [
            "1(a)",
            "1(b)",
            "2(a)",
            "2(b)",
            "4(b)",
            "4(c)",
            "6(a)",
            "6(b)",
            "6(c)",
            "6(d)",
            "8(a)",
            "8(b)",
            "9(a)",
            "9(b)",
            "9(c)",
            "9(d)",
        ]
    )


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the textbook is not here")
def test_the_textbook_raises_no_false_alarm():
    report = check(*(str(path) for path in sorted(CORPUS.rglob("*.md"))), jobs=2)
    assert not [file.error for file in report.files if file.error]
    assert sum(equation.display for file in report.files for equation in file.equations) == 780
    faults = {
        (Path(file.file).name, equation.latex.strip())
        for file in report.files
        for equation in file.equations
        if equation.verdict.is_fault
    }
    assert faults <= MISTAKES_OF_THE_BOOK
