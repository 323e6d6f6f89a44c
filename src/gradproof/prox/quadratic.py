"""Convex quadratics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError, ShapeError
from gradproof.prox.checks import Array, fits, float_array, tolerance
from gradproof.prox.function import AbstractFunction
from gradproof.prox.traits import Traits


@dataclass(frozen=True, eq=False)
class Quadratic(AbstractFunction):
    """f(x) = x' Q x / 2 + <c, x>.

    Prox:     (I + gamma Q)^-1 (x - gamma c).
    Args:     matrix: Q, (n, n), symmetric and positive semidefinite.  c: (n,).
    Raises:   DomainError: Q is not symmetric, or has a negative eigenvalue.
    Source:   Beck 2017, section 6.2.3; every step in the eigenvectors of Q.
    Example:  >>> Quadratic([[2.0, 0.0], [0.0, 0.0]], [0.0, 1.0]).prox([3.0, 3.0])[0]
              array([1., 2.])
    """

    matrix: npt.ArrayLike
    c: npt.ArrayLike

    def __post_init__(self) -> None:
        matrix, c = float_array(self.matrix, "matrix", "Quadratic"), float_array(self.c, "c", "Quadratic")
        if c.ndim != 1 or matrix.shape != (c.size, c.size):
            raise ShapeError("the matrix has to be square and c to fit it", got=f"{matrix.shape} and {c.shape}", where="Quadratic")
        if not np.allclose(matrix, matrix.T, rtol=tolerance(matrix), atol=tolerance(matrix)):
            raise DomainError("a symmetric matrix is needed", got="another", where="Quadratic", remedy="Take (Q + Q') / 2.")
        values, vectors = np.linalg.eigh(matrix)
        if (values < -tolerance(matrix) * max(1.0, abs(values).max(initial=0.0))).any():
            raise DomainError(
                "a positive semidefinite matrix is needed", got=f"the eigenvalue {values.min():.3g}", where="Quadratic",
                remedy="Such a function has no lower bound.",
            )  # fmt: skip
        object.__setattr__(self, "matrix", matrix)
        object.__setattr__(self, "c", c)
        object.__setattr__(self, "_values", np.maximum(values, 0))
        object.__setattr__(self, "_vectors", vectors)

    @property
    def _linear(self) -> Array:
        return np.asarray(self.c)

    @property
    def _eigen(self) -> tuple[Array, Array]:
        return self.__dict__["_values"], self.__dict__["_vectors"]

    @property
    def traits(self) -> Traits:
        """What is known of this function."""
        return Traits(is_smooth=True, is_strongly_convex=self.strong_convexity > 0)

    @property
    def smoothness(self) -> float:
        """Return the largest eigenvalue of Q."""
        return float(self._eigen[0].max(initial=0.0))

    @property
    def strong_convexity(self) -> float:
        """Return the smallest eigenvalue of Q, or 0 where it cannot be told from 0."""
        values, _ = self._eigen
        least = float(values.min(initial=0.0 if values.size == 0 else np.inf))
        return least if least > tolerance(values) * self.smoothness else 0.0

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        fits(x, self._linear.shape, name, where)

    def _value(self, x: Array) -> float:
        return float(0.5 * x @ (np.asarray(self.matrix) @ x) + self._linear @ x)

    def _gradient(self, x: Array) -> Array:
        return np.asarray(np.asarray(self.matrix) @ x + self._linear).astype(x.dtype)

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        return float(np.linalg.norm(self._gradient(x) - v))

    def _prox(self, x: Array, gamma: Array) -> Array:
        values, vectors = self._eigen
        inner = vectors.T @ (x - gamma * self._linear)
        return np.asarray(vectors @ (inner / (1 + gamma * values))).astype(x.dtype)

    def _conjugate_value(self, y: Array) -> float:
        values, vectors = self._eigen
        inner = vectors.T @ (y - self._linear)
        is_curved = values > tolerance(y) * values.max(initial=0.0)
        if float(np.linalg.norm(inner[~is_curved])) > tolerance(y) * (1 + float(np.linalg.norm(y - self._linear))):
            return np.inf
        return 0.5 * float(np.sum(inner[is_curved] ** 2 / values[is_curved]))

    def _naive_prox(self, x: Array, gamma: Array) -> Array:
        system = np.eye(x.size) + float(gamma) * np.asarray(self.matrix)
        return np.linalg.solve(system, x - float(gamma) * self._linear).astype(x.dtype)
