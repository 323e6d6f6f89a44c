"""The quick way into a program that is one compiled function: taken for what it was compiled for, left for everything else."""

import pickle

import numpy as np
import pytest

import gradproof
from gradproof.errors import FormulaError, ShapeError

PRODUCT = "hessian-vector product wrt U along Q"


@pytest.fixture(scope="module")
def factors(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADPROOF_CACHE", str(tmp_path_factory.mktemp("programs")))
        program = gradproof.compile("normF(T - U*V')^2", [PRODUCT], "numba", assume=["T: m,n", "U: m,k", "V: n,k"])
        program(**values())
    return program


def values(m=4, n=3, k=2, dtype=float):
    source = np.random.default_rng(m)
    shapes = {"T": (m, n), "U": (m, k), "V": (n, k), "Q": (m, k)}
    return {name: source.normal(size=shape).astype(dtype) for name, shape in shapes.items()}


def expected(given):
    return 2 * given["Q"] @ given["V"].T @ given["V"]


def changed(**rest):
    return {**values(), **rest}


def test_the_way_is_open_after_a_plain_call(factors):
    factors(**values())
    assert factors.__call__ != factors.at
    for sizes in [(4, 3, 2), (1, 1, 1), (5, 0, 2), (0, 3, 2), (2, 3, 0), (90, 70, 6)]:
        given = values(*sizes)
        np.testing.assert_allclose(factors(**given)[PRODUCT], expected(given), atol=1e-12)
        assert factors.__call__ != factors.at


@pytest.mark.parametrize(
    "given",
    [
        {name: array.tolist() for name, array in values().items()},
        {name: np.asfortranarray(array) for name, array in values().items()},
        changed(Q=np.arange(16.0).reshape(4, 4)[:, ::2]),
        changed(Q=np.arange(8).reshape(4, 2)),
        changed(Q=values()["Q"].astype(np.float32)),
        {name: np.stack([array, 2 * array]) for name, array in values().items()},
    ],
    ids=["lists", "columns first", "strided", "whole numbers", "two types", "a batch"],
)
def test_other_arrays_take_the_long_way_to_the_same_result(factors, given):
    factors(**values())
    found = factors(**given)[PRODUCT]
    arrays = {name: np.asarray(array) for name, array in given.items()}
    wanted = (
        expected(arrays) if arrays["Q"].ndim == 2 else np.stack([expected({n: a[b] for n, a in arrays.items()}) for b in (0, 1)])
    )
    np.testing.assert_allclose(found, wanted, atol=1e-12)
    assert factors.__call__ == factors.at


def test_single_precision_stays(factors):
    given = values(dtype=np.float32)
    for _ in range(2):
        found = factors(**given)[PRODUCT]
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected(given), rtol=1e-5, atol=1e-5)


def test_what_does_not_fit_is_told_as_ever(factors):
    for wrong, told in [
        (changed(Q=np.ones((4, 3))), (ShapeError, "Q has 2 entries along axis 2")),
        (changed(Q=np.ones(4)), (ShapeError, "Q has 2 axes")),
        (changed(R=1.0), (FormulaError, "got 'R'")),
        ({name: array for name, array in values().items() if name != "Q"}, (FormulaError, "a value of Q was expected")),
    ]:
        factors(**values())
        with pytest.raises(told[0], match=told[1]):
            factors(**wrong)


def test_the_module_alone_refuses_shapes_that_do_not_fit(factors):
    with pytest.raises(ValueError, match=r"expected: T \(m, n\), U \(m, k\), V \(n, k\), Q \(m, k\)"):
        factors.functions["hessian_vector_product_U"](**changed(V=np.ones((5, 2))))


def test_numbers(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADPROOF_CACHE", str(tmp_path))
    program = gradproof.compile("x^2 + 3*y", ["value", "gradient wrt x"], "numba", assume=["x:", "y:"])
    for given in [{"x": 2.0, "y": 1.0}, {"x": 3, "y": 1}, {"x": np.float64(2), "y": 0.5}, {"x": np.array(1.5), "y": 2.0}]:
        found = program(**given)
        assert found == {"value": float(given["x"] ** 2 + 3 * given["y"]), "gradient wrt x": float(2 * given["x"])}
    batch = program(x=np.array([1.0, 2.0]), y=1.0)
    np.testing.assert_allclose(batch["value"], [4.0, 7.0])
    assert program(x=2.0, y=1.0)["value"] == 7.0


@pytest.mark.parametrize("names", [("TypeError", "others"), ("REFUSED", "otherwise"), ("entry", "result_1")])
def test_any_names_find_the_way(names, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADPROOF_CACHE", str(tmp_path))
    one, other = names
    program = gradproof.compile(f"{one}^2 + 3*{other}", target="numba", assume=[f"{one}:", f"{other}:"])
    for _ in range(2):
        assert program(**{one: 2.0, other: 1.0}) == {"value": 7.0}
    with pytest.raises(FormulaError, match=f"a value of {other} was expected"):
        program(**{one: 2.0})
    with pytest.raises(FormulaError, match="got 'more'"):
        program(**{one: 2.0, other: 1.0, "more": 0.0})


def test_a_program_travels_to_another_process(factors):
    sent = pickle.loads(pickle.dumps(factors))
    assert sent == factors
    np.testing.assert_allclose(sent(**values())[PRODUCT], expected(values()))


@pytest.mark.parametrize("target", ["numba", "numpy"])
def test_a_value_without_a_name_is_told_on_every_way(target):
    program = gradproof.compile("x^2 + a", ["value"], target, assume=["x:", "a:"])
    for _ in range(2):
        with pytest.raises(
            FormulaError, match=r"by the names of the variables were expected, got 2 without a name\. .* x=\.\.\., a=\.\.\."
        ):
            program(2.0, 1.0)
        with pytest.raises(FormulaError, match="got 1 without a name"):
            program(2.0, x=2.0, a=1.0)
        assert program(x=2.0, a=1.0)["value"] == 5.0
