"""Tables and labels from files: .npy, .npz, text, Matrix Market, Parquet."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from scipy import sparse

from gradproof.errors import ReadError, UnsupportedError

TEXT = (".csv", ".tsv", ".txt")
PARQUET = (".parquet", ".pq")
_MATRIX_MARKET = (".mtx", ".mtx.gz", ".mtx.bz2")
_MAGIC = b"\x93NUMPY"
_REMEDY = "Save it with numpy.save, or as .csv."


def read_table(path: str, preferred: str = "") -> Any:
    """Return the table in a file: dense, or sparse where it was saved so. A first line of names is left out of text.

    ``preferred`` is the array that is taken from an archive that has it, where ``path`` names none (``data.npz:X``).

    Raises: ReadError: there is no such file, or it holds no table. UnsupportedError: pyarrow is needed and missing.
    """
    file, name = _split(path)
    kind = file.name.lower()
    if kind.endswith(TEXT):
        return _guarded(path, lambda: _read_text_table(file))
    if kind.endswith(".npz"):
        return _guarded(path, lambda: _read_archive(file, name, preferred, axes=2))
    if kind.endswith(PARQUET):
        return _guarded(path, lambda: _read_parquet(file))
    if kind.endswith(_MATRIX_MARKET):
        return _guarded(path, lambda: _read_matrix_market(file))
    return _guarded(path, lambda: _read_array(file))


def read_labels(path: str) -> npt.NDArray[Any]:
    """Return the labels in a file, numbers or names: an array, or text with one in a line.

    Raises: ReadError: there is no such file, or it holds no labels.
    """
    file, name = _split(path)
    suffix = file.suffix.lower()
    if suffix == ".npz":
        return np.ravel(_guarded(path, lambda: _read_archive(file, name, "", axes=1)))
    if suffix == ".npy":
        return np.ravel(_guarded(path, lambda: np.load(file, allow_pickle=False)))
    if suffix in PARQUET:
        return np.ravel(_guarded(path, lambda: _read_parquet(file)))
    names: npt.NDArray[Any] = _guarded(path, lambda: np.array([row[0] for row in _rows(file, "\t" if suffix == ".tsv" else ",")]))
    return names


def with_whole_numbers(table: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a table as integers where all its entries are whole: class numbers are, and a text file does not say so."""
    is_whole = bool(np.isfinite(table).all() and (table == np.round(table)).all())
    return table.astype(np.int64) if is_whole and float(np.abs(table).max(initial=0)) < 2**53 else table


def _guarded(path: str, read: Callable[[], Any]) -> Any:
    try:
        found = read()
    except (OSError, ValueError, EOFError, BadZipFile, KeyError) as trouble:
        reason = getattr(trouble, "strerror", None) or " ".join(str(trouble).split())[:200]
        raise ReadError(f"an array cannot be read: {reason}", where=path, remedy=_REMEDY) from None
    if 0 in found.shape:
        raise ReadError("numbers were expected", got="an empty file", where=path, remedy=_REMEDY)
    return found


def _split(path: str) -> tuple[Path, str]:
    """Return the file and the name after a colon: data.npz:X."""
    file, colon, name = path.rpartition(":")
    return (Path(file), name) if colon and file.lower().endswith(".npz") else (Path(path), "")


def _read_array(file: Path) -> Any:
    with open(file, "rb") as stream:
        start = stream.read(len(_MAGIC))
    if start and start != _MAGIC:
        raise ValueError("it is neither .npy nor of a known kind (.npz, .csv, .tsv, .txt, .mtx, .parquet)")
    try:
        return np.load(file, mmap_mode="r", allow_pickle=False)
    except ValueError as trouble:
        # NumPy advises to load pickles all the same, which would execute what is in them.
        raise ValueError("it holds Python objects, not numbers" if "object" in str(trouble) else str(trouble)) from None


def _read_archive(file: Path, name: str, preferred: str, axes: int) -> Any:
    with np.load(file, allow_pickle=False) as archive:
        if {"format", "shape"} <= set(archive.files):
            return sparse.csr_array(sparse.load_npz(file))
        if name and name not in archive.files:
            raise ValueError(f"it has no {name!r}, only {', '.join(archive.files)}")
        if name or preferred in archive.files:
            return archive[name or preferred]
        fitting = [key for key in archive.files if archive[key].ndim == axes] if not preferred else archive.files
        if len(fitting) != 1:
            listed = ", ".join(archive.files)
            what = f"{len(fitting)} arrays" if preferred else f"{len(fitting)} arrays with {axes} axes"
            raise ValueError(f"it has {what} among {listed}; name one, {file.name}:NAME")
        return archive[fitting[0]]


def _read_matrix_market(file: Path) -> Any:
    # Slow to import, and rarely needed.
    from scipy.io import mmread

    table = mmread(file)
    return sparse.csr_array(table) if sparse.issparse(table) else table


def _read_parquet(file: Path) -> npt.NDArray[Any]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise UnsupportedError("pyarrow is needed to read Parquet", where=str(file), remedy="Install gradproof[parquet].") from None
    try:
        table = parquet.read_table(file)
        columns = [column.to_numpy() for column in table.columns]
    except ArrowException as trouble:
        raise ValueError(str(trouble)) from None
    if not columns or any(column.dtype.kind not in "fiub" for column in columns):
        raise ValueError("it has columns that hold no numbers; leave them out")
    return np.column_stack(columns)


def _lines(file: Path) -> list[str]:
    with open(file, encoding="utf-8-sig", newline="") as stream:
        return stream.read().splitlines()


def _rows(file: Path, delimiter: str) -> list[list[str]]:
    return [row for row in csv.reader(_lines(file), delimiter=delimiter) if row]


def _read_text_table(file: Path) -> npt.NDArray[np.float64]:
    lines = [line for line in _lines(file) if line.strip() and not line.startswith("#")]
    delimiter = next((sign for sign in ("\t", ";", ",") if lines and sign in lines[0]), None)
    rows = list(csv.reader(lines, delimiter=delimiter)) if delimiter else [line.split() for line in lines]
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
