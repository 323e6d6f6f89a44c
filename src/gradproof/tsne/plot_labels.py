"""Where the names of classes stand on a picture: at the medians, pushed apart where they would cover each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]

_LONGEST = 14
#: Mean width of a letter and height of a line, in units of the font size.
_LETTER, _LINE = 0.62, 1.15
_ROUNDS = 200


def shortened(name: str) -> str:
    """Return a name that is no longer than a label may be."""
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"


def label_places(names: Sequence[str], middles: Array, size: float, edge: float) -> Array:
    """Return places (n, 2) for names near their middles, so that no two boxes overlap if there is room from 0 to the edge."""
    halves = np.array([[_LETTER * size * max(len(name), 1) / 2, _LINE * size / 2] for name in names])
    places = np.clip(middles, halves, edge - halves)
    for _ in range(_ROUNDS):
        gaps = places[:, None] - places[None]
        overlaps = halves[:, None] + halves[None] - np.abs(gaps)
        covered = np.argwhere(np.triu((overlaps > 0.5).all(axis=-1), 1))
        if not covered.size:
            break
        for a, b in covered:
            axis = int(overlaps[a, b].argmin())
            # Of two names in one place the second goes down.
            side = np.sign(gaps[a, b, axis]) or -1.0
            step = side * overlaps[a, b, axis] / 2
            places[a, axis] += step
            places[b, axis] -= step
        places = np.clip(places, halves, edge - halves)
    return np.asarray(places)
