"""The blocks of the README and of the guides do what they say."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GUIDES = [ROOT / "README.md", ROOT / "docs" / "derive.md", ROOT / "docs" / "complete.md", ROOT / "docs" / "minimize.md"]
#: The Python blocks of the assignment build on each other: tests/test_pages.py runs them.
WITH_CONSOLE = [*GUIDES, ROOT / "docs" / "assignment.md"]


def blocks(path, language):
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(), flags=re.DOTALL)


def run(arguments):
    return subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("path", WITH_CONSOLE, ids=lambda path: path.name)
def test_console_blocks_show_real_output(path):
    for block in blocks(path, "console"):
        for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n?)*)", block, flags=re.MULTILINE):
            output = run(shlex.split(command)).stdout
            parts = [part.strip("\n") for part in re.split(r"^\.\.\.\n?", shown, flags=re.MULTILINE)]
            place = 0
            for part in parts:
                found = output.find(part, place)
                assert found >= 0, f"not in the output of {command}:\n{part}\n--- output:\n{output}"
                place = found + len(part)


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.name)
def test_python_block_prints_what_the_text_block_shows(path):
    (code,) = blocks(path, "python")
    (shown,) = blocks(path, "text")
    finished = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert finished.stdout == shown


def test_shell_blocks_name_commands_and_files_that_exist():
    for block in blocks(GUIDES[0], "sh"):
        for word in re.findall(r"examples/\S+", block):
            assert (ROOT / word).is_file()
        assert "gradproof check" in block or "pytest" in block
