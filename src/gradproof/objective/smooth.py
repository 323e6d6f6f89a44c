"""The smooth part of an objective as a function of one vector: value, gradient, and what is known of its curvature."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.expr.node import Expr, Index, Symbol
from gradproof.objective.degree import degree
from gradproof.objective.linear import gradient_of
from gradproof.objective.program import compiled
from gradproof.objective.statement import Statement
from gradproof.objective.values import check_memory
from gradproof.solvers.problem import largest_eigenvalue

Array = npt.NDArray[np.floating[Any]]
_LARGEST_HESSIAN = 400


@dataclass(frozen=True)
class Smooth:
    """The sum of the smooth terms."""

    statement: Statement
    body: Expr

    @cached_property
    def gradients(self) -> dict[Symbol, tuple[Expr, tuple[Index, ...]]]:
        """The derived gradient by each variable: its entry, and the indices that are free in it."""
        return {symbol: gradient_of(self.body, symbol) for symbol in self.statement.variables}

    def __call__(self, flat: Array) -> tuple[float, Array]:
        """Return value and gradient at a point."""
        values = {**self.statement.values, **self.statement.unpack(flat)}
        with np.errstate(all="ignore"):
            value = float(compiled(self.body)(values))
            parts = [
                np.broadcast_to(compiled(*self.gradients[symbol])(values), shape).ravel()
                for symbol, shape in zip(self.statement.variables, self.statement.shapes.values(), strict=True)
            ]
        return value, np.concatenate(parts)

    @cached_property
    def degree(self) -> int:
        """The degree as a polynomial in all variables."""
        return degree(self.body, self.statement.variables)

    @property
    def is_quadratic(self) -> bool:
        """Whether the gradient is affine."""
        return self.degree <= 2

    @cached_property
    def slope_at_zero(self) -> Array:
        """The gradient at zero."""
        return self(np.zeros(self.statement.size))[1]

    def curve(self, flat: Array) -> Array:
        """Return the Hessian of a quadratic times a vector."""
        return self(flat)[1] - self.slope_at_zero

    @cached_property
    def lipschitz(self) -> float | None:
        """A Lipschitz constant of the gradient of a quadratic; None where none is known."""
        if not self.is_quadratic:
            return None
        if self.degree <= 1:
            return 0.0
        # A matrix with negative eigenvalues has its largest in absolute value found by its square.
        return float(np.sqrt(largest_eigenvalue(lambda v: self.curve(self.curve(v)), self.statement.size)))

    @property
    def has_small_hessian(self) -> bool:
        """Whether the Hessian of a quadratic may be written out."""
        return self.is_quadratic and self.statement.size <= _LARGEST_HESSIAN

    @cached_property
    def hessian(self) -> Array:
        """The matrix of a quadratic."""
        size = self.statement.size
        check_memory(size * size, "the Hessian")
        columns = np.stack([self.curve(unit) for unit in np.eye(size)])
        return np.asarray(0.5 * (columns + columns.T))

    def local_lipschitz(self, at: Array) -> float:
        """Return an estimate of the curvature around a point, by differences of gradients."""
        base, width = self(at)[1], 1e-4 * (1 + float(np.linalg.norm(at)))

        def curve(v: Array) -> Array:
            return (self(at + width * v / max(float(np.linalg.norm(v)), 1e-300))[1] - base) * (float(np.linalg.norm(v)) / width)

        return largest_eigenvalue(curve, at.size, 30)
