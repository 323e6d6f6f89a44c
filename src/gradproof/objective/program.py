"""Expressions as functions of arrays: the one place where the objective meets generated code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from gradproof.codegen.module import program_source
from gradproof.codegen.signature import Output
from gradproof.errors import UnsupportedError
from gradproof.expr.node import Element, Expr, Index, Symbol
from gradproof.expr.walk import postorder
from gradproof.formula.formula import Formula

Array = npt.NDArray[np.floating[Any]]
Program = Callable[[Mapping[str, Any]], Array]


@lru_cache(maxsize=256)
def compiled(value: Expr, axes: tuple[Index, ...] = ()) -> Program:
    """Return the function from values of the variables, by name, to the entries of an expression over its free indices."""
    used = dict.fromkeys(_heads(value))
    formula = Formula(text="", value=value, axes=axes, symbols=tuple(used))
    namespace: dict[str, Any] = {}
    # The source is written by codegen from checked nodes; no text of the user is in it.
    exec(compile(program_source(formula, [Output("value", formula, "The values.")], "numpy"), "<objective>", "exec"), namespace)
    function, names = namespace["value"], [symbol.name for symbol in used]

    def run(values: Mapping[str, Any]) -> Array:
        given = {}
        for name in names:
            if sparse.issparse(values[name]):
                raise UnsupportedError(
                    f"{name} is sparse, which this formula has no solver for", where="minimize", remedy="Convert it with toarray()."
                )
            given[name] = values[name]
        return np.asarray(function(**given), dtype=np.float64)

    return run


def _heads(value: Expr) -> list[Symbol]:
    """Return the variables of an expression in the order in which they occur."""
    found: list[Symbol] = []
    for node in postorder(value):
        symbol = node.symbol if isinstance(node, Element) else node
        if isinstance(symbol, Symbol) and "size" not in symbol.properties and symbol not in found:
            found.append(symbol)
    return found
