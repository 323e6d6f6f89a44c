"""The sheet of nine sections: every blank is filled in rightly, nothing else changes, and what comes back has no fault."""

from pathlib import Path

from gradproof import check, complete

SHEET = Path(__file__).parents[2] / "examples" / "sheet-with-blanks.md"
ANSWERS = {
    "convolution": r"\begin{pmatrix} 28 & 34 & 42 \\ 38 & 33 & 28 \\ 46 & 40 & 32 \end{pmatrix}",
    "gradient by the image": (
        r"\begin{pmatrix} 4 & 7 & 10 & 6 & 3 \\ 9 & 17 & 25 & 16 & 8 \\ 11 & 23 & 34 & 23 & 11 \\ "
        r"7 & 16 & 24 & 17 & 8 \\ 2 & 6 & 9 & 7 & 3 \end{pmatrix}"
    ),
    "gradient by the filter": r"\begin{pmatrix} 8 & 9 & 11 \\ 10 & 10 & 8 \\ 11 & 10 & 9 \end{pmatrix}",
    "gradient by A": r"\frac{2}{n} \sum_{i=1}^{n} (A q_i + b - g_i) q_i^\top",
    "gradient by b": r"\frac{2}{n} \sum_{i=1}^{n} (A q_i + b - g_i)",
    "momentum": r"\mu v_{\tau} - \eta \frac{2}{n} \sum_{i=1}^{n} (A q_i + b_{\tau} - g_i)",
    "slope at a point": "0.0646",
    "t-SNE": r"-4 \left(\sum_{i=1}^n \frac{h_k - h_i}{((h_k - h_i)^2 + 1)^2}\right)",
    "soft threshold": r"\operatorname{sign}(v) \max(|v| - \lambda, 0)",
}


def test_every_blank_is_filled_and_the_sheet_has_no_fault(tmp_path):
    completion = complete(SHEET, timeout=60)
    assert completion.is_whole, completion.left_open
    found = [place.latex for place in completion.filled]
    assert len(found) == 37
    assert set(ANSWERS.values()) <= set(found), [name for name, latex in ANSWERS.items() if latex not in found]
    written = tmp_path / "sheet.md"
    written.write_text(completion.text)
    (file,) = check(str(written), timeout=60).files
    assert {equation.verdict.value for equation in file.equations} <= {"proved", "tested", "stated"}
    assert not file.unanswered
