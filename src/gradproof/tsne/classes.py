"""The classes of a picture's points: their names, sizes, colours and shapes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.tsne.inputs import InputError

#: Ten colours that stay apart with every common colour blindness: Okabe and Ito's that stand out on white, and four darker ones. The two
#: nearest differ by 17 in CIELAB as seen with normal sight, protanopia, deuteranopia or tritanopia (simulated as in Machado et al. 2009).
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#111111", "#882255", "#332288", "#7A4B1E")
#: Outlines around a point, as relative path commands in units of its radius: a second sign beside the colour, alone where none is seen.
SHAPES = {
    "square": "m-.8-.8h1.6v1.6h-1.6z",
    "triangle": "m0-1.1 1.1 1.9h-2.2z",
    "diamond": "m0-1.15 1.15 1.15-1.15 1.15-1.15-1.15z",
    "plus": "m-.4-1.15h.8v.75h.75v.8h-.75v.75h-.8v-.75h-.75v-.8h.75z",
    "wedge": "m0 1.1-1.1-1.9h2.2z",
    "hexagon": "m-1 0 .5-.87h1l.5.87-.5.87h-1z",
    "bar": "m-.4-1.3h.8v2.6h-.8z",
}
OTHER = "other"
_MOST = 30


@dataclass(frozen=True, slots=True)
class PointClass:
    """One class of points: which rows, and how they are drawn."""

    name: str
    rows: npt.NDArray[np.int64]
    color: str
    shape: str


def find_classes(labels: Any, n: int) -> list[PointClass]:
    """Return the classes of n labels; without labels one. Beyond thirty, the largest are told apart and the rest are one.

    Raises: InputError: another number of labels than points.
    """
    if labels is None:
        return [PointClass("", np.arange(n), COLORS[0], SHAPES["hexagon"])]
    names = np.asarray(labels).ravel()
    if names.size != n:
        raise InputError(f"a label for each of the {n} points is needed", got=f"{names.size}", where="plot")
    if names.dtype.kind == "f" and (names == np.round(names)).all():
        names = names.astype(np.int64)
    values, codes, counts = np.unique(names, return_inverse=True, return_counts=True)
    shown = np.arange(len(values))
    if len(values) > _MOST:
        shown = np.sort(np.argsort(-counts, kind="stable")[: _MOST - 1])
    classes = [
        PointClass(str(values[code]), np.flatnonzero(codes == code), COLORS[place % len(COLORS)], _shape(place))
        for place, code in enumerate(shown)
    ]
    rest = np.flatnonzero(~np.isin(codes, shown))
    return [*classes, PointClass(OTHER, rest, "#BBBBBB", SHAPES["hexagon"])] if rest.size else classes


def _shape(place: int) -> str:
    return list(SHAPES.values())[place % len(SHAPES)]
