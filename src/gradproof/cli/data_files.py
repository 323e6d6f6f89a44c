"""The data of an objective from the command line: numbers, arrays in files, values along a path."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.cli.table_files import read_table
from gradproof.errors import FormulaError, ReadError, UnsupportedError
from gradproof.formula.literals import read_value

_SPACED = re.compile(r"(logspace|linspace)\(([^,]+),([^,]+),\s*(\d+)\s*\)")
_LITERAL = re.compile(r"[-+.\d\[]|[-+]?(nan|inf|infinity)$", re.IGNORECASE)
_NOT_FINITE = re.compile(r"[-+]?(nan|inf|infinity)", re.IGNORECASE)
_MOST_VALUES = 10_000


def read_data(given: Sequence[str]) -> dict[str, Any]:
    """Return the values that ``NAME=FILE`` and ``NAME=0.1`` give, by name.

    Raises: FormulaError: one is malformed, or a name has two. ReadError: a file cannot be read.
    """
    found: dict[str, Any] = {}
    for text in given:
        name, sign, value = text.partition("=")
        name, value = name.strip(), value.strip()
        if not sign or not name.isidentifier() or not value:
            raise FormulaError(
                "a name and its value were expected", got=f"'{text}'", remedy="Write --data A=A.npy.", where="--data"
            )
        if name in found:
            raise FormulaError(f"one value of {name} was expected", got="two", remedy="Leave one out.", where="--data")
        found[name] = _number(value) if _is_literal(value) else _table(value)
    return found


def _is_literal(text: str) -> bool:
    return bool(_LITERAL.match(text)) and not Path(text).exists()


def _number(text: str) -> Any:
    if _NOT_FINITE.fullmatch(text):
        return np.float64(text)
    return np.asarray(read_value(text, "--data"), dtype=np.float64)


def _table(path: str) -> Any:
    """Return the array in a file; one column of text or of a table is a vector."""
    if path.lower().endswith((".parquet", ".pq")):
        return _flat(_parquet(path))
    table = read_table(path)
    return _flat(table) if path.lower().endswith((".csv", ".tsv", ".txt")) else table


def _flat(table: npt.NDArray[Any]) -> npt.NDArray[Any]:
    flat = table[:, 0] if table.ndim == 2 and table.shape[1] == 1 else table
    is_whole = bool(np.isfinite(flat).all() and (flat == np.round(flat)).all() and float(np.abs(flat).max(initial=0)) < 2**53)
    # Class numbers are whole, and a text file does not say so.
    return flat.astype(np.int64) if is_whole else flat


def _parquet(path: str) -> npt.NDArray[Any]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise UnsupportedError("pyarrow is needed to read Parquet", where=path, remedy="Install gradproof[parquet].") from None
    try:
        table = parquet.read_table(path)
        columns = [column.to_numpy() for column in table.columns]
    except (OSError, ArrowException) as trouble:
        raise ReadError(f"a table cannot be read: {' '.join(str(trouble).split())[:200]}", where=path) from None
    if not columns or any(column.dtype.kind not in "fiub" for column in columns):
        raise ReadError("columns of numbers were expected", where=path, remedy="Leave the others out.")
    return np.column_stack(columns)


def read_path(text: str) -> tuple[str, npt.NDArray[np.float64]]:
    """Return the name and the values of a path: ``lam=logspace(0,-3,50)``, ``lam=linspace(1,2,5)``, ``lam=[1,0.1]``.

    Raises: FormulaError: it is none of these.
    """
    name, sign, value = (part.strip() for part in text.partition("="))
    spaced = _SPACED.fullmatch(value)
    try:
        if spaced is not None and 1 <= int(spaced[4]) <= _MOST_VALUES:
            spread = np.logspace if spaced[1] == "logspace" else np.linspace
            values = spread(float(spaced[2]), float(spaced[3]), int(spaced[4]))
        else:
            values = np.asarray(read_value(value, "--path"), dtype=np.float64) if spaced is None and sign else np.zeros(0)
    except (ValueError, TypeError, FormulaError):
        values = np.zeros(0)
    if not name.isidentifier() or values.ndim != 1 or not values.size:
        remedy = "Write --path 'lam=logspace(0,-3,50)'."
        raise FormulaError("a name and its values were expected", got=f"'{text}'", remedy=remedy, where="--path")
    return name, values
