"""A penalty on one vector that holds several variables, each with a function of its own in its own shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.errors import ShapeError
from gradproof.prox.checks import has_rank
from gradproof.prox.function import AbstractFunction
from gradproof.prox.sums import AbstractBlockSum

Array = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Blocks(AbstractBlockSum):
    """f(x) = sum_b f_b(x_b), the x_b lying one behind the other in the vector x, each turned into its shape.

    Args:     parts: pairs of a shape and a function.
    Source:   Beck 2017, Theorem 6.6.
    """

    parts: Sequence[tuple[tuple[int, ...], AbstractFunction]]

    def _parts(self) -> Sequence[AbstractFunction]:
        return [part for _, part in self.parts]

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        has_rank(x, 1, name, where)
        wanted = sum(prod(shape) for shape, _ in self.parts)
        if x.size != wanted:
            raise ShapeError(f"{name} needs {wanted} entries", got=f"{x.size}", where=where)

    def _blocks(self, x: Array) -> list[Array]:
        ends = np.cumsum([prod(shape) for shape, _ in self.parts])
        pieces = np.split(x, ends[:-1])
        return [piece.reshape(shape) for piece, (shape, _) in zip(pieces, self.parts, strict=True)]

    def _place(self, blocks: Sequence[Array], into: Array) -> Array:
        into[:] = np.concatenate([block.ravel() for block in blocks])
        return into
