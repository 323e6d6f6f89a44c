"""Places for new points in a map that stays as it is: each one alone minimizes its own KL divergence.

For a new point with the affinities p_j to its neighbours on the map and q_j = K(y - y_j) / phi(y), phi(y) = sum_j K(y - y_j):

    KL = sum_j p_j log(p_j / q_j),   grad KL = (dof + 1) / dof sum_j p_j (y - y_j) / (1 + |y - y_j|^2 / dof) + grad phi(y) / phi(y).

New points do not feel each other, so that a point's place does not depend on its company; phi is one field on a mesh, computed once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.tsne.affinities import conditional_affinities
from gradproof.tsne.mesh import Mesh
from gradproof.tsne.neighbors import Neighbors
from gradproof.tsne.placement_loops import median_places, move
from gradproof.tsne.threads import Team

Array = npt.NDArray[np.floating[Any]]

_ITERATIONS = 250
_RATE = 0.1
#: How far beyond the map's bounds a new point may go, in widths of the kernel.
_MARGIN = 5.0


def place(
    embedding: Array, neighbors: Neighbors, perplexities: tuple[float, ...] | None, dof: float, spacing: float, team: Team
) -> Array:
    """Return a place on the map for every row of neighbours, which is at its neighbour where their distance is 0."""
    found, n = neighbors.indices, len(neighbors.indices)
    is_known = neighbors.distances[:, 0] == 0
    known_places = embedding[found[:, 0]]
    if perplexities is None:
        shares = (found >= 0) / np.maximum((found >= 0).sum(axis=1, keepdims=True), 1)
    else:
        shares = conditional_affinities(neighbors.distances.copy(), perplexities, team)
    shares = shares.astype(embedding.dtype)
    mesh = Mesh(embedding.shape[1], dof, spacing, team)
    field = mesh.field(embedding, margin=_MARGIN)
    lowest, highest = embedding.min(axis=0) - _MARGIN, embedding.max(axis=0) + _MARGIN
    places = np.empty((n, embedding.shape[1]), dtype=embedding.dtype)
    team.run(median_places, n, embedding, found, places)
    velocity, gains = np.zeros_like(places), np.ones_like(places)
    potentials, gradients = np.empty(n, dtype=places.dtype), np.empty_like(places)
    for _ in range(_ITERATIONS):
        mesh.read(field, places, potentials, gradients)
        team.run(
            move,
            n,
            places,
            embedding,
            found,
            shares,
            potentials,
            field.constant,
            gradients,
            dof,
            _RATE,
            velocity,
            gains,
            lowest,
            highest,
        )
    return np.where(is_known[:, None], known_places, places)
