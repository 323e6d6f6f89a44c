"""Laws of every entry of the function catalogue."""

import itertools
import math

import numpy as np
import pytest
from differences import BITS, is_close, slope, value
from flint import arb, ctx, fmpq

from gradproof.derivative.differentiate import differentiate
from gradproof.errors import GradproofError
from gradproof.evaluate.bindings import Bindings, NotRational, Undecidable
from gradproof.evaluate.evaluator import evaluate
from gradproof.evaluate.fields import Balls, Exact, Floats
from gradproof.expr.build import ONE, apply, number
from gradproof.expr.catalogue import BY_LATEX, BY_TEXT, FUNCTIONS, TENSOR_FUNCTIONS
from gradproof.expr.node import Axis, Element, Index, Symbol, TensorEntry, fresh_index
from gradproof.expr.walk import substitute

SCALARS = (Symbol("x"), Symbol("y"), Symbol("z"))
POINTS = (fmpq(31, 97), fmpq(-44, 97), fmpq(130, 97), fmpq(-210, 97), fmpq(0), fmpq(1), fmpq(3))
SMOOTH = tuple(point for point in POINTS if point.q != 1)


def _arity(name: str) -> int:
    return 3 if FUNCTIONS[name].arity == -1 else FUNCTIONS[name].arity


def _instances(name: str, points: tuple[fmpq, ...]) -> list[Bindings]:
    names = [symbol.name for symbol in SCALARS[: _arity(name)]]
    tuples = itertools.product(points, repeat=len(names))
    if name == "polygamma":
        tuples = itertools.product((fmpq(1), fmpq(2)), points)
    return [Bindings(dict(zip(names, values, strict=True))) for values in tuples]


def _applied(name: str):
    return apply(name, *SCALARS[: _arity(name)])


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_the_partial_derivatives_are_the_central_differences(name):
    node = _applied(name)
    compared = 0
    for place, symbol in enumerate(SCALARS[: _arity(name)]):
        if name == "polygamma" and place == 0:
            with pytest.raises(GradproofError):
                differentiate(node, symbol)
            continue
        derivative = differentiate(node, symbol)
        for bindings in _instances(name, SMOOTH):
            if len(set(bindings.values.values())) < _arity(name):
                continue
            expected = slope(node, bindings, symbol)
            if expected.is_finite():
                assert is_close(value(derivative, bindings), expected), bindings
                compared += 1
    assert compared


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_floats_agree_with_balls(name):
    node = _applied(name)
    for bindings in _instances(name, POINTS):
        ball = value(node, bindings)
        found = float(evaluate(node, bindings, Floats()).entries)
        if ball.is_finite() and ball.rad() > 1e-20:
            continue  # the ball holds a jump
        if ball.is_finite():
            assert found == pytest.approx(float(ball.mid()), rel=1e-12, abs=1e-14), bindings
        else:
            assert not math.isfinite(found), bindings


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_exact_values_lie_in_the_balls(name):
    node = _applied(name)
    for bindings in _instances(name, POINTS):
        try:
            exact = evaluate(node, bindings, Exact()).entries[()]
        except NotRational:
            continue
        ball = value(node, bindings)
        if isinstance(exact, fmpq):
            assert contains(ball, exact), bindings
            assert ball.is_finite()
        else:
            assert not ball.is_finite()


@pytest.mark.parametrize("name", sorted(name for name, entry in FUNCTIONS.items() if entry.expansion))
def test_the_expansion_has_the_same_values(name):
    node = _applied(name)
    expansion = FUNCTIONS[name].expansion(node.arguments)
    compared = 0
    for bindings in _instances(name, POINTS):
        left, right = value(node, bindings), value(expansion, bindings)
        if left.is_finite() and right.is_finite() and max(left.rad(), right.rad()) < 1e-20:
            assert is_close(left, right), bindings
            compared += 1
    assert compared


@pytest.mark.parametrize("name", sorted(name for name, entry in FUNCTIONS.items() if entry.is_odd or entry.is_even))
def test_parity(name):
    sign = -1 if FUNCTIONS[name].is_odd else 1
    for bindings in _instances(name, SMOOTH):
        mirrored = bindings.with_values({"x": -bindings.values["x"]})
        left, right = value(_applied(name), bindings), value(_applied(name), mirrored)
        assert left.is_finite() == right.is_finite()
        assert not left.is_finite() or is_close(left, sign * right)


