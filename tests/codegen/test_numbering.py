"""Numbers of entries and of classes: what is beside its range is told before anything is computed."""

import numpy as np
import pytest

import gradproof
from gradproof import parse
from gradproof.codegen.numbering import readings
from gradproof.errors import FormulaError

TARGETS = ("numpy", "numba", "jax", "torch")
X = np.arange(12.0).reshape(4, 3)
W = np.array([0.0, 1.0, 2.0])
ONES = np.ones(4)
#: Formulas with numbers in y, their other values, numbers that fit, and the range that is told.
NUMBERED = {
    "sum_i w[y[i]]*x[i]": ({"w": W, "x": ONES}, [1, 2, 3, 3], "numbers of entries from 1 to 3"),
    "sum_i w[3 - y[i]]*x[i]": ({"w": W, "x": ONES}, [0, 1, 2, 0], "numbers of entries from 0 to 2"),
    "sum_i w[2*y[i] - 1]*x[i]": ({"w": W, "x": ONES}, [1, 2, 1, 1], "numbers of entries from 1 to 2"),
    "sum_i sum_{j=1}^2 w[y[i] + j]*x[i]": ({"w": W, "x": ONES}, [0, 1, 1, 0], "numbers of entries from 0 to 1"),
    "sum_{t=1}^3 A[y[t], y[t+1]]": ({"A": X[:3]}, [1, 3, 2, 2], "numbers of entries from 1 to 3"),
    "sum_i softmax(X)[i, y[i]]": ({"X": X}, [1, 2, 3, 1], "numbers of entries from 1 to 3"),
    "cross_entropy(X, y)": ({"X": X}, [0, 1, 2, 2], "class numbers from 0 to 2"),
    "CrossEntropyCriterion(X, y)": ({"X": X}, [1, 3, 2, 2], "class numbers from 1 to 3"),
    "sum(one_hot(y, 3) .* X)": ({"X": X}, [0, 1, 2, 0], "class numbers from 0 to 2"),
}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADPROOF_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("text", ["sum_i w[y[i]]*x[i]", "cross_entropy(X, y)", "sum(one_hot(y, 3) .* X)"])
def test_every_target_tells_of_a_number_beside_its_range(text, target):
    pytest.importorskip(target)
    given, fitting, told = NUMBERED[text]
    program = gradproof.compile(text, target=target)
    expected = gradproof.compile(text, target="numpy")(y=fitting, **given)["value"]
    for right in (fitting, np.array(fitting), np.array(fitting, float)):
        assert float(program(y=right, **given)["value"]) == pytest.approx(float(expected), rel=1e-6)
    for wrong in (4, -1, 1e30, 2.5, np.nan, np.inf):
        y = np.array([*fitting[:2], wrong, fitting[3]], float)
        for _ in range(2):  # the second call takes the way that is open for shapes that are known
            with pytest.raises(FormulaError, match=rf"y: {told} were expected .*, got .* in y\[3\]"):
                program(y=y, **given)


@pytest.mark.parametrize("text", NUMBERED)
def test_the_range_is_that_of_the_subscript(text):
    given, fitting, told = NUMBERED[text]
    program = gradproof.compile(text, target="numpy")
    program(y=fitting, **given)
    first, last = map(int, told.split(" from ")[1].split(" to "))
    for wrong in (first - 1, last + 1):
        with pytest.raises(FormulaError, match=f"{told} were expected .*, got {wrong}"):
            program(y=[wrong, *fitting[1:]], **given)


def test_an_array_of_the_library_is_looked_at():
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    for target, array in (("torch", torch.tensor), ("jax", jax.numpy.asarray)):
        program = gradproof.compile("cross_entropy(X, y)", target=target)
        with pytest.raises(FormulaError, match=r"got 3 in y\[2\]"):
            program(X=array(X), y=array([0, 3, 1, 1]))


def test_in_a_trace_of_jax_a_number_beside_the_range_reads_the_nearest_entry():
    jax = pytest.importorskip("jax")
    program = gradproof.compile("sum_i w[y[i]]*x[i]", target="jax")
    traced = jax.jit(lambda y: program(w=W, x=ONES, y=y)["value"])
    assert float(traced(np.array([1.0, 2.0, 3.0, 9.0]))) == 5.0


def test_a_batch_tells_where():
    program = gradproof.compile("cross_entropy(X, y)", ["value", "gradient wrt X"])
    with pytest.raises(FormulaError, match=r"class numbers from 0 to 2 were expected .*, got 7 in y\[2, 3\]"):
        program(X=np.stack([X, X]), y=[[0, 1, 2, 2], [0, 1, 7, 2]])
    with pytest.raises(FormulaError, match=r"got 7 in y\[3\]"):
        program(X=np.stack([X, X]), y=[0, 1, 7, 2])


def test_one_class_number():
    program = gradproof.compile("cross_entropy(x, c)", assume=["c: integer"])
    with pytest.raises(FormulaError, match=r"class numbers from 0 to 1 were expected .*, got 2"):
        program(x=[1.0, 2.0], c=2)


def test_the_gradient_alone_looks_too():
    program = gradproof.compile("cross_entropy(X, y)", ["gradient wrt X"], "numpy")
    with pytest.raises(FormulaError, match="got 3 in y"):
        program(X=X, y=[0, 3, 1, 1])


