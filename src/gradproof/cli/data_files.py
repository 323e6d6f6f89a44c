"""The data of an objective from the command line: numbers, arrays in files, values along a path."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.cli.table_files import PARQUET, TEXT, read_table, with_whole_numbers
from gradproof.errors import FormulaError
from gradproof.formula.literals import read_value

_SPACED = re.compile(r"(logspace|linspace|geomspace)\(([^,]+),([^,]+),\s*(\d+)\s*\)")
_LITERAL = re.compile(r"[-+.\d\[]|[-+]?(nan|inf|infinity)$", re.IGNORECASE)
_NOT_FINITE = re.compile(r"[-+]?(nan|inf|infinity)", re.IGNORECASE)
_SPREADS: dict[str, Any] = {"logspace": np.logspace, "linspace": np.linspace, "geomspace": np.geomspace}
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
        found[name] = _number(value) if _is_literal(value) else _table(value, name)
    return found


def _is_literal(text: str) -> bool:
    return bool(_LITERAL.match(text)) and not Path(text).exists()


def _number(text: str) -> Any:
    if _NOT_FINITE.fullmatch(text):
        return np.float64(text)
    return np.asarray(read_value(text, "--data"), dtype=np.float64)


def _table(path: str, name: str) -> Any:
    """Return the array in a file; one column of text or of a table is a vector."""
    table = read_table(path, preferred=name)
    if not path.lower().endswith((*TEXT, *PARQUET)):
        return table
    return with_whole_numbers(table[:, 0] if table.ndim == 2 and table.shape[1] == 1 else table)


def read_path(text: str) -> tuple[str, npt.NDArray[np.float64]]:
    """Return the name and the values of a path: ``lam=logspace(0,-3,50)`` (also linspace, geomspace), ``lam=[1,0.1]``, ``lam=1,0.1``.

    Raises: FormulaError: it is none of these.
    """
    name, sign, value = (part.strip() for part in text.partition("="))
    spaced = _SPACED.fullmatch(value)
    try:
        if spaced is not None and 1 <= int(spaced[4]) <= _MOST_VALUES:
            with np.errstate(all="ignore"):
                values = _SPREADS[spaced[1]](float(spaced[2]), float(spaced[3]), int(spaced[4]))
        else:
            listed = value if value.startswith("[") else f"[{value}]"
            values = np.asarray(read_value(listed, "--path"), dtype=np.float64) if spaced is None and sign else np.zeros(0)
    except (ValueError, TypeError, FormulaError):
        values = np.zeros(0)
    if not name.isidentifier() or values.ndim != 1 or not values.size or not np.isfinite(values).all():
        remedy = "Write --path 'lam=logspace(0,-3,50)'."
        raise FormulaError("a name and its values were expected", got=f"'{text}'", remedy=remedy, where="--path")
    return name, values
