"""Linear models recognised by the values of the objective, however it is written: losses of scores that are affine in the variables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from gradproof.expr.build import add
from gradproof.expr.node import Element, Expr, Index, Symbol
from gradproof.expr.walk import children, postorder
from gradproof.objective.degree import degree, depends
from gradproof.objective.linear import Affine
from gradproof.objective.penalties import Penalties
from gradproof.objective.pieces import Split
from gradproof.objective.program import compiled
from gradproof.objective.smooth import Smooth
from gradproof.objective.specialists import Model, Structured, logistic, softmax, squares
from gradproof.objective.statement import Statement

Array = npt.NDArray[np.floating[Any]]
Labels = npt.NDArray[np.int64]
_SIZES = (0.3, 1.0, 1.0, 3.0, 0.1)
_TOLERANCE = 1e-9


def matched(statement: Statement, split: Split, penalties: Penalties, kept: dict[Any, Any]) -> Structured | None:
    """Return the structure of a problem whose smooth part has the values of a linear model's loss; None where it has not."""
    if any(sparse.issparse(value) for value in statement.values.values()) or not 1 <= len(statement.variables) <= 2:
        return None
    table = max(statement.variables, key=lambda symbol: len(symbol.axes))
    intercepts = [symbol for symbol in statement.variables if symbol is not table]
    model = _without_loss(statement, split, penalties, table, intercepts[0] if intercepts else None)
    if model is None or model[0].penalty is None:
        return None
    search = _Search(*model, kept)
    return next((found for body, axes in _scores(search.rest, statement) if (found := search.structured(body, axes))), None)


def _without_loss(
    statement: Statement, split: Split, penalties: Penalties, table: Symbol, intercept: Symbol | None
) -> tuple[Model, Expr] | None:
    """Return a model of weight one with what the terms of the table alone are, and the rest of the smooth part."""
    ridge, slope, rest = 0.0, 0.0, []
    point = {symbol.name: _drawn(statement.shapes[symbol.name], 0) for symbol in statement.variables}
    for term in split.smooth:
        share = None if _has_data(term, statement) else _alone(statement, term, table, point)
        if share is None:
            rest.append(term)
        else:
            ridge, slope = ridge + share[0], slope + share[1]
    if not rest or ridge < 0:
        return None
    return Model(statement, table, intercept, 1.0, penalties, ridge, slope), add(*rest)


def _has_data(term: Expr, statement: Statement) -> bool:
    heads = {node.symbol for node in postorder(term) if isinstance(node, Element)}
    return any(symbol not in statement.variables for symbol in heads)


def _alone(statement: Statement, term: Expr, table: Symbol, point: dict[str, Array]) -> tuple[float, float] | None:
    """Return how often ||table||^2 / 2 and sum(table) a term is, None where it is neither."""
    order = degree(term, statement.variables)
    if order not in (1, 2) or any(depends(term, (symbol,)) for symbol in statement.variables if symbol is not table):
        return None
    slopes = statement.unpack(Smooth(statement, term)(statement.pack(point))[1])[table.name]
    shares = slopes / point[table.name] if order == 2 else slopes
    share = float(shares.ravel()[0])
    if not np.allclose(shares, share, rtol=_TOLERANCE, atol=0):
        return None
    return (share, 0.0) if order == 2 else (0.0, share)


def _drawn(shape: tuple[int, ...], seed: int) -> Array:
    return np.random.default_rng([7, seed]).standard_normal(shape)


def _scores(body: Expr, statement: Statement) -> Iterator[tuple[Expr, tuple[Index, ...]]]:
    """Yield the affine parts that something else than a sum is taken of, with the indices of their entries."""
    over, seen = statement.variables, set()
    for node in postorder(body):
        if degree(node, over) <= 1:
            continue
        for part in children(node):
            if degree(part, over) != 1 or part in seen or len(statement.variables) != sum(depends(part, (s,)) for s in over):
                continue
            seen.add(part)
            axes = tuple(part.free_indices)
            if 1 <= len(axes) <= 2:
                yield part, axes


