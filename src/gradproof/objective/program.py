"""Expressions as functions of arrays: the one place where the objective meets generated code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from gradproof.codegen.functions import TOGETHER
from gradproof.codegen.module import parameters, program_source
from gradproof.codegen.signature import Output
from gradproof.errors import UnsupportedError
from gradproof.expr.node import Element, Expr, Index, Symbol
from gradproof.expr.walk import postorder
from gradproof.formula.formula import Formula

Array = npt.NDArray[np.floating[Any]]
Program = Callable[[Mapping[str, Any]], Array]
#: An expression and the indices that are free in it.
Entries = tuple[Expr, tuple[Index, ...]]


def compiled(value: Expr, axes: tuple[Index, ...] = ()) -> Program:
    """Return the function from values of the variables, by name, to the entries of an expression over its free indices."""
    run = compiled_together(((value, axes),))
    return lambda values: run(values)[0]


@lru_cache(maxsize=256)
def compiled_together(parts: tuple[Entries, ...]) -> Callable[[Mapping[str, Any]], Sequence[Array]]:
    """Return the function from values of the variables to the entries of several expressions, what they share computed once."""
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
    if sparse.issparse(value):
        raise UnsupportedError(
            f"{name} is sparse, which this formula has no solver for", where="minimize", remedy="Convert it with toarray()."
        )
    return value


def _heads(value: Expr) -> tuple[Symbol, ...]:
    """Return the variables of an expression in the order in which they occur."""
    found: dict[Symbol, None] = {}
    for node in postorder(value):
        symbol = node.symbol if isinstance(node, Element) else node
        if isinstance(symbol, Symbol) and "size" not in symbol.properties:
            found[symbol] = None
    return tuple(found)
