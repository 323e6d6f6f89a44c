"""The leading principal components of a table, by products with few columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

#: More columns than components, and how often they are sent through the table and back.
_MORE, _PASSES = 10, 4


def principal_components(points: npt.NDArray[Any], count: int, seed: int = 0) -> npt.NDArray[Any]:
    """Return a table along its leading principal axes, the table itself where it has no more columns than that.

    Formula:  (X - mean) V, V the leading right singular vectors of X - mean, in the order of their singular values
    Args:     points: float array (n, features).  count: how many axes, >= 1.  seed: of the random columns to begin with.
    Returns:  float array (n, count), dtype of points; the axes are exact as far as their singular values stand out from the rest.
    Source:   Halko, Martinsson, Tropp 2011, algorithm 4.4.
    Example:  >>> import numpy as np
              >>> table = np.outer(np.arange(4.0), [3.0, 4.0, 0.0])
              >>> np.abs(principal_components(table, 1)).ravel().round(6)
              array([7.5, 2.5, 2.5, 7.5])
    """
    samples, features = points.shape
    if features <= count:
        return points
    centered = points - points.mean(axis=0)
    columns = min(count + _MORE, samples, features)
    basis = np.random.default_rng(seed).standard_normal((features, columns)).astype(points.dtype)
    for _ in range(_PASSES):
        basis = np.linalg.qr(centered.T @ np.linalg.qr(centered @ basis)[0])[0]
    left, values, _ = np.linalg.svd(centered @ basis, full_matrices=False)
    return np.ascontiguousarray(left[:, :count] * values[:count])