# Tensor functions -----------------------------------------------------------------------------------------------------


def _tensor(name: str, size: int):
    """A tensor function of a symbol, its axes, and one free index for each axis of its value."""
    entry = TENSOR_FUNCTIONS[name]
    symbol = Symbol("A", (Axis(number(size)),) * entry.rank)
    bound = tuple(fresh_index(f"i{place}", ONE, number(size)) for place in range(entry.rank))
    at: tuple[Index, ...] = ()
    if entry.output in ("same", "transposed"):
        at = tuple(fresh_index(f"k{place}", ONE, number(size)) for place in range(entry.rank))
    return TensorEntry(name, bound, Element(symbol, bound), at), symbol


def _entries(rank: int, size: int) -> np.ndarray:
    entries = np.empty((size,) * rank, dtype=object)
    for place, at in enumerate(np.ndindex(*entries.shape)):
        entries[at] = fmpq((37 * place * place + 11 * place + 5) % 101 - 40, 29) + (2 if len(set(at)) == 1 else 0)
    return entries


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("name", sorted(TENSOR_FUNCTIONS))
def test_the_jacobian_is_the_central_difference(name, size):
    node, symbol = _tensor(name, size)
    at = tuple(Symbol(f"p{place}", (), frozenset({"integer"})) for place in range(len(symbol.axes)))
    bindings = Bindings({"A": _entries(len(symbol.axes), size)})
    if name in ("spectral_norm", "nuclear_norm"):
        with pytest.raises(GradproofError):
            differentiate(node, symbol, at)
        return
    derivative = differentiate(node, symbol, at)
    for outer in np.ndindex(*(size,) * len(node.at)):
        fixed = dict(zip(node.at, (number(step + 1) for step in outer), strict=True))
        entry, moved = _fixed(node, fixed), _fixed(derivative, fixed)
        for place in np.ndindex(*bindings.values["A"].shape):
            inner = bindings.with_values({f"p{k}": step + 1 for k, step in enumerate(place)})
            expected = slope(entry, bindings, symbol, place)
            if expected.is_finite():
                assert is_close(value(moved, inner), expected)
            else:
                assert name == "logdet"


def _fixed(node, mapping):
    return substitute(node, mapping)


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("name", sorted(TENSOR_FUNCTIONS))
def test_tensor_functions_agree_in_all_arithmetics(name, size):
    node, symbol = _tensor(name, size)
    bindings = Bindings({"A": _entries(len(symbol.axes), size)})
    balls = value_table(node, bindings)
    floats = evaluate(node, bindings, Floats()).entries.ravel()
    for mine, other in zip(floats, balls, strict=True):
        if other.is_finite():
            assert mine == pytest.approx(float(other.mid()), rel=1e-10, abs=1e-12)
    try:
        exact = evaluate(node, bindings, Exact()).entries.ravel()
    except NotRational:
        exact = []
    for mine, other in zip(exact, balls, strict=False):
        assert contains(other, mine)
    if TENSOR_FUNCTIONS[name].expansion is not None:
        expanded = value_table(TENSOR_FUNCTIONS[name].expansion(node), bindings)
        assert all(is_close(a, b) for a, b in zip(expanded, balls, strict=True) if b.is_finite())


def contains(ball, exact):
    """Tell whether a ball holds a rational."""
    with ctx.workprec(BITS):
        return (ball - arb(exact)).contains(0)


def value_table(node, bindings):
    """Return all values of a node as balls, in order."""
    with ctx.workprec(BITS):
        return list(evaluate(node, bindings, Balls()).entries.ravel())


@pytest.mark.parametrize("name", sorted(TENSOR_FUNCTIONS))
def test_nothing_breaks_over_an_empty_axis(name):
    node, symbol = _tensor(name, 0)
    bindings = Bindings({"A": np.empty((0,) * len(symbol.axes), dtype=object)})
    for field in (Exact(), Floats()):
        try:
            evaluate(node, bindings, field)
        except (NotRational, Undecidable):
            continue


def test_spellings_name_one_function_and_every_entry_has_a_source():
    for entry in (*FUNCTIONS.values(), *TENSOR_FUNCTIONS.values()):
        assert entry.source
        assert all(BY_TEXT[spelling] is entry for spelling in entry.text)
        assert all(BY_LATEX[spelling] is entry for spelling in entry.latex)
