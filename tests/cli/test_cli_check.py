import json
import os
import stat

import jsonschema
import pytest

from gradproof.checker.verdict import Verdict
from gradproof.errors import FormulaError
from gradproof.reader.document import EmptyPart
from gradproof.report.json_report import json_schema


@pytest.mark.parametrize(
    ("verdict", "flags", "code"),
    [
        (Verdict.PROVED, [], 0),
        (Verdict.PROVED, ["--strict"], 0),
        (Verdict.UNCHECKED, [], 0),
        (Verdict.UNCHECKED, ["--strict"], 1),
        (Verdict.UNCHECKED, ["--strict", "--exit-zero"], 0),
        (Verdict.REFUTED, [], 1),
        (Verdict.CARRIED, [], 1),
        (Verdict.REFUTED, ["--exit-zero"], 0),
        (Verdict.REFUTED, ["--ignore", "R"], 0),
        (Verdict.REFUTED, ["--select", "U,M1"], 0),
        (Verdict.REFUTED, ["--select", "r102"], 1),
    ],
)
def test_exit_codes(checker, run, sheet, verdict, flags, code):
    checker.verdicts = (verdict,)
    assert run("check", sheet, *flags).code == code


def test_unanswered_part_is_a_fault_only_when_strict(checker, run, sheet):
    checker.unanswered = (EmptyPart("1(a)", 1),)
    assert run("check", sheet).code == 0
    assert run("check", sheet, "--strict").code == 1


def test_missing_file_exits_2_and_the_others_are_reported(checker, run, sheet):
    checker.verdicts = (Verdict.REFUTED,)
    outcome = run("check", "gone.md", sheet, "--exit-zero")
    assert outcome.code == 2
    assert outcome.err == "gradproof: gone.md: the file does not exist. Check the path.\n"
    assert "sheet.md:1:1: ✗ refuted R102 (1) wrong number\n" in outcome.out
    assert outcome.out.endswith("1 refuted, 1 file not read\n")


def test_options_reach_the_checker(checker, run, sheet):
    run(
        "check", sheet, "--assume", "W: k,d", "--assume", "x > 0", "--timeout", "2.5", "--jobs", "3", "--seed", "7",
        "--select", "R, c101", "--ignore", "M",
    )  # fmt: skip
    options = checker.options
    assert options.assume == ("W: k,d", "x > 0")
    assert (options.timeout, options.jobs, options.seed) == (2.5, 3, 7)
    assert (options.select, options.ignore) == (("R", "C101"), ("M",))


def test_json_on_standard_output_is_alone(checker, run, sheet):
    outcome = run("check", sheet, "gone.md", "--output-format", "json", "--statistics")
    report = json.loads(outcome.out)
    jsonschema.validate(report, json_schema())
    assert [file["file"] for file in report["files"]] == ["sheet.md", "gone.md"]
    assert "P102" in outcome.err


def test_html_on_standard_output_is_alone(checker, run, sheet):
    outcome = run("check", sheet, "--output-format", "html")
    assert outcome.out.startswith("<!DOCTYPE html>")
    assert outcome.out.rstrip().endswith("</html>")
    assert outcome.err == ""


def test_github_format(checker, run, sheet):
    checker.verdicts = (Verdict.REFUTED,)
    assert run("check", sheet, "--output-format", "github").out.startswith("::error file=sheet.md,line=1,")


def test_report_to_a_file(checker, run, sheet, tmp_path):
    outcome = run("check", sheet, "--output-format", "json", "-o", "report.json")
    assert (outcome.code, outcome.out) == (0, "1 proved\n")
    assert json.loads((tmp_path / "report.json").read_text())["schema_version"] == 1
    assert sorted(os.listdir(tmp_path)) == ["report.json", "sheet.md"]
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((tmp_path / "report.json").stat().st_mode) == 0o666 & ~mask


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("no/such/report.html", "-o no/such/report.html: the folder 'no/such' does not exist. Make it, or name another file."),
        (".", "-o .: a file was expected, got a folder. Name a file in it."),
        (
            "sheet.md",
            "-o sheet.md: a new file was expected, got a file that is read. Name another file.",
        ),
    ],
)
def test_bad_destination_is_refused_before_any_work(checker, run, sheet, output, message):
    outcome = run("check", sheet, "-o", output)
    assert (outcome.code, outcome.out, outcome.err) == (2, "", f"gradproof: {message}\n")
    assert checker.options is None


