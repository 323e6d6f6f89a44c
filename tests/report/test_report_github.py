from dataclasses import replace

from gradproof.checker.verdict import FileReport, Report
from gradproof.report.github import render_github
from gradproof.report.outcome import last_line


def test_levels_and_places(report):
    lines = render_github(report).strip().split("\n")
    assert lines[0].startswith("::error file=sheet.md,line=11,col=1,endLine=11,endColumn=42,title=R102 (7) refuted%3A wrong")
    levels = [line.split(" ")[0] for line in lines[:-1]]
    assert levels == ["::error"] * 3 + ["::warning", "::notice", "::warning", "::notice"]
    assert lines[-1] == last_line(report)


def test_escapes(report):
    sheet = report.files[0]
    equation = replace(sheet.equations[3], tag="a,b:c%\n::error::x", latex="x")
    text = render_github(Report((replace(sheet, file="a,b:c%.md", equations=(equation,)),), ""))
    first = text.split("\n")[0]
    assert "file=a%2Cb%3Ac%25.md," in first
    assert "(a%2Cb%3Ac%25%0A%3A%3Aerror%3A%3Ax)" in first
    assert not any(line.startswith("::error::x") for line in text.split("\n"))


def test_unreadable_file(report):
    text = render_github(Report((FileReport("gone.md", None, (), error="gone.md: the file does not exist."),), ""))
    assert text.startswith("::error file=gone.md,title=cannot be read::gone.md: the file does not exist.\n")
