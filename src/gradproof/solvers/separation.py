"""Whether classes can be told apart without an error: then the loss of softmax regression has no minimizer."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import optimize

from gradproof.prox.checks import Array

Labels = npt.NDArray[np.int64]
Direction = tuple[Array, Array]
#: The program for directions that leave some samples undecided has at most so many entries, and seconds.
_LARGEST, _SECONDS, _ROUNDS = 20_000_000, 20.0, 40
#: A sample of which a class is so far above another is suspected to be told apart from it for certain.
_CERTAIN = 16.0
_ZERO, _SEEN = 1e-6, 1e-4


def is_separating(scores: Array, labels: Labels, *, is_strict: bool = False) -> bool:
    """Tell whether no score is above that of the own class, and one below it; if strict, all of them."""
    own = np.take_along_axis(scores, labels[:, None], axis=1)
    margins = np.delete((own - scores).ravel(), np.arange(labels.size) * scores.shape[1] + labels)
    if is_strict:
        return bool(margins.min(initial=np.inf) > 0)
    highest = float(margins.max(initial=0.0))
    return highest > _SEEN and bool(margins.min(initial=0.0) >= -_ZERO * highest)


def separating_direction(table: Array, labels: Labels, classes: int) -> Array | None:
    """Return V, (classes, d), such that V z_i is largest in the class of each row z_i, not always strictly; or None.

    Formula:  max_V sum_(i, k) (V z_i)_(y_i) - (V z_i)_k  over margins >= 0, -1 <= V <= 1, V_0 = 0; zero where no row is told apart
    Args:     table: (n, d), columns of comparable size.
    Returns:  None also where the linear program would be larger than a few million entries.
    Source:   Albert and Anderson 1984, Biometrika 71: without such a direction the likelihood has a maximum, with one it has none.
    """
    n, d = table.shape
    if n * (classes - 1) ** 2 * d > _LARGEST:
        return None
    own = np.eye(classes)[labels]
    parts = []
    for other in range(classes):
        is_other = labels != other
        signs = own[is_other] - np.eye(classes)[other]
        parts.append(np.einsum("ik,ij->ikj", signs[:, 1:], table[is_other]).reshape(-1, (classes - 1) * d))
    found = _largest_sum(np.concatenate(parts))
    if found is None:
        return None
    direction = np.vstack([np.zeros(d), found.reshape(classes - 1, d)])
    return direction if is_separating(table @ direction.T, labels) else None


def _largest_sum(margins: Array) -> Array | None:
    """Return the v in [-1, 1] with the largest sum of margins v, none of which is negative: rows come in as they are violated."""
    n, size = margins.shape
    began, total = time.perf_counter(), -margins.sum(axis=0)
    chosen = np.unique(np.linspace(0, n - 1, min(n, 4 * size)).astype(np.int64))
    for _ in range(_ROUNDS):
        left = _SECONDS - (time.perf_counter() - began)
        rows = margins[chosen]
        found = optimize.linprog(
            total, A_ub=-rows, b_ub=np.zeros(len(rows)), bounds=(-1, 1), options={"time_limit": max(left, 0.1)}
        ).x
        if found is None or not np.any(found):
            return None
        values = margins @ found
        worst = np.argsort(values)[: 2 * size]
        added = np.setdiff1d(worst[values[worst] < -_ZERO * float(values.max(initial=0.0))], chosen)
        if added.size == 0:
            return np.asarray(found)
        chosen = np.union1d(chosen, added)
    return None


def direction_of_descent(
    scores: Callable[[Array, Array], Array],
    ends: tuple[Direction, Direction],
    table: Callable[[], Array],
    labels: Labels,
    back: Callable[[Array], Direction],
) -> Direction | None:
    """Return a direction along which the loss falls for ever from everywhere, or None where none was found.

    Args:     scores: of all samples for coefficients and intercept.  ends: a point on the way, and the last one.
              table, back: the features in comparable units, and the way from their coefficients to W and b.
    """
    before, last = ends
    reached = scores(*last)
    if is_separating(reached, labels, is_strict=True):
        return last
    move = last[0] - before[0], last[1] - before[1]
    change = scores(*move)
    # Near a minimizer the scores stand still; they grow by one with every factor of e of a gradient that goes to zero far away.
    if np.ptp(change, axis=1).max(initial=0.0) < 1 and np.ptp(reached, axis=1).max(initial=0.0) < _CERTAIN:
        return None
    if is_separating(change, labels):
        return move
    found = separating_direction(table(), labels, reached.shape[1])
    return None if found is None else back(found)