@dataclass(frozen=True)
class _Search:
    """The rest of a smooth part, to be compared with losses of scores."""

    model: Model
    rest: Expr
    kept: dict[Any, Any]

    def structured(self, body: Expr, axes: tuple[Index, ...]) -> Structured | None:
        """Return the structure with these scores."""
        shape = self.model.statement.shapes[self.model.table.name]
        if len(axes) == 2:
            return next((found for order in (axes, axes[::-1]) if (found := self._softmax(body, order))), None)
        intercept = self.model.intercept
        if intercept is not None and intercept.axes:
            return None
        affine = Affine(self.model.statement, body, axes)
        return self._squares(affine) or (self._logistic(affine) if len(shape) == 1 else None)

    @cached_property
    def points(self) -> list[Array]:
        """Points at which functions are compared; the scores are of the size of one there."""
        statement = self.model.statement
        return [size * self._size * _drawn((statement.size,), number) for number, size in enumerate(_SIZES)]

    @cached_property
    def _size(self) -> float:
        columns = sum(np.prod(shape) for shape in self.model.statement.shapes.values())
        tables = [np.asarray(v, dtype=np.float64) for v in self.model.statement.values.values() if np.ndim(v) == 2]
        largest = max((float(np.sqrt(np.mean(table**2))) for table in tables), default=1.0)
        return 1 / (max(largest, 1e-300) * float(np.sqrt(columns)))

    @cached_property
    def values(self) -> Array:
        """The rest at the points."""
        run, statement = compiled(self.rest), self.model.statement
        with np.errstate(all="ignore"):
            return np.array([float(run({**statement.values, **statement.unpack(point)})) for point in self.points])

    def _fitted(self, found: Sequence[float]) -> Model | None:
        """Return the model with the weight and the constant that make a loss of these values the rest, None where none do."""
        losses = np.array(found)
        if not (np.isfinite(losses).all() and np.isfinite(self.values).all()):
            return None
        moved = losses - losses.mean()
        size = float(moved @ moved)
        weight = float(moved @ self.values) / size if size > 0 else 0.0
        constant = float(np.mean(self.values - weight * losses))
        off = np.abs(weight * losses + constant - self.values).max()
        scale = np.abs(self.values).max() + abs(weight) * np.abs(losses).max()
        if weight <= 0 or off > _TOLERANCE * min(scale, float(np.ptp(self.values)) * 1e3):
            return None
        return replace(self.model, weight=weight, constant=constant if abs(constant) > 1e-12 * scale else 0.0)

    def _squares(self, affine: Affine) -> Structured | None:
        ones = self._column(affine)
        if ones is not None and not (ones == 1).all():
            return None
        offset = affine.offset.ravel()
        model = self._fitted([0.5 * float(np.sum(affine.value(point) ** 2)) for point in self.points])
        if model is None:
            return None
        return squares(model, lambda: (affine.matrix(model.table), -offset), ("matched", affine.inner), self.kept)

    def _column(self, affine: Affine) -> Array | None:
        """Return by what the intercept is multiplied in each score, None where there is none."""
        if self.model.intercept is None:
            return None
        body, axes = affine.coefficient(self.model.intercept)
        return np.broadcast_to(compiled(body, axes)(self.model.statement.values), affine.shape)

    def _logistic(self, affine: Affine) -> Structured | None:
        column = self._column(affine)
        if affine.offset.any() or affine.shape[0] < 2 or (column is not None and not (np.abs(column) == 1).all()):
            return None
        scores = [affine.value(point) for point in self.points]
        for signs in self._signs(affine.shape[0]):
            model = self._fitted([float(np.logaddexp(0, -signs * z).sum()) for z in scores])
            if model is not None:
                return _turned(model, affine, signs, column)
        return None

    def _signs(self, size: int) -> Iterator[Array]:
        yield np.ones(size)
        yield -np.ones(size)
        for value in self.model.statement.values.values():
            array = np.asarray(value)
            if array.shape == (size,) and np.unique(array).size == 2 and set(np.unique(array)) <= {-1, 0, 1}:
                signs = np.where(array > array.min(), 1.0, -1.0)
                yield signs
                yield -signs

    def _softmax(self, body: Expr, axes: tuple[Index, ...]) -> Structured | None:
        statement, table, intercept = self.model.statement, self.model.table, self.model.intercept
        affine = Affine(statement, body, axes)
        n, classes = affine.shape
        shape = statement.shapes[table.name]
        wide = statement.shapes[intercept.name] if intercept is not None else (classes,)
        if len(shape) != 2 or wide != (classes,):
            return None
        for x, is_turned in self._tables(shape, n, classes):
            scores = [self._predicted(x, point, is_turned) for point in self.points]
            whole = affine.value(self.points[1]).reshape(n, classes)
            if not np.allclose(whole, scores[1], rtol=_TOLERANCE, atol=_TOLERANCE * float(np.abs(whole).max())):
                continue
            for labels in self._labels(n, classes):
                model = self._fitted([_cross_entropy(z, labels) for z in scores])
                if model is not None:
                    return softmax(model, x, labels, is_turned=is_turned)
        return None

    def _predicted(self, x: Array, point: Array, is_turned: bool) -> Array:
        parts, intercept = self.model.statement.unpack(point), self.model.intercept
        w = parts[self.model.table.name]
        found = x @ (w if is_turned else w.T)
        return np.asarray(found if intercept is None else found + parts[intercept.name])

    def _tables(self, shape: tuple[int, ...], n: int, classes: int) -> Iterator[tuple[Array, bool]]:
        """Yield the tables of data that may be X, and whether W stands as (size, classes)."""
        for value in self.model.statement.values.values():
            for is_turned in (True, False):
                d, k = shape if is_turned else shape[::-1]
                if k == classes and np.shape(value) in ((n, d), (d, n)):
                    array = np.asarray(value)
                    for x in dict.fromkeys(["straight"] * (array.shape == (n, d)) + ["turned"] * (array.shape == (d, n))):
                        yield (array if x == "straight" else array.T), is_turned

    def _labels(self, n: int, classes: int) -> Iterator[Labels]:
        """Yield the class numbers that the data may mean: numbers from 0 or 1, or tables with a one in each row."""
        for value in self.model.statement.values.values():
            array = np.asarray(value)
            if array.shape == (n,) and (array == np.round(array)).all():
                yield from (
                    array.astype(np.int64) - first for first in (0, 1) if array.min() >= first and array.max() < classes + first
                )
            for rows in (array, array.T) if array.ndim == 2 else ():
                if rows.shape == (n, classes) and np.isin(rows, (0, 1)).all() and (rows.sum(axis=1) == 1).all():
                    yield rows.argmax(axis=1).astype(np.int64)


def _turned(model: Model, affine: Affine, signs: Array, column: Array | None) -> Structured | None:
    """Return the logistic regression of scores, the rows turned so that the intercept counts once in each, or so that both labels occur."""
    turn = np.ones(signs.size) if column is None else column
    if column is None and np.all(signs == signs[0]):
        # Without an intercept any labels will do.
        turn = np.where(np.arange(signs.size) % 2 == 0, 1.0, -1.0)
    labels = signs * turn
    if np.all(labels == labels[0]):
        return None
    return logistic(model, lambda: (turn[:, None] * affine.matrix(model.table), labels))


def _cross_entropy(scores: Array, labels: Labels) -> float:
    return float((np.logaddexp.reduce(scores, axis=1) - scores[np.arange(labels.size), labels]).sum())
