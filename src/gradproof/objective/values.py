"""The data of an objective: what may be minimized with, checked before any work is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from gradproof.errors import DomainError
from gradproof.prox.checks import check_memory as check_room

Array = npt.NDArray[np.floating[Any]]


def checked_values(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data as arrays of numbers, sparse matrices as they are.

    Raises: DomainError: an entry is no finite real number, or an array is empty.
    """
    return {name: _checked(name, value) for name, value in data.items()}


def _checked(name: str, value: Any) -> Any:
    where = f"data {name}"
    is_sparse = sparse.issparse(value)
    array = value if is_sparse else np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise DomainError("real numbers were expected", got=f"dtype {array.dtype}", where=where, remedy="Convert it to float64.")
    entries = np.asarray(array.data if is_sparse else array)
    if 0 in array.shape:
        raise DomainError("at least one entry was expected", got=f"shape {array.shape}", where=where, remedy="Give some data.")
    if not np.isfinite(entries).all():
        place = "" if is_sparse else f" at {_first_bad(entries)}"
        raise DomainError(
            "finite numbers were expected", got=f"NaN or infinity{place}", where=where, remedy="Mend or leave it out."
        )
    return array.astype(np.int64) if array.dtype.kind in "ub" and not is_sparse else array


def _first_bad(entries: Array) -> str:
    place = np.argwhere(~np.isfinite(entries))[0]
    return "(" + ", ".join(str(int(number)) for number in place) + ")" if place.size else "its only entry"


def check_memory(entries: int, what: str) -> None:
    """Refuse an array before it is made, where it would take more than half of the memory. Raises: DomainError."""
    check_room(entries, what, "minimize", "Take fewer rows, or a variable with fewer entries.")
