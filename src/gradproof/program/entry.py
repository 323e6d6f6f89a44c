"""The quick way into a program: one compiled function, called with what it was compiled for, and nothing looked at twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from gradproof.program.storage import defined


@dataclass
class Entry:
    """A way in for arrays of one type, row by row, for which the function has been compiled.

    The compiled function tells other types by a TypeError, and shapes that do not fit by a ValueError; ``_otherwise`` of the namespace
    is called then.
    """

    source: str
    name: str
    namespace: Mapping[str, Any]
    #: The number of types that the function was compiled for, and the way in for these.
    known: tuple[int, Callable[..., dict[str, Any]] | None] = (0, None)

    def learned(self, values: Mapping[str, Any]) -> Callable[..., dict[str, Any]] | None:
        """Return the way for values of the types of these, for which the function has just been compiled, None where there is none."""
        function = self.namespace[self.name]
        if not (_are_plain(values) and self.namespace["CACHE"] and hasattr(function, "signatures")):
            return None  # it would have to be compiled once more, or compilation is turned off
        if self.known[0] != len(function.signatures):
            is_parallel = bool(function.targetoptions.get("parallel"))
            fixed = njit(function.signatures, parallel=is_parallel, **self.namespace["LOOPS"])(function.py_func)
            self.known = len(function.signatures), defined(self.source, {**self.namespace, self.name: fixed})["entry"]
        return self.known[1]


def _are_plain(values: Mapping[str, Any]) -> bool:
    """Tell whether values are what a compiled function gets: numbers, and row-major arrays of one floating-point type."""
    arrays = [value for value in values.values() if type(value) is np.ndarray]
    numbers = [value for value in values.values() if type(value) in (int, float)]
    types = {array.dtype.char for array in arrays}
    return (
        len(arrays) + len(numbers) == len(values)
        and (types in ({"d"}, {"f"}) or not arrays)
        and all(array.flags.c_contiguous for array in arrays)
    )
