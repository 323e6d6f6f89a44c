"""The files that the paths of a command line mean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gradproof.reader.read import SUFFIXES


def expand_paths(paths: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the documents that paths mean, folders expanded, and notes on what was left out.

    Hidden folders are skipped; a symbolic link that leaves the folder is not followed.
    """
    found: list[str] = []
    notes: list[str] = []
    for path in paths:
        if path == "-" or not Path(path).is_dir():
            found.append(path)
            continue
        root = Path(path).resolve()
        for file in sorted(Path(path).rglob("*")):
            if file.suffix.lower() not in SUFFIXES or any(part.startswith(".") for part in file.parts if part not in (".", "..")):
                continue
            if not file.is_file() and not file.is_symlink():
                continue
            if not file.resolve().is_relative_to(root):
                notes.append(f"{file}: a link that leaves the folder is not followed. Name the file itself.")
                continue
            found.append(str(file))
    return found, notes
