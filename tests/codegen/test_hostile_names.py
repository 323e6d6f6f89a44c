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


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "name", ["lambda", "class", "np", "torch", "value", "outputs", "gradient_x", "dtype", "t1", "__name__", "α", "K"]
)
def test_the_name_of_a_part_is_only_a_name(name, target):
    """A name of an output comes from the text; what the language does not read is refused before there is a program."""
    try:
        program = compiled(
            f"{name} = A*x - b; norm2({name})^2", ["value", f"part {name}", "gradient wrt x"], target, assume=["A: m,n"]
        )
    except FormulaError:
        return
    assert not faults(program.source, target)
    if target == "numpy":
        found = program(A=np.eye(2), x=np.array([3.0, 1.0]), b=np.ones(2))
        assert found["value"] == 4
        assert found[f"part {name}"].tolist() == [2, 0]
        assert found["gradient wrt x"].tolist() == [4, 0]


@pytest.mark.parametrize("target", TARGETS)
def test_names_that_python_takes_for_the_same_stay_two(target):
    plain = parse("sum(x.^2) + 10*sum(y.^2)", ["x: n", "y: n"])
    program = compiled(renamed(plain, {"x": "K", "y": "\u212a", "n": "ſ"}), ["value"], target)
    assert not faults(program.source, target)
    if target == "numpy":
        values = dict(zip(("K", "\u212a"), (np.ones(2), np.array([2.0, 0.0])), strict=True))
        assert program(**values)["value"] == 42


@pytest.mark.parametrize("text", ['"""', "\\", "{x}", "{0}", "%s", "x\nimport os", "\u202e"])
def test_a_check_of_numbers_quotes_the_names(text):
    plain = parse("sum_i w[y[i]]*x[i]")
    sizes = {axis.size.name for symbol in plain.symbols for axis in symbol.axes}
    names = {**{size: size for size in sizes}, "w": f"w{text}", "y": text, "x": "x"}
    for target in TARGETS:
        program = compiled(renamed(plain, names), ["value"], target)
        assert not faults(program.source, target)
        assert "check_range(" in program.source.split("def value")[1]
    program = compiled(renamed(plain, names), ["value"], "numpy")
    with pytest.raises(FormulaError, match="numbers of entries from 1 to 2 were expected"):
        program(**{f"w{text}": np.ones(2), text: np.array([3.0]), "x": np.ones(1)})


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
