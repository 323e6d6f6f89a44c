"""The second derivatives of softmax regression in chosen coefficients of all classes at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gradproof.prox.checks import Array

#: At most so many numbers of the data, weighted for each chosen coefficient, are held at once.
ROOM = 120_000_000


def joint_curvature(rows: Array, owners: npt.NDArray[np.int64], shares: Array, weights: Array) -> Array:
    """Return the matrix of second derivatives in single precision.

    Formula:  H[(c, j), (d, l)] = sum_i w_i x_ij x_il (p_ic [c = d] - p_ic p_id)
    Args:     rows: one row x_j for each chosen coefficient (c, j), ordered by c; is overwritten.  owners: the c of each.
              shares: the p, (n, classes).  weights: the w, (n,).
    """
    root = np.sqrt(weights)
    blocks = []
    for c in np.unique(owners):
        first, last = np.searchsorted(owners, [c, c + 1])
        block = rows[first:last] * (root * np.sqrt(shares[:, c])).astype(np.float32)
        blocks.append((first, last, block @ block.T))
        rows[first:last] *= (root * shares[:, c]).astype(np.float32)
    matrix = -(rows @ rows.T)
    for first, last, block in blocks:
        matrix[first:last, first:last] += block
    return np.asarray(matrix)
