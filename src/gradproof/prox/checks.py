"""Checks of arguments and parameters: one clear error, before anything is computed."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError, ShapeError

Array = npt.NDArray[np.floating[Any]]
_SHARE_OF_MEMORY = 0.5


def float_array(value: npt.ArrayLike, name: str, where: str) -> Array:
    """Return ``value`` as an array of float32 or float64, every entry finite; integers and booleans become float64.

    Raises: DomainError: it holds no real numbers, or one of them is NaN or infinite.
    """
    array = _real_array(value, name, where)
    if not np.isfinite(array).all():
        _refuse_first(array, ~np.isfinite(array), "every entry to be finite", name, where)
    return array


def _real_array(value: npt.ArrayLike, name: str, where: str) -> Array:
    try:
        array = np.asarray(value)
    except ValueError:
        raise DomainError(
            f"{name} has to hold real numbers", got="rows of unequal length", where=where, remedy="Give an array."
        ) from None
    if array.dtype in (np.float32, np.float64):
        return array
    if array.dtype.kind in "biuf":
        return array.astype(np.float64)
    raise DomainError(
        f"{name} has to hold real numbers", got=f"dtype {array.dtype}", where=where, remedy="Convert it to float64 first."
    )


def _refuse_first(array: Array, is_bad: npt.NDArray[np.bool_], wanted: str, name: str, where: str) -> None:
    place = tuple(int(i) for i in np.argwhere(is_bad)[0])
    raise DomainError(
        f"{name} needs {wanted}",
        got=f"{array[place]} at {list(place)}" if place else f"{array[place]}",
        where=where,
        remedy="Mend or leave out these entries.",
    )


def _parameter(value: npt.ArrayLike, name: str, where: str, is_bad: Callable[[Array], Any], wanted: str) -> Any:
    array = _real_array(value, name, where)
    bad = np.asarray(is_bad(array))
    if bad.any():
        _refuse_first(array, bad, wanted, name, where)
    return float(array) if array.ndim == 0 else array


def positive(value: npt.ArrayLike, name: str, where: str) -> Any:
    """Return a number (or array of numbers) that is positive and finite. Raises: DomainError."""
    return _parameter(value, name, where, lambda a: ~((a > 0) & np.isfinite(a)), "a positive number")


def nonnegative(value: npt.ArrayLike, name: str, where: str) -> Any:
    """Return a number (or array of numbers) that is at least zero and finite. Raises: DomainError."""
    return _parameter(value, name, where, lambda a: ~((a >= 0) & np.isfinite(a)), "a number of at least 0")


def bound(value: npt.ArrayLike, name: str, where: str) -> Any:
    """Return a number (or array of numbers) that may be infinite and is not NaN. Raises: DomainError."""
    return _parameter(value, name, where, np.isnan, "a number")


def count(value: int, name: str, where: str, least: int = 0) -> int:
    """Return a whole number of at least ``least``. Raises: DomainError."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise DomainError(f"{name} has to be a whole number of at least {least}", got=repr(value), where=where)
    return int(value)


def fits(array: Array, shape: tuple[int, ...], name: str, where: str) -> None:
    """Raises ShapeError: the array has another shape than the parameters of the function ask for."""
    if array.shape != shape:
        raise ShapeError(f"{name} has to have shape {shape}", got=f"{array.shape}", where=where, remedy="Reshape it.")


def has_rank(array: Array, rank: int, name: str, where: str) -> None:
    """Raises ShapeError: the array has another number of axes."""
    if array.ndim != rank:
        raise ShapeError(
            f"{name} has to have {rank} {'axis' if rank == 1 else 'axes'}",
            got=f"shape {array.shape}",
            where=where,
            remedy="Reshape it.",
        )


def has_entries(array: Array, name: str, where: str) -> None:
    """Raises ShapeError: the array is empty, and the set has no such point."""
    if array.size == 0:
        raise ShapeError(f"{name} needs at least one entry", got=f"shape {array.shape}", where=where)


def tolerance(x: Array) -> float:
    """Return the relative error below which two numbers of this precision count as equal."""
    return 1e3 * float(np.finfo(x.dtype).eps)


def check_memory(entries: int, what: str, where: str, remedy: str) -> None:
    """Refuse arrays of so many numbers before they are made. Raises: DomainError: they would take more than half of the memory."""
    needed, available = 8 * entries, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > _SHARE_OF_MEMORY * available:
        raise DomainError(
            f"{what} has to fit into half of the memory", got=f"{needed / 2**30:.1f} GiB of {available / 2**30:.1f} GiB", where=where,
            remedy=remedy,
        )  # fmt: skip
