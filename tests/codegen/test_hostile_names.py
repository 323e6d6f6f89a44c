"""No name of a variable or a size, whatever it is, changes what a module does."""

import ast
import random

import numpy as np
import pytest
from hostile import NAMES, attempt, faults, renamed

from gradproof.codegen.module import TARGETS
from gradproof.errors import FormulaError, ReadError
from gradproof.formula.parse import parse
from gradproof.program.compilation import compile as compiled


@pytest.mark.parametrize("seed", range(24))
def test_programs_hold_only_what_they_may(seed):
    text, names, found = attempt(random.Random(seed))
    assert found == {target: [] for target in TARGETS}, (text, names)


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_every_hostile_name_of_a_variable_and_of_a_size(name):
    plain = parse("sum(x.^2)", ["x: n"])
    for names in ({"x": name, "n": "size"}, {"x": "y", "n": name}):
        program = compiled(renamed(plain, names), ["value"], "numpy")
        assert not faults(program.source, "numpy")
        assert program(**{names["x"]: np.array([1.0, 2.0])})["value"] == 5


def test_what_is_no_allowed_name_is_found():
    for code in ("import os", "eval('1')", "x = ().__class__", "import numpy as np\nnp.load('x')", "def f(x):\n    return open(x)"):
        assert faults(code, "numpy")


@pytest.mark.parametrize("name", ["loss", "loss.txt", "loss.py.exe", ".py", "a\0b.py", "no/where/loss.py", "x" * 300 + ".py"])
def test_a_file_name_that_is_none_says_so(name, tmp_path):
    program = compiled("norm2(x)", target="numpy", assume=["x: n"])
    with pytest.raises((FormulaError, ReadError)):
        program.save(f"{tmp_path}/{name}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a b.py", "-rf.py", "$(true).py", "ü.py", "import.py"])
def test_any_other_file_name_is_only_a_file_name(name, tmp_path):
    program = compiled("norm2(x)", target="numpy", assume=["x: n"])
    assert program.save(tmp_path / name) == tmp_path / name
    assert ast.parse((tmp_path / name).read_text())
    assert [file.name for file in tmp_path.iterdir()] == [name]
