"""The choice of a solver for an objective that has been split, and the words that explain it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from gradproof import prox
from gradproof.errors import DomainError, UnsupportedError
from gradproof.expr.node import Symbol
from gradproof.objective.blocks import Blocks
from gradproof.objective.coupling import coupling_of
from gradproof.objective.feasibility import Image, check_linear, check_sets
from gradproof.objective.linear import Affine
from gradproof.objective.penalties import Mapped, Penalties, Penalty
from gradproof.objective.pieces import Nonlinear
from gradproof.objective.smooth import Smooth
from gradproof.objective.statement import Statement
from gradproof.prox.function import AbstractFunction
from gradproof.solvers.augmented_lagrangian import minimize_augmented
from gradproof.solvers.davis_yin import DavisYin
from gradproof.solvers.gradient import GradientDescent, Momentum
from gradproof.solvers.loop import AbstractSolver
from gradproof.solvers.loop import minimize as run_loop
from gradproof.solvers.panoc import Panoc
from gradproof.solvers.primal_dual import CondatVu
from gradproof.solvers.problem import Problem
from gradproof.solvers.proximal import Fista, Ista
from gradproof.solvers.quasi_newton import QuasiNewton
from gradproof.solvers.result import Result, Stopping
from gradproof.solvers.second_order import NewtonCholesky, minimize_lbfgs

Array = npt.NDArray[np.floating[Any]]
Run = Callable[[Array, Stopping], Result]
_SAFETY = 2.0
#: How many steps of Davis-Yin are taken before the augmented Lagrangian goes on from there.
_PATIENCE = 2000


@dataclass(frozen=True)
class Plan:
    """A way to solve: what is said of it, and the function that does it from a start on."""

    lines: tuple[str, ...]
    run: Run
    penalty: AbstractFunction | None = None


#: Solvers that a user may ask for by name.
NAMED = ("gradient", "momentum", "nesterov", "ista", "fista", "panoc", "lbfgs", "condat-vu", "augmented")


def named_plan(name: str, statement: Statement, smooth: Smooth, penalties: Penalties, nonlinear: Sequence[Nonlinear]) -> Plan:
    """Return the solver that the user asked for. Raises: DomainError: it does not take this problem, or is not known."""
    if name not in NAMED:
        raise DomainError(f"a solver was expected: {', '.join(NAMED)}", got=f"'{name}'", where="minimize")
    penalty = _penalty(statement, penalties.own)
    if name == "augmented" and (penalties.mapped or nonlinear):
        return _augmented(statement, smooth, penalties, nonlinear, penalty, [_curvature(smooth), "solver: augmented, as asked for"])
    if name == "condat-vu" and penalties.mapped and not nonlinear:
        return _condat_vu(statement, smooth, penalties, penalty, [_curvature(smooth), "solver: condat-vu, as asked for"])
    if penalties.mapped or nonlinear or name in ("augmented", "condat-vu"):
        has_more = bool(penalties.mapped or nonlinear)
        raise DomainError(
            f"{name} takes {'one proximal operator' if has_more else 'terms behind linear maps'}", got="more" if has_more else "none",
            where="minimize", remedy="Leave the choice of the solver.",
        )  # fmt: skip
    if name in ("momentum", "nesterov") and not smooth.lipschitz:
        raise DomainError(
            f"{name} needs a Lipschitz bound", got="an objective that is not quadratic", where="minimize", remedy="Use lbfgs."
        )
    problem = Problem(smooth, penalty, smooth.lipschitz or None)
    lines = (_curvature(smooth), f"solver: {name}, as asked for")
    if name == "lbfgs":
        return Plan(lines, lambda start, stop: minimize_lbfgs(problem, start, stop), penalty)
    search: Literal["fixed", "backtracking"] = "fixed" if smooth.lipschitz else "backtracking"
    solvers: dict[str, AbstractSolver[Any]] = {
        "gradient": GradientDescent(search=search),
        "momentum": Momentum(),
        "nesterov": Momentum(is_nesterov=True),
        "ista": Ista(),
        "fista": Fista(),
        "panoc": Panoc(),
    }
    return Plan(lines, lambda start, stop: run_loop(problem, start, solvers[name], stop), penalty)


def plan_for(statement: Statement, smooth: Smooth, penalties: Penalties, nonlinear: Sequence[Nonlinear]) -> Plan:
    """Return the solver for a smooth part and penalties without a structure of their own."""
    penalty = _penalty(statement, penalties.own)
    lipschitz = smooth.lipschitz
    lines = [_curvature(smooth)]
    if penalties.mapped or nonlinear:
        same = _second_of_the_same(statement, penalties) if not nonlinear and smooth.lipschitz is not None else None
        if same is not None and (penalty is None or penalty.traits.is_convex):
            lines.append(f"solver: Davis-Yin: two terms of {statement.variables[0].name}, each with a proximal operator")
            both = Problem(smooth, penalty, lipschitz)
            slow = _augmented(statement, smooth, penalties, nonlinear, penalty, [])
            return Plan(
                tuple(lines),
                _in_turn(lambda start, stop: run_loop(both, start, DavisYin(same), stop), slow.run, _PATIENCE),
                penalty,
            )
        words = "general constraints" if nonlinear else "more terms without a gradient than one proximal operator takes"
        lines.append(f"solver: augmented Lagrangian: {words}")
        return _augmented(statement, smooth, penalties, nonlinear, penalty, lines)
    if penalty is None and smooth.has_small_hessian and smooth.degree == 2:
        lines.append("solver: Newton-Cholesky: the objective is quadratic, and its Hessian is small")
        problem = Problem(smooth, lipschitz=lipschitz)
        return Plan(tuple(lines), lambda start, stop: run_loop(problem, start, NewtonCholesky(lambda _: smooth.hessian), stop))
    problem = Problem(smooth, penalty, lipschitz or None)
    if penalty is None:
        lines.append("solver: L-BFGS: smooth")
        return Plan(tuple(lines), lambda start, stop: run_loop(problem, start, QuasiNewton(), stop))
    if isinstance(penalty, prox.Box):
        lines.append("solver: L-BFGS-B: smooth, with bounds on the entries")
        by_panoc = _in_loop(problem, Panoc())
        # A line search that meets the edge of the domain gives up; PANOC takes such points as infinitely high.
        return Plan(tuple(lines), _in_turn(lambda start, stop: minimize_lbfgs(problem, start, stop), by_panoc), penalty)
    if smooth.is_quadratic and penalty.traits.is_convex:
        lines.append("solver: FISTA with restarts: a quadratic, plus terms with a proximal operator")
        return Plan(tuple(lines), lambda start, stop: run_loop(problem, start, Fista(), stop), penalty)
    why = "the smooth part is not quadratic" if penalty.traits.is_convex else "a term is not convex"
    lines.append(f"solver: PANOC (proximal gradient with quasi-Newton directions): one proximal operator, and {why}")
    return Plan(tuple(lines), lambda start, stop: run_loop(problem, start, Panoc(), stop), penalty)


def _in_loop(problem: Problem, solver: AbstractSolver[Any]) -> Run:
    return lambda start, stopping: run_loop(problem, start, solver, stopping)


def _in_turn(first: Run, second: Run, patience: int | None = None) -> Run:
    """Return a run of the first solver, and of the second from where the first one gave up."""

    def run(start: Array, stopping: Stopping) -> Result:
        short = stopping if patience is None else replace(stopping, max_iterations=min(patience, stopping.max_iterations))
        found = first(start, short)
        is_short = found.reason == "iterations" and short.max_iterations < stopping.max_iterations
        if found.reason not in ("stalled", "diverged") and not is_short:
            return found
        left = max(stopping.max_seconds - found.seconds, 1e-3)
        begin = found.x if np.isfinite(found.x).all() else start
        again = second(begin, replace(stopping, max_seconds=left))
        is_better = again.certificate.value <= found.certificate.value or again.is_converged
        return replace(again, seconds=found.seconds + again.seconds) if is_better else found

    return run


def _second_of_the_same(statement: Statement, penalties: Penalties) -> AbstractFunction | None:
    """Return the one term behind a map where that map is the identity of the only variable."""
    if len(statement.variables) != 1 or len(penalties.mapped) != 1:
        return None
    (item,) = penalties.mapped
    found = item.affine.diagonal() if isinstance(item.affine, Affine) else None
    if found is None or not (found[1] == 1).all() or found[2] != tuple(range(len(found[2]))):
        return None
    return item.function if item.shape == (statement.size,) else Blocks([(item.shape, item.function)])


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


def check_sets_of(statement: Statement, penalties: Penalties, start: Array, seconds: float) -> None:
    """Look for a point of all convex sets that the variables have to lie in. Raises: Infeasible: there is none."""
    images = [
        Image(item.text, item.affine.forward, item.affine.adjoint, item.affine.norm, item.shape, item.function)
        for item in penalties.mapped
        if _is_convex_set(item.function)
    ]
    sets = {symbol: item for symbol, found in penalties.own.items() if (item := _set_of(found)) is not None}
    if images:
        texts = [text for item in sets.values() for text in item.texts]
        check_sets(images, _penalty(statement, sets), texts, start, seconds)


def _is_convex_set(function: AbstractFunction) -> bool:
    return function.traits.is_indicator and function.traits.is_convex


def _set_of(penalty: Penalty) -> Penalty | None:
    """Return the set that the function of a variable is bound to, None where it is finite everywhere or the set is not known."""
    if isinstance(penalty.function, prox.Bounded):
        return replace(penalty, function=penalty.function.box)
    return penalty if _is_convex_set(penalty.function) else None


def _end(item: Mapped, which: int) -> Array:
    assert isinstance(item.function, prox.Box)
    return np.asarray((item.function.lower, item.function.upper)[which], dtype=np.float64)


def _matrix(item: Mapped, statement: Statement) -> Array:
    count = prod(item.shape)
    if count < statement.size:
        return np.stack([item.affine.adjoint(unit) for unit in np.eye(count)])
    return np.stack([item.affine.forward(unit) for unit in np.eye(statement.size)], axis=1)


def _augmented(
    statement: Statement, smooth: Smooth, penalties: Penalties, nonlinear: Sequence[Nonlinear], penalty: AbstractFunction | None,
    lines: list[str],
) -> Plan:  # fmt: skip
    coupling = coupling_of(statement, penalties.mapped, nonlinear)
    told = [*(item.text for item in penalties.mapped), *(constraint.text for constraint in nonlinear)]
    lines = [*lines[:-1], f"behind maps: {'; '.join(dict.fromkeys(told))}", *lines[-1:]]
    problem = Problem(smooth, penalty)
    return Plan(tuple(lines), lambda start, stop: minimize_augmented(problem, coupling, start, stop), penalty)


def _condat_vu(
    statement: Statement, smooth: Smooth, penalties: Penalties, penalty: AbstractFunction | None, lines: list[str]
) -> Plan:
    mapped = penalties.mapped
    if penalty is not None and not penalty.traits.is_convex:
        raise UnsupportedError(
            "a term that is not convex stands beside another without a gradient", where="minimize", remedy="Leave one of them out."
        )
    coupling = coupling_of(statement, mapped, ())
    norm = float(np.sqrt(sum(item.affine.norm**2 for item in mapped))) or 1.0
    lines = [*lines, f"behind linear maps: {'; '.join(item.text for item in mapped)} (norm at most {norm:.6g})"]

    def run(start: Array, stopping: Stopping) -> Result:
        known = smooth.lipschitz
        bound = known if known is not None else _SAFETY * smooth.local_lipschitz(start)
        problem = Problem(smooth, penalty, bound)
        solver = CondatVu(coupling.function, coupling.map, lambda y: coupling.adjoint(start, y), norm)
        return run_loop(problem, start, solver, stopping)

    return Plan(tuple(lines), run, penalty)
