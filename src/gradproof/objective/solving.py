"""The choice of a solver for an objective that has been split, and the words that explain it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from gradproof import prox
from gradproof.errors import DomainError, UnsupportedError
from gradproof.expr.node import Symbol
from gradproof.objective.blocks import Blocks
from gradproof.objective.feasibility import check_linear
from gradproof.objective.penalties import Mapped, Penalties
from gradproof.objective.smooth import Smooth
from gradproof.objective.statement import Statement
from gradproof.prox.function import AbstractFunction
from gradproof.solvers.gradient import GradientDescent, Momentum
from gradproof.solvers.loop import AbstractSolver
from gradproof.solvers.loop import minimize as run_loop
from gradproof.solvers.primal_dual import CondatVu
from gradproof.solvers.problem import Problem
from gradproof.solvers.proximal import Fista, Ista
from gradproof.solvers.result import Result, Stopping
from gradproof.solvers.second_order import NewtonCholesky, minimize_lbfgs

Array = npt.NDArray[np.floating[Any]]
_SAFETY = 2.0


@dataclass(frozen=True)
class Plan:
    """A way to solve: what is said of it, and the function that does it from a start on."""

    lines: tuple[str, ...]
    run: Callable[[Array, Stopping], Result]


#: Solvers that a user may ask for by name.
NAMED = ("gradient", "momentum", "nesterov", "ista", "fista", "lbfgs")


def named_plan(name: str, statement: Statement, smooth: Smooth, penalties: Penalties) -> Plan:
    """Return the solver that the user asked for. Raises: DomainError: it does not take this problem, or is not known."""
    if name not in NAMED:
        raise DomainError(f"a solver was expected: {', '.join(NAMED)}", got=f"'{name}'", where="minimize")
    if penalties.mapped:
        raise DomainError(
            f"{name} takes one proximal operator", got="more", where="minimize", remedy="Leave the choice of the solver."
        )
    if name in ("momentum", "nesterov") and not smooth.lipschitz:
        raise DomainError(
            f"{name} needs a Lipschitz bound", got="an objective that is not quadratic", where="minimize", remedy="Use lbfgs."
        )
    problem = Problem(smooth, _penalty(statement, penalties.own), smooth.lipschitz or None)
    lines = (_curvature(smooth), f"solver: {name}, as asked for")
    if name == "lbfgs":
        return Plan(lines, lambda start, stop: minimize_lbfgs(problem, start, stop))
    search: Literal["fixed", "backtracking"] = "fixed" if smooth.lipschitz else "backtracking"
    solvers: dict[str, AbstractSolver[Any]] = {
        "gradient": GradientDescent(search=search),
        "momentum": Momentum(),
        "nesterov": Momentum(is_nesterov=True),
        "ista": Ista(),
        "fista": Fista(),
    }
    return Plan(lines, lambda start, stop: run_loop(problem, start, solvers[name], stop))


def plan_for(statement: Statement, smooth: Smooth, penalties: Penalties) -> Plan:
    """Return the solver for a smooth part and penalties without a structure of their own."""
    penalty = _penalty(statement, penalties.own)
    lipschitz = smooth.lipschitz
    lines = [_curvature(smooth)]
    if penalties.mapped:
        return _primal_dual(statement, smooth, penalties, penalty, lines)
    if penalty is None and smooth.has_small_hessian and smooth.degree == 2:
        lines.append("solver: Newton-Cholesky: the objective is quadratic, and its Hessian is small")
        problem = Problem(smooth, lipschitz=lipschitz)
        return Plan(tuple(lines), lambda start, stop: run_loop(problem, start, NewtonCholesky(lambda _: smooth.hessian), stop))
    if penalty is None or isinstance(penalty, prox.Box):
        name = "L-BFGS" if penalty is None else "L-BFGS-B"
        lines.append(f"solver: {name}: smooth" + ("" if penalty is None else ", with bounds on the entries"))
        box = Problem(smooth, penalty, lipschitz)
        return Plan(tuple(lines), lambda start, stop: minimize_lbfgs(box, start, stop))
    lines.append("solver: FISTA with restarts: smooth, plus terms with a proximal operator")
    problem = Problem(smooth, penalty, lipschitz or None)
    return Plan(tuple(lines), lambda start, stop: run_loop(problem, start, Fista(), stop))


def _curvature(smooth: Smooth) -> str:
    if smooth.lipschitz is None:
        return "Lipschitz bound: none known; the step is found by line search"
    if smooth.degree <= 1:
        return "Lipschitz bound: 0, the smooth part is affine"
    return f"Lipschitz bound: {smooth.lipschitz:.6g}, of the gradient, by power iteration"


def _penalty(statement: Statement, own: dict[Symbol, Any]) -> AbstractFunction | None:
    """Return the function of all variables in one vector."""
    if not own:
        return None
    if all(isinstance(item.function, prox.Box) for item in own.values()):
        low, high = bounds_of(statement, own)
        return prox.Box(low, high)
    if len(statement.variables) == 1:
        (item,) = own.values()
        if item.shape == (statement.size,):
            function: AbstractFunction = item.function
            return function
    parts = []
    for symbol in statement.variables:
        free = ((prod(statement.shapes[symbol.name]),), prox.L1(0.0))
        parts.append((own[symbol].shape, own[symbol].function) if symbol in own else free)
    return Blocks(parts)


def bounds_of(statement: Statement, own: dict[Symbol, Any]) -> tuple[Array, Array]:
    """Return the bounds on all entries that the penalties hold."""
    low, high = [], []
    for symbol in statement.variables:
        size = prod(statement.shapes[symbol.name])
        function = own[symbol].function if symbol in own else None
        box = function.box if isinstance(function, prox.Bounded) else function if isinstance(function, prox.Box) else None
        ends = (-np.inf, np.inf) if box is None else (box.lower, box.upper)
        if isinstance(function, prox.Simplex):
            ends = (0.0, np.inf)
        low.append(np.broadcast_to(np.asarray(ends[0], dtype=np.float64), size))
        high.append(np.broadcast_to(np.asarray(ends[1], dtype=np.float64), size))
    return np.concatenate(low), np.concatenate(high)


def check_constraints(statement: Statement, penalties: Penalties) -> None:
    """Look for a point that satisfies the bounds and the linear constraints. Raises: Infeasible: there is none."""
    rows = [item for item in penalties.mapped if isinstance(item.function, prox.Box)]
    if not rows or sum(prod(item.shape) for item in rows) * statement.size > 4_000_000:
        return
    matrix = np.vstack([_matrix(item, statement) for item in rows])
    ends = [[np.broadcast_to(np.asarray(end), item.shape).ravel() for item in rows for end in (_end(item, k),)] for k in (0, 1)]
    low, high = bounds_of(statement, penalties.own)
    check_linear(matrix, np.concatenate(ends[0]), np.concatenate(ends[1]), low, high, ", ".join(item.text for item in rows))


def _end(item: Mapped, which: int) -> Array:
    assert isinstance(item.function, prox.Box)
    return np.asarray((item.function.lower, item.function.upper)[which], dtype=np.float64)


def _matrix(item: Mapped, statement: Statement) -> Array:
    count = prod(item.shape)
    if count < statement.size:
        return np.stack([item.affine.adjoint(unit) for unit in np.eye(count)])
    return np.stack([item.affine.forward(unit) for unit in np.eye(statement.size)], axis=1)


def _primal_dual(
    statement: Statement, smooth: Smooth, penalties: Penalties, penalty: AbstractFunction | None, lines: list[str]
) -> Plan:
    mapped = penalties.mapped
    if penalty is not None and not penalty.traits.is_convex:
        raise UnsupportedError(
            "a term that is not convex stands beside another without a gradient", where="minimize", remedy="Leave one of them out."
        )
    shapes = [item.shape for item in mapped]
    cuts = np.cumsum([prod(shape) for shape in shapes])[:-1]
    second = Blocks([(item.shape, item.function) for item in mapped])

    def forward(flat: Array) -> Array:
        return np.concatenate([item.affine.forward(flat) for item in mapped])

    def adjoint(flat: Array) -> Array:
        parts = np.split(flat, cuts)
        total = sum(item.affine.adjoint(part) for item, part in zip(mapped, parts, strict=True))
        return np.asarray(total)

    norm = float(np.sqrt(sum(item.affine.norm**2 for item in mapped))) or 1.0
    lines.append(f"behind linear maps: {'; '.join(item.text for item in mapped)} (norm at most {norm:.6g})")
    lines.append("solver: Condat-Vu: more terms without a gradient than one proximal operator takes")

    def run(start: Array, stopping: Stopping) -> Result:
        known = smooth.lipschitz
        bound = known if known is not None else _SAFETY * smooth.local_lipschitz(start)
        problem = Problem(smooth, penalty, bound)
        solver = CondatVu(second, forward, adjoint, norm)
        return run_loop(problem, start, solver, stopping)

    return Plan(tuple(lines), run)
