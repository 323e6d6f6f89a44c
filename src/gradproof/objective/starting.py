"""Where to begin when the user does not say: at zero, unless the objective has no value or no slope there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError
from gradproof.objective.smooth import Smooth
from gradproof.objective.statement import Statement
from gradproof.prox.function import AbstractFunction

Array = npt.NDArray[np.floating[Any]]
_DRAWS = 8


def checked_start(smooth: Smooth, penalty: AbstractFunction | None, start: Array, *, is_given: bool) -> tuple[Array, str]:
    """Return a start at which the smooth part and its gradient are finite, and what is said of it where it is not the first choice.

    Raises: DomainError: the given start has no finite value, or none is found.
    """
    if _is_fine(smooth, start):
        return start, ""
    if is_given:
        raise DomainError(
            "a start with a finite value and gradient was expected", got="one outside the domain", where="minimize",
            remedy="Give another with --start.",
        )  # fmt: skip
    for words, candidate in _candidates(smooth.statement):
        for point in (candidate, penalty.prox(candidate)[0] if penalty is not None else candidate):
            if _is_fine(smooth, point):
                return point, f"start: {words}, since the objective has no value or slope at zero"
    raise DomainError(
        "a start with a finite value and gradient was expected", got="none at zero, one, small numbers or random ones", where="minimize",
        remedy="Give one with --start.",
    )  # fmt: skip


def drawn_start(statement: Statement) -> Array:
    """Return small random numbers, the same in every session."""
    return 0.1 * np.random.default_rng(0).standard_normal(statement.size)


def _is_fine(smooth: Smooth, point: Array) -> bool:
    value, gradient = smooth(point)
    return bool(np.isfinite(value) and np.isfinite(gradient).all())


def _candidates(statement: Statement) -> Iterator[tuple[str, Array]]:
    shapes = statement.shapes
    if any(len(shape) == 2 and shape[0] == shape[1] for shape in shapes.values()):
        named = {
            name: np.eye(*shape) if len(shape) == 2 and shape[0] == shape[1] else np.ones(shape) for name, shape in shapes.items()
        }
        yield "the identity", statement.pack(named)
    largest = max(max(shape, default=1) for shape in shapes.values())
    yield f"1/{largest} in every entry", np.full(statement.size, 1 / largest)
    yield "one in every entry", np.ones(statement.size)
    yield "minus one in every entry", -np.ones(statement.size)
    for scale in (0.1, 1.0, 10.0):
        random = np.random.default_rng(0)
        for _ in range(_DRAWS):
            drawn = random.standard_normal(statement.size)
            yield "random entries", scale * drawn
            yield "random positive entries", scale * np.abs(drawn)
