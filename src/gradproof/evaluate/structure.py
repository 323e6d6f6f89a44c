"""Tensors made to have the structure that their symbols promise: simplex rows, symmetry, orthogonality, length 1."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat


def constrained(entries: Any, properties: frozenset[str], source: random.Random) -> Any:
    """Return random entries changed so that the properties hold exactly.

    'onehot', 'simplex' and 'stochastic' are about the last axis; 'symmetric', 'zerodiagonal', 'diagonal', 'posdef' and
    'orthogonal' about the last two; 'distribution' about all entries together; 'unit' about a vector.
    """
    square = entries.ndim >= 2 and entries.shape[-1] == entries.shape[-2]
    if "onehot" in properties and entries.shape[-1]:
        for place in np.ndindex(*entries.shape[:-1]):
            chosen = source.randrange(entries.shape[-1])
            entries[place] = [fmpq(int(at == chosen)) for at in range(entries.shape[-1])]
    if properties & {"simplex", "stochastic"} and "onehot" not in properties and entries.size:
        for place in np.ndindex(*entries.shape[:-1]):
            total = sum(entries[place], fmpq(0))
            entries[place] = [value / total for value in entries[place]]
    if properties & {"symmetric", "posdef"} and square:
        entries = entries + entries.swapaxes(-1, -2)
    if "zerodiagonal" in properties and entries.ndim >= 2:
        for at in range(min(entries.shape[-2:])):
            entries[..., at, at] = fmpq(0)
    if "distribution" in properties and entries.size:
        total = sum(entries.ravel(), fmpq(0))
        if total != 0:
            entries = np.vectorize(lambda value: value / total, otypes=[object])(entries)
    if "diagonal" in properties and entries.ndim == 2:
        for place in np.ndindex(*entries.shape):
            if place[0] != place[1]:
                entries[place] = fmpq(0)
    if "posdef" in properties and entries.ndim == 2 and square:
        entries = entries @ entries.T
        for at in range(len(entries)):
            entries[at, at] += fmpq(1)
    if "orthogonal" in properties and entries.ndim == 2 and square:
        entries = _cayley(entries)
    if "unit" in properties and entries.ndim == 1 and entries.size:
        entries = _on_the_sphere(entries)
    return entries


def _on_the_sphere(entries: Any) -> Any:
    """Return the rational point of the unit sphere that the entries but the first give, seen from a pole."""
    squares = sum((value * value for value in entries[1:]), fmpq(0))
    rest = [2 * value / (squares + 1) for value in entries[1:]]
    return np.array([(squares - 1) / (squares + 1), *rest], dtype=object)


def _cayley(entries: Any) -> Any:
    """Return the orthogonal matrix ``(I - S)(I + S)^-1`` of the skew part of the entries."""
    count = len(entries)
    if not count:
        return entries
    skew = entries - entries.T
    one = [[fmpq(int(i == j)) for j in range(count)] for i in range(count)]
    minus = fmpq_mat([[one[i][j] - skew[i, j] for j in range(count)] for i in range(count)])
    plus = fmpq_mat([[one[i][j] + skew[i, j] for j in range(count)] for i in range(count)])
    result = np.empty((count, count), dtype=object)
    for i, row in enumerate((minus * plus.inv()).tolist()):
        result[i, :] = row
    return result
