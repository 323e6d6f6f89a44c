"""The smooth part of an objective as a function of one vector: value, gradient, and what is known of its curvature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.expr.node import Element, Expr, Index, Symbol, TensorEntry
from gradproof.expr.walk import postorder
from gradproof.objective.degree import degree, depends
from gradproof.objective.linear import gradient_of
from gradproof.objective.program import compiled, compiled_together
from gradproof.objective.statement import Statement
from gradproof.objective.values import check_memory
from gradproof.printer.text import to_text
from gradproof.solvers.problem import largest_eigenvalue

Array = npt.NDArray[np.floating[Any]]
_LARGEST_HESSIAN = 400


@dataclass(frozen=True)
class Smooth:
    """The sum of the smooth terms."""

    statement: Statement
    body: Expr

    def with_values(self, changes: Mapping[str, Any]) -> Smooth:
        """Return the same function with other data of the same shapes; its programs are found again, not derived again."""
        other = replace(self, statement=self.statement.with_values(**changes))
        other.__dict__["_parts"] = self._parts
        return other

    @cached_property
    def gradients(self) -> dict[Symbol, tuple[Expr, tuple[Index, ...]]]:
        """The derived gradient by each variable: its entry, and the indices that are free in it."""
        return {symbol: gradient_of(self.body, symbol) for symbol in self.statement.variables}

    def __call__(self, flat: Array) -> tuple[float, Array]:
        """Return value and gradient at a point; the value is infinite outside the domain."""
        points = self.statement.unpack(flat)
        with np.errstate(all="ignore"):
            try:
                found = compiled_together(self._parts)({**self.statement.values, **points})
            except np.linalg.LinAlgError:
                return np.inf, np.full(flat.shape, np.nan)
        value, *slopes = found
        pairs = zip(slopes, points.items(), strict=True)
        parts = [self._along(name, np.broadcast_to(slope, point.shape)).ravel() for slope, (name, point) in pairs]
        gradient = np.concatenate(parts)
        if not np.isfinite(value) or not self._is_inside(points):
            return np.inf, gradient
        return float(value), gradient

    @cached_property
    def _parts(self) -> tuple[tuple[Expr, tuple[Index, ...]], ...]:
        return ((self.body, ()), *self.gradients.values())

    @cached_property
    def _determinants(self) -> tuple[tuple[Expr, tuple[Index, ...]], ...]:
        """What the logarithm of a determinant is taken of."""
        nodes = [node for node in postorder(self.body) if isinstance(node, TensorEntry) and node.function == "logdet"]
        moving = [(node.body, node.bound) for node in nodes if depends(node.body, self.statement.variables)]
        return tuple((body, bound) for body, bound in moving if set(body.free_indices) <= set(bound))

    @cached_property
    def _symmetric(self) -> frozenset[str]:
        """The variables that stand alone under the logarithm of a determinant: symmetric matrices are meant."""
        heads = [body.symbol for body, _ in self._determinants if isinstance(body, Element)]
        return frozenset(symbol.name for symbol in heads if symbol in self.statement.variables)

    def _along(self, name: str, slope: Array) -> Array:
        """Return the gradient by a variable within the matrices that are meant."""
        return 0.5 * (slope + slope.T) if name in self._symmetric else slope

    @property
    def domain(self) -> str:
        """What the smooth part asks of the variables, in words; empty where it has a value everywhere."""
        words = [f"{to_text(body)} positive definite" for body, _ in self._determinants if not isinstance(body, Element)]
        return ", ".join([*(f"{name} symmetric and positive definite" for name in sorted(self._symmetric)), *words])

    def _is_symmetric(self, points: Mapping[str, Array]) -> bool:
        chosen = [points[name] for name in self._symmetric]
        return all(np.abs(one - one.T).max(initial=0) <= 1e-9 * (1 + np.abs(one).max(initial=0)) for one in chosen)

    def _is_inside(self, points: Mapping[str, Array]) -> bool:
        """Tell whether matrices under a log-determinant are positive definite: where it is concave, which is what is meant."""
        if not self._is_symmetric(points):
            return False
        for part in self._determinants:
            matrix = compiled(*part)({**self.statement.values, **points})
            try:
                np.linalg.cholesky(0.5 * (matrix + matrix.T))
            except np.linalg.LinAlgError:
                return False
        return True

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
    def may_bend_down(self) -> bool:
        """Whether the curvature may be negative somewhere: not where the Hessian of a quadratic shows that it is not."""
        if self.degree <= 1:
            return False
        if not self.has_small_hessian:
            return True
        values = np.linalg.eigvalsh(self.hessian)
        return bool(values[0] < -1e-9 * float(np.abs(values).max()))

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
