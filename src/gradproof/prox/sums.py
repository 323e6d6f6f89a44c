"""Sums of functions of different entries: over blocks of a vector, and over the first axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt

from gradproof.errors import ShapeError
from gradproof.prox.checks import Array, has_rank
from gradproof.prox.function import AbstractFunction
from gradproof.prox.groups import index_array, refuse_overlap
from gradproof.prox.traits import Traits


class AbstractBlockSum(AbstractFunction):
    """sum_b f_b(x_b), the blocks x_b sharing no entry: everything is done block by block."""

    def _parts(self) -> Sequence[AbstractFunction]:
        raise NotImplementedError

    def _blocks(self, x: Array) -> list[Array]:
        """Return the block of every function, as a copy."""
        raise NotImplementedError

    def _place(self, blocks: Sequence[Array], into: Array) -> Array:
        """Write the blocks where they belong, and return the whole."""
        raise NotImplementedError

    @property
    def traits(self) -> Traits:
        """What holds of all parts; entries in no block count as zero functions."""
        return reduce(_both, (part.traits for part in self._parts()))

    @property
    def smoothness(self) -> float:
        """The largest of the parts."""
        return max(part.smoothness for part in self._parts())

    @property
    def strong_convexity(self) -> float:
        """The smallest of the parts."""
        return min(part.strong_convexity for part in self._parts())

    def _map(self, x: Array, act: Callable[[AbstractFunction, Array], Array]) -> Array:
        blocks = [act(part, block) for part, block in zip(self._parts(), self._blocks(x), strict=True)]
        return self._place(blocks, x.copy())

    def _value(self, x: Array) -> float:
        return float(sum(part.value(block) for part, block in zip(self._parts(), self._blocks(x), strict=True)))

    def _value_at_prox(self, point: Array) -> float:
        return 0.0 if self.traits.is_indicator else self._value(point)

    def _prox(self, x: Array, gamma: Array) -> Array:
        return self._steps(x, gamma, "prox")

    def _naive_prox(self, x: Array, gamma: Array) -> Array:
        return self._steps(x, gamma, "naive_prox")

    def _steps(self, x: Array, gamma: Array, method: str) -> Array:
        gammas = self._blocks(gamma) if gamma.ndim else [gamma] * len(self._parts())
        blocks = []
        for part, block, step in zip(self._parts(), self._blocks(x), gammas, strict=True):
            blocks.append(part.prox(block, step)[0] if method == "prox" else part.naive_prox(block, step))
        return self._place(blocks, x.copy())

    def _gradient(self, x: Array) -> Array:
        return self._map(x, lambda part, block: part.gradient(block)[0])

    def _conjugate_value(self, y: Array) -> float:
        return float(sum(part.conjugate_value(block) for part, block in zip(self._parts(), self._blocks(y), strict=True)))

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        pairs = zip(self._parts(), self._blocks(x), self._blocks(v), strict=True)
        return float(np.linalg.norm([part.subdifferential_distance(block, slope) for part, block, slope in pairs]))


def _both(a: Traits, b: Traits) -> Traits:
    return Traits(**{name: getattr(a, name) and getattr(b, name) for name in Traits.__slots__})


@dataclass(frozen=True, eq=False)
class SlicedSum(AbstractBlockSum):
    """f(x) = sum_b f_b(x[indices_b]) for a vector x of which every entry is in exactly one block.

    Prox:     the prox of every f_b on its block.
    Args:     parts: pairs of indices and a function.
    Raises:   DomainError: two blocks share an index. ShapeError: an entry of x is in none.
    Source:   Beck 2017, Theorem 6.6.
    Example:  >>> from gradproof.prox.box import Box
              >>> from gradproof.prox.l1 import L1
              >>> SlicedSum([([0, 2], L1()), ([1], Box(0.0, 1.0))]).prox([3.0, 3.0, 0.5])[0]
              array([2., 1., 0.])
    """

    parts: Sequence[tuple[npt.ArrayLike, AbstractFunction]]

    def __post_init__(self) -> None:
        parts = tuple((index_array(indices, number, "SlicedSum"), part) for number, (indices, part) in enumerate(self.parts))
        refuse_overlap([indices for indices, _ in parts], "SlicedSum")
        object.__setattr__(self, "parts", parts)

    def _parts(self) -> Sequence[AbstractFunction]:
        return [part for _, part in self.parts]

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        has_rank(x, 1, name, where)
        covered = sum(np.size(indices) for indices, _ in self.parts)
        largest = max(int(np.max(indices)) for indices, _ in self.parts)
        if x.size != covered or largest >= x.size:
            raise ShapeError(
                f"{name} needs the {covered} entries of the blocks", got=f"{x.size}", where=where, remedy="Cover them all."
            )

    def _blocks(self, x: Array) -> list[Array]:
        return [x[np.asarray(indices)] for indices, _ in self.parts]

    def _place(self, blocks: Sequence[Array], into: Array) -> Array:
        for (indices, _), block in zip(self.parts, blocks, strict=True):
            into[np.asarray(indices)] = block
        return into


@dataclass(frozen=True, eq=False)
class SeparableSum(AbstractBlockSum):
    """f(X) = sum_i f_i(X[i]) over the first axis of X.

    Prox:     the prox of every f_i on its X[i].
    Args:     functions: one for every X[i].
    Source:   Beck 2017, Theorem 6.6.
    Example:  >>> from gradproof.prox.l1 import L1
              >>> from gradproof.prox.l2 import L2
              >>> SeparableSum([L1(), L2()]).prox([[3.0, 4.0], [3.0, 4.0]])[0]
              array([[2. , 3. ],
                     [2.4, 3.2]])
    """

    functions: Sequence[AbstractFunction]

    def _parts(self) -> Sequence[AbstractFunction]:
        return self.functions

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        if x.ndim < 2 or x.shape[0] != len(self.functions):
            raise ShapeError(f"{name} needs {len(self.functions)} rows, one for each function", got=f"shape {x.shape}", where=where)

    def _blocks(self, x: Array) -> list[Array]:
        return list(x)

    def _place(self, blocks: Sequence[Array], into: Array) -> Array:
        for row, block in enumerate(blocks):
            into[row] = block
        return into
