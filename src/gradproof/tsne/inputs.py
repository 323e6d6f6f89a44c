"""What t-SNE accepts as data, and the errors that say what is wrong with the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from gradproof.errors import DomainError

Array = npt.NDArray[np.floating[Any]]
WHERE = "TSNE"
#: Squares of larger numbers, summed up, would not be numbers.
_LARGEST = 1e100


class InputError(DomainError, ValueError):
    """Data or a parameter that t-SNE cannot use; a ValueError for those who expect one."""


class InputTypeError(DomainError, TypeError):
    """An entry that is no number; a TypeError for those who expect one."""


def read_points(X: Any, least: int = 1) -> Any:
    """Return X as a real array (n, features), or as a CSR matrix if it is sparse; refuse what has no meaning here.

    Raises:   InputError: not two axes, too few points, complex or not finite.  InputTypeError: entries that are no numbers.
    """
    table = sparse.csr_array(X) if sparse.issparse(X) else _as_array(X)
    if table.ndim != 2:
        raise InputError(
            "a table with a row for each point was expected", got=f"{table.ndim} axes", where=WHERE,
            remedy="Reshape your data: X.reshape(-1, 1) for a single feature, X.reshape(1, -1) for a single point.",
        )  # fmt: skip
    if np.iscomplexobj(table):
        raise InputError("real numbers were expected. Complex data not supported", where=WHERE)
    if table.shape[0] < least:
        raise InputError(f"at least {least} points are needed", got=f"n_samples = {table.shape[0]}", where=WHERE)
    if table.shape[1] < 1:
        raise InputError(f"data need features: 0 feature(s) (shape={table.shape}) while a minimum of 1 is required", where=WHERE)
    if table.dtype not in (np.float32, np.float64):
        table = table.astype(np.float64)
    _check_finite(table)
    return table


def _as_array(X: Any) -> npt.NDArray[Any]:
    array = np.asarray(X)
    if array.dtype.kind in "OUSV":
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError) as trouble:
            kind = InputTypeError if isinstance(trouble, TypeError) else InputError
            raise kind("numbers were expected", got=f"something else ({trouble})", where=WHERE) from None
    return array


def _check_finite(table: Any) -> None:
    entries = table.data if sparse.issparse(table) else table
    largest = max(float(entries.max()), -float(entries.min())) if entries.size else 0.0
    if _LARGEST < largest < np.inf:
        raise InputError(
            f"entries of at most {_LARGEST:g} were expected", got=f"{largest:g}", where=WHERE, remedy="Divide the data."
        )
    if np.isfinite(entries.sum(dtype=np.float64)):
        return
    bad = ~np.isfinite(entries)
    if not bad.any():
        return
    kind = "NaN" if np.isnan(entries).any() else "infinity"
    row = (
        int(np.argmax(np.bincount(table.tocoo().coords[0][bad]) > 0)) if sparse.issparse(table) else int(np.argmax(bad.any(axis=1)))
    )
    raise InputError(
        "finite numbers were expected", got=f"{kind} in row {row}", where=WHERE, remedy="Drop the rows or fill in the gaps.",
    )  # fmt: skip


def read_seed(random_state: Any) -> int:
    """Return a whole number for a seed, None (a fresh one), or a generator of NumPy, old or new."""
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31 - 1))
    if isinstance(random_state, bool) or not isinstance(random_state, int | np.integer) or random_state < 0:
        raise InputError(
            "random_state has to be None, a whole number of at least 0 or a generator", got=repr(random_state), where=WHERE
        )
    return int(random_state)
