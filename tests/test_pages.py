"""The Python blocks of the pages print what the text blocks below them show."""

import contextlib
import io
import re
import runpy
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


def test_the_pictures_of_the_assignment_are_those_that_its_code_draws():
    pytest.importorskip("matplotlib")
    pictures = runpy.run_path(str(DOCS / "assignment_pictures.py"))
    shown = re.findall(r"!\[(.+)\]\((assignment-\S+)\.svg\)", (DOCS / "assignment.md").read_text())
    assert sorted(name for _, name in shown) == sorted(pictures["PICTURES"])
    for name in pictures["PICTURES"]:
        drawn, kept = pictures["picture"](name), (DOCS / f"{name}.svg").read_text()
        for mark in ("<title.*", "<desc.*", "<path id=", "<use "):
            assert re.findall(mark, drawn) == re.findall(mark, kept)
