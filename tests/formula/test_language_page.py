"""The page of the language shows what really happens."""

import re
import shlex
from pathlib import Path

import pytest

from gradproof.cli.main import run
from gradproof.formula.vocabulary import ENTRIES

PAGE = (Path(__file__).parents[2] / "docs" / "language.md").read_text()
COMMANDS = re.findall(r"^\$ gradproof (.*)\n((?:(?!\$ |```).*\n)*)", PAGE, flags=re.MULTILINE)


@pytest.mark.parametrize(("command", "shown"), COMMANDS)
def test_command_prints_what_the_page_shows(command, shown, capfdbinary):
    code = run(shlex.split(command))
    captured = capfdbinary.readouterr()
    assert (captured.err if code else captured.out).decode() == shown


def test_functions_that_the_page_names_exist():
    rows = re.findall(
        r"^\| (?:entry by entry|linear algebra|of vectors|reductions|layers|losses) \| (.*) \|$", PAGE, flags=re.MULTILINE
    )
    assert len(rows) == 6
    named = {
        word
        for row in rows
        for quoted in re.findall(r"`([^`]*)`", row)
        for word in re.findall(r"(?<![\w.^'])[a-z][a-z0-9_]+(?![=\w])", quoted)
    }
    assert named - set(ENTRIES) <= {"axis", "dim"}
    assert len(named) > 40
