"""The Python blocks of the pages print what the text blocks below them show."""

import contextlib
import io
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.parametrize("page", ["topk.md", "solvers.md", "tsne.md", "assignment.md"])
def test_blocks_print_what_is_shown(page):
    blocks = re.findall(r"```(python|text)\n(.*?)```", (DOCS / page).read_text(), flags=re.DOTALL)
    names: dict[str, object] = {}
    printed, shown = [], []
    for language, body in blocks:
        if language == "text":
            shown.append(body)
            continue
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(compile(body, page, "exec"), names)
        printed.append(output.getvalue())
    assert printed == shown
