"""Terms behind maps, and general constraints, as one coupling for the augmented Lagrangian."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof import prox
from gradproof.errors import UnsupportedError
from gradproof.objective.blocks import Blocks
from gradproof.objective.degree import is_smooth
from gradproof.objective.linear import SmoothMap
from gradproof.objective.penalties import Mapped
from gradproof.objective.pieces import Nonlinear
from gradproof.objective.statement import Statement
from gradproof.prox.function import AbstractFunction
from gradproof.solvers.augmented_lagrangian import Coupling

Array = npt.NDArray[np.floating[Any]]


def coupling_of(statement: Statement, mapped: Sequence[Mapped], nonlinear: Sequence[Nonlinear]) -> Coupling:
    """Return h and c with h(c(x)) the terms behind maps plus the indicator of the general constraints.

    Raises: UnsupportedError: a general constraint has a kink.
    """
    images: list[Callable[[Array], Array]] = [item.affine.forward for item in mapped]
    pulls: list[Callable[[Array, Array], Array]] = [_linear_pull(item) for item in mapped]
    parts: list[tuple[tuple[int, ...], AbstractFunction]] = [(item.shape, item.function) for item in mapped]
    for constraint in nonlinear:
        if not is_smooth(constraint.difference, statement.variables):
            raise UnsupportedError(
                f"the constraint {constraint.text} has a kink, and is none of the known ones", where="minimize",
                remedy="Known are comparisons of affine or smooth parts, |u| <= r, and norms of an affine part with a radius.",
            )  # fmt: skip
        part = SmoothMap(statement, constraint.difference, constraint.axes)
        images.append(part.value)
        pulls.append(part.pull)
        parts.append(((prod(part.shape),), prox.Box(0.0 if constraint.is_equation else -np.inf, 0.0)))
    cuts = np.cumsum([prod(shape) for shape, _ in parts])[:-1]

    def image(x: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.concatenate([one(x) for one in images])

    def pull(x: Array, y: Array) -> Array:
        pieces = np.split(y, cuts)
        return np.asarray(sum(one(x, piece) for one, piece in zip(pulls, pieces, strict=True)))

    return Coupling(Blocks(parts), image, pull)


def _linear_pull(item: Mapped) -> Callable[[Array, Array], Array]:
    return lambda x, y: item.affine.adjoint(y)
