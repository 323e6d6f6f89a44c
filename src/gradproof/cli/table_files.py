"""Tables and labels from files, and arrays to files: .npy, .npz, text with commas."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from scipy import sparse

from gradproof.errors import GradproofError, ReadError

_REMEDY = "Save it with numpy.save, or as .csv."


def read_table(path: str) -> Any:
    """Return the table in a file: dense, or sparse where SciPy saved it so. A first line of names is left out of text.

    Raises: ReadError: there is no such file, or it holds no table.
    """
    file, name = _split(path)
    suffix = file.suffix.lower()
    if suffix in (".csv", ".tsv", ".txt"):
        return _guarded(path, lambda: _read_text_table(file))
    if suffix == ".npz":
        return _guarded(path, lambda: _read_archive(file, name, axes=2))
    return _guarded(path, lambda: np.load(file, mmap_mode="r", allow_pickle=False))


def read_labels(path: str) -> npt.NDArray[Any]:
    """Return the labels in a file, numbers or names: an array, or text with one in a line.

    Raises: ReadError: there is no such file, or it holds no labels.
    """
    file, name = _split(path)
    suffix = file.suffix.lower()
    if suffix == ".npz":
        return np.ravel(_guarded(path, lambda: _read_archive(file, name, axes=1)))
    if suffix == ".npy":
        return np.ravel(_guarded(path, lambda: np.load(file, allow_pickle=False)))
    names: npt.NDArray[Any] = _guarded(path, lambda: np.array([row[0] for row in _rows(file)]))
    return names


def write_array(path: str, array: npt.NDArray[Any]) -> None:
    """Write an array to a .npy or .csv file, which appears whole or not at all. Raises: GradproofError: it cannot be written."""

    def write(stream: Any) -> None:
        if path.lower().endswith(".csv"):
            np.savetxt(stream, np.atleast_1d(array), delimiter=",", fmt="%.9g")
        else:
            np.save(stream, array)

    _write_whole(path, write)


def write_arrays(path: str, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write several arrays to a .npz file, which appears whole or not at all. Raises: GradproofError: it cannot be written."""
    if not path.lower().endswith(".npz"):
        raise GradproofError("a .npz file was expected for several arrays", got=path, where=path, remedy="Name it .npz.")
    _write_whole(path, lambda stream: np.savez(stream, allow_pickle=False, **dict(arrays)))


def _write_whole(path: str, write: Callable[[Any], None]) -> None:
    file = Path(path)
    try:
        handle, temporary = tempfile.mkstemp(dir=file.parent, suffix=file.suffix)
        with os.fdopen(handle, "wb") as stream:
            write(stream)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, file)
    except OSError as trouble:
        raise GradproofError(f"the array cannot be written: {trouble.strerror}", where=path, remedy="Name another file.") from None


def _guarded(path: str, read: Callable[[], Any]) -> Any:
    try:
        found = read()
    except (OSError, ValueError, EOFError, BadZipFile, KeyError) as trouble:
        reason = getattr(trouble, "strerror", None) or str(trouble)
        raise ReadError(f"an array cannot be read: {reason}", where=path, remedy=_REMEDY) from None
    if found.size == 0:
        raise ReadError("numbers were expected", got="an empty file", where=path, remedy=_REMEDY)
    return found


def _split(path: str) -> tuple[Path, str]:
    """Return the file and the name after a colon: data.npz:X."""
    file, colon, name = path.rpartition(":")
    return (Path(file), name) if colon and file.lower().endswith(".npz") else (Path(path), "")


def _read_archive(file: Path, name: str, axes: int) -> Any:
    with np.load(file, allow_pickle=False) as archive:
        if {"format", "indptr", "shape"} <= set(archive.files):
            return sparse.csr_array(sparse.load_npz(file))
        if name:
            if name not in archive.files:
                raise ValueError(f"it has no {name!r}, only {', '.join(archive.files)}")
            return archive[name]
        fitting = [key for key in archive.files if archive[key].ndim == axes]
        if len(fitting) != 1:
            listed = ", ".join(archive.files)
            raise ValueError(f"it has {len(fitting)} arrays with {axes} axes among {listed}; name one, {file.name}:NAME")
        return archive[fitting[0]]


def _rows(file: Path) -> list[list[str]]:
    with open(file, encoding="utf-8-sig", newline="") as stream:
        return [row for row in csv.reader(stream, delimiter="\t" if file.suffix.lower() == ".tsv" else ",") if row]


def _read_text_table(file: Path) -> npt.NDArray[np.float64]:
    rows = _rows(file)
    if rows and not _is_numeric(rows[0]):
        rows = rows[1:]
    widths = {len(row) for row in rows}
    if len(widths) > 1:
        raise ValueError(f"its lines have from {min(widths)} to {max(widths)} entries")
    return np.array([[float(entry) if entry.strip() else np.nan for entry in row] for row in rows], dtype=np.float64)


def _is_numeric(row: list[str]) -> bool:
    try:
        [float(entry) for entry in row if entry.strip()]
    except ValueError:
        return False
    return True
