"""Expressions as functions of arrays: the one place where the objective meets generated code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from gradproof.codegen.functions import TOGETHER
from gradproof.codegen.module import parameters, program_source
from gradproof.codegen.signature import Output
from gradproof.errors import UnsupportedError
from gradproof.expr.node import Element, Expr, Index, Number, Symbol
from gradproof.expr.walk import postorder
from gradproof.formula.formula import Formula
from gradproof.objective.sparse_products import Entries, Products

Array = npt.NDArray[np.floating[Any]]
Program = Callable[[Mapping[str, Any]], Array]
Together = Callable[[Mapping[str, Any]], Sequence[Array]]
#: Entries up to which a sparse matrix is written out where it stands in no product: 8 MB.
_LARGEST_DENSE = 1_000_000


def compiled(value: Expr, axes: tuple[Index, ...] = ()) -> Program:
    """Return the function from values of the variables, by name, to the entries of an expression over its free indices."""
    run = compiled_together(((value, axes),))
    return lambda values: run(values)[0]


@lru_cache(maxsize=256)
def compiled_together(parts: tuple[Entries, ...]) -> Together:
    """Return the function from values of the variables to the entries of several expressions, what they share computed once.

    Values may be sparse matrices: what they are multiplied with is computed before, and SciPy multiplies.
    """
    names = tuple(symbol.name for value, _ in parts for symbol in _heads(value) if len(symbol.axes) == 2)

    def run(values: Mapping[str, Any]) -> Sequence[Array]:
        thin = frozenset(name for name in names if sparse.issparse(values.get(name)))
        return (_through_products(parts, thin) if thin else _of_arrays(parts))(values)

    return run


@lru_cache(maxsize=256)
def _through_products(parts: tuple[Entries, ...], names: frozenset[str]) -> Together:
    """Return the function of values of which some are sparse matrices."""
    taken = Products(names)
    left = tuple((taken.without(value), axes) for value, axes in parts)
    steps = [(product, _of_arrays((product.entries,))) for product in taken.products]
    last = _of_arrays(left)

    def run(values: Mapping[str, Any]) -> Sequence[Array]:
        known = dict(values)
        for product, entries in steps:
            shape = tuple(_size(index) for index in product.entries[1])
            right = np.broadcast_to(entries(known)[0], shape)
            known[product.symbol.name] = product.of(known[product.matrix], right)
        return last(known)

    return run


@lru_cache(maxsize=256)
def _of_arrays(parts: tuple[Entries, ...]) -> Together:
    """Return the function of values that are numbers and arrays."""
    formulas = [Formula(text="", value=value, axes=axes, symbols=_heads(value)) for value, axes in parts]
    outputs = [Output(f"output_{place}" if place else "value", formula, "") for place, formula in enumerate(formulas)]
    whole = Formula(
        text="",
        value=parts[0][0],
        axes=parts[0][1],
        symbols=tuple(dict.fromkeys(s for formula in formulas for s in formula.symbols)),
    )
    source = program_source(whole, outputs, "numpy", together=True)
    names = parameters(whole, outputs, "numpy")
    namespace: dict[str, Any] = {}
    # The source is written by codegen from checked nodes; no text of the user is in it.
    exec(compile(source, "<objective>", "exec"), namespace)
    function = namespace["value" if len(outputs) == 1 else TOGETHER]

    def run(values: Mapping[str, Any]) -> Sequence[Array]:
        given = {made: _dense(name, values[name]) for name, made in names.items()}
        found = function(**given)
        results = [found] if len(outputs) == 1 else [found[output.name] for output in outputs]
        return [np.asarray(result, dtype=np.float64) for result in results]

    return run


def _dense(name: str, value: Any) -> Any:
    if not sparse.issparse(value):
        return value
    if prod(value.shape) > _LARGEST_DENSE:
        raise UnsupportedError(
            f"{name} is sparse, and stands in this formula in another place than a product", where="minimize",
            remedy="Write it in products such as A*x, or convert it with toarray().",
        )  # fmt: skip
    return value.toarray()


def _size(index: Index) -> int:
    assert isinstance(index.lower, Number), "sizes are settled before"
    assert isinstance(index.upper, Number), "sizes are settled before"
    return int(index.upper.value - index.lower.value) + 1


def _heads(value: Expr) -> tuple[Symbol, ...]:
    """Return the variables of an expression in the order in which they occur."""
    found: dict[Symbol, None] = {}
    for node in postorder(value):
        symbol = node.symbol if isinstance(node, Element) else node
        if isinstance(symbol, Symbol) and "size" not in symbol.properties:
            found[symbol] = None
    return tuple(found)
