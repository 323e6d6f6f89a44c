"""Affine parts of an objective as maps between arrays: forward, transposed, and as a matrix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from gradproof.derivation.tidy import gathered
from gradproof.derivative.differentiate import differentiate
from gradproof.expr.build import ONE, add, multiply, number, subtract, sum_over
from gradproof.expr.node import Add, Axis, Element, Expr, Index, Multiply, Number, Symbol, fresh_index
from gradproof.expr.walk import rename_free
from gradproof.objective.coverage import block_of, is_whole
from gradproof.objective.degree import at_zero, depends
from gradproof.objective.program import compiled, compiled_together
from gradproof.objective.statement import Statement
from gradproof.objective.values import check_memory
from gradproof.solvers.problem import largest_eigenvalue

Array = npt.NDArray[np.floating[Any]]
#: Entries up to which the matrix of an affine part is written out: 64 MB.
_LARGEST_MATRIX = 8_000_000
_SPARSE_SHARE = 0.2
_SAME = 1e-9


@dataclass(frozen=True)
class SmoothMap:
    """x to ``inner``, entry by entry over ``axes``, with the transposed Jacobian at x."""

    statement: Statement
    inner: Expr
    axes: tuple[Index, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the entries."""
        return tuple(number_of(index.upper) - number_of(index.lower) + 1 for index in self.axes)

    def value(self, flat: Array) -> Array:
        """Return the entries at a point, flat."""
        found = compiled(self.inner, self.axes)({**self.statement.values, **self.statement.unpack(flat)})
        return np.broadcast_to(found, self.shape).ravel()

    def pull(self, at: Array, flat: Array) -> Array:
        """Return the transposed Jacobian at a point times a vector, flat."""
        points = self.statement.unpack(at)
        values = {**self.statement.values, **points, self._dual.name: flat.reshape(self.shape)}
        found = compiled_together(self._slopes)(values)
        return np.concatenate([np.broadcast_to(part, points[name].shape).ravel() for name, part in zip(points, found, strict=True)])

    @property
    def _dual(self) -> Symbol:
        return Symbol("dual_", tuple(Axis(number(size)) for size in self.shape))

    @cached_property
    def _slopes(self) -> tuple[tuple[Expr, tuple[Index, ...]], ...]:
        entry = Element(self._dual, self.axes) if self.axes else self._dual
        value = sum_over(self.axes, multiply(entry, self.inner)) if self.axes else multiply(entry, self.inner)
        return tuple(gradient_of(value, symbol) for symbol in self.statement.variables)


