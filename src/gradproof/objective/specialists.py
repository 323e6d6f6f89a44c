"""The specialised solvers of an objective: linear models with the penalties that each of them takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from gradproof import prox
from gradproof.expr.node import Symbol
from gradproof.objective.penalties import Penalties
from gradproof.objective.statement import Statement
from gradproof.prox.function import AbstractFunction
from gradproof.solvers.elastic_net import ElasticNetSolver
from gradproof.solvers.group_lasso import minimize_group_lasso
from gradproof.solvers.logistic import minimize_logistic
from gradproof.solvers.result import Result, Stopping
from gradproof.solvers.softmax import minimize_softmax
from gradproof.solvers.softmax_proximal import Structure, minimize_structured_softmax
from gradproof.solvers.softmax_sparse import minimize_sparse_softmax

Array = npt.NDArray[np.floating[Any]]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Structured:
    """A problem that a specialised solver takes: its name in words, and how to run it.

    The solver minimizes the objective over ``scale``, without ``constant``; ``point`` turns its result into the variables.
    """

    name: str
    solver: str
    solve: Callable[[Array | None, Stopping], Result]
    point: Callable[[Result], dict[str, Array]]
    scale: float
    constant: float = 0.0


@dataclass(frozen=True)
class Model:
    """weight times the loss of X table + intercept, plus ridge / 2 ||table||^2 + slope sum(table) + constant."""

    statement: Statement
    table: Symbol
    intercept: Symbol | None
    weight: float
    penalties: Penalties
    ridge: float = 0.0
    slope: float = 0.0
    constant: float = 0.0

    @cached_property
    def penalty(self) -> Weights | None:
        """The penalty of the table, None where it is of a kind that no specialised solver takes."""
        if any(symbol is not self.table for symbol in self.penalties.own):
            return None
        own = self.penalties.own.get(self.table)
        size = int(np.prod(self.statement.shapes[self.table.name]))
        found = Weights() if own is None else _weights(own.function, size)
        if found is None or not self.slope:
            return found
        # Over nonnegative entries their sum is their l1 norm.
        is_norm = self.slope > 0 and found.is_positive
        return Weights(found.lambda_1 + self.slope, True) if is_norm else None

    def started(self, start: Array | None) -> dict[str, Array] | None:
        """Return the variables at a start, None for zero."""
        return None if start is None or not start.any() else self.statement.unpack(start)

    def structured(
        self, name: str, solver: str, solve: Callable[[Array | None, Stopping], Result], turn: Callable[[Array], Array]
    ) -> Structured:
        """Return the problem; ``turn`` makes the table of the coefficients."""

        def point(result: Result) -> dict[str, Array]:
            found = {self.table.name: turn(result.x)}
            if self.intercept is not None:
                found[self.intercept.name] = np.asarray(result.extra["intercept"], dtype=np.float64)
            return found

        return Structured(name, solver, solve, point, self.weight, self.constant)

    @property
    def words(self) -> str:
        """The penalties in words."""
        assert self.penalty is not None
        parts = []
        if self.penalty.groups is not None:
            parts.append("norms of groups")
        if self.penalty.nuclear:
            parts.append("a nuclear norm")
        if self.penalty.lambda_1:
            parts.append("an l1 norm")
        if self.ridge:
            parts.append("a squared norm")
        text = f" with {' and '.join(parts)}" if parts else ""
        return text + (" over nonnegative entries" if self.penalty.is_positive else "")


@dataclass(frozen=True)
class Weights:
    """lambda_1 ||x||_1, over x >= 0 if is_positive, or a norm of groups, or the nuclear norm."""

    lambda_1: float = 0.0
    is_positive: bool = False
    groups: tuple[npt.NDArray[np.int64], ...] | None = None
    of_groups: Array | None = None
    nuclear: float = 0.0


def _weights(function: AbstractFunction, size: int) -> Weights | None:
    match function:
        case prox.Bounded(prox.L1(lambda_1), _, _) | prox.L1(lambda_1) if not np.ndim(lambda_1):
            is_bounded = isinstance(function, prox.Bounded)
            if is_bounded and not _is_half(cast(prox.Bounded, function).box):
                return None
            return Weights(float(np.asarray(lambda_1)), is_bounded)
        case prox.Box():
            return Weights(is_positive=True) if _is_half(function) else None
        case prox.Nuclear(lambda_):
            return Weights(nuclear=float(lambda_))
        case prox.L2(lambda_) if not np.ndim(lambda_):
            return Weights(groups=(np.arange(size),), of_groups=np.array([float(np.asarray(lambda_))]))
        case prox.L21():
            groups = tuple(np.asarray(group, dtype=np.int64) for group in function.groups)
            return Weights(groups=groups, of_groups=function.lambda_2 * np.asarray(function.weights, dtype=np.float64))
        case _:
            return None


def _is_half(box: prox.Box) -> bool:
    return bool((np.asarray(box.lower) == 0).all() and (np.asarray(box.upper) == np.inf).all())


def squares(model: Model, design: Callable[[], tuple[Any, Array]], key: Any, kept: dict[Any, Any]) -> Structured | None:
    """Return ``weight`` / 2 ||X x + c - y||^2 with its penalties; ``design`` gives X and y, which ``kept`` keeps for a path."""
    penalty = model.penalty
    if penalty is None or not model.weight > 0 or penalty.nuclear:
        return None
    shape, is_constant = model.statement.shapes[model.table.name], model.intercept is not None
    if penalty.groups is not None:
        return _squares_of_groups(model, design, shape)
    if penalty.lambda_1 == 0 and not penalty.is_positive:
        return None

    def solve(start: Array | None, stopping: Stopping) -> Result:
        if key not in kept:
            kept[key] = ElasticNetSolver(*design(), fit_intercept=is_constant)
        begin = model.started(start)
        lambdas = penalty.lambda_1 / model.weight, model.ridge / model.weight
        at = None if begin is None else begin[model.table.name].ravel()
        result: Result = kept[key].solve(*lambdas, penalty.is_positive, at, stopping)
        return result

    solver = "working sets with extrapolated coordinate descent, stopped by the duality gap"
    return model.structured(f"least squares{model.words}", solver, solve, lambda x: x.reshape(shape))


def _squares_of_groups(model: Model, design: Callable[[], tuple[Any, Array]], shape: tuple[int, ...]) -> Structured | None:
    penalty = model.penalty
    assert penalty is not None
    assert penalty.groups is not None
    assert penalty.of_groups is not None
    weights, groups, is_constant = penalty.of_groups / model.weight, penalty.groups, model.intercept is not None
    if model.ridge or not (weights > 0).all() or sum(group.size for group in groups) != int(np.prod(shape)):
        return None

    def solve(start: Array | None, stopping: Stopping) -> Result:
        begin, (matrix, target) = model.started(start), design()
        at = None if begin is None else begin[model.table.name].ravel()
        return minimize_group_lasso(
            matrix, target, groups, 1.0, weights=weights, fit_intercept=is_constant, start=at, stopping=stopping
        )

    solver = "working sets of groups with block coordinate descent on the Gram matrix, stopped by the duality gap"
    return model.structured(f"least squares{model.words}", solver, solve, lambda x: x.reshape(shape))


def logistic(model: Model, design: Callable[[], tuple[Any, Array]]) -> Structured | None:
    """Return ``weight`` sum_i log(1 + exp(-y_i (X x + c)_i)) with its penalties; ``design`` gives X and y."""
    penalty = model.penalty
    is_taken = penalty is not None and penalty.lambda_1 and not penalty.is_positive
    if penalty is None or not is_taken or not model.weight > 0:
        return None
    is_constant = model.intercept is not None

    def solve(start: Array | None, stopping: Stopping) -> Result:
        lambdas = penalty.lambda_1 / model.weight, model.ridge / model.weight
        begin = model.started(start)
        at = None if begin is None else begin[model.table.name]
        return minimize_logistic(*design(), *lambdas, fit_intercept=is_constant, start=at, stopping=stopping)

    solver = "proximal Newton steps on working sets, stopped by the duality gap"
    return model.structured(f"logistic regression{model.words}", solver, solve, lambda x: x)


def softmax(model: Model, x: Any, labels: Labels, *, is_turned: bool) -> Structured | None:
    """Return ``weight`` times the cross-entropy of softmax(X W' + b), summed, with its penalties; W stands as (size, classes) if turned."""
    penalty, weight = model.penalty, model.weight
    if penalty is None or not weight > 0:
        return None
    classes = model.statement.shapes[model.table.name][1 if is_turned else 0]
    if np.unique(labels).size < 2 or labels.min() < 0 or labels.max() >= classes:
        return None
    options: dict[str, Any] = {"classes": classes, "fit_intercept": model.intercept is not None}
    structure, of_norm = _norm_of(penalty, model, is_turned)

    def started(start: Array | None) -> tuple[Array, Array] | None:
        begin = model.started(start)
        if begin is None:
            return None
        w = begin[model.table.name]
        return (w.T if is_turned else w), begin[model.intercept.name] if model.intercept is not None else np.zeros(classes)

    def solve(start: Array | None, stopping: Stopping) -> Result:
        begin = started(start)
        if structure is not None:
            return minimize_structured_softmax(x, labels, of_norm / weight, structure, start=begin, stopping=stopping, **options)
        if penalty.lambda_1 or penalty.is_positive:
            return minimize_sparse_softmax(
                x, labels, penalty.lambda_1 / weight, model.ridge / weight, is_positive=penalty.is_positive,
                start=None if begin is None else begin[0], stopping=stopping, **options,
            )  # fmt: skip
        return minimize_softmax(x, labels, model.ridge / weight, start=begin, stopping=stopping, **options)

    is_smooth = structure is None and not penalty.lambda_1 and not penalty.is_positive
    if (is_smooth or penalty.is_positive) and not model.ridge and not penalty.lambda_1:
        return None
    if (penalty.groups is not None or penalty.nuclear) and (structure is None or model.ridge):
        return None
    told = "L-BFGS in coordinates that level the curvature" if is_smooth else "proximal Newton steps"
    told = "FISTA with restarts" if structure is not None else told
    return model.structured(
        f"softmax regression{model.words}", f"{told}, stopped by the duality gap", solve, lambda w: w.T if is_turned else w
    )


def _norm_of(penalty: Weights, model: Model, is_turned: bool) -> tuple[Structure | None, float]:
    """Return the norm of the whole table that a penalty is, and its weight: 'group' takes together what one feature has in all classes."""
    if penalty.nuclear:
        return "nuclear", penalty.nuclear
    if penalty.groups is None or penalty.of_groups is None:
        return None, 0.0
    places = np.arange(int(np.prod(model.statement.shapes[model.table.name]))).reshape(model.statement.shapes[model.table.name])
    wanted = {tuple(row) for row in (places if is_turned else places.T).tolist()}
    is_same = bool((penalty.of_groups == penalty.of_groups[0]).all() and penalty.of_groups[0] > 0)
    is_group = is_same and {tuple(sorted(group.tolist())) for group in penalty.groups} == wanted
    return ("group", float(penalty.of_groups[0])) if is_group else (None, 0.0)
