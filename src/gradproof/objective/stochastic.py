"""Minibatches of a formula: SGD with momentum, Adam or AdamW over data that is cut by samples, or that a loader gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.errors import FormulaError, ShapeError
from gradproof.objective.outcome import Minimum
from gradproof.objective.smooth import Smooth
from gradproof.objective.split import split
from gradproof.objective.statement import read_statement
from gradproof.objective.values import checked_values
from gradproof.solvers.result import Stopping
from gradproof.solvers.stochastic import AbstractUpdate, minimize_stochastic

Array = npt.NDArray[np.floating[Any]]
_WHERE = "minimize_in_batches"


def minimize_in_batches(
    formula: str,
    over: str,
    samples: Mapping[str, Any],
    update: AbstractUpdate,
    *,
    data: Mapping[str, Any] | None = None,
    start: Mapping[str, Any] | None = None,
    assume: Sequence[str] = (),
    batch_size: int = 32,
    seed: int = 0,
    stopping: Stopping | None = None,
) -> Minimum:
    """Return the values of variables after epochs of minibatches.

    Args:     formula: the loss of the samples at hand, a mean over them.  samples: arrays by name whose first axis counts samples,
              or anything that is indexed by an array of sample numbers and has a length, such as a memory map.
              update: Sgd(...), Adam(...), adam_w(...).  data: what is the same for every batch.  start: small random entries by default.
              stopping: an iteration is one epoch.
    Returns:  a minimum: the epoch's end with the lowest loss of all samples; its certificate is the norm of their gradient.
    Raises:   FormulaError, ShapeError, DomainError: the text or the data; samples of different number; a term with a kink that has a
              proximal operator counts by its gradient where it has one.
    Example:  >>> import numpy as np
              >>> from gradproof.solvers.stochastic import Sgd
              >>> found = minimize_in_batches("mean((X*w - y).^2)", "w", {"X": np.eye(4), "y": np.ones(4)}, Sgd(0.5), batch_size=2)
              >>> found.values["w"].round(2)
              array([1., 1., 1., 1.])
    """
    return _Batches(formula, over, samples, data or {}, start or {}, assume).minimize(update, batch_size, seed, stopping)


class _Batches:
    """The formula, read once for each size of a batch."""

    def __init__(
        self,
        formula: str,
        over: str,
        samples: Mapping[str, Any],
        data: Mapping[str, Any],
        start: Mapping[str, Any],
        assume: Sequence[str],
    ) -> None:
        self.formula, self.names, self.assume = formula, [name.strip() for name in over.split(",")], assume
        self.samples, self.data, self.start = samples, checked_values(data), checked_values(start)
        sizes = {name: len(values) for name, values in samples.items()}
        if not sizes or len(set(sizes.values())) > 1:
            raise ShapeError("arrays with one number of samples were expected", got=f"{sizes or 'none'}", where=_WHERE)
        self.count = next(iter(sizes.values()))
        self._known: dict[int, Smooth] = {}

    def minimize(self, update: AbstractUpdate, batch_size: int, seed: int, stopping: Stopping | None) -> Minimum:
        """Run the epochs."""
        statement = self._smooth(np.arange(self.count)).statement
        drawn = statement.unpack(0.1 * np.random.default_rng(seed).standard_normal(statement.size))
        begin = statement.pack({**drawn, **{name: value for name, value in self.start.items() if name in drawn}})
        result = minimize_stochastic(self.loss, begin, self.count, update, batch_size=batch_size, seed=seed, stopping=stopping)
        lines = (f"samples: {self.count}, {batch_size} in a batch", f"solver: {result.solver} over minibatches in random order")
        return Minimum(statement.unpack(result.x), result.objective, result, lines)

    def loss(self, flat: Array, rows: npt.NDArray[np.intp]) -> tuple[float, Array]:
        """Return loss and gradient of some samples."""
        return self._smooth(rows)(flat)

    def _smooth(self, rows: npt.NDArray[np.intp]) -> Smooth:
        taken = {name: (np.asarray(values) if isinstance(values, list) else values)[rows] for name, values in self.samples.items()}
        batch = checked_values(taken)
        known = self._known.get(rows.size)
        if known is not None:
            return known.with_values(batch)
        statement = read_statement(self.formula, self.names, (), {**self.data, **batch}, self.assume, self.start)
        parts = split(statement)
        if parts.nonlinear or any(piece.is_set for piece in parts.pieces):
            raise FormulaError("a formula without constraints was expected", got=f"'{self.formula}'", where=_WHERE)
        self._known[rows.size] = Smooth(statement, statement.formula.value)
        return self._known[rows.size]
