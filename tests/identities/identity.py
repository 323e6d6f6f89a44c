"""An identity of matrix calculus: a formula, its variable, and the same function written by hand for another system."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import jax
import numpy as np

from gradproof.derivation.derivation import Derivation, derive
from gradproof.evaluate.bindings import Bindings
from gradproof.evaluate.evaluator import evaluate
from gradproof.evaluate.fields import Floats
from gradproof.evaluate.instances import instance
from gradproof.evaluate.tables import spread
from gradproof.expr.node import Expr, Index, Symbol
from gradproof.expr.walk import postorder, symbols
from referee import as_floats

#: All sizes of one formula are different, so that a matrix that should have been transposed does not fit.
SIZES = (3, 4, 2, 5)


@dataclass(frozen=True)
class Identity:
    """``text`` is differentiated by ``wrt``; ``reference`` is the same function, written by hand with jax.

    Its parameters are named as the variables. With ``positive`` all values are, for formulas with logarithms and roots.
    """

    text: str
    wrt: str
    reference: Callable[..., Any]
    assume: tuple[str, ...] = ()
    order: int = 1
    positive: bool = False

    def __str__(self) -> str:
        return f"{self.text} by {self.wrt}" + (" twice" if self.order == 2 else "")


@cache
def derived(identity: Identity) -> Derivation:
    """Return the derivation of an identity, made once."""
    return derive(identity.text, identity.wrt, identity.order, assume=identity.assume)


@cache
def example(identity: Identity) -> Bindings:
    """Return values of all variables that have their properties."""
    derivation = derived(identity)
    wanted = symbols_of(derivation.value, *derivation.axes, *derivation.formula.axes)
    wanted |= symbols(derivation.formula.value) | set(derivation.formula.symbols)
    return instance(wanted, seed=11, number=0, positive=identity.positive, sizes=SIZES)


def symbols_of(*roots: Expr) -> set[Symbol]:
    """Return the symbols of some expressions, those of the limits of their indices too."""
    found: set[Symbol] = set()
    for root in roots:
        found |= symbols(root)
        for node in postorder(root):
            if isinstance(node, Index):
                found |= symbols(node.lower) | symbols(node.upper)
    return found


def variables(identity: Identity) -> dict[str, Any]:
    """Return the values of the variables as floats, by their names."""
    bindings = example(identity)
    return {symbol.name: as_floats(bindings.value(symbol)) for symbol in derived(identity).formula.symbols}


def entries(value: Expr, axes: tuple[Index, ...], identity: Identity) -> Any:
    """Return the values of an expression over some axes, as floats; of length 1 where it does not depend on one."""
    table = evaluate(value, example(identity), Floats())
    return np.asarray(spread(table, axes), dtype=float) if axes else float(table.entries[()])


@cache
def referee(identity: Identity) -> Any:
    """Return the derivative that jax computes from the hand-written function, in float64."""
    with jax.enable_x64(True):
        names = list(inspect.signature(identity.reference).parameters)
        values = variables(identity)
        place = names.index(identity.wrt)
        arguments = [jax.numpy.asarray(values[name]) for name in names]
        function = identity.reference
        if identity.order == 2:
            operator = jax.hessian(function, place)
        else:
            operator = jax.jacrev(function, place)
        return np.asarray(jax.jit(operator)(*arguments))


def assert_equal(found: Any, identity: Identity) -> None:
    """Compare values with the referee's, to nine digits of the largest entry."""
    expected = referee(identity)
    scale = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
    assert np.ndim(found) == expected.ndim
    np.testing.assert_allclose(np.broadcast_to(found, expected.shape), expected, rtol=1e-9, atol=1e-9 * scale)
