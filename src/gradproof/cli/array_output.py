"""Arrays to files, which appear whole or not at all: .npy, .npz, text, Parquet."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.cli.table_files import PARQUET, TEXT
from gradproof.errors import GradproofError, UnsupportedError

_SEPARATORS = {".csv": ",", ".tsv": "\t", ".txt": " "}
_KNOWN = (".npy", ".npz", *TEXT, *PARQUET)


def check_array_destination(path: str, count: int = 1) -> None:
    """Refuse, before any work is done, a file that cannot hold so many arrays.

    Raises: GradproofError: its ending is not known, or it holds one array only. UnsupportedError: pyarrow is missing.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _KNOWN:
        raise GradproofError(
            f"a name that ends in {', '.join(_KNOWN)} was expected", got=f"'{path}'", where="-o", remedy="Rename it."
        )
    if count > 1 and suffix != ".npz":
        raise GradproofError("a .npz file was expected for several variables", got=path, where="-o", remedy="Name it .npz.")
    if suffix in PARQUET and find_spec("pyarrow") is None:
        raise UnsupportedError("pyarrow is needed to write Parquet", where=path, remedy="Install gradproof[parquet].")


def write_arrays(path: str, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write arrays to a .npz file, or one array to a file of another kind; text and tables have a line for each of its rows.

    Raises: GradproofError: it cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix == ".npz":
        _write_whole(path, lambda stream: np.savez(stream, allow_pickle=False, **dict(arrays)))
        return
    ((name, array),) = arrays.items()
    if suffix in PARQUET:
        _write_whole(path, lambda stream: _write_parquet(stream, name, array))
    elif suffix in TEXT:
        _write_whole(path, lambda stream: stream.write(_as_text(array, _SEPARATORS[suffix]).encode()))
    else:
        _write_whole(path, lambda stream: np.save(stream, array))


def _as_rows(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return an array as a table: a vector is one column, what has more axes is laid out row by row."""
    return array.reshape(-1, 1) if array.ndim < 2 else array.reshape(len(array), -1)


def _as_text(array: npt.NDArray[Any], separator: str) -> str:
    # The shortest digits that are read back as the same number.
    return "".join(separator.join(str(entry) for entry in row) + "\n" for row in _as_rows(array))


def _write_parquet(stream: Any, name: str, array: npt.NDArray[Any]) -> None:
    from pyarrow import parquet, table

    rows = _as_rows(array)
    names = [name] if array.ndim < 2 else [f"{name}_{place}" for place in range(1, rows.shape[1] + 1)]
    parquet.write_table(table({label: np.ascontiguousarray(column) for label, column in zip(names, rows.T, strict=True)}), stream)


def _write_whole(path: str, write: Callable[[Any], None]) -> None:
    file = Path(path)
    try:
        handle, temporary = tempfile.mkstemp(dir=file.parent, suffix=file.suffix)
        try:
            with os.fdopen(handle, "wb") as stream:
                write(stream)
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(temporary, 0o666 & ~mask)
            os.replace(temporary, file)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as trouble:
        raise GradproofError(f"the array cannot be written: {trouble.strerror}", where=path, remedy="Name another file.") from None
