"""Pieces of an objective as functions of the catalogue: one with a prox for each variable, the rest behind linear maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from gradproof import prox
from gradproof.errors import DomainError, UnsupportedError
from gradproof.expr.node import Symbol
from gradproof.objective.behind_matrices import behind_matrix, may_go_behind
from gradproof.objective.cones import Cones
from gradproof.objective.entrywise import penalty_of
from gradproof.objective.feasibility import Infeasible
from gradproof.objective.linear import Affine, Stacked, over_axes
from gradproof.objective.pieces import Piece
from gradproof.objective.program import compiled
from gradproof.objective.slices import Block, disjoint, together
from gradproof.objective.statement import Statement
from gradproof.objective.variations import identity_of, variation_of
from gradproof.prox.function import AbstractFunction
from gradproof.prox.separable import AbstractSeparable

Array = npt.NDArray[np.floating[Any]]
_LARGEST_PROJECTION = 2_000_000
#: Kinds with one weight for all entries, and kinds of whole matrices.
_OF_ALL = frozenset({"l2", "linf", "max", "groups", "group maxima", "nuclear"})
_OF_GROUPS = {"groups": prox.L2, "group maxima": prox.LInf}
_OF_MATRICES = frozenset({"nuclear", "nuclear ball", "semidefinite"})


@dataclass(frozen=True)
class Mapped:
    """A function of an affine part: ``function(forward(x))``, the offset being in the function already."""

    text: str
    affine: Affine | Stacked
    function: AbstractFunction
    shape: tuple[int, ...]


@dataclass
class Penalty:
    """What one variable has by itself, and in which words; ``function`` takes it in ``shape``."""

    function: AbstractFunction
    shape: tuple[int, ...]
    texts: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Penalties:
    """A function for each variable that has one, and the functions behind maps."""

    own: dict[Symbol, Penalty]
    mapped: tuple[Mapped, ...]


@dataclass(frozen=True)
class _Own:
    """A piece that concerns the entries of one variable one by one: ``factor * x + offset``, both in the shape of the variable."""

    piece: Piece
    affine: Affine
    factor: Array
    offset: Array
    weight: Array
    order: tuple[int, ...]
    is_taken: npt.NDArray[np.bool_] | None = None

    @property
    def is_plain(self) -> bool:
        """Whether it is a piece of the variable itself."""
        return bool(self.is_taken is None and (self.factor == 1).all() and (self.offset == 0).all())


def penalties_of(statement: Statement, pieces: Sequence[Piece], *, has_variation: bool = True) -> Penalties:
    """Return what the pieces mean for the solvers; the total variation of a matrix is one function where ``has_variation`` asks for it.

    Raises: DomainError: a weight is negative. Infeasible: bounds cross.
    """
    variation = variation_of(statement, pieces) if has_variation else None
    if variation is not None:
        pieces = [piece for piece in pieces if piece not in variation[2]]
    own: dict[Symbol, list[_Own]] = {}
    rows: list[tuple[Piece, Affine]] = []
    mapped: list[Mapped] = []
    slices: dict[Symbol, list[tuple[Piece, Affine, list[Block]]]] = {}
    for piece in pieces:
        if piece.kind in ("rows", "cone", "cones"):
            mapped.append(_stacked(piece, statement))
            continue
        affine = Affine(statement, piece.inner, piece.axes)
        found = affine.diagonal()
        if found is None or not found[1].all():
            part = _selected(piece, affine)
            if isinstance(part, _Own):
                own.setdefault(affine.moving[0], []).append(part)
            elif part:
                slices.setdefault(affine.moving[0], []).append((piece, affine, part))
            else:
                rows.append((piece, affine))
            continue
        symbol, factor, order = found
        weight = np.broadcast_to(_weight(piece, statement), affine.shape).transpose(order)
        offset = affine.offset.transpose(order)
        own.setdefault(symbol, []).append(_Own(piece, affine, factor, offset, weight, order))
    chosen: dict[Symbol, Penalty] = {}
    for symbol, entries in own.items():
        penalty, rest = _together(symbol, entries, statement, rows)
        chosen[symbol] = penalty
        mapped += rest
    for symbol, parts in slices.items():
        mapped += _with_slices(symbol, parts, statement, chosen)
    for piece, affine in rows:
        found_own = _projection(piece, affine, chosen) or _behind_matrix(piece, affine, chosen)
        if found_own is None:
            mapped.append(_mapped(piece, affine))
        else:
            chosen[affine.moving[0]] = found_own
    if variation is not None:
        symbol, function, parts_of_it = variation
        text, shape = " + ".join(piece.text for piece in parts_of_it), statement.shapes[symbol.name]
        if symbol in chosen:
            mapped.append(Mapped(text, identity_of(symbol, statement), function, shape))
        else:
            chosen[symbol] = Penalty(function, shape, [text])
    for text, function in [(item.text, item.function) for item in mapped]:
        if not function.traits.is_convex:
            raise UnsupportedError(f"{text} is not convex, and stands beside other terms without a gradient", where="minimize")
    return Penalties(chosen, tuple(mapped))


def _weight(piece: Piece, statement: Statement) -> Array:
    if piece.kind == "entrywise":
        return np.ones(())
    axes = () if piece.kind in _OF_ALL or piece.kind.endswith("ball") else piece.axes
    weight = over_axes(piece.weight, axes, axes, statement.values)
    if not np.isfinite(weight).all() or (weight < 0).any():
        what = "a radius" if piece.kind.endswith("ball") else "a weight"
        got = f"{float(weight.ravel()[int(np.argmin(weight))]):.6g}"
        if piece.kind.endswith("ball") and np.isfinite(weight).all():
            raise Infeasible(f"{piece.text}: no point has a negative norm")
        raise DomainError(f"{what} >= 0 was expected in {piece.text}", got=got, where="minimize", remedy="Change its data.")
    return weight


def _selected(piece: Piece, affine: Affine) -> _Own | list[Block]:
    """Return a piece of some entries of one variable: for all of them with nothing on the others, or as blocks; empty if it is none."""
    found = None if piece.kind in _OF_MATRICES else affine.selection()
    if found is None:
        return []
    symbol, places, factor = found
    shape = affine.statement.shapes[symbol.name]
    size, offset = prod(shape), affine.offset.ravel()
    weight = np.broadcast_to(_weight(piece, affine.statement), affine.shape).ravel()
    if piece.kind == "between" or (piece.kind == "l1" and not offset.any()):
        is_taken = np.zeros(size, dtype=bool)
        is_taken[places] = True
        factors, offsets, weights = np.ones(size), np.zeros(size), np.zeros(size)
        factors[places], offsets[places], weights[places] = factor, offset, weight
        order = tuple(range(len(shape)))
        return _Own(
            piece, affine, factors.reshape(shape), offsets.reshape(shape), weights.reshape(shape), order, is_taken.reshape(shape)
        )
    count = affine.shape[0] if piece.kind in _OF_GROUPS else 1
    rows = [part.reshape(count, -1) for part in (places, factor, offset, weight)]
    return [Block(row[0], _of_block(piece, affine, *row[1:])) for row in zip(*rows, strict=True)]


def _of_block(piece: Piece, affine: Affine, factor: Array, offset: Array, weight: Array) -> AbstractFunction:
    """Return the function of the entries of a block, each of which is multiplied and shifted before a piece is taken of them."""
    if piece.kind == "entrywise":
        known = penalty_of(piece, affine.statement)
        assert known is not None, "it has been recognised before"
        function = known
    else:
        of_group = _OF_GROUPS.get(piece.kind)
        function = of_group(float(weight[0])) if of_group else _function(piece, weight, factor.shape, affine.statement)
    if offset.any():
        function = prox.Translate(function, -offset)
    if (factor != 1).any():
        is_constant = bool((factor == factor[0]).all())
        function = prox.PrecomposeDiagonal(function, float(factor[0]) if is_constant else factor)
    return function


def _with_slices(
    symbol: Symbol, parts: Sequence[tuple[Piece, Affine, list[Block]]], statement: Statement, chosen: dict[Symbol, Penalty]
) -> list[Mapped]:
    """Add blocks of entries to the function of a variable where that has a prox, and return the rest as terms behind maps."""
    size = prod(statement.shapes[symbol.name])
    base = chosen.get(symbol)
    if base is not None and base.shape != (size,):
        return [_mapped(piece, affine) for piece, affine, _ in parts]
    kept: list[tuple[Piece, Affine, list[Block]]] = []
    left: list[tuple[Piece, Affine, list[Block]]] = []
    whole = [Block(np.concatenate([block.places for block in blocks]), blocks[0].function) for *_, blocks in parts]
    for part, is_apart in zip(parts, disjoint(whole), strict=True):
        (kept if is_apart else left).append(part)
    function = together([block for *_, blocks in kept for block in blocks], base.function if base else None, size)
    if function is None:
        return [_mapped(piece, affine) for piece, affine, _ in parts]
    texts = [*(base.texts if base else []), *(piece.text for piece, *_ in kept)]
    chosen[symbol] = Penalty(function, (size,), texts)
    return [_mapped(piece, affine) for piece, affine, _ in left]


def _together(
    symbol: Symbol, entries: list[_Own], statement: Statement, rows: list[tuple[Piece, Affine]]
) -> tuple[Penalty, list[Mapped]]:
    """Return one function for all that concerns the entries of a variable, and what found no place in it."""
    shape = statement.shapes[symbol.name]
    size = prod(shape)
    bounds = [entry for entry in entries if entry.piece.kind == "between"]
    absolute = [entry for entry in entries if entry.piece.kind == "l1" and (entry.offset == 0).all()]
    others = [entry for entry in entries if entry not in bounds and entry not in absolute]
    texts = [entry.piece.text for entry in entries]
    box = _box(bounds, size)
    l1 = _l1(absolute)
    if box is not None and l1 is None and not others:
        simplex = _simplex(box, symbol, rows)
        return Penalty(simplex or box, (size,), texts), []
    if box is not None and l1 is not None:
        parts: list[AbstractFunction] = [prox.Bounded(l1, box.lower, box.upper)]
    else:
        parts = [function for function in (l1, box) if function is not None]
    norm = next((entry for entry in others if entry.piece.kind == "l2" and entry.is_plain), None)
    if isinstance(parts[0] if parts else None, prox.L1) and norm is not None and np.ndim(parts[0].lambda_) == 0:  # type: ignore[attr-defined]
        others.remove(norm)
        parts[0] = prox.L1PlusL2(size, float(np.asarray(parts[0].lambda_)), float(norm.weight.ravel()[0]))  # type: ignore[attr-defined]
    whole = _whole(others[0], shape) if others and not parts else None
    if whole is not None:
        others = others[1:]
        return Penalty(*whole, texts), [_mapped(entry.piece, entry.affine) for entry in others]
    if not parts:
        parts = [prox.L1(0.0)]
    if box is not None and others and isinstance(parts[0], prox.Box) and len(others) == 1:
        separable = _whole(others[0], shape)
        if separable is not None and isinstance(separable[0], AbstractSeparable) and separable[0].traits.is_convex:
            return Penalty(prox.Bounded(separable[0], box.lower, box.upper), (size,), texts), []
    return Penalty(parts[0], (size,), texts), [_mapped(entry.piece, entry.affine) for entry in others]


def _box(bounds: Sequence[_Own], size: int) -> prox.Box | None:
    """Return the bounds ``lower <= factor * x + offset <= upper`` on x, all together."""
    if not bounds:
        return None
    lowest, highest = np.full(size, -np.inf), np.full(size, np.inf)
    for entry in bounds:
        # Adding zero takes the sign off a zero, which messages would show.
        ends = [(-entry.offset / entry.factor).ravel() + 0.0]
        upper = np.where(entry.factor.ravel() > 0, ends[0], np.inf)
        lower = np.where(entry.factor.ravel() < 0, ends[0], -np.inf)
        if entry.piece.lower is not None:
            upper = lower = ends[0]
        if entry.is_taken is not None:
            taken = entry.is_taken.ravel()
            upper, lower = np.where(taken, upper, np.inf), np.where(taken, lower, -np.inf)
        lowest, highest = np.maximum(lowest, lower), np.minimum(highest, upper)
    if (lowest > highest).any():
        place = int(np.argmax(lowest > highest))
        told = ", ".join(entry.piece.text for entry in bounds)
        raise Infeasible(
            f"{told}: entry {place} would have to be at least {lowest[place]:.6g} and at most {highest[place]:.6g}",
            float((lowest - highest).max()),
        )
    ends = [end.ravel()[0] if (end == end.ravel()[0]).all() else end for end in (lowest, highest)]
    return prox.Box(*(float(end) if np.ndim(end) == 0 else end for end in ends))


def _l1(entries: Sequence[_Own]) -> prox.L1 | None:
    if not entries:
        return None
    total = sum(entry.weight * np.abs(entry.factor) for entry in entries)
    weights = np.asarray(total).ravel()
    return prox.L1(float(weights[0]) if (weights == weights[0]).all() else weights)


def _simplex(box: prox.Box, symbol: Symbol, rows: list[tuple[Piece, Affine]]) -> prox.Simplex | None:
    """Return the simplex that nonnegative entries with a fixed sum make, and take that sum out of the rows."""
    if np.ndim(box.lower) or np.ndim(box.upper) or float(np.asarray(box.lower)) != 0 or np.isfinite(np.asarray(box.upper)):
        return None
    for place, (piece, affine) in enumerate(rows):
        if piece.kind != "between" or piece.lower is None or piece.axes or affine.moving != (symbol,):
            continue
        normal = _block_of(affine.adjoint(np.ones(1)), symbol, affine.statement)
        if not (normal == normal[0]).all() or normal[0] == 0:
            continue
        radius = -float(affine.offset) / float(normal[0])
        if radius < 0:
            raise Infeasible(f"{piece.text}: nonnegative entries do not sum to {radius:.6g}", -radius)
        if radius == 0:
            continue
        del rows[place]
        return prox.Simplex(radius)
    return None


def _block_of(flat: Array, symbol: Symbol, statement: Statement) -> Array:
    return statement.unpack(flat)[symbol.name].ravel()


def _whole(entry: _Own, shape: tuple[int, ...]) -> tuple[AbstractFunction, tuple[int, ...]] | None:
    """Return the function of a variable that one piece is, and the shape in which it takes it."""
    kind = entry.piece.kind
    is_turned = kind in (*_OF_GROUPS, *_OF_MATRICES) and entry.order != tuple(range(len(entry.order)))
    taken = shape if kind in _OF_MATRICES else (prod(shape),)
    weight = entry.weight if kind in _OF_MATRICES else entry.weight.ravel()
    function: AbstractFunction
    if kind == "entrywise":
        known = penalty_of(entry.piece, entry.affine.statement)
        assert known is not None, "it has been recognised before"
        function = known
    else:
        inner = tuple(shape[place] for place in entry.order) if is_turned else shape
        function = _function(entry.piece, weight, inner, entry.affine.statement)
    if is_turned and kind in _OF_GROUPS:
        rows, columns = shape
        groups = [np.arange(rows) * columns + column for column in range(columns)]
        function = _of_groups(kind, groups, float(entry.weight.ravel()[0]))
    factor, offset = entry.factor.reshape(taken), entry.offset.reshape(taken)
    if (offset != 0).any():
        function = prox.Translate(function, -offset)
    if (factor != 1).any():
        is_constant = bool((factor == factor.ravel()[0]).all())
        if not is_constant and not function.traits.is_separable:
            return None
        function = prox.PrecomposeDiagonal(function, float(factor.ravel()[0]) if is_constant else factor)
    return function, taken


def _function(piece: Piece, weight: Array, shape: tuple[int, ...], statement: Statement) -> AbstractFunction:
    """Return the function of the catalogue that a piece is, of its own entries."""
    flat = weight.ravel()
    number = float(flat[0])
    entries = number if (flat == number).all() else weight
    match piece.kind:
        case "l1":
            return prox.L1(entries)
        case "l2":
            return prox.L2(number)
        case "linf":
            return prox.LInf(number)
        case "max":
            return prox.Max(number)
        case "l0":
            return prox.L0(number)
        case "positive part":
            # w max(x, 0) = w/2 |x| + w/2 x
            half = np.asarray(entries) / 2
            return prox.Tilt(prox.L1(half), half)
        case "insensitive":
            return prox.EpsilonInsensitive(float(compiled(piece.parts[0])(statement.values)), entries)
        case "groups" | "group maxima":
            return _of_groups(piece.kind, list(np.arange(prod(shape)).reshape(shape)), number)
        case "nuclear":
            return prox.Nuclear(number)
        case "semidefinite":
            return prox.PositiveSemidefiniteCone()
        case "between":
            return prox.Box(-np.inf if piece.lower is None else 0.0, 0.0)
        case _:
            balls = {"l1 ball": prox.L1Ball, "l2 ball": prox.L2Ball, "linf ball": prox.linf_ball, "nuclear ball": prox.NuclearBall}
            ball = balls[piece.kind]
            return ball(number) if number > 0 else prox.Box(0.0, 0.0)


def _of_groups(kind: str, groups: Sequence[npt.NDArray[np.intp]], weight: float) -> AbstractFunction:
    """Return the sum over groups of entries of their l2 norms, or of their largest absolute values."""
    if kind == "groups":
        return prox.L21(groups, weight, np.ones(len(groups)))
    return prox.SlicedSum([(group, prox.LInf(weight)) for group in groups])


def _mapped(piece: Piece, affine: Affine) -> Mapped:
    """Return a piece as a function behind the linear part of what it is of."""
    weight = np.broadcast_to(_weight(piece, affine.statement), affine.shape)
    is_matrix = piece.kind in _OF_MATRICES
    shape = affine.shape if is_matrix else (prod(affine.shape),)
    function = _function(piece, weight if is_matrix else weight.ravel(), affine.shape, affine.statement)
    offset = affine.offset.reshape(shape)
    if isinstance(function, prox.Box) and piece.kind == "between":
        function = prox.Box(np.asarray(function.lower) - offset, np.asarray(function.upper) - offset)
    elif (offset != 0).any():
        function = prox.Translate(function, -offset)
    return Mapped(piece.text, affine, function, shape)


def _stacked(piece: Piece, statement: Statement) -> Mapped:
    """Return norms of rows that several affine parts make, or the cone of a bound and the entries of a part."""
    if piece.kind == "cone":
        assert piece.upper is not None
        cone = Stacked((Affine(statement, piece.upper, ()), Affine(statement, piece.inner, piece.axes)))
        return Mapped(piece.text, cone, prox.Translate(prox.SecondOrderCone(), -cone.offset), cone.offset.shape)
    if piece.kind == "cones":
        assert piece.upper is not None
        bounds = Affine(statement, piece.upper, piece.axes)
        cones = Stacked((bounds, Affine(statement, piece.inner, (*piece.axes, *piece.members))))
        return Mapped(piece.text, cones, prox.Translate(Cones(prod(bounds.shape)), -cones.offset), cones.offset.shape)
    rows = Stacked(tuple(Affine(statement, part, piece.axes) for part in piece.parts))
    count = prod(rows.parts[0].shape)
    weights = np.broadcast_to(_weight(piece, statement), rows.parts[0].shape).ravel()
    groups = [np.arange(place, count * len(rows.parts), count) for place in range(count)]
    return Mapped(piece.text, rows, prox.Translate(prox.L21(groups, 1.0, weights), -rows.offset), rows.offset.shape)


def _projection(piece: Piece, affine: Affine, chosen: dict[Symbol, Penalty]) -> Penalty | None:
    """Return linear conditions on a variable that has no function yet as a set to project on."""
    if piece.kind != "between" or len(affine.moving) != 1 or affine.moving[0] in chosen:
        return None
    (symbol,) = affine.moving
    size = prod(affine.statement.shapes[symbol.name])
    if not piece.axes:
        normal, level = _block_of(affine.adjoint(np.ones(1)), symbol, affine.statement), -float(affine.offset)
        if not normal.any():
            return None
        plane = prox.Halfspace(normal, level) if piece.lower is None else prox.Hyperplane(normal, level)
        return Penalty(plane, (size,), [piece.text])
    if piece.lower is None or prod(affine.shape) * size > _LARGEST_PROJECTION:
        return None
    found = affine.matrix(symbol)
    matrix = np.asarray(found.toarray() if sparse.issparse(found) else found, dtype=np.float64)
    right = -affine.offset.ravel()
    try:
        plane_set = prox.AffineSet(matrix, right)
    except DomainError:
        rest = matrix @ np.linalg.lstsq(matrix, right)[0] - right
        miss = float(np.linalg.norm(rest))
        raise Infeasible(
            f"{piece.text}: no point satisfies them, the nearest misses them by {miss:.6g}", miss, rest / miss
        ) from None
    return Penalty(plane_set, (size,), [piece.text])


def _behind_matrix(piece: Piece, affine: Affine, chosen: dict[Symbol, Penalty]) -> Penalty | None:
    """Return a piece of a matrix times a variable as a function of that variable, where the catalogue has it."""
    if len(affine.moving) != 1 or affine.moving[0] in chosen or piece.kind in _OF_MATRICES or piece.kind == "entrywise":
        return None
    (symbol,) = affine.moving
    shape = affine.statement.shapes[symbol.name]
    if not may_go_behind((prod(affine.shape), prod(shape))):
        return None
    function = behind_matrix(_mapped(piece, affine).function, affine.matrix(symbol))
    return None if function is None else Penalty(function, (prod(shape),), [piece.text])
