"""Values of parsed formulas as float arrays, for tests that compare them with a referee."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from gradproof.evaluate.evaluator import evaluate
from gradproof.evaluate.fields import Floats
from gradproof.formula.literals import entries_of
from gradproof.formula.parse import parse
from gradproof.formula.values import bind


def value(text, assume=(), **values):
    """Return the value of a formula at some values, computed in floats over the axes of the formula."""
    formula = parse(text, assume, values)
    return formula_value(formula, **values)


def formula_value(formula, **values):
    bindings = bind(formula, values)
    return np.asarray(entries_of(evaluate(formula.value, bindings, Floats()), formula, bindings), dtype=float)


def random_values(seed, **shapes):
    """Return arrays of random entries of some shapes; a shape of None is a number."""
    source = np.random.default_rng(seed)
    return {name: source.normal(size=shape) if shape else float(source.normal()) for name, shape in shapes.items()}


def assert_close(found, expected):
    expected = np.asarray(expected, dtype=float)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)


def as_floats(value):
    """Return a number or an array of rationals as floats."""
    flat = [float(Fraction(str(entry))) for entry in np.ravel(np.array(value, dtype=object))]
    return np.array(flat).reshape(np.shape(value)) if np.ndim(value) else flat[0]
