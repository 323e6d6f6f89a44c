"""What minimizing a formula gives: the values of its variables, how good they provably are, and how they were found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.errors import FormulaError
from gradproof.solvers.result import Certificate, Reason, Result

Array = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Minimum:
    """The best values of the variables that were found.

    ``result`` is what the solver returned, in its own scaling; ``objective`` is the value of the formula.
    ``explanation`` says how the formula was split, what is known of it, which solver was taken and why.
    ``direction`` is one along which the objective falls without end, where there is one.
    """

    values: Mapping[str, Array]
    objective: float
    result: Result
    explanation: tuple[str, ...]
    direction: Mapping[str, Array] = field(default_factory=dict)

    @property
    def x(self) -> Array:
        """The value of the only variable. Raises: FormulaError: there are several."""
        if len(self.values) != 1:
            raise FormulaError("one variable was expected", got=", ".join(self.values), remedy="Take values['...'].")
        return next(iter(self.values.values()))

    @property
    def certificate(self) -> Certificate:
        """A bound on how far the point is from the optimum."""
        return self.result.certificate

    @property
    def reason(self) -> Reason:
        """Why the solver stopped."""
        return self.result.reason

    @property
    def is_converged(self) -> bool:
        """Whether the certificate is within the tolerance."""
        return self.result.is_converged

    @property
    def advice(self) -> str:
        """What to do about a result that fell short; empty if it did not."""
        return self.result.advice

    @property
    def history(self) -> dict[str, Array]:
        """The solver's record, one array a column."""
        return self.result.history

    def plot(self, file: str | Path) -> None:
        """Write an SVG of objective and certificate by iteration. Raises: UnsupportedError: matplotlib is not installed."""
        self.result.plot(file)

    def explain(self) -> str:
        """Return the explanation, one line a fact."""
        return "\n".join(self.explanation)

    def describe_direction(self) -> str:
        """Return the direction of an unbounded objective in words."""
        with np.printoptions(precision=4, suppress=True, threshold=8):
            return ", ".join(f"{name} = {value}".replace("\n", " ") for name, value in self.direction.items())

    def __str__(self) -> str:
        count = self.result.iterations
        steps = f"{count} iteration{'' if count == 1 else 's'}"
        text = f"{self.result.solver}: {steps}, objective {self.objective:.9g}, {self.certificate}, {self.reason}"
        return f"{text}. {self.advice}" if self.advice else text
