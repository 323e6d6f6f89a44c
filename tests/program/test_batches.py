"""Leading axes: an input with more axes than its variable is a batch, one without is shared, and every result has the batch in front."""

import numpy as np
import pytest

import gradproof
from gradproof.codegen.module import TARGETS
from gradproof.errors import FormulaError, ShapeError

LOGISTIC = "sum(log(1 + exp(-y.*(X*w)))) + lambda/2*norm2(w)^2"
ASKED = ["value", "gradient wrt w", "hessian wrt w"]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADPROOF_CACHE", str(tmp_path / "cache"))


def programs(target, text=LOGISTIC, asked=ASKED, assume=("X: n,d",)):
    if target in ("jax", "torch"):
        pytest.importorskip(target)
    return gradproof.compile(text, asked, target, assume=assume)


def one_by_one(program, shape, ranks, **values):
    """Return the outputs for each place of the batch by itself."""
    spread = {
        name: np.broadcast_to(value, (*shape, *np.shape(value)[np.ndim(value) - ranks[name] :])) for name, value in values.items()
    }
    found = {}
    for place in np.ndindex(*shape):
        for request, value in program(**{name: np.array(v[place]) for name, v in spread.items()}).items():
            found.setdefault(request, []).append(np.asarray(value))
    return {request: np.reshape(values, (*shape, *values[0].shape)) for request, values in found.items()}


@pytest.mark.parametrize("target", TARGETS)
def test_each_value_of_a_batch_is_computed_as_by_itself(target):
    program, source = programs(target), np.random.default_rng(1)
    values = {"X": source.normal(size=(7, 3)), "y": source.normal(size=7), "lambda": np.full(1, 0.5)}
    values |= {"w": source.normal(size=(2, 1, 3)), "lambda": np.array([0.5, 0.0, 2.0])}
    found = program(**values)
    expected = one_by_one(program, (2, 3), {"X": 2, "y": 1, "w": 1, "lambda": 0}, **values)
    for request in ASKED:
        np.testing.assert_allclose(
            np.asarray(found[request]), expected[request], rtol=1e-4 if target == "jax" else 1e-10, atol=1e-6
        )


@pytest.mark.parametrize("target", TARGETS)
def test_a_formula_of_numbers_takes_arrays_of_points(target):
    program = programs(target, "(x^2 + sigma(y))/(3*x + y - sigma(x))", ["value", "gradient wrt x"], ["x:", "y:"])
    found = program(x=np.linspace(1, 2, 3), y=np.ones((2, 3)))
    assert np.shape(found["value"]) == np.shape(found["gradient wrt x"]) == (2, 3)
    alone = program(x=1.5, y=1.0)
    np.testing.assert_allclose(np.asarray(found["gradient wrt x"])[1, 1], float(alone["gradient wrt x"]), rtol=1e-6)


@pytest.mark.parametrize("shape", [(0,), (1,), (2, 0), (1, 1)])
def test_batches_without_entries_and_of_one(shape):
    found = programs("numpy")(X=np.ones((4, 2)), y=np.ones(4), w=np.ones((*shape, 2)), **{"lambda": 1.0})
    assert [value.shape for value in found.values()] == [shape, (*shape, 2), (*shape, 2, 2)]


def test_an_output_that_the_batch_does_not_reach_is_repeated():
    found = programs("numpy", "x'*A*x", ["value", "hessian wrt x"], ["A: n,n"])(A=np.eye(2), x=np.ones((3, 2)))
    assert found["hessian wrt x"].shape == (3, 2, 2)


def test_the_program_of_a_batch_can_be_read_and_saved(tmp_path):
    program = programs("numpy", "norm2(A*x)^2", ["value"], ["A: m,n", "batch: n"]).batched(x=1)
    assert "x: array (batch, n)" in program.source
    program.save(tmp_path / "losses.py")
    namespace = {}
    exec((tmp_path / "losses.py").read_text(), namespace)
    np.testing.assert_allclose(namespace["value"](A=np.eye(2), x=np.array([[1.0, 2.0], [0.0, 1.0]])), [5, 1])


def test_a_size_that_is_called_batch_stays_what_it_is():
    program = programs("numpy", "norm2(x)^2", ["gradient wrt x"], ["x: batch"]).batched(x=1)
    assert "x: array (batch_, batch)" in program.source


def test_batches_that_do_not_fit_say_so():
    program = programs("numpy", "x'*y", ["value"], ["x: n", "y: n"])
    with pytest.raises(ShapeError, match=r"y: the leading axes \[2\] of x were expected"):
        program(x=np.ones((2, 4)), y=np.ones((3, 4)))
    with pytest.raises(ShapeError, match=r"y has 4 entries along axis 2 \(n\), got 5"):
        program(x=np.ones((2, 4)), y=np.ones((2, 5)))
    with pytest.raises(FormulaError, match="got 'z'"):
        program.batched(z=1)
    with pytest.raises(FormulaError, match="at least one leading axis"):
        program.batched(x=0)


def test_a_network_takes_batches_of_its_weights():
    text = "h = tanh(linear(X, W, b)); cross_entropy(linear(tanh(linear(h, U)), V), y)"
    program, source = programs("numpy", text, ["value", "gradient wrt W", "gradient wrt V"], ()), np.random.default_rng(2)
    values = {"X": source.normal(size=(6, 3)), "W": source.normal(size=(2, 4, 3)), "b": source.normal(size=4)}
    values |= {"U": source.normal(size=(4, 4)), "V": source.normal(size=(5, 1, 3, 4)), "y": np.array([0, 1, 2, 0, 1, 2])}
    found = program(**values)
    expected = one_by_one(program, (5, 2), {"X": 2, "W": 2, "b": 1, "U": 2, "V": 2, "y": 1}, **values)
    for request, value in found.items():
        np.testing.assert_allclose(value, expected[request], rtol=1e-10, atol=1e-12)
