"""Penalties of some entries of a variable: norms of slices that share none become one function, block by block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gradproof import prox
from gradproof.prox.function import AbstractFunction

Places = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Block:
    """A function of the entries of a variable at some places, numbered from 0 along its flat entries."""

    places: Places
    function: AbstractFunction


def together(blocks: Sequence[Block], base: AbstractFunction | None, size: int) -> AbstractFunction | None:
    """Return ``base`` plus the functions of blocks as one function of a vector of ``size`` entries, None where they cannot be taken apart.

    Norms of blocks beside one l1 norm are a sparse group penalty; else every block has a function of its own, and so has what is in none.
    """
    taken = np.concatenate([block.places for block in blocks])
    if np.unique(taken).size != taken.size:
        return None
    rest = np.setdiff1d(np.arange(size), taken)
    norms = [block.function for block in blocks if isinstance(block.function, prox.L2)]
    if len(norms) == len(blocks) and (base is None or (isinstance(base, prox.L1) and not np.ndim(base.lambda_))):
        weights = [float(np.asarray(norm.lambda_)) for norm in norms]
        groups = [block.places for block in blocks]
        lambda_1 = 0.0 if base is None else float(np.asarray(base.lambda_))
        if lambda_1 == 0:
            # Single entries in no group are groups of weight zero, so that every entry is in one.
            return prox.L21([*groups, *rest[:, None]], 1.0, np.array([*weights, *np.zeros(rest.size)]))
        return prox.SparseGroup(groups, lambda_1, 1.0, np.array(weights))
    parts: list[tuple[Places, AbstractFunction]] = []
    for block in blocks:
        function = _joined(None if base is None else _restricted(base, block.places), block)
        if function is None:
            return None
        parts.append((block.places, function))
    if rest.size:
        left = prox.L1(0.0) if base is None else _restricted(base, rest)
        if left is None:
            return None
        parts.append((rest, left))
    return prox.SlicedSum(parts)


def _restricted(function: AbstractFunction, places: Places) -> AbstractFunction | None:
    """Return a function of single entries at some of them."""
    match function:
        case prox.L1(lambda_):
            return prox.L1(lambda_ if not np.ndim(lambda_) else np.asarray(lambda_)[places])
        case prox.Box(lower, upper):
            return prox.Box(*(end if not np.ndim(end) else np.asarray(end)[places] for end in (lower, upper)))
        case prox.Bounded(prox.L1() as inner, lower, upper):
            part = _restricted(inner, places)
            ends = [end if not np.ndim(end) else np.asarray(end)[places] for end in (lower, upper)]
            return prox.Bounded(part, *ends) if isinstance(part, prox.L1) else None
        case _:
            return None


def _joined(base: AbstractFunction | None, block: Block) -> AbstractFunction | None:
    """Return what is known of the entries of a block plus its own function, None where the sum has no prox here."""
    match base:
        case None:
            return block.function
        case prox.L1(lambda_) if not np.any(lambda_):
            return block.function
        case prox.L1(lambda_) if isinstance(block.function, prox.L2) and np.ptp(np.asarray(lambda_)) == 0:
            weight = float(np.asarray(block.function.lambda_))
            return prox.L1PlusL2(block.places.size, float(np.ravel(lambda_)[0]), weight)
        case prox.Box(lower, upper) if (np.asarray(lower) == -np.inf).all() and (np.asarray(upper) == np.inf).all():
            return block.function
        case prox.Box(lower, upper) if block.function.traits.is_separable and block.function.traits.is_convex:
            return prox.Bounded(block.function, lower, upper)  # type: ignore[arg-type]
        case _:
            return None


def disjoint(blocks: Sequence[Block]) -> Iterator[bool]:
    """Tell of each block whether it shares no entry with those before it that shared none."""
    seen: set[int] = set()
    for block in blocks:
        places = set(block.places.tolist())
        yield not (places & seen)
        if not places & seen:
            seen |= places
