"""The blocks of the README do what they say."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def run(arguments):
    return subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def test_console_blocks_show_real_output():
    for block in blocks("console"):
        command, _, shown = block.partition("\n")
        output = run(shlex.split(command.removeprefix("$ "))).stdout
        parts = [part.strip("\n") for part in shown.split("\n...\n")]
        place = 0
        for part in parts:
            found = output.find(part, place)
            assert found >= 0, f"not in the output of {command}:\n{part}\n--- output:\n{output}"
            place = found + len(part)


def test_python_block_prints_what_the_text_block_shows():
    (code,) = blocks("python")
    (shown,) = blocks("text")
    finished = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert finished.stdout == shown


def test_shell_blocks_name_commands_and_files_that_exist():
    for block in blocks("sh"):
        for word in re.findall(r"examples/\S+", block):
            assert (ROOT / word).is_file()
        assert "gradproof check" in block or "pytest" in block
