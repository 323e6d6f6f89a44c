import os

import pytest

from gradproof.cli.paths import Target, expand


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("docs/b.md", "docs/a.tex", "docs/sub/c.ipynb", "docs/.hidden/d.md", "docs/e.py", "docs/.f.md", "out/g.md"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    return tmp_path


def test_folder_is_expanded_and_sorted(folder):
    assert [target.path for target in expand(["docs"])] == ["docs/a.tex", "docs/b.md", "docs/sub/c.ipynb"]


def test_named_files_are_kept_in_order_and_once(folder):
    assert expand(["docs/b.md", "-", "docs/e.py", "docs/b.md"]) == [Target("docs/b.md"), Target("-"), Target("docs/e.py")]


def test_links_out_of_the_folder_are_not_followed(folder):
    os.symlink("../out/g.md", "docs/z.md")
    os.symlink("../out", "docs/y")
    os.symlink("b.md", "docs/w.md")
    os.symlink("loop.md", "docs/loop.md")
    targets = {target.path: target.error for target in expand(["docs"])}
    assert targets["docs/w.md"] == ""
    for path in ("docs/z.md", "docs/y", "docs/loop.md"):
        assert targets[path] == "it links out of docs, so it is not followed. Name it to check it."
    assert "docs/y/g.md" not in targets
    assert expand(["docs/z.md"]) == [Target("docs/z.md")]


def test_what_is_not_there(folder):
    os.mkdir("empty")
    (missing,) = expand(["gone.md"])
    assert missing.error == "the file does not exist. Check the path."
    (empty,) = expand(["empty"])
    assert empty.error == "a folder with documents (.md, .txt, .tex, .ipynb) was expected, got none. Check the path."
    (null,) = expand(["a\0b"])
    assert "null character" in null.error
