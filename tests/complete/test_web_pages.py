"""Web pages: the source of MathJax and KaTeX is filled in, and every other byte stays."""

import json

from gradproof import check, complete
from gradproof.checker.verdict import Verdict
from gradproof.reader.webpage import BREAK, readable

PAGE = """<!DOCTYPE html>
<html><head><title>$1 + 1 = ?$</title><style>p { color: red }</style><script>var a = "$1=?$";</script></head>
<body>
<h1 class="big">Exercise 1: slopes</h1>
<p>Let \\(f(x) = x^3\\).</p>
<ol><li>The slope is \\[ f'(x) = ? \\]</li><li>So \\(f'(2) =\\) <input type="text" name="q"> and \\(f'(-1) =\\) <u>&nbsp;&nbsp;</u>.</li></ol>
<h2>2 Layers &amp; losses</h2>
<p>Let $p = \\operatorname{softmax}(z)$ with $z = W x + b$, let $y$ be one-hot, and $L = -\\sum_k y_k \\log p_k$ where $0 &lt; p_k$.
$$\\begin{aligned} \\frac{\\partial L}{\\partial z} &amp;= ? \\\\ \\frac{\\partial L}{\\partial W} &amp;= ? \\end{aligned}$$</p>
<pre>$2+2=?$</pre>
<p>Let \\(A = \\begin{pmatrix} 1 &amp; 2 \\\\ 3 &amp; 4 \\end{pmatrix}\\). \\(A^2 = ?\\)
<script type="math/tex; mode=display">A A^\\top = ?</script></p>
</body></html>
"""


def test_only_open_places_of_a_page_change(tmp_path):
    path = tmp_path / "sheet.html"
    path.write_text(PAGE)
    completion = complete(path)
    expected = PAGE
    for before, after in (
        ("f'(x) = ?", "f'(x) = 3 x^2"),
        ('f\'(2) =\\) <input type="text" name="q">', "f'(2) = 12\\)"),
        ("f'(-1) =\\) <u>&nbsp;&nbsp;</u>", "f'(-1) = 3\\)"),
        ("\\partial z} &amp;= ?", "\\partial z} &amp;= p - y"),
        ("\\partial W} &amp;= ?", "\\partial W} &amp;= (p - y) x^\\top"),
        ("\\(A^2 = ?", "\\(A^2 = \\begin{pmatrix} 7 &amp; 10 \\\\ 15 &amp; 22 \\end{pmatrix}"),
        ("A A^\\top = ?", "A A^\\top = \\begin{pmatrix} 5 & 11 \\\\ 11 & 25 \\end{pmatrix}"),
    ):
        assert before in expected
        expected = expected.replace(before, after)
    assert completion.text == expected
    path.write_text(completion.text)
    report = check(str(path)).files[0]
    assert {equation.verdict for equation in report.equations} == {Verdict.PROVED, Verdict.STATED}
    assert complete(path).text == completion.text


def test_lines_and_columns_are_those_of_the_page(tmp_path):
    path = tmp_path / "sheet.html"
    path.write_text(PAGE)
    at = [(place.line, place.column) for place in complete(path).filled]
    lines = PAGE.split("\n")
    assert len(at) == 7
    assert all(lines[line - 1][column - 1 :].startswith(("?", "\\)")) for line, column in at)


def test_steps_in_a_page_stay_in_their_paragraph():
    text = "<p>Differentiate and show your steps: \\(\\frac{d}{dt} \\sin(3 t + 1) = ?\\)</p>\n"
    completed = complete(text).text
    assert completed.startswith("<p>")
    assert completed.endswith("\\)</p>\n")
    assert "<br>Steps:<br>chain rule with \\(u = 3 t + 1\\)<br>" in completed


def test_windows_lines_of_a_page_stay(tmp_path):
    path = tmp_path / "sheet.htm"
    path.write_bytes(b"<p>The slope is\r\n\\(\\frac{d}{dx} x^2 = ?\\)</p>\r\n")
    assert complete(path).text == "<p>The slope is\r\n\\(\\frac{d}{dx} x^2 = 2 x\\)</p>\r\n"


def test_marks_keep_every_offset():
    text = readable(PAGE)
    assert len(text) == len(PAGE)
    assert [at for at, sign in enumerate(text) if sign == "\n"] == [at for at, sign in enumerate(PAGE) if sign == "\n"]
    assert f"{BREAK}#1 " in text
    assert "var a" not in text
    assert "color" not in text


def test_what_a_page_already_sets_is_no_source():
    page = '<p><math><mi>x</mi><annotation encoding="application/x-tex">x = ?</annotation></math> &#36;5 and &#36;6</p>'
    assert "x = ?" not in readable(page)
    assert "$" not in readable(page)
    assert json.dumps(complete(f"{page}\n").text) == json.dumps(f"{page}\n")
