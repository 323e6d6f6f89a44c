"""Affine sets: the hyperplane, the halfspace, and the solutions of linear equations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError, ShapeError
from gradproof.prox.checks import Array, fits, float_array, has_rank, tolerance
from gradproof.prox.naive import project_by_halfspaces
from gradproof.prox.sets import AbstractSet, ray_distance
from gradproof.prox.traits import CONVEX_CONE, CONVEX_SET, Traits


@dataclass(frozen=True, eq=False)
class Halfspace(AbstractSet):
    """f(x) = 0 where <a, x> <= b, infinite elsewhere.

    Prox:     x - max(<a, x> - b, 0) a / ||a||^2.
    Args:     a: the normal, not zero, in the shape of x.  b: the offset.
    Source:   Beck 2017, Lemma 6.26.
    Example:  >>> Halfspace([1.0, 1.0], 1.0).prox([1.0, 1.0])[0]
              array([0.5, 0.5])
    """

    a: npt.ArrayLike
    b: float = 0.0

    def __post_init__(self) -> None:
        where = type(self).__name__
        object.__setattr__(self, "a", float_array(self.a, "a", where))
        object.__setattr__(self, "b", float(float_array(self.b, "b", where)))
        if not np.any(self._normal):
            raise DomainError("a normal other than zero is needed", got="zero", where=where, remedy="Leave the constraint out.")

    @property
    def _normal(self) -> Array:
        return np.asarray(self.a)

    @property
    def traits(self) -> Traits:
        """What is known of this function: a cone if b = 0."""
        return CONVEX_CONE if self.b == 0 else CONVEX_SET

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        fits(x, self._normal.shape, name, where)

    def _excess(self, x: Array) -> float:
        return float(np.vdot(self._normal, x)) - self.b

    def _project(self, x: Array) -> Array:
        step = self._move(self._excess(x)) / float(np.vdot(self._normal, self._normal))
        return (x - step * self._normal).astype(x.dtype)

    def _move(self, excess: float) -> float:
        return max(excess, 0.0)

    def _support(self, y: Array) -> float:
        along = float(np.vdot(y, self._normal)) / float(np.vdot(self._normal, self._normal))
        size = float(np.linalg.norm(y))
        is_normal = float(np.linalg.norm(y - along * self._normal)) <= tolerance(y) * (1 + size)
        return along * self.b if is_normal and self._admits(along, y) else np.inf

    def _admits(self, along: float, y: Array) -> bool:
        return along >= -tolerance(y)

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        scale = float(np.linalg.norm(self._normal)) * (1 + float(np.linalg.norm(x))) + abs(self.b)
        if self._excess(x) < -tolerance(x) * scale:
            return float(np.linalg.norm(v))
        return ray_distance(v, self._normal)

    def _naive_project(self, x: Array) -> Array:
        return project_by_halfspaces(self._normal.reshape(1, -1), np.array([self.b]), x)


@dataclass(frozen=True, eq=False)
class Hyperplane(Halfspace):
    """f(x) = 0 where <a, x> = b, infinite elsewhere.

    Prox:     x - (<a, x> - b) a / ||a||^2.
    Args:     a: the normal, not zero, in the shape of x.  b: the offset.
    Source:   Beck 2017, Lemma 6.26.
    Example:  >>> Hyperplane([1.0, 1.0], 1.0).prox([0.0, 0.0])[0]
              array([0.5, 0.5])
    """

    def _move(self, excess: float) -> float:
        return excess

    def _admits(self, along: float, y: Array) -> bool:
        return True

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        along = float(np.vdot(v, self._normal)) / float(np.vdot(self._normal, self._normal))
        return float(np.linalg.norm(v - along * self._normal))

    def _naive_project(self, x: Array) -> Array:
        normal = self._normal.reshape(1, -1)
        return project_by_halfspaces(np.vstack([normal, -normal]), np.array([self.b, -self.b]), x)


@dataclass(frozen=True, eq=False)
class AffineSet(AbstractSet):
    """f(x) = 0 where matrix x = b, infinite elsewhere.

    Prox:     x - pinv(matrix) (matrix x - b).
    Args:     matrix: (m, n), of any rank.  b: (m,), in its range.
    Raises:   DomainError: no x satisfies the equations; the message says how close they can be met.
    Source:   Beck 2017, Lemma 6.26, with the pseudoinverse from an SVD.
    Example:  >>> AffineSet([[1.0, 1.0]], [1.0]).prox([0.0, 0.0])[0].round(6)
              array([0.5, 0.5])
    """

    matrix: npt.ArrayLike
    b: npt.ArrayLike

    def __post_init__(self) -> None:
        matrix, b = float_array(self.matrix, "matrix", "AffineSet"), float_array(self.b, "b", "AffineSet")
        has_rank(matrix, 2, "matrix", "AffineSet")
        if b.shape != matrix.shape[:1]:
            raise ShapeError(
                f"b has to have shape {matrix.shape[:1]}", got=f"{b.shape}", where="AffineSet", remedy="One entry a row."
            )
        object.__setattr__(self, "matrix", matrix)
        object.__setattr__(self, "b", b)
        left, sizes, right = np.linalg.svd(matrix, full_matrices=False)
        kept = sizes > tolerance(matrix) * sizes.max(initial=0.0)
        rows = right[kept]
        offset = (left.T @ b)[kept] / sizes[kept]
        missed = float(np.linalg.norm(matrix @ (rows.T @ offset) - b))
        if missed > 10 * tolerance(matrix) * (1 + float(np.linalg.norm(b))):
            raise DomainError(
                "matrix x = b needs a solution", got=f"none; the closest x misses b by {missed:.3g}", where="AffineSet",
                remedy="Leave out equations that contradict the others.",
            )  # fmt: skip
        object.__setattr__(self, "_rows", rows)
        object.__setattr__(self, "_offset", offset)

    @property
    def _range(self) -> tuple[Array, Array]:
        """Orthonormal rows that span the rows of the matrix, and the coordinates of every solution in them."""
        return self.__dict__["_rows"], self.__dict__["_offset"]

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        fits(x, (np.asarray(self.matrix).shape[1],), name, where)

    def _project(self, x: Array) -> Array:
        rows, offset = self._range
        return np.asarray(x - rows.T @ (rows @ x - offset))

    def _support(self, y: Array) -> float:
        rows, offset = self._range
        inside = rows @ y
        is_normal = float(np.linalg.norm(y - rows.T @ inside)) <= tolerance(y) * (1 + float(np.linalg.norm(y)))
        return float(inside @ offset) if is_normal else np.inf

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        rows, _ = self._range
        return float(np.linalg.norm(v - rows.T @ (rows @ v)))

    def _naive_project(self, x: Array) -> Array:
        matrix, b = np.asarray(self.matrix), np.asarray(self.b)
        return project_by_halfspaces(np.vstack([matrix, -matrix]), np.concatenate([b, -b]), x)
