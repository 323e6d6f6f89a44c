"""What was printed of a derivative, read again: in every notation it has the values of the derivative."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from gradproof.derivation.notation import declaration
from gradproof.expr.node import Expr, Index, Symbol, TensorEntry
from gradproof.expr.walk import postorder, substitute, symbols
from gradproof.formula.parse import parse
from gradproof.printer.latex import to_latex as index_latex
from gradproof.printer.naming import index_names
from gradproof.printer.text import to_text as index_text
from identities.identity import Identity, derived, entries


def _declared(identity: Identity) -> list[str]:
    derivation = derived(identity)
    sizes = {symbol.name for symbol in symbols(derivation.value) if "size" in symbol.properties}
    return [declaration(symbol) for symbol in derivation.formula.symbols if symbol.name not in sizes]


def by_position(text: str, identity: Identity) -> Any:
    """Return the values of a text whose axes are those of the derivative, in their order."""
    axes = derived(identity).axes
    again = parse(text, _declared(identity))
    assert len(again.axes) == len(axes) or not again.axes
    return entries(substitute(again.value, dict(zip(again.axes, axes, strict=False))), axes, identity)


def by_letters(text: str, identity: Identity) -> Any:
    """Return the values of a text in which the letters of the derivative's axes stand: each is read as a whole number."""
    derivation = derived(identity)
    names = index_names(derivation.value)
    letters = {names.get(axis, axis.name): axis for axis in derivation.axes}
    again = parse(text, [*_declared(identity), *(f"{letter}: integer" for letter in letters)])
    assert not again.axes
    return entries(_over(again.value, letters), derivation.axes, identity)


def _over(value: Expr, letters: dict[str, Index]) -> Expr:
    found: Sequence[Symbol] = [symbol for symbol in symbols(value) if symbol.name in letters and not symbol.axes]
    return substitute(value, {symbol: letters[symbol.name] for symbol in found})


def _short(identity: Identity, text: str) -> Any:
    """The writing that a reader is shown: matrices where they say it, else indices."""
    return (by_letters if derived(identity).notation.matrix is None else by_position)(text, identity)


def _index_latex(identity: Identity) -> Any:
    """A function of a tensor whose entries are a formula of their own says in LaTeX only by matrices what it is a function of."""
    value = derived(identity).value
    if any(isinstance(node, TensorEntry) for node in postorder(value)):
        pytest.skip("a function of a whole tensor")
    return by_letters(f"${index_latex(value)}$", identity)


NOTATIONS: dict[str, Callable[[Identity], Any]] = {
    "text": lambda identity: _short(identity, derived(identity).to_text()),
    "latex": lambda identity: _short(identity, f"${derived(identity).to_latex()}$"),
    "index text": lambda identity: by_letters(index_text(derived(identity).value), identity),
    "index latex": _index_latex,
}
