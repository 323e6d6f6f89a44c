"""Repulsion by a particle mesh: unit charges on a grid of fixed spacing, one convolution, the force read back.

phi(y) = sum_j K(y - y_j) gives everything: the normalizer Z = sum_i phi(y_i) - n, and the force grad log Z / 4 = grad phi(y_i) / (2 Z).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import fft

from gradproof.tsne.convolution import AbstractConvolution, plan_convolution
from gradproof.tsne.line_loops import read_line, spread_line
from gradproof.tsne.plane_loops import read_plane, spread_plane
from gradproof.tsne.space_loops import read_space, spread_space
from gradproof.tsne.spectrum import Spectrum, build_spectrum
from gradproof.tsne.threads import Team
from gradproof.tsne.update_loops import find_bounds

Array = npt.NDArray[np.floating[Any]]
Loop = Callable[..., Any]

_SPREAD: dict[int, Loop] = {1: spread_line, 2: spread_plane, 3: spread_space}
_READ: dict[int, Loop] = {1: read_line, 2: read_plane, 3: read_space}

#: Nodes before the first point and after the last: a spline reaches two nodes.
_MARGIN = 5
#: The fewest nodes that a map spans, and the most that its mesh has in all before the spacing grows.
_FEWEST = {1: 100, 2: 100, 3: 40}
_MOST = 1 << 22
_KEPT_SPECTRA = 6


@dataclass(frozen=True, slots=True)
class Field:
    """The potential on the nodes, up to a constant, and how points are placed on it; valid until its mesh makes the next one."""

    values: Array
    origin: Array
    per_spacing: Any
    #: sum_ij K(y_i - y_j) over all pairs, and the mean of K over the padded mesh times n: the constant that values lack.
    energy: float
    constant: float
    #: What a charge adds to the energy by itself; 1 but for the error of the mesh.
    own: float


class Mesh:
    """Repulsive forces in one, two or three dimensions, for any degrees of freedom.

    Args:     spacing: of the nodes, in units of the kernel's width; shrunk by steps of sqrt(1/2) while the map is small.
    """

    def __init__(self, dimensions: int, dof: float, spacing: float, team: Team) -> None:
        self.dimensions = dimensions
        self.dof = dof
        self.team = team
        self._relative_spacing = spacing
        self._nodes: tuple[int, ...] = ()
        self._potentials: Array = np.empty(0)
        self._convolution: AbstractConvolution | None = None
        self._convolution_key: Any = None
        self._spectra: OrderedDict[tuple[Any, ...], Spectrum] = OrderedDict()

    @property
    def spacing(self) -> float:
        """The spacing of the nodes for a map that is not small."""
        # The kernel is 1 / (1 + r^2 / dof)^a: below one degree of freedom it is narrower than it is for one.
        return self._relative_spacing * min(1.0, float(np.sqrt(self.dof)))

    def repulsion(self, points: Array, forces: Array) -> float:
        """Set forces to grad log Z / 4 at the points; return Z."""
        field = self.field(points)
        n = len(points)
        # No pair is farther apart than the mesh is wide; of points all apart little else is left beside the rounding.
        diameter = float(np.sum((np.array(field.values.shape) / float(field.per_spacing)) ** 2))
        least = n * max(n - 1, 1) * (1 + diameter / self.dof) ** (-(self.dof + 1) / 2)
        normalizer = max(field.energy - field.own * n, least)
        if self._potentials.shape != (n,) or self._potentials.dtype != points.dtype:
            self._potentials = np.empty(n, dtype=points.dtype)
        self.read(field, points, self._potentials, forces)
        forces *= points.dtype.type(0.5 / normalizer)
        return float(normalizer)

    def field(self, points: Array, margin: float = 0.0) -> Field:
        """Return the potential of unit charges at the points, on a mesh that reaches the margin beyond them."""
        lows, highs = np.empty((2, self.team.threads, self.dimensions), dtype=points.dtype)
        parts = len(self.team.run(find_bounds, len(points), points, lows, highs))
        lowest, highest = lows[:parts].min(axis=0) - margin, highs[:parts].max(axis=0) + margin
        # A spacing below the rounding of the coordinates would place points nowhere.
        finest = 32 * float(np.finfo(points.dtype).eps * max(np.abs(lowest).max(), np.abs(highest).max()))
        spacing, nodes = self._plan((highest - lowest).astype(np.float64), finest)
        real = points.dtype.type
        origin = (lowest - 1.5 * spacing).astype(points.dtype)
        spectrum = self._spectrum(spacing, nodes, points.dtype)
        convolution = self._convolution_on(nodes, points.dtype)
        used = len(self.team.run(_SPREAD[self.dimensions], len(points), points, origin, real(1 / spacing), convolution.grids))
        convolution.grids[used:] = 0
        values, energy = convolution.convolve(spectrum.influence)
        constant = spectrum.mean * len(points) / float(np.prod([2.0 * count for count in nodes]))
        return Field(values, origin, real(1 / spacing), energy + constant * len(points), constant, spectrum.own)

    def read(self, field: Field, points: Array, values: Array, gradients: Array) -> None:
        """Set values, without the field's constant, and gradients to those at the points, which lie within the field."""
        self.team.run(_READ[self.dimensions], len(points), points, field.origin, field.per_spacing, field.values, values, gradients)

    def _plan(self, extents: Array, finest: float) -> tuple[float, tuple[int, ...]]:
        """Return the spacing, and numbers of nodes with quick transforms; those of the last call while they fit."""
        widest = float(extents.max())
        spacing = self.spacing
        if widest < _FEWEST[self.dimensions] * spacing:
            steps = np.ceil(2 * np.log2(_FEWEST[self.dimensions] * spacing / max(widest, 1e-30)))
            spacing = max(spacing * float(2 ** (-steps / 2)), finest)
        while np.prod(extents / spacing + _MARGIN) > _MOST:
            spacing *= float(np.sqrt(2))
        needed = np.ceil(extents / spacing).astype(int) + _MARGIN
        if len(self._nodes) != len(needed):
            self._nodes = tuple(0 for _ in needed)
        self._nodes = tuple(_fitting(int(count), kept) for count, kept in zip(needed, self._nodes, strict=True))
        return spacing, self._nodes

    def _spectrum(self, spacing: float, nodes: tuple[int, ...], dtype: Any) -> Spectrum:
        key = (spacing, nodes, self.dof, np.dtype(dtype).char)
        if key not in self._spectra:
            while len(self._spectra) >= _KEPT_SPECTRA:
                self._spectra.popitem(last=False)
            found = build_spectrum(nodes, spacing, self.dof, dtype, self.team)
            self._spectra[key] = replace(found, influence=self._convolution_on(nodes, dtype).lay_out(found.influence))
        self._spectra.move_to_end(key)
        return self._spectra[key]

    def _convolution_on(self, nodes: tuple[int, ...], dtype: Any) -> AbstractConvolution:
        """Return what convolves on so many nodes: that of the last call if they are the same."""
        if self._convolution is None or self._convolution_key != (nodes, np.dtype(dtype)):
            self._convolution, self._convolution_key = plan_convolution(nodes, dtype, self.team), (nodes, np.dtype(dtype))
        return self._convolution


def _fitting(needed: int, kept: int) -> int:
    """Return the kept number of nodes if it is enough and no more than a tenth too large, or a new one with some slack."""
    if needed <= kept <= 1.1 * needed + 4:
        return kept
    return int(fft.next_fast_len(int(np.ceil(1.03 * needed)), real=True)) if needed > 16 else 16
