"""Regularization paths: many penalties, each solved from the last solution, with what was learned of the data kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError
from gradproof.prox.checks import check_memory
from gradproof.solvers.design import Array
from gradproof.solvers.elastic_net import ElasticNetSolver
from gradproof.solvers.result import Result, Stopping

_REMEDY = "Take fewer values, or fewer columns."


@dataclass(frozen=True, slots=True)
class Path:
    """Penalties in falling order, and the result for each."""

    lambdas: Array
    results: tuple[Result, ...]

    @property
    def coefficients(self) -> Array:
        """Return the coefficients, one row (or table) for each penalty."""
        return np.stack([result.x for result in self.results])

    @property
    def intercepts(self) -> Array:
        """Return the intercepts, one (or one row) for each penalty."""
        return np.stack([np.asarray(result.extra["intercept"], dtype=np.float64) for result in self.results])

    @property
    def is_converged(self) -> bool:
        """Whether every result is within its tolerance."""
        return all(result.is_converged for result in self.results)


def elastic_net_path(
    x: Any,
    y: npt.ArrayLike,
    lambdas: Sequence[float] | Array | int = 100,
    *,
    ratio: float = 1e-3,
    lambda_2: float = 0.0,
    is_positive: bool = False,
    fit_intercept: bool = False,
    stopping: Stopping | None = None,
) -> Path:
    """Return the solutions of the elastic net along falling lambda_1.

    Args:     lambdas: the values of lambda_1; or how many, from the least that makes all coefficients zero down to
              ``ratio`` of it in equal factors.  The rest as in minimize_elastic_net.
    Raises:   DomainError: a value is not positive.
    Example:  >>> elastic_net_path([[1.0, 0.0], [0.0, 1.0]], [3.0, 0.5], [2.0, 1.0]).coefficients
              array([[1., 0.],
                     [2., 0.]])
    """
    solver = ElasticNetSolver(x, y, fit_intercept=fit_intercept)
    values = _values(lambdas, ratio, solver.lambda_max(is_positive))
    check_memory(values.size * solver.design.shape[1], f"the path of {values.size} results", "elastic_net_path", _REMEDY)
    return follow(
        values, lambda value, last: solver.solve(value, lambda_2, is_positive, None if last is None else last.x, stopping)
    )


def follow(values: Array, solve: Callable[[float, Result | None], Result]) -> Path:
    """Return the results for falling penalties, each from the last one on; an interruption ends the path with what there is."""
    results: list[Result] = []
    for value in values:
        results.append(solve(float(value), results[-1] if results else None))
        if results[-1].reason == "interrupted":
            break
    return Path(values[: len(results)], tuple(results))


def _values(lambdas: Sequence[float] | Array | int, ratio: float, largest: float) -> Array:
    if isinstance(lambdas, int | np.integer):
        if lambdas < 1 or not 0 < ratio < 1:
            raise DomainError(
                "at least one lambda and a ratio between 0 and 1 are needed", got=f"{lambdas}, {ratio}", where="elastic_net_path"
            )
        return (largest or 1.0) * np.logspace(0, np.log10(ratio), int(lambdas))
    values = np.asarray(lambdas, dtype=np.float64)
    if values.ndim != 1 or values.size == 0 or not (np.isfinite(values) & (values > 0)).all():
        raise DomainError(
            "every lambda has to be positive", got=f"{values}", where="elastic_net_path", remedy="Give a list of numbers."
        )
    return np.sort(values)[::-1]
