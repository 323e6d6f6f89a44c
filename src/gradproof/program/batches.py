"""Batches: a formula at many values at once.

An input with more leading axes than its variable is a batch of values; an input without is shared by all of them. Leading axes are
aligned at their last one, as NumPy aligns axes, and every result has them in front of its own. The batch is put into the formula
as indices like any other, so that every target has it by the same few lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradproof.codegen.names import safe_name
from gradproof.codegen.numbering import FIRST_CLASSES
from gradproof.codegen.signature import Output, sizes_of
from gradproof.errors import ShapeError
from gradproof.expr.build import ONE
from gradproof.expr.node import Axis, Element, Expr, Index, Symbol, fresh_index
from gradproof.expr.walk import symbols, transform
from gradproof.formula.formula import Formula, Stage

#: The variables that come in batches, each with the batch axes that it has, counted from the last one.
Layout = tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True)
class Batch:
    """The values of a call laid out for a batch: which variable has which batch axes, and the lengths of these."""

    layout: Layout
    lengths: tuple[int, ...]
    values: Mapping[str, Any]


def batch_of(variables: Sequence[Symbol], values: Mapping[str, Any]) -> Batch | None:
    """Return the batch that some values are, None where no input has more axes than its variable.

    Raises: ShapeError: the leading axes of two inputs do not fit each other.
    """
    given = {symbol.name: _array(values[symbol.name]) for symbol in variables if "size" not in symbol.properties}
    ranks = {symbol.name: len(symbol.axes) for symbol in variables}
    leading = {name: tuple(value.shape[: len(value.shape) - ranks[name]]) for name, value in given.items()}
    lengths = _common(leading)
    if not lengths:
        return None
    layout: list[tuple[str, tuple[int, ...]]] = []
    laid = dict(values)
    for name, own in leading.items():
        kept = tuple(place for place, length in enumerate(own[::-1]) if length != 1 or lengths[-1 - place] == 1)[::-1]
        if own:
            shape = tuple(own[-1 - place] for place in kept) + tuple(given[name].shape[len(own) :])
            laid[name] = given[name].reshape(shape)
        if kept:
            layout.append((name, kept))
    return Batch(tuple(layout), lengths, laid)


def _array(value: Any) -> Any:
    return value if hasattr(value, "shape") and hasattr(value, "reshape") else np.asarray(value)


def _common(leading: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    """Return the batch axes that all inputs share."""
    found: tuple[int, ...] = ()
    source = ""
    for name, own in leading.items():
        try:
            found = np.broadcast_shapes(found, own)
        except ValueError:
            raise ShapeError(
                f"{name}: the leading axes {list(found)} of {source} were expected, or none",
                got=str(list(own)),
                remedy="Give every batch the same leading axes; an input without them is shared.",
            ) from None
        source = name if own else source
    return found


def in_batches(formula: Formula, outputs: Sequence[Output], layout: Layout) -> tuple[Formula, tuple[Output, ...]]:
    """Return a formula and its outputs where some variables, and every output, have batch axes in front."""
    taken = {symbol.name for what in (formula, *(output.formula for output in outputs)) for symbol in what.symbols}
    taken |= {size.name for what in (formula, *(output.formula for output in outputs)) for size in sizes_of(what.value, what.axes)}
    depth = 1 + max(place for _, own in layout for place in own)
    axes: list[Index] = []
    for number in range(depth):
        name = safe_name("batch" if depth == 1 else f"batch{number + 1}", taken)
        taken.add(name)
        axes.append(fresh_index("b", ONE, Symbol(name, (), frozenset({"size"}))))
    places = {name: tuple(axes[-1 - place] for place in own) for name, own in layout}
    return _widened(formula, places, axes), tuple(_in_batch(output, places, axes) for output in outputs)


def _in_batch(output: Output, places: Mapping[str, tuple[Index, ...]], axes: Sequence[Index]) -> Output:
    """Return an output with batch axes; a stage has those of what it reads."""
    known = dict(places)
    stages: list[Stage] = []
    for stage in output.stages:
        read = {index for symbol in symbols(stage.value) for index in known.get(symbol.name, ())}
        own = tuple(index for index in axes if index in read)
        value = _with_places(stage.value, known)
        if own:
            known[stage.symbol.name] = own
        stages.append(Stage(_wide(stage.symbol, known), value, (*own, *stage.axes)))
    return replace(output, formula=_widened(output.formula, known, axes), stages=tuple(stages))


def _with_places(root: Expr, places: Mapping[str, tuple[Index, ...]]) -> Expr:
    """Return an expression that reads each variable at the batch axes that it has."""

    def step(node: Expr) -> Expr:
        match node:
            case Element(symbol, own) if symbol.name in places:
                return Element(_wide(symbol, places), (*places[symbol.name], *own))
            case Symbol(name) if name in places:
                return Element(_wide(node, places), places[name])
        return node

    return transform(root, step)


def _widened(formula: Formula, places: Mapping[str, tuple[Index, ...]], axes: Sequence[Index]) -> Formula:
    return replace(
        formula,
        value=_with_places(formula.value, places),
        axes=(*axes, *formula.axes),
        symbols=tuple(_wide(symbol, places) for symbol in formula.symbols),
        intermediates=(),
        stages=None,
    )


def _wide(symbol: Symbol, places: Mapping[str, tuple[Index, ...]]) -> Symbol:
    """Return a variable with its batch axes in front.

    What was promised of its entries is promised of a value, not of the batch; class numbers are such in every value.
    """
    if symbol.name not in places:
        return symbol
    kept = frozenset(word for word in symbol.properties if word == "integer" or word.partition(":")[0] in FIRST_CLASSES)
    return Symbol(symbol.name, (*(Axis(index.upper) for index in places[symbol.name]), *symbol.axes), kept)
