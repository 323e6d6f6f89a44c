"""Repulsion over all pairs: exact, and quicker than a mesh for small sets."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.tsne.exact_loops import repel
from gradproof.tsne.threads import Team

Array = npt.NDArray[np.floating[Any]]


class ExactRepulsion:
    """Repulsive forces from all pairs, in any dimension."""

    def __init__(self, dof: float, team: Team) -> None:
        self.dof = dof
        self.team = team

    def repulsion(self, points: Array, forces: Array) -> float:
        """Set forces to grad log Z / 4 at the points; return Z."""
        normalizer = self.sums(points, np.arange(len(points)), forces)
        forces *= points.dtype.type(-0.5 * (self.dof + 1) / self.dof / normalizer)
        return normalizer

    def sums(self, points: Array, rows: npt.NDArray[np.int64], forces: Array) -> float:
        """Set forces to sum_j K (y_i - y_j) / (1 + r^2 / dof) for the rows; return sum_ij K over them without j = i."""
        turned = np.ascontiguousarray(points.T)
        total = sum(self.team.run(repel, len(rows), rows, turned, self.dof, forces))
        return float(max(total, np.finfo(points.dtype).tiny))