def test_device_is_written_not_replaced(checker, run, sheet):
    assert run("check", sheet, "-o", "/dev/null").code == 0
    assert not stat.S_ISREG(os.stat("/dev/null").st_mode)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--select", "X1"], "--select: expected a code or the beginning of one, got 'X1'. The closest is"),
        (["--ignore", "R102,U999"], "--ignore: expected a code or the beginning of one, got 'U999'. The closest is"),
        (["--timeout", "0"], "--timeout: expected a positive number of seconds, got 0.0. Give for instance 5."),
        (["--timeout", "nan"], "--timeout: expected a positive number of seconds, got nan. Give for instance 5."),
        (["--timeout", "soon"], "Invalid value for '--timeout': 'soon' is not a valid float."),
        (["--jobs", "0"], "--jobs: expected at least 1 worker, got 0. Give for instance 2."),
        (["--seed", "-1"], "--seed: expected an integer that is not negative, got -1."),
        (["--output-format", "pdf"], "Invalid value for '--output-format': 'pdf' is not one of"),
        (["--colour"], "No such option"),
    ],
)
def test_usage_errors_are_one_line(checker, run, sheet, arguments, message):
    outcome = run("check", sheet, *arguments)
    assert outcome.code == 2
    assert outcome.err.startswith("gradproof: ")
    assert message.lower() in outcome.err.lower()
    assert outcome.err.count("\n") == 1
    assert outcome.out == ""


def test_no_path_is_a_usage_error(checker, run):
    outcome = run("check")
    assert outcome.code == 2
    assert "Try 'gradproof check --help'" in outcome.err


def test_standard_input(checker, run, type_in):
    type_in("σ $1 = 1$".encode())
    assert run("check", "-").code == 0
    assert (checker.paths, checker.stdin) == (["-"], "σ $1 = 1$")


@pytest.mark.parametrize("data", [b"\xff\xfe", b"a\0b"])
def test_binary_standard_input(checker, run, type_in, sheet, data):
    type_in(data)
    outcome = run("check", "-", sheet)
    assert outcome.code == 2
    assert outcome.err.startswith("gradproof: -: text in UTF-8 was expected on standard input, got binary data.")
    assert outcome.out == "1 proved, 1 file not read\n"


def test_quiet_and_statistics(checker, run, sheet):
    checker.verdicts = (Verdict.UNCHECKED, Verdict.PROVED)
    assert run("check", sheet, "--quiet").out == "1 proved, 1 unchecked\n"
    assert "  1  U104  missing context\n" in run("check", sheet, "--statistics").out


def test_colours_only_when_wanted(checker, run, sheet, monkeypatch):
    assert "\x1b" not in run("check", sheet).out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in run("check", sheet).out
    assert "\x1b" not in run("check", sheet, "--no-color").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run("check", sheet).out


def test_errors_of_the_checker_are_one_line(checker, run, sheet):
    checker.error = FormulaError("a declaration was expected", got="'W k'", where="--assume")
    outcome = run("check", sheet)
    assert (outcome.code, outcome.err) == (2, "gradproof: --assume: a declaration was expected, got 'W k'.\n")


def test_internal_error_is_one_line(checker, run, sheet, monkeypatch):
    checker.error = ValueError("several\nlines \x1b[31m")
    outcome = run("check", sheet)
    assert outcome.code == 2
    assert outcome.err.startswith("gradproof: internal error: ValueError: several lines \\x1b[31m. Please report it")
    assert outcome.err.count("\n") == 1
    monkeypatch.setenv("GRADPROOF_DEBUG", "1")
    assert "Traceback" in run("check", sheet).err


def test_interruption(checker, run, sheet):
    checker.error = KeyboardInterrupt()
    outcome = run("check", sheet)
    assert (outcome.code, outcome.err.strip()) == (130, "gradproof: interrupted.")
