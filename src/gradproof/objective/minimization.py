"""The way from a formula to its minimum: read, split, solve, certify."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError
from gradproof.expr.build import ZERO
from gradproof.objective.aftercare import way_down, without_false_certificate
from gradproof.objective.feasibility import Infeasible
from gradproof.objective.outcome import Minimum
from gradproof.objective.penalties import Penalties, penalties_of
from gradproof.objective.pieces import Split
from gradproof.objective.program import compiled
from gradproof.objective.smooth import Smooth
from gradproof.objective.solving import check_constraints, check_sets_of, named_plan, plan_for
from gradproof.objective.specialists import Structured
from gradproof.objective.split import split
from gradproof.objective.starting import checked_start, drawn_start
from gradproof.objective.statement import Statement, read_statement
from gradproof.objective.structure import structure_of
from gradproof.objective.unbounded import falling_direction, level_step, receding_direction, steepest
from gradproof.objective.values import checked_values
from gradproof.objective.variations import variation_of
from gradproof.printer.text import to_text
from gradproof.solvers.result import Certificate, Result, Stopping

Array = npt.NDArray[np.floating[Any]]
_ITERATIONS = 100_000
_FAR = 1e6
_SADDLES = 3
_LONG = 4.0
_SECONDS_FOR_SETS = 10.0
#: What kinds of terms are called where their name says too little.
_KINDS = {
    "rows": "norms of rows",
    "groups": "norms of groups",
    "group maxima": "the largest absolute values of groups",
    "entrywise": "the same function of every entry",
    "nuclear": "nuclear norm",
}


def minimize(
    formula: str,
    over: str | Sequence[str],
    subject_to: str | Sequence[str] = (),
    data: Mapping[str, Any] | None = None,
    *,
    assume: Sequence[str] = (),
    start: Mapping[str, Any] | None = None,
    solver: str | None = None,
    tol: float = 1e-6,
    max_seconds: float = np.inf,
    max_iterations: int = _ITERATIONS,
    callback: Callable[[int, float, float], bool | None] | None = None,
) -> Minimum:
    """Return the values of variables that make a formula least, with a certificate.

    Formula:  min_over formula   subject to conditions such as 'x >= 0', 'sum(x) = 1', 'A*x <= b', 'norm2(x) <= 1'
    Args:     formula: plain text or LaTeX.  over: names of the variables, 'W,b' or a list.  data: arrays by name, sparse ones too.
              assume: declarations for what no data tells, 'x: 5'.  start: values of variables; zero where there is none.
              tol: what the certificate has to reach.  solver: 'gradient', 'momentum', 'nesterov', 'ista', 'fista' or
              'lbfgs' in place of the one that would be chosen.  callback: called with iteration, objective and certificate; True stops.
    Returns:  a minimum; what fell short says so in ``reason`` and ``advice``.
    Raises:   FormulaError, ShapeError, DomainError: the text or the data. UnsupportedError: a term has no proximal operator.
    Example:  >>> minimize("norm2(x - b)^2/2 + lam*norm1(x)", "x", data={"b": [3.0, 0.5], "lam": 1.0}).x
              array([2., 0.])
    """
    return Minimization(formula, over, subject_to, data or {}, assume=assume, start=start or {}, solver=solver).solve(
        minimization_stopping(tol, max_seconds, max_iterations, callback)
    )


def minimization_stopping(
    tol: float, seconds: float, iterations: int, callback: Callable[[int, float, float], bool | None] | None = None
) -> Stopping:
    """Return when to stop. Raises: DomainError: a limit is not above 0."""
    if not tol > 0 or not seconds > 0 or iterations < 1:
        raise DomainError("a tolerance and limits above 0 were expected", got=f"{tol}, {seconds}, {iterations}", where="minimize")
    return Stopping(tol, iterations, seconds, callback)


class Minimization:
    """A formula that has been read with its data, to be solved once or along a path of values of one variable."""

    def __init__(
        self, formula: str, over: str | Sequence[str], subject_to: str | Sequence[str], data: Mapping[str, Any], *,
        assume: Sequence[str] = (), start: Mapping[str, Any] | None = None,
        solver: str | None = None,
    ) -> None:  # fmt: skip
        names = [name.strip() for name in over.split(",")] if isinstance(over, str) else list(over)
        conditions = [subject_to] if isinstance(subject_to, str) else list(subject_to)
        begin = checked_values(start or {})
        self.statement = read_statement(formula, names, conditions, checked_values(data), assume, begin)
        zeros = self.statement.unpack(np.zeros(self.statement.size))
        self.start = self.statement.pack({**zeros, **{name: value for name, value in begin.items() if name in zeros}})
        self.solver = solver
        self.has_start = any(name in zeros for name in begin)
        self._kept: dict[Any, Any] = {}

    def solve(self, stopping: Stopping) -> Minimum:
        """Return the minimum."""
        return self._solve(self.statement, self.start, stopping)

    def path(self, name: str, values: Sequence[float] | Array, stopping: Stopping) -> Iterator[Minimum]:
        """Yield the minimum for each value of a variable of the data, each solved from the last one on."""
        start = self.start
        for value in checked_values({name: np.asarray(values, dtype=np.float64)})[name]:
            found = self._solve(self.statement.with_values(**{name: np.float64(value)}), start, stopping)
            yield found
            if found.reason in ("interrupted", "stopped"):
                break
            start = self.statement.pack(found.values)

    def _solve(self, statement: Statement, start: Array, stopping: Stopping) -> Minimum:
        parts = split(statement)
        lines = _words(statement, parts)
        try:
            penalties = penalties_of(statement, parts.pieces, has_variation=_is_a_proximal_step(statement, parts))
            check_constraints(statement, penalties)
        except Infeasible as trouble:
            return _infeasible(statement, start, trouble, lines, stopping)
        structured = (
            None if self.solver or parts.kinked or parts.nonlinear else structure_of(statement, parts, penalties, self._kept)
        )
        if structured is not None:
            return _structured(statement, structured, parts, start, lines, stopping)
        general = _General(statement, parts, penalties, self.solver, lines, is_given=self.has_start or start is not self.start)
        try:
            return general.solve(start, stopping)
        except Infeasible as trouble:
            return _infeasible(statement, start, trouble, lines, stopping)


def _is_a_proximal_step(statement: Statement, parts: Split) -> bool:
    """Tell whether an objective is a variation and a squared distance: its operator takes long, and has to be taken once there."""
    variation = variation_of(statement, parts.pieces)
    if (
        variation is None
        or len(variation[2]) < len(parts.pieces)
        or len(statement.variables) > 1
        or parts.nonlinear
        or parts.kinked
    ):
        return False
    smooth = Smooth(statement, parts.whole_smooth)
    if smooth.degree != 2:
        return False
    drawn = np.random.default_rng(5).standard_normal(statement.size)
    curved = smooth.curve(drawn)
    return bool(np.abs(curved - drawn * (curved @ drawn) / (drawn @ drawn)).max() <= 1e-9 * np.abs(curved).max())


def _structured(
    statement: Statement, structured: Structured, parts: Split, start: Array, lines: list[str], stopping: Stopping
) -> Minimum:
    result = structured.solve(start, stopping)
    told = (*lines, f"structure: {structured.name}", f"solver: {structured.solver}")
    constant = float(compiled(parts.constant)(statement.values)) if parts.constant is not ZERO else 0.0
    values = structured.point(result)
    return Minimum(
        {symbol.name: np.asarray(values[symbol.name]) for symbol in statement.variables},
        structured.scale * result.objective + structured.constant + constant, result, told,
    )  # fmt: skip


class _General:
    """One solve by a general solver: a start in the domain, a look for endless descent, the solver, and care for where it stopped."""

    def __init__(
        self, statement: Statement, parts: Split, penalties: Penalties, solver: str | None, lines: list[str], *, is_given: bool
    ) -> None:
        self.statement, self.parts, self.penalties, self.lines, self.is_given = statement, parts, penalties, lines, is_given
        self.smooth = Smooth(statement, parts.whole_smooth)
        if self.smooth.domain:
            self.lines = [*self.lines, f"domain: {self.smooth.domain}"]
        arguments = (statement, self.smooth, penalties, parts.nonlinear)
        self.plan = named_plan(solver, *arguments) if solver else plan_for(*arguments)
        self.whole = compiled(statement.formula.value)

    def solve(self, start: Array, stopping: Stopping) -> Minimum:
        """Return the minimum."""
        own = self.plan.penalty
        start, words = checked_start(self.smooth, own, start, is_given=self.is_given)
        if self.parts.nonlinear and not self.is_given and not words:
            start, words = (
                drawn_start(self.statement),
                "start: small random entries, since a general constraint may have no slope at zero",
            )
            start, _ = checked_start(self.smooth, own, start, is_given=False)
        if words:
            self.lines = [*self.lines, words]
        found = self._endless(start, [*steepest(self.smooth, start), _far_step(self.smooth, self.penalties, start)])
        result = _unending(start, found, self._objective(start), stopping) if found is not None else self._run(start, stopping)
        lines = [*self.lines, *self.plan.lines, *self.notes]
        direction = (
            self.statement.unpack(np.asarray(result.extra["direction"])) if result.reason in ("unbounded", "unattained") else {}
        )
        return Minimum(self.statement.unpack(result.x), self._objective(result.x), result, tuple(lines), direction)

    notes: tuple[str, ...] = ()

    def _run(self, start: Array, stopping: Stopping) -> Result:
        result = self.plan.run(start, stopping)
        if result.is_converged and not self.is_given and not self.parts.nonlinear and self.smooth.may_bend_down:
            result = self._below_saddles(result, stopping)
        if result.is_converged and self.smooth.degree > 2 and not self.parts.nonlinear:
            result = self._attained(start, result)
        if self.parts.kinked:
            slope = float(np.linalg.norm(self.smooth(start)[1]))
            result, words = without_false_certificate(self.smooth, result, slope)
            self.notes = (*self.notes, words) if words else self.notes
        if not result.is_converged and result.reason not in ("interrupted", "stopped"):
            check_sets_of(self.statement, self.penalties, result.x, _SECONDS_FOR_SETS)
        if not result.is_converged and result.reason in ("iterations", "seconds", "diverged", "stalled"):
            found = self._endless(result.x, [_far_step(self.smooth, self.penalties, result.x), result.x - start])
            if found is not None:
                result = replace(result, reason="unbounded", extra={**result.extra, "direction": found})
        return result

    def _attained(self, start: Array, result: Result) -> Result:
        """Return the result; where the objective goes on falling behind the point, as for classes that a line separates, it says so."""
        found = receding_direction(self._total, result.x, result.x - start)
        step = level_step(self.smooth, result.x) if found is None and self.plan.penalty is None else None
        if step is not None:
            found = receding_direction(self._total, result.x, _LONG * step)
        return result if found is None else replace(result, reason="unattained", extra={**result.extra, "direction": found})

    def _below_saddles(self, result: Result, stopping: Stopping) -> Result:
        """Leave points where the gradient vanishes and the objective bends down, as zero often is."""
        for _ in range(_SADDLES):
            lower = way_down(self.smooth, self.plan.penalty, self._total, result.x) if result.is_converged else None
            if lower is None:
                break
            words = "the solver came to a saddle, and went on along a direction that bends down"
            self.notes = self.notes if words in self.notes else (*self.notes, words)
            again = self.plan.run(lower, replace(stopping, max_seconds=max(stopping.max_seconds - result.seconds, 1e-3)))
            result = replace(again, iterations=result.iterations + again.iterations, seconds=result.seconds + again.seconds)
        return result

    def _endless(self, start: Array, directions: list[Array]) -> Array | None:
        # General constraints may hold back a descent that nothing else does.
        return None if self.parts.nonlinear else falling_direction(self._total, start, directions)

    def _objective(self, flat: Array) -> float:
        with np.errstate(all="ignore"):
            try:
                return float(self.whole({**self.statement.values, **self.statement.unpack(flat)}))
            except np.linalg.LinAlgError:
                return np.inf

    def _total(self, flat: Array) -> float:
        parts = self.statement.unpack(flat)
        own = sum(item.function.value(parts[symbol.name].reshape(item.shape)) for symbol, item in self.penalties.own.items())
        behind = sum(item.function.value(item.affine.forward(flat).reshape(item.shape)) for item in self.penalties.mapped)
        return self.smooth(flat)[0] + float(own) + float(behind)


def _far_step(smooth: Smooth, penalties: Penalties, at: Array) -> Array:
    """Return where a very long step of proximal descent leads: along the constraints, if there are any."""
    slope = smooth(at)[1]
    if not np.isfinite(slope).all():
        return np.zeros_like(at)
    parts = smooth.statement.unpack(at - _FAR * slope)
    for symbol, item in penalties.own.items():
        parts[symbol.name] = item.function.prox(parts[symbol.name].reshape(item.shape), _FAR)[0]
    return smooth.statement.pack(parts) - at


def _unending(start: Array, direction: Array, objective: float, stopping: Stopping) -> Result:
    certificate = Certificate("distance from a minimum, which there is none of", np.inf, stopping.tolerance)
    return Result(
        x=start, objective=objective, certificate=certificate, solver="check for endless descent", reason="unbounded", iterations=0,
        seconds=0.0, extra={"direction": direction},
    )  # fmt: skip


def _infeasible(statement: Statement, start: Array, trouble: Infeasible, lines: list[str], stopping: Stopping) -> Minimum:
    kind = "distance of the constraints from each other"
    extra = {} if trouble.combination is None else {"combination": trouble.combination}
    result = Result(
        x=start, objective=np.inf, certificate=Certificate(kind, trouble.distance, stopping.tolerance), solver="check of the constraints",
        reason="infeasible", iterations=0, seconds=0.0, extra=extra,
    )  # fmt: skip
    return Minimum(statement.unpack(start), np.inf, result, (*lines, f"infeasible: {trouble.words}"))


def _words(statement: Statement, parts: Split) -> list[str]:
    shapes = ", ".join(f"{name} ({' x '.join(map(str, shape)) or 'a number'})" for name, shape in statement.shapes.items())
    lines = [f"over: {shapes}"]
    lines += [f"read: {note}" for note in statement.formula.notes]
    lines.append(f"smooth: {to_text(parts.whole_smooth) if parts.smooth else 'nothing'}")
    lines += [f"no proximal operator is known for {to_text(term)}: its gradient is taken where it has one" for term in parts.kinked]
    lines += [
        f"with a proximal operator: {piece.text} ({_KINDS.get(piece.kind, piece.kind)})"
        for piece in parts.pieces
        if not piece.is_set
    ]
    told = dict.fromkeys([*(piece.text for piece in parts.pieces if piece.is_set), *(one.text for one in parts.nonlinear)])
    return [*lines, *(f"constraint: {text}" for text in told)]
