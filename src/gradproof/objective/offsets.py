"""Variables that are added to every sample, such as the c of A x + c: one for all is meant where nobody says more."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from gradproof.errors import FormulaError, ShapeError
from gradproof.expr.node import Add, Element, Number, Symbol
from gradproof.expr.walk import postorder
from gradproof.formula.formula import Formula
from gradproof.formula.parse import parse


def offsets_of(texts: Sequence[str], over: Sequence[str], known: Mapping[str, Any], assume: Sequence[str]) -> tuple[str, ...]:
    """Return declarations of the variables that are read with fewer entries than would fit.

    Such a variable is undeclared, stands in the texts once, and is added to what depends on another variable through a product: with an
    entry for each sample it would fit every sample by itself, and leave nothing to the others.
    """
    told = {one.partition(":")[0].strip() for text in assume for one in text.split(";")}
    asked = [name for name in over if name not in known and name not in told and _count(name, texts) == 1]
    found: list[str] = []
    for name in asked if len(over) > 1 else []:
        text = next(text for text in texts if _count(name, [text]))
        formula = parse(text, [*assume, *found], known)
        declared = _declared(formula, formula.symbol(name), over)
        if declared is None:
            continue
        try:
            if len(parse(text, [*assume, *found, declared], known).axes) == len(formula.axes):
                found.append(declared)
        except (FormulaError, ShapeError):
            continue
    return tuple(found)


def _count(name: str, texts: Sequence[str]) -> int:
    return sum(len(re.findall(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", text)) for text in texts)


def _declared(formula: Formula, symbol: Symbol | None, over: Sequence[str]) -> str | None:
    """Return the declaration with the axes alone that other variables of the sum have as well, None where that says nothing new."""
    if symbol is None or not symbol.axes:
        return None
    for total in postorder(formula.value):
        if not isinstance(total, Add):
            continue
        own = next((term for term in total.terms if isinstance(term, Element) and term.symbol is symbol), None)
        others = [
            part for term in total.terms for part in postorder(term) if isinstance(part, Element) and part.symbol.name in over
        ]
        others = [part for part in others if part.symbol is not symbol]
        if own is None or not others:
            continue
        shared = {index for part in others for index in part.indices}
        kept = [axis.size for axis, index in zip(symbol.axes, own.indices, strict=True) if index in shared]
        if len(kept) == len(symbol.axes) or not all(isinstance(size, Number) for size in kept):
            return None
        return f"{symbol.name}: {', '.join(str(size.value) for size in kept if isinstance(size, Number))}"
    return None
