"""What would make a derivative shorter: labels that sum to one, affinities that are symmetric."""

from __future__ import annotations

from collections.abc import Iterator

from gradproof.derivation.notation import declaration, written
from gradproof.derivation.tidy import readable
from gradproof.expr.node import Apply, Expr, Index, Symbol, TensorEntry
from gradproof.expr.walk import contains, substitute
from gradproof.formula.formula import Formula
from gradproof.rewrite.collect import collected
from gradproof.rewrite.simplify import cost

_LOGARITHMIC = frozenset({"log", "log_softmax", "logsumexp", "softmax"})
_LABELS = frozenset({"simplex"})
_SYMMETRIC = frozenset({"symmetric"})
_AFFINITIES = frozenset({"distribution", "symmetric", "zerodiagonal"})


def shorter_forms(value: Expr, axes: tuple[Index, ...], formula: Formula, wrt: Symbol, text: str) -> tuple[str, ...]:
    """Say for each variable that may be symmetric or a distribution what the derivative is where it is, if that is shorter than its text."""
    is_logarithmic = contains(formula.value, _is_logarithmic)
    found: list[str] = []
    untold = min(cost(value), cost(readable(collected(value), axes)))
    for symbol in formula.symbols:
        best = text
        for properties in _candidates(symbol, is_logarithmic) if symbol is not wrt else ():
            told = Symbol(symbol.name, symbol.axes, symbol.properties | properties)
            shorter = readable(collected(substitute(value, {symbol: told})), axes)
            if cost(shorter) >= untold:
                continue
            variables = [told if other is symbol else other for other in formula.symbols]
            form = written(shorter, axes, variables, parts=formula.intermediates).short.text
            if len(form) < len(best):
                best, words = form, " ".join(sorted(properties))
        if best is not text:
            found.append(f"with '{declaration(symbol)} {words}' the derivative is {best}")
    return tuple(found)


def _is_logarithmic(node: Expr) -> bool:
    return isinstance(node, Apply | TensorEntry) and node.function in _LOGARITHMIC


def _candidates(symbol: Symbol, is_logarithmic: bool) -> Iterator[frozenset[str]]:
    if symbol.properties & {"simplex", "onehot", "distribution"} or any(word.startswith("label") for word in symbol.properties):
        return
    is_square = len(symbol.axes) == 2 and symbol.axes[0].size is symbol.axes[1].size
    if is_square:
        yield _SYMMETRIC
    if is_square and is_logarithmic:
        yield _AFFINITIES
    if is_logarithmic and 1 <= len(symbol.axes) <= 2:
        yield _LABELS
