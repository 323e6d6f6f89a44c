from dataclasses import replace

import pytest
from rich.cells import cell_len

from gradproof.checker.verdict import Report
from gradproof.printer.safe_text import neutralize, one_line
from gradproof.report.outcome import last_line
from gradproof.report.terminal import TerminalStyle, render_text


def test_fault_shows_place_tag_source_and_values(report):
    text = render_text(report)
    assert text.startswith("sheet.md:11:1: ✗ refuted R102 (7) wrong number\n")
    assert " 11 │ $$\\sigma(x) = \\sigma(1) = 0.269 \\tag{7}$$\n" in text
    for line in (
        "at: \\sigma(1) = 0.269",
        "stated: 0.269",
        "right: 0.7310585786",
        "hint: that is σ(-1)",
        "from stated inputs: 2.731",
        "depends on: (7)",
        "witness: x = 1",
        "reading: σ is the logistic function",
    ):
        assert f"= {line}\n" in text


def test_inline_fault_is_underlined(report):
    lines = render_text(report).split("\n")
    (number,) = (number for number, line in enumerate(lines) if "17 │ The window" in line)
    start = lines[number].index("$\\sum")
    end = lines[number].index("$ is") + 1
    assert lines[number + 1] == "    │ " + " " * (start - 6) + "^" * (end - start)


def test_long_line_is_shown_around_its_inline_formula(sheet):
    equation = sheet.equations[6]
    lines = sheet.document.source.split("\n")
    line = equation.span.line - 1
    prefix = "word " * 60
    lines[line] = prefix + lines[line] + " word" * 60
    document = replace(sheet.document, source="\n".join(lines))
    span = replace(equation.span, column=equation.span.column + len(prefix), end_column=equation.span.end_column + len(prefix))
    moved = replace(sheet, document=document, equations=(replace(equation, span=span),))
    (shown,) = (text for text in render_text(Report((moved,), "")).split("\n") if "17 │" in text)
    assert "X_{ij} W_{ij} = 3$" in shown
    assert len(shown) < 120


def test_rest_is_grouped(report):
    text = render_text(report)
    assert "  U101 an ellipsis: the dots stand for terms that are not written  (14) 19:1\n" in text
    assert "sheet.md: ○ 1 part unanswered\n  6(c) line 25\n" in text
    assert "sheet.md:2:1: D102 ignore[R101] silences nothing. Remove it.\n" in text
    assert "sheet.md:21:1: D103 '$$' is not closed. Close it.\n" in text


def test_last_line_is_last(report):
    assert render_text(report).split("\n")[-2] == last_line(report)


def test_quiet_shows_only_faults_and_the_last_line(report):
    text = render_text(report, TerminalStyle(quiet=True))
    assert "refuted R102" in text
    assert "unanswered\n  " not in text
    assert "U101" not in text
    assert text.endswith(last_line(report) + "\n")


def test_statistics_count_the_codes(report):
    text = render_text(report, TerminalStyle(statistics=True))
    assert "  2  P101  equal by canonical form\n" in text
    assert "  1  D101  an unanswered part\n" in text


def test_no_escape_codes_without_color(report):
    assert "\x1b" not in render_text(report)
    assert "\x1b[" in render_text(report, TerminalStyle(color=True))


@pytest.mark.parametrize("width", [40, 60, 80])
def test_narrow_terminals_lose_nothing(report, width):
    text = render_text(report, TerminalStyle(width=width))
    body = text.split("\n")[:-2]
    assert max(cell_len(line) for line in body) <= width
    source = "".join(line.split("│ ")[1] for line in body if "│ " in line and "^" * 8 not in line)
    assert "\\sigma(x) = \\sigma(1) = 0.269 \\tag{7}" in source


def test_ascii_symbols(report):
    text = render_text(report, TerminalStyle(unicode=False))
    assert "x refuted" in text
    assert "│" not in text


def test_hostile_text_is_neither_markup_nor_control(sheet):
    evil = "[bold red]x[/] :smile: \x1b[31mred\x1b[0m \x07 \u202egnp\u202c \x00"
    equations = tuple(
        replace(equation, reason=evil, links=(), readings=(evil,), latex=evil, tag=evil) for equation in sheet.equations
    )
    text = render_text(Report((replace(sheet, file=evil, document=None, equations=equations),), ""))
    assert "[bold red]x[/] :smile:" in text
    for control in "\x1b\x07\u202e\x00":
        assert control not in text
    assert "\\x1b[31m" in text


def test_neutralize_keeps_lines_and_spells_controls():
    assert neutralize("a\r\nb\tc") == "a\nb    c"
    assert neutralize("\x9b\u2028\ud800") == "\\x9b\\u2028\\ud800"
    assert one_line(" a\n b ") == "a b"
