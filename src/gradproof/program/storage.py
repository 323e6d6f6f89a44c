"""Where compiled programs are kept, so that a second process need not compile them again."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import ModuleType
from typing import Any

import gradproof
from gradproof.errors import ReadError


def load(source: str, *, keep: bool) -> dict[str, Any]:
    """Return what a module defines; with ``keep`` its file is kept, and what Numba compiles beside it."""
    path = _kept(source) if keep else None
    if path is None:
        return defined(source, {"__name__": "gradproof_program"})
    module = sys.modules.get(path.stem)
    if module is None:
        # Numba finds what it compiled by the name of the module, also while that is being loaded.
        module = sys.modules[path.stem] = ModuleType(path.stem)
        module.__file__ = str(path)
        try:
            exec(compile(source, str(path), "exec"), module.__dict__)
        except BaseException:
            del sys.modules[path.stem]
            raise
    return module.__dict__


def defined(source: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a module knows and defines, in this process alone."""
    namespace = dict(known)
    exec(compile(source, "<gradproof program>", "exec"), namespace)
    return namespace


def folder() -> Path:
    """Return the folder of kept programs: ``GRADPROOF_CACHE``, or the user's folder for such things."""
    own = os.environ.get("GRADPROOF_CACHE")
    base = os.environ.get("XDG_CACHE_HOME")
    return Path(own) if own else (Path(base) if base else Path.home() / ".cache") / "gradproof" / "programs"


def _kept(source: str) -> Path | None:
    """Write a module where its compiled code may stand beside it; None where nothing can be written."""
    name = sha256(f"{gradproof.__version__}\n{source}".encode()).hexdigest()[:24]
    try:
        place = folder()
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = place / f"program_{name}.py"
        if not path.is_file() or path.read_text(encoding="utf-8") != source:
            write(path, source)
    except (OSError, RuntimeError, ReadError):
        return None
    return path


def write(path: Path, source: str) -> None:
    """Write a module whole or not at all.

    Raises: ReadError: the file cannot be written.
    """
    try:
        with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, suffix=".tmp", delete=False) as file:
            file.write(source)
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from None
    try:
        Path(file.name).chmod(0o644)
        Path(file.name).replace(path)
    except (OSError, ValueError) as error:
        Path(file.name).unlink()
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError | ValueError) -> ReadError:
    told = error.strerror if isinstance(error, OSError) else error
    return ReadError("a file that can be written was expected", got=str(told), where=ascii(str(path))[1:-1])
