"""Total variation of a matrix: terms that together are one function of the catalogue, recognised by their values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof import prox
from gradproof.expr.node import Element, Expr, Symbol
from gradproof.objective.linear import Affine, over_axes, places_of
from gradproof.objective.pieces import Piece
from gradproof.objective.statement import Statement
from gradproof.prox.function import AbstractFunction

Array = npt.NDArray[np.floating[Any]]
_SAME = 1e-9


def variation_of(statement: Statement, pieces: Sequence[Piece]) -> tuple[Symbol, AbstractFunction, list[Piece]] | None:
    """Return a matrix, its total variation, and the pieces that make it; None where there is none.

    Both differences with one weight are the anisotropic variation. Their lengths, with the sizes in the last row and the last column,
    are the isotropic one.
    """
    for symbol in statement.variables:
        if len(symbol.axes) != 2:
            continue
        found = {kind: (piece, weight) for piece in pieces for kind, weight in [_kind(piece, symbol, statement)] if kind}
        for parts, make in (
            (("down", "right"), prox.TotalVariation2D),
            (("pairs", "last row", "last column"), prox.IsotropicVariation2D),
        ):
            weights = [found[part][1] for part in parts if part in found]
            if len(weights) == len(parts) and weights[0] > 0 and np.ptp(weights) <= _SAME * weights[0]:
                return symbol, make(weights[0]), [found[part][0] for part in parts]
    return None


def identity_of(symbol: Symbol, statement: Statement) -> Affine:
    """Return the map of a statement's variables to one of them."""
    places = places_of(symbol)
    return Affine(statement, Element(symbol, places), places)


def _kind(piece: Piece, symbol: Symbol, statement: Statement) -> tuple[str, float]:
    """Return which part of a variation a piece is, with its weight; an empty text where it is none."""
    if piece.kind not in ("l1", "rows") or piece.weight.free_indices:
        return "", 0.0
    weight = float(over_axes(piece.weight, (), (), statement.values))
    point = np.random.default_rng(11).uniform(1, 2, statement.shapes[symbol.name])
    down, right = np.diff(point, axis=0), np.diff(point, axis=1)
    if piece.kind == "rows" and len(piece.parts) == 2:
        wanted = (down[:, :-1], right[:-1, :])
        for order in (piece.parts, piece.parts[::-1]):
            factors = [_factor(part, piece, symbol, statement, point, one) for part, one in zip(order, wanted, strict=True)]
            if factors[0] and abs(abs(factors[0]) - abs(factors[1])) <= _SAME * abs(factors[0]):
                return "pairs", weight * abs(factors[0])
        return "", 0.0
    for kind, one in (("down", down), ("right", right), ("last row", right[-1]), ("last column", down[:, -1])):
        factor = _factor(piece.inner, piece, symbol, statement, point, one)
        if factor:
            return kind, weight * abs(factor)
    return "", 0.0


def _factor(part: Expr, piece: Piece, symbol: Symbol, statement: Statement, point: Array, wanted: Array) -> float:
    """Return the factor that makes a part of a piece what is wanted at a point; zero where none does."""
    affine = Affine(statement, part, piece.axes)
    if affine.moving != (symbol,) or affine.shape not in (wanted.shape, wanted.T.shape) or not wanted.size or affine.offset.any():
        return 0.0
    zeros = statement.unpack(np.zeros(statement.size))
    found = affine.value(statement.pack({**zeros, symbol.name: point})).reshape(affine.shape)
    for turned in (found, found.T):
        if turned.shape == wanted.shape:
            factor = float(turned.flat[0] / wanted.flat[0])
            if factor and np.abs(turned - factor * wanted).max() <= _SAME * abs(factor):
                return factor
    return 0.0
