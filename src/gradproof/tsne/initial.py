"""Where the points of the map start: principal components, the graph's slowest modes, random, or as given."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, eigsh, svds

from gradproof.tsne.affinities import Affinities
from gradproof.tsne.inputs import WHERE, InputError

Array = npt.NDArray[np.floating[Any]]

#: Standard deviation of the first axis at the start: small, so that no point is on the wrong side of another.
SPREAD = 1e-4
_JITTER = 0.01
_MOST_FEATURES = 2048


def principal_components(points: Any, dimensions: int, seed: int) -> Array:
    """Return the first principal components, (n, dimensions); columns of zeros where the data have fewer."""
    n, features = points.shape
    if not sparse.issparse(points) and features <= _MOST_FEATURES:
        mean = points.mean(axis=0, dtype=np.float64)
        scatter = np.zeros((features, features))
        for start in range(0, n, 8192):
            block = points[start : start + 8192] - mean
            scatter += block.T @ block
        axes = np.linalg.eigh(scatter)[1][:, ::-1][:, :dimensions]
        axes = _turned(axes)
        found = np.concatenate([(points[start : start + 8192] - mean) @ axes for start in range(0, n, 8192)])
    elif min(n, features) <= dimensions + 1:
        dense = points.toarray() if sparse.issparse(points) else points
        _left, _values, axes = np.linalg.svd(dense - dense.mean(axis=0), full_matrices=False)
        found = (dense - dense.mean(axis=0)) @ _turned(axes[:dimensions].T)
    else:
        found = _implicit_components(points, dimensions, seed)
    return np.pad(found, ((0, 0), (0, dimensions - found.shape[1])))


def _turned(axes: Array) -> Array:
    """Return the axes with the largest entry of each positive: an eigenvector has no sign of its own."""
    return np.asarray(axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])]))


def _implicit_components(points: Any, dimensions: int, seed: int) -> Array:
    """Return principal components of a table that is too large or too sparse to be centred in memory."""
    mean = np.asarray(points.mean(axis=0)).ravel().astype(np.float64)
    n, features = points.shape
    centered = LinearOperator(
        (n, features), dtype=np.float64,
        matvec=lambda v: points @ v.ravel() - mean @ v.ravel(),
        rmatvec=lambda v: points.T @ v.ravel() - mean * v.sum(),
        matmat=lambda v: points @ v - mean @ v, rmatmat=lambda v: points.T @ v - np.outer(mean, v.sum(axis=0)),
    )  # fmt: skip
    start = np.random.default_rng(seed).standard_normal(min(n, features))
    _, values, axes = svds(centered, k=dimensions, v0=start)
    axes = _turned(axes[np.argsort(values)[::-1]].T)
    return np.asarray(points @ axes - mean @ axes)


def slowest_modes(affinities: Affinities, dimensions: int, seed: int) -> Array:
    """Return the eigenvectors of the normalized affinities that follow the trivial one, (n, dimensions).

    Source:   Belkin and Niyogi 2003; Linderman and Steinerberger 2019.
    """
    n = len(affinities.starts) - 1
    matrix = sparse.csr_array((affinities.values, affinities.columns.astype(np.int32), affinities.starts), shape=(n, n))
    degrees = np.maximum(np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel(), 1e-300)
    roots = np.sqrt(degrees)
    trivial = roots / np.linalg.norm(roots)

    def apply(v: Array) -> Array:
        v = v.ravel()
        # The trivial eigenvector, of eigenvalue 1, is moved to 0; all others are moved into [0, 2].
        return np.asarray((matrix @ (v / roots)) / roots + v - 2 * trivial * (trivial @ v))

    operator = LinearOperator((n, n), dtype=np.float64, matvec=apply)
    start = np.random.default_rng(seed).standard_normal(n)
    values, vectors = eigsh(operator, k=dimensions, which="LA", v0=start, tol=1e-4)
    return _turned((vectors / roots[:, None])[:, np.argsort(values)[::-1]])


def starting_map(init: Any, points: Any, affinities: Affinities, dimensions: int, dtype: Any, seed: int) -> Array:
    """Return the map to start from, (n, dimensions); points are None where only distances are known.

    A given array is used as it is. The others are scaled to SPREAD, with a little noise: equal points could not part.
    """
    n = len(affinities.starts) - 1
    random = np.random.default_rng(seed)
    found: Array
    if not isinstance(init, str):
        return _given(init, n, dimensions, dtype)
    if init == "random" or n <= dimensions + 1:
        found = random.standard_normal((n, dimensions))
    elif init == "pca" and points is not None:
        found = principal_components(points, dimensions, seed)
    elif init in ("pca", "spectral"):
        found = slowest_modes(affinities, dimensions, seed)
    else:
        raise InputError("init has to be 'pca', 'spectral', 'random' or an array", got=repr(init), where=WHERE)
    spread = float(found[:, 0].std())
    found = found * (SPREAD / spread) if spread > 0 and np.isfinite(spread) else np.zeros((n, dimensions))
    return np.ascontiguousarray(found + _JITTER * SPREAD * random.standard_normal((n, dimensions)), dtype=dtype)


def _given(init: Any, n: int, dimensions: int, dtype: Any) -> Array:
    start = np.array(init, dtype=dtype, order="C")
    if start.shape != (n, dimensions):
        raise InputError(f"an array as init needs shape ({n}, {dimensions})", got=f"{start.shape}", where=WHERE)
    if not np.isfinite(start).all():
        raise InputError("an array as init has to be finite", got="NaN or infinity", where=WHERE)
    return start
