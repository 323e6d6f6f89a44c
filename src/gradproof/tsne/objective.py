"""The KL divergence between affinities and map, and how far its gradient is from zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from gradproof.tsne.affinities import Affinities
from gradproof.tsne.attraction_loops import attract, attract_plane, stretch
from gradproof.tsne.exact_loops import normalizer_by_dof
from gradproof.tsne.repulsion import ExactRepulsion
from gradproof.tsne.threads import Team

Array = npt.NDArray[np.floating[Any]]

_LOT = 2048


class AbstractRepulsion(Protocol):
    """What repels: the mesh, or all pairs."""

    dof: float

    def repulsion(self, points: Array, forces: Array) -> float:
        """Set forces to grad log Z / 4 at the points; return Z."""
        ...


@dataclass(frozen=True, slots=True)
class Certificate:
    """How near to a stationary point the map is, by the exact gradient at a sample of its points.

    ``gradient_norm`` is the root mean square of grad_i KL over the sample; ``relative`` compares it with the attraction that it is a
    difference of; ``mesh_error`` is the error of the repulsion that was used, relative to the exact one.
    """

    gradient_norm: float
    relative: float
    mesh_error: float
    sample_size: int

    def __str__(self) -> str:
        return (
            f"exact gradient {self.gradient_norm:.2e} on {self.sample_size} points ({self.relative:.1%} of the attraction), "
            f"repulsion within {self.mesh_error:.1e}"
        )


class Objective:
    """KL(P || Q) of a map and its gradient, by what attracts (P) and what repels (all pairs, or a mesh).

    Formula:  grad_i KL / 4 = (dof + 1) / (2 dof) sum_j p_ij (y_i - y_j) / (1 + r_ij^2 / dof) + grad_i log Z / 4
    """

    def __init__(self, affinities: Affinities, repulsion: AbstractRepulsion, team: Team) -> None:
        self.affinities = affinities
        self.repulsion = repulsion
        self.team = team
        self.negative_entropy = affinities.negative_entropy

    def gradient(self, points: Array, exaggeration: float, gradient: Array) -> float:
        """Set gradient to a quarter of that of KL with P times the exaggeration; return Z."""
        normalizer = self.repulsion.repulsion(points, gradient)
        self._attract(points, -exaggeration, gradient)
        return normalizer

    def _attract(self, points: Array, factor: float, forces: Array) -> None:
        """Subtract factor times the attraction from the forces."""
        real, dof, matrix = points.dtype.type, self.repulsion.dof, self.affinities
        strength, per_dof = real(factor * (dof + 1) / (2 * dof)), real(1 / dof)
        rest = (matrix.starts, matrix.columns, matrix.values, strength, per_dof, forces)
        if points.dtype == np.float32 and points.shape[1] == 2:
            self.team.deal(attract_plane, len(points), _part(points, self.team), points, points.view(np.uint64).ravel(), *rest)
        else:
            self.team.deal(attract, len(points), _part(points, self.team), points, *rest)

    def divergence(self, points: Array, normalizer: float) -> float:
        """Return KL(P || Q) of the map, whose normalizer Z is known."""
        logarithms, _ = self._stretch(points)
        dof = self.repulsion.dof
        return self.negative_entropy + (dof + 1) / 2 * logarithms + float(np.log(normalizer))

    def slope_by_dof(self, points: Array, seed: int) -> float:
        """Return d KL / d dof, with that of log Z taken over the pairs of a sample of points with all."""
        dof = self.repulsion.dof
        logarithms, shares = self._stretch(points)
        rows = _sample(len(points), 500, seed)
        sums = self.team.run(normalizer_by_dof, len(rows), rows, np.ascontiguousarray(points.T), dof)
        total, slope = (sum(part) for part in zip(*sums, strict=True))
        return float(logarithms / 2 - (dof + 1) / (2 * dof) * shares + slope / max(total, 1e-300))

    def _stretch(self, points: Array) -> tuple[float, float]:
        matrix = self.affinities
        per_dof = points.dtype.type(1 / self.repulsion.dof)
        sums = self.team.deal(
            stretch, len(points), _part(points, self.team), points, matrix.starts, matrix.columns, matrix.values, per_dof
        )
        return sum(part[0] for part in sums), sum(part[1] for part in sums)

    def certify(self, points: Array, seed: int, size: int = 1000) -> Certificate:
        """Return the certificate of a map, from the exact gradient at a sample of points."""
        rows = _sample(len(points), size, seed)
        used, exact = np.zeros_like(points), np.zeros((len(rows), points.shape[1]), dtype=points.dtype)
        normalizer = self.repulsion.repulsion(points, used)
        referee = ExactRepulsion(self.repulsion.dof, self.team)
        referee.sums(points, rows, exact)
        exact *= points.dtype.type(-0.5 * (referee.dof + 1) / referee.dof / normalizer)
        attraction = np.zeros_like(points)
        self._attract(points, -1.0, attraction)
        pulls = attraction[rows]
        return Certificate(
            gradient_norm=4 * _root_mean_square(pulls + exact),
            relative=_root_mean_square(pulls + exact) / max(_root_mean_square(pulls), 1e-300),
            mesh_error=_root_mean_square(used[rows] - exact) / max(_root_mean_square(exact), 1e-300),
            sample_size=len(rows),
        )


def _part(points: Array, team: Team) -> int:
    """Return the size of parts that is small enough to even out, large enough to be worth handing over."""
    return max(_LOT, -(-len(points) // (4 * team.threads))) if team.threads > 1 else len(points)


def _sample(n: int, size: int, seed: int) -> npt.NDArray[np.int64]:
    return np.sort(np.random.default_rng(seed).choice(n, min(n, size), replace=False))


def _root_mean_square(vectors: Array) -> float:
    return float(np.sqrt(np.mean(np.sum(vectors.astype(np.float64) ** 2, axis=1))))
