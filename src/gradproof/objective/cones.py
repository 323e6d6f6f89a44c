"""Many second-order cones at once: the constraints ||u_i|| <= t_i of all rows of an array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.errors import ShapeError
from gradproof.prox.checks import has_rank
from gradproof.prox.cones import AbstractCone, SecondOrderCone

Array = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Cones(AbstractCone):
    """f(x) = 0 where ||u_i||_2 <= t_i for all i, infinite elsewhere; x holds the t_i, and behind them the rows u_i.

    Prox:     of every pair that of SecondOrderCone.
    Args:     count: how many pairs there are.
    Source:   Parikh and Boyd 2014, section 6.3.2.
    """

    count: int

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        has_rank(x, 1, name, where)
        if x.size < self.count or x.size % self.count:
            raise ShapeError(f"{name} needs {self.count} bounds and as many rows", got=f"{x.size} entries", where=where)

    def _project(self, x: Array) -> Array:
        tops, rows = x[: self.count], x[self.count :].reshape(self.count, -1)
        sizes = np.linalg.norm(rows, axis=1)
        levels = np.where(sizes <= tops, tops, np.where(sizes <= -tops, 0.0, 0.5 * (tops + sizes)))
        shares = np.where(sizes <= tops, 1.0, levels / np.where(sizes > 0, sizes, 1.0))
        return np.concatenate([levels, (shares[:, None] * rows).ravel()])

    def _naive_project(self, x: Array) -> Array:
        pairs = np.column_stack([x[: self.count], x[self.count :].reshape(self.count, -1)])
        found = np.stack([SecondOrderCone().naive_prox(pair) for pair in pairs])
        return np.concatenate([found[:, 0], found[:, 1:].ravel()])

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        pairs = [np.column_stack([part[: self.count], part[self.count :].reshape(self.count, -1)]) for part in (x, v)]
        return float(np.linalg.norm([SecondOrderCone().subdifferential_distance(*pair) for pair in zip(*pairs, strict=True)]))