@pytest.mark.parametrize("target", ["numpy", "numba"])
def test_what_a_condition_leaves_out_may_be_any_number(target):
    program = gradproof.compile("sum_i [y[i] > 0]*exp(w[y[i]])", target=target)
    found = program(w=W, y=[1.0, 0.0, -1e6, 2.0])["value"]
    assert found == pytest.approx(np.exp(W[0]) + np.exp(W[1]))


def test_numbers_that_nobody_reads():
    program = gradproof.compile("sum_i w[y[i]]*x[i]", assume=["w: k", "y: n", "x: n"])
    assert program(w=[], y=[], x=[])["value"] == 0


@pytest.mark.parametrize("target", TARGETS)
def test_a_saved_module_looks_at_numbers_by_itself(target, tmp_path):
    pytest.importorskip(target)
    source = gradproof.compile("sum_i w[y[i]]*x[i]", target=target).save(tmp_path / "lookup.py").read_text()
    assert "gradproof" not in source
    value = _module(source)["value"]
    assert float(value(w=W, x=ONES, y=np.array([1.0, 2.0, 3.0, 3.0]))) == 5
    for wrong, told in ((4, "4"), (0, "0"), (1e30, r"1\S*e\+30"), (np.nan, "nan"), (1.5, "1.5")):
        with pytest.raises(ValueError, match=rf"^y: numbers of entries from 1 to 3 were expected .*, got {told} in y\[2\]\.$"):
            value(w=W, x=ONES, y=np.array([1.0, wrong, 3.0, 3.0]))


@pytest.mark.parametrize("target", TARGETS)
def test_numbers_that_are_computed_are_looked_at(target):
    pytest.importorskip(target)
    program = gradproof.compile("sum_i w[y[i] + z[i]]*x[i]", target=target)
    assert float(program(w=W, x=ONES, y=[0, 5, -1, 2], z=[1, -4, 4, 1])["value"]) == 0 + 0 + 2 + 2
    with pytest.raises(FormulaError, match=r"y\[i\] \+ z\[i\]: numbers of entries from 1 to 3 were expected .*, got 4 in"):
        program(w=W, x=ONES, y=[0, 5, 0, 2], z=[1, -4, 4, 1])


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        ("sum_i [y[i] > 0]*w[y[i]]", {"y": [1.0, np.nan, -1e6, 3.0]}, 2.0),
        ("sum_i [c > 0]*w[y[i]]", {"c": -1.0, "y": [9.0, np.nan, 2.0, 3.0]}, 0.0),
        ("sum_{i=1}^4 sum_{j=1}^4 [i > j]*w[y[i]]", {"y": [9.0, 2.0, 2.0, 3.0]}, 1.0 + 2.0 + 6.0),
        ("sum_i where(y[i] < 4, w[y[i]], 0)", {"y": [9.0, 2.0, 2.0, 3.0]}, 4.0),
        ("sum_i w[y[i] + i]", {"y": [0.0, -1.0, 0.0, -1.0]}, 0.0 + 0.0 + 2.0 + 2.0),
        ("sum_{i=1}^3 w[y[i]]", {"y": [1.0, 2.0, 3.0, 9.0]}, 3.0),
        ("sum_i [y[i] > 0]*softmax(w)[y[i]]*0", {"y": [9.0, np.nan, 2.0, 3.0]}, 0.0),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_what_nothing_reads_may_be_any_number(text, given, expected, target):
    pytest.importorskip(target)
    program = gradproof.compile(text, target=target, assume=["y: 4", "w: 3", *(["c:"] if "c" in given else [])])
    assert float(program(w=W, **given)["value"]) == pytest.approx(expected)


def test_readings_leave_one_range():
    program = gradproof.compile("sum_i (w[y[i]] + v[y[i] + 1])", target="numpy", assume=["w: 5", "v: 4"])
    assert program.source.count("check_range(") == 2
    with pytest.raises(
        FormulaError, match=r"y: numbers of entries from 1 to 3 were expected \(they stand in a subscript of v\), got 4"
    ):
        program(w=np.ones(5), v=np.ones(4), y=[1, 4])


def test_one_variable_is_looked_at_once():
    source = gradproof.compile("sum_i w[y[i]]*v[y[i]]", ["value", "gradient wrt w"], "numpy", assume=["w: k", "v: k"]).source
    assert [function.count("check_range(") for function in source.split("\ndef ")[1:]] == [0, 1, 1, 1, 1]


def test_an_own_step_of_a_library_looks_at_numbers_where_there_are_some():
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    own = gradproof.compile("cross_entropy(X, y)", target="torch").functions["formula"]
    with pytest.raises(FormulaError, match="got 3 in y"):
        own(X=torch.tensor(X), y=torch.tensor([0, 3, 1, 1]))
    each = torch.func.vmap(lambda x: own(X=x, y=torch.tensor([0, 1, 1, 1])))(torch.tensor(np.stack([X, X])))
    assert each.shape == (2,)
    own = gradproof.compile("cross_entropy(X, y)", target="jax").functions["formula"]
    assert np.isfinite(jax.jit(lambda X: own(X=X, y=np.array([0, 1, 1, 1])))(X))


def _module(source):
    namespace: dict = {}
    exec(compile(source, "saved", "exec"), namespace)
    return namespace


def test_a_formula_without_numbers_of_entries_has_no_readings():
    for text in ("norm2(A*x - b)^2", "sum_i x[i+1]*x[i]", "sum_i X[i, i]"):
        formula = parse(text)
        assert readings(formula.symbols, [formula.value]) == ()
