"""What a test lets through: choices between values and reductions of rows, under the outcomes of a test.

Where an outcome cannot be told, there is no value, and it is remembered that a finer arithmetic may find one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradproof.evaluate.fields import FALSE, IRRATIONAL, IRRATIONAL_TEST, TRUE, Array, Exact, Field, boxed
from gradproof.evaluate.tables import is_open

__all__ = ["Masked"]


class Masked:
    """Choices and reductions in one arithmetic; ``open`` says that an outcome was met that could not be told."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self.open = False

    def scalar(self, value: Any) -> Array:
        """Return one value as an array without axes, whose entry may be any object."""
        entries: Array = np.empty((), dtype=self.field.dtype)
        entries[()] = value
        return entries

    def choice(self, codes: Array, held: Any, failed: Any) -> Array:
        """Return one value where a test holds, another where it fails, undefined where it cannot be told."""
        self.open = self.open or is_open(codes)
        sides = [x if isinstance(x, np.ndarray) else self.scalar(self.field.convert(x)) for x in (held, failed)]
        if codes.max(initial=0) > TRUE:
            sides[1] = np.where(codes == FALSE, sides[1], self._untold(codes))
        chosen: Array = np.where(codes == TRUE, sides[0], sides[1])
        return chosen

    def _untold(self, codes: Array) -> Array:
        """Return what stands where a test cannot be told: in exact arithmetic that may be for want of reals."""
        undefined = self.scalar(self.field.undefined)
        if not isinstance(self.field, Exact):
            return undefined
        told: Array = np.where(codes == IRRATIONAL_TEST, self.scalar(IRRATIONAL), undefined)
        return told

    def reduced(self, operation: str, rows: Array, codes: Array | None) -> Array:
        """Reduce the last axis, where the outcomes hold."""
        if operation in ("sum", "prod"):
            neutral = 0 if operation == "sum" else 1
            if codes is not None:
                rows = self.choice(codes, rows, neutral)
            one_more = self.scalar(self.field.convert(neutral))
            padded = np.concatenate([np.broadcast_to(one_more, (*rows.shape[:-1], 1)), rows], axis=-1)
            with np.errstate(all="ignore"):
                return boxed((np.add if operation == "sum" else np.multiply).reduce(padded, axis=-1))
        name = "maximum" if operation == "max" else "minimum"
        if codes is None:
            return self._extreme(name, rows)
        self.open = self.open or is_open(codes)
        entries = np.empty(rows.shape[:-1], dtype=self.field.dtype)
        for place in np.ndindex(*entries.shape):
            known = codes[place].max(initial=0) <= TRUE
            kept = rows[place][codes[place] == TRUE]
            entries[place] = self._extreme(name, kept)[()] if known else self._untold(codes[place].max())[()]
        return entries

    def _extreme(self, name: str, rows: Array) -> Array:
        """Return the largest or smallest entry along the last axis; of none, it is undefined."""
        if rows.shape[-1] == 0:
            nothing = self.scalar(self.field.undefined)
            return np.broadcast_to(nothing, rows.shape[:-1])
        if rows.dtype != object:
            return np.asarray(rows.max(axis=-1) if name == "maximum" else rows.min(axis=-1))
        result = boxed(rows[..., 0])
        for place in range(1, rows.shape[-1]):
            result = self.field.apply(name, [result, boxed(rows[..., place])])
        return result
