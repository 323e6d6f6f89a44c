"""Objectives that a specialised solver knows: least squares, logistic and softmax regression with their penalties."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from gradproof.expr.node import Add, Apply, Element, Expr, Index, Multiply, Number, Power, Reduce, Symbol, TensorEntry
from gradproof.objective.coverage import block_of, is_whole
from gradproof.objective.degree import degree, depends
from gradproof.objective.linear import Affine
from gradproof.objective.matching import matched
from gradproof.objective.penalties import Penalties
from gradproof.objective.pieces import Split
from gradproof.objective.program import compiled
from gradproof.objective.specialists import Model, Structured, logistic, softmax, squares
from gradproof.objective.statement import Statement

Array = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class _Ridge:
    """lambda_2 / 2 ||x||^2 and whether it is one number for all entries."""

    weights: dict[Symbol, float]
    rest: tuple[Expr, ...]


def structure_of(statement: Statement, split: Split, penalties: Penalties, kept: dict[Any, Any]) -> Structured | None:
    """Return the structure of a problem, None where no specialised solver fits. ``kept`` has solvers of earlier data of a path."""
    if penalties.mapped:
        return None
    return _by_form(statement, split, penalties, kept) or matched(statement, split, penalties, kept)


def _by_form(statement: Statement, split: Split, penalties: Penalties, kept: dict[Any, Any]) -> Structured | None:
    """Return the structure that the form of the one term beside squares of the variables shows: it reads no data."""
    ridge = _ridge(statement, split)
    if len(ridge.rest) != 1:
        return None
    weight, node = _weighted(ridge.rest[0], statement)
    for recognize in (_least_squares, _logistic, _softmax):
        found = recognize(statement, node, weight, ridge, penalties, kept)
        if found is not None:
            return found
    return None


def _model(statement: Statement, x: Symbol, c: Symbol | None, weight: float, ridge: _Ridge, penalties: Penalties) -> Model | None:
    if any(symbol is not x for symbol in ridge.weights):
        return None
    return Model(statement, x, c, weight, penalties, ridge.weights.get(x, 0.0))


def _ridge(statement: Statement, split: Split) -> _Ridge:
    weights: dict[Symbol, float] = {}
    rest: list[Expr] = []
    for term in split.smooth:
        weight, node = _weighted(term, statement)
        symbol = _squared(node, statement)
        if symbol is not None and weight >= 0:
            weights[symbol] = weights.get(symbol, 0.0) + 2 * weight
        else:
            rest.append(term)
    return _Ridge(weights, tuple(rest))


def _squared(node: Expr, statement: Statement) -> Symbol | None:
    match node:
        case Reduce("sum", indices, Power(Element(symbol, places) as entry, Number(exponent, None)), None):
            is_square = exponent == 2 and symbol in statement.variables and set(indices) == set(places)
            return symbol if is_square and is_whole(entry) else None
        case _:
            return None


def _weighted(term: Expr, statement: Statement) -> tuple[float, Expr]:
    """Return the number that multiplies the one factor with variables, NaN where there is none such, and that factor."""
    weight, node = 1.0, term
    if isinstance(term, Add) and len(term.terms) == 1:
        weight, node = float(term.weights[0]), term.terms[0]
    if isinstance(node, Multiply):
        inside = [factor for factor in node.factors if depends(factor, statement.variables)]
        outside = [factor for factor in node.factors if factor not in inside]
        if len(inside) != 1 or any(factor.free_indices for factor in outside):
            return np.nan, node
        for factor in outside:
            weight *= float(compiled(factor)(statement.values))
        node = inside[0]
    if isinstance(node, Reduce) and node.operation == "sum" and isinstance(node.body, Add) and len(node.body.terms) == 1:
        weight *= float(node.body.weights[0])
        node = Reduce("sum", node.indices, node.body.terms[0], node.where)
    return weight, node


@dataclass(frozen=True)
class _Linear:
    """X x + c + offset: the variables that an affine part takes, c being None or a number added to every entry."""

    affine: Affine
    x: Symbol
    intercept: Symbol | None


def _linear(statement: Statement, body: Expr, axes: tuple[Index, ...]) -> _Linear | None:
    if len(axes) != 1 or degree(body, statement.variables) != 1:
        return None
    affine = Affine(statement, body, axes)
    vectors = [symbol for symbol in affine.moving if len(symbol.axes) == 1]
    scalars = [symbol for symbol in affine.moving if not symbol.axes]
    if len(vectors) != 1 or len(vectors) + len(scalars) != len(statement.variables) or len(scalars) > 1:
        return None
    return _Linear(affine, vectors[0], scalars[0] if scalars else None)


def _least_squares(
    statement: Statement, node: Expr, weight: float, ridge: _Ridge, penalties: Penalties, kept: dict[Any, Any]
) -> Structured | None:
    match node:
        case Reduce("sum", axes, Power(body, Number(exponent, None)), None) if exponent == 2:
            linear = _linear(statement, body, axes)
        case _:
            return None
    if linear is None or (linear.intercept is not None and not _is_one(linear.affine, linear.intercept)):
        return None
    model = _model(statement, linear.x, linear.intercept, 2 * weight, ridge, penalties)
    if model is None:
        return None
    return squares(model, lambda: (linear.affine.matrix(linear.x), -linear.affine.offset), ("least squares", node), kept)


def _is_one(affine: Affine, symbol: Symbol) -> bool:
    body, axes = affine.coefficient(symbol)
    entries = np.broadcast_to(compiled(body, axes)(affine.statement.values), affine.shape)
    return bool((entries == 1).all())


def _logistic(
    statement: Statement, node: Expr, weight: float, ridge: _Ridge, penalties: Penalties, kept: dict[Any, Any]
) -> Structured | None:
    body, axes = _log_one_plus_exp(node)
    linear = None if body is None else _linear(statement, body, axes)
    labels = None if linear is None or linear.affine.offset.any() else _signs(linear)
    if linear is None or labels is None:
        return None
    model = _model(statement, linear.x, linear.intercept, weight, ridge, penalties)
    return None if model is None else logistic(model, lambda: labels)


def _log_one_plus_exp(node: Expr) -> tuple[Expr | None, tuple[Index, ...]]:
    match node:
        case Reduce("sum", axes, Apply("log", (Add((_, _) as terms, weights),)), None) if set(weights) == {1}:
            numbers = [term for term in terms if isinstance(term, Number) and term.value == 1]
            powers = [term.arguments[0] for term in terms if isinstance(term, Apply) and term.function == "exp"]
            return (powers[0], axes) if numbers and powers else (None, ())
        case Reduce("sum", axes, Apply("softplus", (body,)), None):
            return body, axes
        case _:
            return None, ()


def _signs(linear: _Linear) -> tuple[Any, Array] | None:
    """Return X and y, of -1 and 1, such that the affine part is -y (X x + c); y is read off the formula where it stands there."""
    statement, affine = linear.affine.statement, linear.affine
    body, axes = affine.coefficient(linear.x)
    factors = body.factors if isinstance(body, Multiply) else ()
    if isinstance(body, Add) and len(body.terms) == 1 and isinstance(body.terms[0], Multiply) and body.weights[0] == -1:
        factors = body.terms[0].factors
        signs = [f for f in factors if isinstance(f, Element) and f.indices == axes[:1]]
        tables = [f for f in factors if isinstance(f, Element) and set(f.indices) == set(axes)]
        if len(factors) == 2 and len(signs) == 1 and len(tables) == 1:
            y = np.asarray(_data_of(signs[0], statement), dtype=np.float64)
            value = _data_of(tables[0], statement)
            if set(np.unique(y)) == {-1.0, 1.0} and (linear.intercept is None or _is_row_sign(linear, y)):
                return (value if tables[0].indices == axes else value.T), y
    matrix = affine.matrix(linear.x)
    if linear.intercept is not None or matrix.shape[0] < 2:
        return None
    # Any y will do: the rows are turned to match it.
    y = np.where(np.arange(matrix.shape[0]) % 2 == 0, 1.0, -1.0)
    turned = sparse.diags(-y) @ matrix if sparse.issparse(matrix) else -y[:, None] * matrix
    return turned, y


def _data_of(entry: Element, statement: Statement) -> Any:
    """Return the data that the subscripts of an entry go over, as it is where that is all of it."""
    value = statement.values[entry.symbol.name]
    return value if is_whole(entry) else value[block_of(entry)]


def _is_row_sign(linear: _Linear, y: Array) -> bool:
    assert linear.intercept is not None
    body, axes = linear.affine.coefficient(linear.intercept)
    entries = np.broadcast_to(compiled(body, axes)(linear.affine.statement.values), linear.affine.shape)
    return bool((entries == -y).all())


def _softmax(
    statement: Statement, node: Expr, weight: float, ridge: _Ridge, penalties: Penalties, kept: dict[Any, Any]
) -> Structured | None:
    found = softmax_model(statement, node)
    if found is None:
        return None
    model = _model(statement, found.table, found.intercept, -weight, ridge, penalties)
    return None if model is None else softmax(model, found.x, found.labels, is_turned=found.is_turned)


@dataclass(frozen=True)
class SoftmaxModel:
    """The cross-entropy of class numbers under softmax(x W' + b); W is the table, turned if it stands as (size, classes)."""

    x: Any
    labels: npt.NDArray[np.int64]
    table: Symbol
    intercept: Symbol | None
    is_turned: bool


def softmax_model(statement: Statement, node: Expr) -> SoftmaxModel | None:
    """Return the model whose log-likelihood a sum is, None where it is none."""
    match node:
        case Reduce("sum", (row,), TensorEntry("log_softmax", (column,), body, (place,)), None):
            found = _logits(body, row, column, statement)
            labels = _labels(place, row, statement)
        case _:
            return None
    if found is None or labels is None:
        return None
    x, table, intercept, is_turned = found
    if {table, intercept} - {None} != set(statement.variables):
        return None
    return SoftmaxModel(x, labels, table, intercept, is_turned)


def _logits(body: Expr, row: Index, column: Index, statement: Statement) -> tuple[Any, Symbol, Symbol | None, bool] | None:
    terms = list(zip(body.terms, body.weights, strict=True)) if isinstance(body, Add) else [(body, Fraction(1))]
    intercept: Symbol | None = None
    product: tuple[Any, Symbol, bool] | None = None
    for term, weight in terms:
        match term:
            case Element(symbol, (place,)) if place is column and symbol in statement.variables and weight == 1 and not intercept:
                if not is_whole(term):
                    return None
                intercept = symbol
            case Reduce("sum", (inner,), Multiply((Element() as left, Element() as right)), None) if weight == 1 and not product:
                product = _product(left, right, (row, column, inner), statement)
            case _:
                return None
    return None if product is None else (product[0], product[1], intercept, product[2])


def _product(
    left: Element, right: Element, indices: tuple[Index, Index, Index], statement: Statement
) -> tuple[Any, Symbol, bool] | None:
    row, column, inner = indices
    table, data = (left, right) if left.symbol in statement.variables else (right, left)
    if table.symbol not in statement.variables or data.symbol in statement.variables:
        return None
    if not is_whole(table) or block_of(data) is None:
        return None
    value = _data_of(data, statement)
    if data.indices not in ((row, inner), (inner, row)) or set(table.indices) != {column, inner} or len(table.indices) != 2:
        return None
    return (value if data.indices == (row, inner) else value.T), table.symbol, table.indices == (inner, column)


def _labels(place: Expr, row: Index, statement: Statement) -> npt.NDArray[np.int64] | None:
    """Return class numbers from 0, read off ``y[i] + 1`` or ``y[i]``."""
    shift = 0
    if isinstance(place, Add) and len(place.terms) == 2 and set(place.weights) == {1}:
        numbers = [term for term in place.terms if isinstance(term, Number)]
        if len(numbers) != 1 or numbers[0].value.denominator != 1:
            return None
        shift = int(numbers[0].value)
        place = next(term for term in place.terms if term is not numbers[0])
    if not isinstance(place, Element) or place.indices != (row,) or place.symbol in statement.variables or not block_of(place):
        return None
    return np.asarray(_data_of(place, statement)).astype(np.int64) + shift - 1