@dataclass(frozen=True)
class Affine(SmoothMap):
    """A map that is affine in the variables of a statement."""

    @cached_property
    def offset(self) -> Array:
        """The entries where all variables are zero."""
        body = at_zero(self.inner, self.statement.variables)
        return np.broadcast_to(compiled(body, self.axes)(self.statement.values), self.shape)

    @property
    def moving(self) -> tuple[Symbol, ...]:
        """The variables that occur."""
        return tuple(symbol for symbol in self.statement.variables if depends(self.inner, (symbol,)))

    def forward(self, flat: Array) -> Array:
        """Return the linear part at a point, flat."""
        if self.whole_matrix is not None:
            return np.asarray(self.whole_matrix @ flat)
        return self.value(flat) - self.offset.ravel()

    def adjoint(self, flat: Array) -> Array:
        """Return the transposed linear part at a vector, flat."""
        if self.whole_matrix is not None:
            return np.asarray(self.whole_matrix.T @ flat)
        return self.pull(np.zeros(self.statement.size), flat)

    @cached_property
    def whole_matrix(self) -> Any:
        """The matrix by all variables in one vector, sparse where most of it is zero; None where it would be large."""
        rows = prod(self.shape)
        if rows * self.statement.size > _LARGEST_MATRIX or any(sparse.issparse(value) for value in self.statement.values.values()):
            return None
        blocks = []
        for symbol in self.statement.variables:
            columns = prod(self.statement.shapes[symbol.name])
            moves = symbol in self.moving
            blocks.append(np.asarray(self.matrix(symbol)).reshape(rows, columns) if moves else np.zeros((rows, columns)))
        matrix = np.hstack(blocks)
        return sparse.csr_array(matrix) if np.count_nonzero(matrix) < _SPARSE_SHARE * matrix.size else matrix

    @cached_property
    def norm(self) -> float:
        """An upper estimate of the largest singular value."""
        square = largest_eigenvalue(lambda v: self.adjoint(self.forward(v)), self.statement.size)
        return float(np.sqrt(max(square, 0.0)))

    def coefficient(self, symbol: Symbol) -> tuple[Expr, tuple[Index, ...]]:
        """Return the matrix of a variable: the derivative by its entries, the axes of the entries first."""
        places = places_of(symbol)
        return gathered(differentiate(self.inner, symbol, places)), (*self.axes, *places)

    def matrix(self, symbol: Symbol) -> Any:
        """Return the matrix of a vector, (entries, size): data as it is where it is that, sparse or dense, else computed."""
        body, axes = self.coefficient(symbol)
        known = self._as_data(body, axes)
        if known is not None:
            return known
        shape = (prod(self.shape), prod(self.statement.shapes[symbol.name]))
        check_memory(prod(shape), "the matrix of the affine part")
        found = compiled(body, axes)(self.statement.values)
        return np.broadcast_to(found, (*self.shape, *self.statement.shapes[symbol.name])).reshape(shape)

    def _as_data(self, body: Expr, axes: tuple[Index, ...]) -> Any:
        factor, node = 1.0, body
        if isinstance(node, Add) and len(node.terms) == 1:
            factor, node = float(node.weights[0]), node.terms[0]
        if not isinstance(node, Element) or len(axes) != 2 or set(node.indices) != set(axes):
            return None
        block = block_of(node)
        if block is None:
            return None
        value = self.statement.values[node.symbol.name]
        value = value if is_whole(node) else value[block]
        turned = value if node.indices == axes else value.T
        return turned if factor == 1.0 else turned * factor

    def selection(self) -> tuple[Symbol, npt.NDArray[np.intp], Array] | None:
        """Return the variable of which every entry is a multiple of one entry, which one of it (flat), and its factors; none is taken twice.

        It is found by values at three points: two give place and factor, the third confirms them.
        """
        if len(self.moving) != 1:
            return None
        (symbol,) = self.moving
        size, offset = self.statement.size, self.offset.ravel()
        factor, numbered = (self.value(point) - offset for point in (np.ones(size), np.arange(1.0, size + 1)))
        if not factor.all():
            return None
        places = np.rint(numbered / factor).astype(np.intp) - 1
        if np.unique(places).size != places.size or places.min(initial=0) < 0 or places.max(initial=0) >= size:
            return None
        drawn = np.random.default_rng(7).uniform(1, 2, size)
        if not np.allclose(self.value(drawn) - offset, factor * drawn[places], rtol=_SAME, atol=0):
            return None
        first = int(self.statement.unpack(np.arange(float(size)))[symbol.name].ravel()[0])
        return symbol, places - first, factor

    def diagonal(self) -> tuple[Symbol, Array, tuple[int, ...]] | None:
        """Return the variable of which each entry is a multiple of one entry, its factors, and where each of its axes lies."""
        if len(self.moving) != 1:
            return None
        (symbol,) = self.moving
        terms = self.inner.terms if isinstance(self.inner, Add) else (self.inner,)
        weights = self.inner.weights if isinstance(self.inner, Add) else (Fraction(1),)
        inside = [(term, weight) for term, weight in zip(terms, weights, strict=True) if depends(term, (symbol,))]
        if len(inside) != 1:
            return None
        term, weight = inside[0]
        factors = term.factors if isinstance(term, Multiply) else (term,)
        moving = [factor for factor in factors if depends(factor, (symbol,))]
        order = _order(moving[0], symbol, self.axes) if len(moving) == 1 else None
        if order is None:
            return None
        factor = multiply(number(Fraction(weight)), *(part for part in factors if part is not moving[0]))
        entries = np.broadcast_to(compiled(factor, self.axes)(self.statement.values), self.shape)
        return symbol, entries.transpose(order), order


@dataclass(frozen=True)
class Stacked:
    """Several affine maps, one below the other."""

    parts: tuple[Affine, ...]

    @cached_property
    def offset(self) -> Array:
        """The entries where all variables are zero."""
        return np.concatenate([part.offset.ravel() for part in self.parts])

    def forward(self, flat: Array) -> Array:
        """Return the linear part at a point, flat."""
        return np.concatenate([part.forward(flat) for part in self.parts])

    def adjoint(self, flat: Array) -> Array:
        """Return the transposed linear part at a vector, flat."""
        pieces = np.split(flat, np.cumsum([part.offset.size for part in self.parts])[:-1])
        return np.asarray(sum(part.adjoint(piece) for part, piece in zip(self.parts, pieces, strict=True)))

    @property
    def norm(self) -> float:
        """An upper estimate of the largest singular value."""
        return float(np.sqrt(sum(part.norm**2 for part in self.parts)))


def _order(node: Expr, symbol: Symbol, axes: tuple[Index, ...]) -> tuple[int, ...] | None:
    if node is symbol and not axes:
        return ()
    if not isinstance(node, Element) or len(node.indices) != len(axes) or set(node.indices) != set(axes) or not is_whole(node):
        return None
    return tuple(axes.index(index) for index in node.indices if isinstance(index, Index))


def places_of(symbol: Symbol) -> tuple[Index, ...]:
    """Return new indices over the entries of a variable."""
    return tuple(
        fresh_index(f"p{place}", number(axis.origin), subtract(add(axis.size, number(axis.origin)), ONE))
        for place, axis in enumerate(symbol.axes, start=1)
    )


def gradient_of(value: Expr, symbol: Symbol) -> tuple[Expr, tuple[Index, ...]]:
    """Return the gradient of a scalar: its entry, and the indices that are free in it."""
    places = places_of(symbol)
    return gathered(differentiate(value, symbol, places)), places


def number_of(size: Expr) -> int:
    """Return a size that has been settled as a number."""
    assert isinstance(size, Number), "sizes are settled before"
    return int(size.value)


def over_axes(weight: Expr, at: tuple[Index, ...], axes: tuple[Index, ...], values: Mapping[str, Any]) -> Array:
    """Return a weight, its indices ``at`` renamed to ``axes``, as an array; one number where it is the same for all entries."""
    body = rename_free(weight, dict(zip(at, axes, strict=True)))
    free = tuple(index for index in axes if index in body.free_indices)
    return compiled(body, axes if free else ())(values)
