"""The penalties along which an estimator is fitted, and what the path of results means for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError
from gradproof.prox.checks import check_memory
from gradproof.solvers.path import Path, follow
from gradproof.solvers.result import Result

Array = npt.NDArray[np.floating[Any]]
Solve = Callable[[float, Result | None], Result]


class DomainValueError(DomainError, ValueError):
    """A DomainError that scikit-learn recognizes as a ValueError."""


def falling(wanted: int | Sequence[float] | None, last: float, largest: Callable[[], float], size: int, where: str) -> Array:
    """Return penalties in falling order, with ``last`` among them.

    Args:     wanted: None for the last alone; the values; or how many, from the largest that still does something in equal factors.
              size: the number of coefficients for each.
    Raises:   DomainValueError: a value is not positive. DomainError: the coefficients of all of them would not fit into memory.
    """
    if wanted is None:
        return np.array([last])
    count = int(wanted) if isinstance(wanted, int | np.integer) else np.size(np.asarray(wanted))
    check_memory(count * size, f"a path of {count} times {size} coefficients", where, "Take fewer penalties.")
    if isinstance(wanted, int | np.integer) and not isinstance(wanted, bool):
        if wanted < 1:
            raise DomainValueError("at least one penalty is needed", got=f"{wanted}", where=where)
        first = largest()
        if wanted == 1 or not first > last:
            return np.array([last])
        values = np.geomspace(first, last or 1e-3 * first, int(wanted) - (last == 0))
        values[0], values[-1] = first, last or values[-1]
        return values if last else np.append(values, 0.0)
    values = np.asarray(wanted, dtype=np.float64)
    if values.ndim != 1 or values.size == 0 or not (np.isfinite(values) & (values > 0)).all():
        raise DomainValueError(
            "every penalty of a path has to be positive", got=f"{wanted}", where=where, remedy="Give a list of numbers."
        )
    return np.unique(np.append(values, last))[::-1]


def followed(values: Array, last: float, solve: Solve) -> tuple[Path, Result]:
    """Return the path, and the result of the penalty ``last``; where the path was interrupted before, its end."""
    path = follow(values, solve)
    chosen = np.flatnonzero(path.lambdas == last)
    return path, path.results[int(chosen[0]) if chosen.size else -1]


def strengths(wanted: int | Sequence[float] | None, where: str) -> int | Sequence[float] | None:
    """Return 1 / C for each C, a number of them as it is. Raises: DomainValueError: a value is not positive."""
    if wanted is None or isinstance(wanted, int | np.integer):
        return None if wanted is None else int(wanted)
    values = np.asarray(wanted, dtype=np.float64)
    if not (values > 0).all():
        raise DomainValueError(
            "every C of a path has to be positive", got=f"{wanted}", where=where, remedy="Give a list of numbers."
        )
    return [float(value) for value in np.atleast_1d(1 / values)]
