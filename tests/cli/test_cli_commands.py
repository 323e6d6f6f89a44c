import subprocess
import sys

import pytest

from gradproof.checker.codes import CODES


def test_version(run):
    assert run("--version").out == "gradproof 0.1.0\n"


def test_help_names_the_commands(run):
    out = run("--help").out
    assert "check" in out
    assert "explain" in out


@pytest.mark.parametrize("code", CODES)
def test_explain_tells_all_of_a_code(run, code):
    out = run("explain", code.lower()).out
    entry = CODES[code]
    assert out.startswith(f"{code} {entry.title} (")
    assert entry.meaning in out
    assert f"Example:    {entry.example}\n" in out
    assert f"What to do: {entry.remedy}\n" in out


def test_explain_lists_a_family_or_all(run):
    out = run("explain").out
    assert all(f"  {code}  {entry.title}\n" in out for code, entry in CODES.items())
    family = run("explain", "M").out
    assert "M101" in family
    assert "R101" not in family


def test_explain_names_the_closest_code(run):
    outcome = run("explain", "R1O1")
    assert outcome.code == 2
    assert "The closest is R101" in outcome.err
    assert outcome.err.count("\n") == 1


def test_unknown_command(run):
    outcome = run("chekc")
    assert outcome.code == 2
    assert outcome.err.startswith("gradproof: No such command 'chekc'.")


def test_version_loads_nothing_heavy():
    program = (
        "import sys; from gradproof.cli.main import run; run(['--version']);"
        "print([name for name in ('numpy', 'flint', 'jinja2', 'rich', 'math_core') if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert out.split("\n")[1] == "[]"


def test_reader_of_the_output_may_leave():
    program = "import sys; from gradproof.cli.main import run; sys.exit(run(['explain']))"
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    process.wait()
    assert b"Traceback" not in errors
    assert b"Exception" not in errors
