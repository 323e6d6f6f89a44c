"""What a solver returns: the point, how good it provably is, how it came about, and what to do if it fell short."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError
from gradproof.solvers.plot import draw_history

Array = npt.NDArray[np.floating[Any]]
Reason = Literal[
    "converged",
    "iterations",
    "seconds",
    "interrupted",
    "diverged",
    "stalled",
    "unbounded",
    "infeasible",
    "stopped",
    "kink",
    "unattained",
]

_ADVICE: dict[str, str] = {
    "iterations": "Raise max_iterations, or loosen the tolerance.",
    "seconds": "Raise max_seconds, or loosen the tolerance.",
    "interrupted": "This is the best point so far; start from it to go on.",
    "stopped": "The callback asked to stop; start from this point to go on.",
    "diverged": "Take a smaller step, or one found by line search.",
    "stalled": "The precision of the numbers is exhausted: scale the data, use float64, or loosen the tolerance.",
    "unbounded": "The objective falls without end along 'direction'; add a penalty or bounds.",
    "unattained": "The objective goes on falling along 'direction' towards a bound that no point reaches; add a penalty or bounds.",
    "kink": "No neighbour was found to be lower; start elsewhere, or write the kinked term as one with a proximal operator.",
    "infeasible": "No point satisfies the constraints; the certificate shows how far the closest is away.",
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """A bound on how far a point is from the optimum, and the tolerance that was asked for."""

    kind: str
    value: float
    tolerance: float

    @property
    def is_met(self) -> bool:
        """Whether the bound is within the tolerance."""
        return self.value <= self.tolerance

    def __str__(self) -> str:
        return f"{self.kind} {self.value:.3g} ({'within' if self.is_met else 'above'} {self.tolerance:.3g})"


@dataclass(frozen=True, slots=True)
class Result:
    """The best point that a solver found, with its certificate.

    history holds arrays of equal length, one entry a recorded iteration: 'iteration', 'seconds', 'objective', 'certificate'.
    passes counts how often the data was read, where the solver counts it.
    """

    x: Array
    objective: float
    certificate: Certificate
    solver: str
    reason: Reason
    iterations: int
    seconds: float
    history: dict[str, Array] = field(default_factory=dict)
    passes: float | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def is_converged(self) -> bool:
        """Whether the certificate is within the tolerance."""
        return self.reason == "converged"

    @property
    def advice(self) -> str:
        """What to do about a result that fell short; empty if it did not."""
        return _ADVICE.get(self.reason, "")

    def plot(self, file: str | Path) -> None:
        """Write an SVG of objective and certificate by iteration. Raises: UnsupportedError: matplotlib is not installed."""
        draw_history({self.solver: self.history}, self.certificate.kind, self.certificate.tolerance, file)

    def __str__(self) -> str:
        text = f"{self.solver}: objective {self.objective:.9g}, {self.certificate}, {self.iterations} iterations, {self.reason}"
        return f"{text}. {self.advice}" if self.advice else text


@dataclass(frozen=True, slots=True)
class Stopping:
    """When to stop: at the tolerance of the certificate, or after so many iterations or seconds.

    Raises: DomainError: a limit is negative or NaN.
    """

    tolerance: float = 1e-6
    max_iterations: int = 100
    max_seconds: float = np.inf
    callback: Callable[[int, float, float], bool | None] | None = None

    def __post_init__(self) -> None:
        for name, value in (
            ("tolerance", self.tolerance),
            ("max_iterations", self.max_iterations),
            ("max_seconds", self.max_seconds),
        ):
            # NaN is not at least 0 either.
            if not value >= 0:
                raise DomainError(f"{name} has to be at least 0", got=f"{value}", where="Stopping", remedy="Give another limit.")


class History:
    """A record that grows by one row an iteration."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, float, float, float]] = []

    @property
    def last_objective(self) -> float:
        """The objective of the last row, infinity before the first."""
        return self._rows[-1][2] if self._rows else np.inf

    def add(self, iteration: int, seconds: float, objective: float, certificate: float) -> None:
        """Add one row."""
        self._rows.append((iteration, seconds, objective, certificate))

    def rescale(self, factor: float) -> None:
        """Multiply the certificates by a factor, as they are relative to something else from now on."""
        if factor != 1:
            self._rows = [(*row[:3], row[3] * factor) for row in self._rows]

    def arrays(self) -> dict[str, Array]:
        """Return the record as one array a column."""
        table = np.array(self._rows, dtype=np.float64).reshape(-1, 4)
        return dict(zip(("iteration", "seconds", "objective", "certificate"), table.T, strict=True))
