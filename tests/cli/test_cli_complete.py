"""``gradproof complete``: where it writes, what it says, how it exits."""

import pytest

from gradproof.cli.main import run

SHEET = "The slope is $\\frac{d}{dx} x^2 = ?$\n"
DONE = "The slope is $\\frac{d}{dx} x^2 = 2 x$\n"


@pytest.fixture
def sheet(tmp_path):
    path = tmp_path / "sheet.md"
    path.write_text(SHEET)
    return path


def test_completed_sheet_goes_to_a_file(sheet, tmp_path, capsys):
    assert run(["complete", str(sheet), "-o", str(tmp_path / "out.md")]) == 0
    assert (tmp_path / "out.md").read_text() == DONE
    assert sheet.read_text() == SHEET
    assert capsys.readouterr().err.endswith("1 filled in, 0 left open\n")


def test_completed_sheet_goes_to_standard_output(sheet, capsys):
    assert run(["complete", str(sheet)]) == 0
    assert capsys.readouterr().out == DONE


def test_sheet_is_replaced_only_when_asked(sheet, capsys):
    assert run(["complete", str(sheet), "-o", str(sheet)]) == 2
    assert sheet.read_text() == SHEET
    assert run(["complete", str(sheet), "--in-place"]) == 0
    assert sheet.read_text() == DONE


def test_dry_run_shows_the_difference(sheet, capsys):
    assert run(["complete", str(sheet), "--dry-run"]) == 0
    assert f"-{SHEET}+{DONE}" in capsys.readouterr().out
    assert sheet.read_text() == SHEET


def test_open_places_exit_with_one(tmp_path, capsys):
    path = tmp_path / "open.md"
    path.write_text("$q(s) = ?$\n")
    assert run(["complete", str(path)]) == 1
    shown = capsys.readouterr()
    assert shown.out == "$q(s) = ?$\n"
    assert "open.md:1:9: left open:" in shown.err or "open.md:1:8: left open:" in shown.err


def test_missing_sheet_exits_with_two(tmp_path, capsys):
    assert run(["complete", str(tmp_path / "none.md")]) == 2
    assert "does not exist" in capsys.readouterr().err
