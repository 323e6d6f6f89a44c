"""Documents to blocks: delimiters, tags, leads, parts, macros, notebooks; every formula at its exact place."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradproof.errors import ReadError
from gradproof.reader.document import Display, Heading
from gradproof.reader.read import read_document


def formulas(text, path="sheet.md"):
    return read_document(path, text).formulas()


def test_the_delimiters_of_markdown():
    text = "$a$ \\(b\\) and\n\n$$c$$\n\n\\[d\\]\n\n```math\ne\n```\n\n\\begin{align}f &= g\\end{align}\n\n`$h$` <!-- $i$ -->\n"
    found = formulas(text)
    assert [formula.expanded.strip() for formula in found] == ["a", "b", "c", "d", "e", "\\begin{align}f &= g\\end{align}"]
    assert [formula.display for formula in found] == [False, False, True, True, True, True]


def test_money_is_no_formula():
    assert formulas("It costs $5 and $6 today.") == ()
    assert [formula.expanded for formula in formulas("Take $x$2 or $5$ apples.")] == ["x", "5"]


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("$$a = b \\tag{7}$$", "7"),
        ("$$a = b \\tag*{(7a)}$$", "7a"),
        ("$$a = b \\quad (9)$$", "9"),
        ("$$a = b$$ (3)", "3"),
        ("$$f(3)$$", None),
        ("$$a = b$$", None),
    ],
)
def test_printed_numbers(text, tag):
    (formula,) = formulas(text)
    assert formula.tag == tag
    assert "tag" not in formula.expanded
    assert "quad" not in formula.expanded


def test_rows_with_several_tags_are_several_formulas():
    found = formulas("\\begin{align} a &= b \\tag{1} \\\\ c &= d \\tag{2} \\end{align}")
    assert [formula.tag for formula in found] == ["1", "2"]


def test_a_name_before_a_formula_belongs_to_it():
    assert formulas("So the output F = $2$")[0].lead == "F ="
    assert formulas("result = $2$")[0].lead == "result ="
    assert formulas("It is $2$")[0].lead == ""


def test_spans_are_exact():
    text = "First line\nand $x = 1$ here\n\n$$\ny\n$$\n"
    lines = text.split("\n")
    for formula in formulas(text):
        span = formula.span
        if span.line == span.end_line:
            shown = lines[span.line - 1][span.column - 1 : span.end_column - 1]
            assert shown == f"${formula.latex}$"
        else:
            assert lines[span.line - 1].startswith("$$")
            assert lines[span.end_line - 1] == "$$"


def test_empty_parts_of_a_sheet():
    text = "## 1 First\n\n(a)\n\n(b) Answered.\n\n## 2 Second\n\n## 3 Third\n\n(a) What is it?\n\nSolution:\n\n(b) 42\n"
    assert [part.part for part in read_document("sheet.md", text).empty_parts] == ["1(a)", "2", "3(a)"]


def test_line_numbers_of_a_conversion_are_no_text():
    lines = [f"{number} line of text" for number in range(11, 24)] + ["24 4 Variants of pooling", "25 (a)", "26 (b) yes"]
    document = read_document("sheet.md", "\n\n".join(lines))
    headings = [block for block in document.blocks if isinstance(block, Heading)]
    assert [(heading.number, heading.title) for heading in headings] == [("4", "Variants of pooling")]
    assert [part.part for part in document.empty_parts] == ["4(a)"]


def test_prose_without_numbers_has_no_unanswered_part():
    assert read_document("sheet.md", "# Title\n\n## Heading\n\n### Sub\n\nText.\n").empty_parts == ()


def test_latex_with_macros_and_inputs(tmp_path):
    (tmp_path / "other.tex").write_text("$c = \\half$")
    main = tmp_path / "main.tex"
    main.write_text(
        "\\newcommand{\\half}{\\frac{1}{2}}\\DeclareMathOperator{\\relu}{relu}\\begin{document}\n"
        "\\section{One}\n$a = \\half$ % $no$\n\\input{other} \\input{../../etc/passwd}\n\\[\\relu(x)\\]\n\\end{document}\n"
    )
    document = read_document(str(main))
    assert [formula.expanded for formula in document.formulas()] == [
        "a = \\frac{1}{2}",
        "c = \\frac{1}{2}",
        "\\operatorname{relu}(x)",
    ]
    assert len(document.problems) == 1


def test_notebooks_give_their_markdown_cells(tmp_path):
    cells = [
        {"cell_type": "markdown", "source": ["First $a$\n"], "metadata": {}},
        {"cell_type": "code", "source": "$b$", "metadata": {}, "outputs": [], "execution_count": None},
        {"cell_type": "markdown", "source": "$$c$$", "metadata": {}},
    ]
    path = tmp_path / "book.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    assert [formula.expanded for formula in read_document(str(path)).formulas()] == ["a", "c"]


def test_carriage_returns_and_a_mark_at_the_start_change_nothing():
    plain = read_document("sheet.md", "a\n\n$$x$$\n")
    marked = read_document("sheet.md", "\ufeffa\r\n\r\n$$x$$\r\n")
    assert plain.formulas() == marked.formulas()


ALPHABET = st.text(st.sampled_from("$\\{}()[]&^_%`#*-+=<>!a1x \n:.,|~'\"") | st.characters(codec="utf-8"), max_size=200)


@settings(max_examples=500, derandomize=True, deadline=None)
@given(ALPHABET, st.sampled_from(["sheet.md", "sheet.tex"]))
def test_any_text_is_read(text, path):
    try:
        document = read_document(path, text)
    except ReadError:
        return
    count = document.source.count("\n") + 1
    for block in document.blocks:
        assert 1 <= block.span.line <= block.span.end_line <= count
        if isinstance(block, Display):
            assert block.formula.display
