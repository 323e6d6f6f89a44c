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
#: What is printed as LaTeX and not read again from it: subscripts that leave their axis under a condition, layers, the places of
#: extremes. The plain text of each is read.
NOT_READ_FROM_LATEX = {
    ("norminf(x) by x", "latex"),
    ("smooth_l1_loss(A*x, y) by x", "latex"),
    ("sum(G .* conv2d(X, K)) by X", "latex"),
    ("sum(G .* conv2d(X, K, dilation=2)) by K", "latex"),
    ("sum(conv2d(X, K, padding=1).^2) by X", "latex"),
    ("sum(conv2d(X, K, padding=1).^2) by X", "index latex"),
    ("sum(conv2d(X, K, stride=2, padding=1, groups=2).^2) by K", "latex"),
    ("sum(conv2d(X, K, stride=2, padding=1, groups=2).^2) by K", "index latex"),
    ("sum(G .* max_pool2d(X, 3, stride=2, padding=1)) by X", "latex"),
    ("sum(G .* max_pool2d(X, 3, stride=2, padding=1)) by X", "index latex"),
    ("max_k (a[k]*t + c[k]) by t", "index latex"),
}
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
def test_what_is_printed_means_the_derivative(identity, notation, request):
    if (str(identity), notation) in NOT_READ_FROM_LATEX:
        request.applymarker(pytest.mark.xfail(strict=True, reason="LaTeX that is printed and not read"))
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
