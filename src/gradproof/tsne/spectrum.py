"""The mesh's influence function: what charges on nodes are multiplied by, frequency for frequency.

Per axis the spline's transform is S(k) = (sin(k h / 2) / (k h / 2))^4, and W = prod_axes S^2. With k_m = k + 2 pi m / h and
m in {-1, 0, 1} per axis,

    Ghat(k) = sum_m |k_m|^2 W(k_m) Khat(k_m) / (sum_m |k_m|^2 W(k_m) sum_m W(k_m)),

where Khat(k_0) is h^d times the discrete transform of the sampled kernel at the nearest distances on the padded mesh, less the other
Khat(k_m): with free boundaries the periodic images must not enter. Among all spectra this one makes the mean square error of the force
least (Hockney and Eastwood 1988, section 8.3.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import fft

from gradproof.tsne.bessel_kernel import kernel_less_one, kernel_transform
from gradproof.tsne.convolution import lift
from gradproof.tsne.spectrum_loops import correct_spectrum
from gradproof.tsne.spline import spline_transform
from gradproof.tsne.threads import Team

Array = npt.NDArray[np.floating[Any]]

_TABLE_SIZE = 8192


@dataclass(frozen=True, slots=True)
class Spectrum:
    """The influence of a mesh, (nodes + 1 per axis, padded to three axes), without its mean, which no force feels.

    ``mean`` is its value at k = 0; ``own`` the mean energy of a charge with itself, over all places in a cell.
    """

    influence: Array
    mean: float
    own: float


def build_spectrum(nodes: tuple[int, ...], spacing: float, dof: float, dtype: Any, team: Team) -> Spectrum:
    """Return the influence of a mesh with these nodes per axis, padded to twice as many.

    Source:   ``docs/tsne.md``.
    """
    dimensions = len(nodes)
    distances = [(spacing * np.arange(count + 1)) ** 2 for count in nodes]
    squares = sum(np.meshgrid(*distances, indexing="ij", sparse=True))
    # The kernel is even in every axis, so that its transform is a cosine transform of an eighth (a quarter, a half) of the mesh.
    sampled = fft.dctn(kernel_less_one(np.asarray(squares), dof), type=1, workers=team.threads, overwrite_x=True)
    waves, windows = zip(*(_aliases(count, spacing) for count in nodes), strict=True)
    # Kernels on nodes are in units of the cell's volume: charges on nodes are numbers, not densities.
    lowest, highest = np.pi / spacing, 3 * np.sqrt(dimensions) * np.pi / spacing
    table = kernel_transform(np.linspace(lowest, highest, _TABLE_SIZE), dof, dimensions) / spacing**dimensions
    sampled = sampled.reshape(lift(sampled.shape, 1))
    team.run(
        correct_spectrum, sampled.shape[0], sampled, lift(waves, np.zeros((1, 1))), lift(windows, np.ones((1, 1))),
        table, lowest, (_TABLE_SIZE - 1) / (highest - lowest),
    )  # fmt: skip
    # The one that was left out, for the sake of maps so small that K is 1 but for rounding, belongs to k = 0 alone.
    sampled[0, 0, 0] += float(np.prod([2.0 * count for count in nodes]))
    mean = float(sampled[0, 0, 0])
    own = _mean_with_itself(sampled, lift(windows, np.ones((1, 1))), nodes)
    sampled[0, 0, 0] = 0
    return Spectrum(sampled.astype(dtype), mean, own)


def _aliases(count: int, spacing: float) -> tuple[Array, Array]:
    """Return k_m and the spline's squared transform there, (count + 1, 3), for one axis of 2 count nodes."""
    waves = (np.pi / spacing) * (np.arange(count + 1)[:, None] / count + np.array([-2, 0, 2]))
    return waves, spline_transform(waves * spacing / 2) ** 2


def _mean_with_itself(sampled: Array, windows: tuple[Array, ...], nodes: tuple[int, ...]) -> float:
    """Return the mean over all places of a charge of its energy with itself: mean_k Ghat(k) sum_m W(k_m)."""
    total: Any = sampled
    for axis in (2, 1, 0):
        weights = windows[axis].sum(axis=1)
        if weights.size > 1:
            weights[1:-1] *= 2
        total = total @ weights if axis == 2 else np.tensordot(total, weights, axes=(axis, 0))
    return float(total) / float(np.prod([2.0 * count for count in nodes]))
