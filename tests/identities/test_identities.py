"""Every derivative of the tables is the one that jax computes, and every way of writing it means the same."""

import inspect
from itertools import chain

import numpy as np
import pytest

from identities import (
    determinants_and_inverses,
    elementwise,
    index_notation,
    layers,
    losses,
    norms,
    products,
    second_order,
    structured,
    traces,
)
from identities.identity import assert_equal, derived, entries, variables
from identities.notations import NOTATIONS

TABLES = (
    traces,
    determinants_and_inverses,
    products,
    norms,
    elementwise,
    losses,
    layers,
    structured,
    index_notation,
    second_order,
)
ALL = tuple(chain.from_iterable(table.IDENTITIES for table in TABLES))


def test_there_are_enough_and_each_is_one_of_a_kind():
    assert len(ALL) >= 150
    assert len({(identity.text, identity.wrt, identity.order, identity.assume) for identity in ALL}) == len(ALL)


@pytest.mark.parametrize("identity", ALL, ids=str)
def test_the_derivative_is_the_referees(identity):
    derivation = derived(identity)
    assert_equal(entries(derivation.value, derivation.axes, identity), identity)


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("identity", ALL, ids=str)
def test_what_is_printed_means_the_derivative(identity, notation):
    assert_equal(NOTATIONS[notation](identity), identity)


@pytest.mark.parametrize("identity", ALL, ids=str)
def test_the_numpy_module_computes_the_derivative(identity):
    namespace = {}
    exec(compile(derived(identity).to_code("numpy"), "generated", "exec"), namespace)
    function = namespace["derivative"]
    parameters = inspect.signature(function).parameters
    values = {name: value for name, value in variables(identity).items() if name in parameters}
    found = function(**values)
    assert np.shape(found) or isinstance(found, float)
    assert_equal(found, identity)
